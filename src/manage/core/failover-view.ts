// `groups`, `services`, `slots` and `slot N` for a terminal, and the groups' lines of `status`. Pure:
// documents in, lines out. What is old is shown with its age, never as if it were now.

import type { MonoUs, SlotId } from "../../base/index.ts";
import type { GroupStanding, ServiceStanding } from "../failover-facts.ts";
import { staleUs } from "../limits.ts";
import type {
  GroupsDocument,
  ServicesDocument,
  SlotsDocument,
  SlotView,
} from "./failover-documents.ts";
import { type TableCell, tableLines } from "./table.ts";
import {
  ageText,
  cleanText,
  columnsOf,
  fitText,
  type Mood,
  paintText,
  type Screen,
  wrapText,
} from "./text.ts";

/** `groups`: one line each, then why each is where it is. */
export function groupsLines(document: GroupsDocument, screen: Screen): string[] {
  const { groups, now } = document;
  if (groups.length === 0) return ["the chassis file has no groups"];
  const width = nameWidth(groups);
  const lines: string[] = [];
  for (const group of groups) {
    lines.push(groupLine(group, width, screen));
    const held = entitledText(group, now.atUs);
    const facts = `${group.model}, epoch ${group.epoch}${held}`;
    const notes = [`${facts}; ${group.why}`, ...noteTexts(group)];
    for (const note of notes) {
      const wrapped = wrapText(cleanText(note), Math.max(1, screen.columns - width - 2));
      lines.push(...wrapped.map((line) => `${" ".repeat(width + 2)}${line}`));
    }
  }
  return lines;
}

/** Groups as `status` shows them: `web  active slot 1, standby slot 2 in sync`. */
export function groupStatusLines(groups: readonly GroupStanding[], screen: Screen): string[] {
  const width = nameWidth(groups);
  return groups.map((group) => groupLine(group, width, screen));
}

/** What an operator overrode and what nobody serves, in words. */
export function noteTexts(group: GroupStanding): string[] {
  const { forced, maintenance } = group;
  return [
    ...(forced === undefined ? [] : [`promoted by force, writes may be lost: ${forced}`]),
    ...(maintenance ? ["maintenance: no elections until `maintenance off`"] : []),
  ];
}

function nameWidth(groups: readonly GroupStanding[]): number {
  return Math.min(24, Math.max(0, ...groups.map(({ group }) => columnsOf(cleanText(group)))));
}

function groupLine(group: GroupStanding, width: number, screen: Screen): string {
  const name = fitText(cleanText(group.group), width);
  const pad = " ".repeat(width - columnsOf(name) + 2);
  const room = screen.columns - width - 2;
  const text = fitText(`${activeText(group)}, ${standbyText(group)}`, Math.max(0, room));
  return `${name}${pad}${paintText(text, moodOf(group), screen)}`;
}

function moodOf(group: GroupStanding): Mood {
  if (group.active.length === 0) return "bad";
  const hasSpare = group.standby.some((slot) => group.inSync.includes(slot));
  const needsSpare = group.model !== "none" && group.model !== "all-active";
  return group.maintenance || group.forced !== undefined || (needsSpare && !hasSpare)
    ? "warn"
    : "good";
}

function activeText({ active }: GroupStanding): string {
  if (active.length === 0) return "NOBODY ACTIVE";
  return `active slot${active.length === 1 ? "" : "s"} ${active.join(", ")}`;
}

function standbyText({ standby, inSync }: GroupStanding): string {
  if (standby.length === 0) return "no standby";
  const each = standby.map(
    (slot) => `slot ${slot} ${inSync.includes(slot) ? "in sync" : "behind"}`,
  );
  return `standby ${each.join(", ")}`;
}

function entitledText({ entitledUntilUs }: GroupStanding, nowUs: MonoUs): string {
  if (entitledUntilUs === undefined) return "";
  const leftUs = entitledUntilUs - nowUs;
  return leftUs > 0
    ? `, this board may act for ${ageText(leftUs)} more`
    : ", this board's lease ran out";
}

/** `services`: a table by service and slot; sentences below for what is not well. */
export function servicesLines(document: ServicesDocument, screen: Screen): string[] {
  const nowUs = document.now.atUs;
  const sorted = [...document.services].sort(
    (a, b) => a.service.localeCompare(b.service) || a.slot - b.slot,
  );
  if (sorted.length === 0) return ["no board runs services"];
  const rows = sorted.map((each): TableCell[] => [
    each.service,
    each.group ?? "-",
    String(each.slot),
    stateCell(each),
    each.cause,
    each.pid === undefined ? "-" : String(each.pid),
    String(each.restarts),
    ageText(nowUs - each.sinceUs),
    each.statusText ?? each.why,
  ]);
  const head = ["SERVICE", "GROUP", "SLOT", "STATE", "CAUSE", "PID", "RESTARTS", "FOR", "SAYS"];
  const lines = tableLines(head, rows, screen);
  for (const each of sorted) {
    const text = troubleText(each, nowUs);
    if (text === undefined) continue;
    lines.push(...wrapText(cleanText(text), screen.columns));
  }
  return lines;
}

function stateCell({ state, isUp }: ServiceStanding): TableCell {
  const mood: Mood =
    state === "failed" || state === "trouble"
      ? "bad"
      : isUp || state === "done"
        ? "good"
        : state === "stopped"
          ? "dim"
          : "warn";
  return { text: state === "running" && !isUp ? "running, not up" : state, mood };
}

function troubleText(each: ServiceStanding, nowUs: MonoUs): string | undefined {
  const { state, why, lastExit, againAtUs, restarts } = each;
  const isWell = restarts === 0 && state !== "failed" && state !== "trouble";
  if (isWell && againAtUs === undefined) return undefined;
  const ended = lastExit === undefined ? "" : `; last time it ${lastExit}`;
  const again = againAtUs === undefined ? "" : `; starts again in ${ageText(againAtUs - nowUs)}`;
  return `${each.service} on slot ${each.slot}: ${why}${ended}${again}`;
}

/** `slots`: a table of lines and states. */
export function slotsLines(document: SlotsDocument, screen: Screen): string[] {
  const nowUs = document.now.atUs;
  if (document.slots.length === 0) return ["the ccn has lines to no slot"];
  const rows = [...document.slots]
    .sort((a, b) => a.slot - b.slot)
    .map((slot): TableCell[] => [
      String(slot.slot),
      slot.name ?? "-",
      slot.role ?? "-",
      ...linesCells(slot, nowUs),
      networkCell(slot, "A"),
      networkCell(slot, "B"),
      wordCell(slot),
      ageText(nowUs - slot.sinceUs),
    ]);
  const head = ["SLOT", "NAME", "ROLE", "PWR", "HEALTH", "RESET", "A", "B", "STATE", "FOR"];
  const lines = tableLines(head, rows, screen);
  for (const { slot, alarms } of document.slots) {
    for (const text of alarms) {
      lines.push(...wrapText(cleanText(`slot ${slot}: ${text}`), screen.columns));
    }
  }
  return lines;
}

/** `slot N`; undefined: the ccn has no lines to that slot. */
export function slotLines(
  document: SlotsDocument,
  wanted: number,
  screen: Screen,
): string[] | undefined {
  const slot = document.slots.find((each) => each.slot === wanted);
  if (slot === undefined) return undefined;
  const nowUs = document.now.atUs;
  const [power, health, reset] = linesCells(slot, nowUs);
  const read =
    slot.readUs === undefined ? "never read" : `read ${ageText(nowUs - slot.readUs)} ago`;
  const rows: readonly (readonly [string, string])[] = [
    ["slot", `${slot.slot}  ${slot.name ?? "no board known"}  ${slot.role ?? ""}`],
    ["state", `${wordText(slot)} for ${ageText(nowUs - slot.sinceUs)}`],
    ["lines", `power ${plain(power)}, health ${plain(health)}, reset ${plain(reset)}; ${read}`],
    ["networks", `A ${slot.network.A}, B ${slot.network.B}`],
    ["life", slot.incarnation ?? "not heard yet"],
    ["last fence", slot.lastProof ?? "none since the ccn's daemon started"],
    ...slot.alarms.map((text) => ["alarm", text] as const),
  ];
  return rows.flatMap(([label, text]) =>
    wrapText(cleanText(text), screen.columns - 12).map((line, i) =>
      `${(i === 0 ? label : "").padEnd(12)}${line}`.trimEnd(),
    ),
  );
}

function plain(cell: TableCell | undefined): string {
  return cell === undefined ? "" : typeof cell === "string" ? cell : cell.text;
}

/** Power, health and reset; `unknown (12 s)` if they were not read lately. */
function linesCells({ lines, readUs }: SlotView, nowUs: MonoUs): TableCell[] {
  if (lines === undefined || readUs === undefined) return ["unknown", "unknown", "unknown"];
  const ageUs = nowUs - readUs;
  if (ageUs > staleUs) {
    const text = `unknown (${ageText(ageUs)})`;
    return [{ text, mood: "dim" }, "unknown", "unknown"];
  }
  if (!lines.present) return ["-", "-", "-"];
  return [
    { text: lines.powerGood ? "on" : "off", mood: lines.powerGood ? "good" : "warn" },
    { text: lines.healthy ? "good" : "BAD", mood: lines.healthy ? "good" : "bad" },
    { text: lines.resetAsserted ? "held" : "-", mood: lines.resetAsserted ? "warn" : "dim" },
  ];
}

function networkCell({ network }: SlotView, which: "A" | "B"): TableCell {
  const word = network[which];
  const mood: Mood = word === "ok" ? "good" : word === "unknown" ? "dim" : "bad";
  return { text: word === "ok" || word === "unknown" ? word : word.toUpperCase(), mood };
}

function wordText({ word }: SlotView): string {
  return word === "out" ? "out, safe to pull" : word.replaceAll("-", " ");
}

function wordCell(slot: SlotView): TableCell {
  const good: readonly SlotView["word"][] = ["in-service"];
  const calm: readonly SlotView["word"][] = ["empty", "off", "out"];
  const bad: readonly SlotView["word"][] = ["unhealthy", "kept-off", "being-fenced"];
  const mood: Mood = good.includes(slot.word)
    ? "good"
    : bad.includes(slot.word)
      ? "bad"
      : calm.includes(slot.word)
        ? "dim"
        : "warn";
  return { text: wordText(slot), mood };
}

/** Slots in words for headlines. */
export function slotText(slot: SlotId | undefined): string {
  if (slot === undefined) return "nobody";
  return slot === 0 ? "ccn" : `slot ${slot}`;
}
