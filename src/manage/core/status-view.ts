// `status` as one screen: headline, networks, boards, what is wrong and what to do, next step.
// Pure: a document and a screen in, lines out. A picture older than `staleUs` is shown as unknown
// with its age, never as if it were now.

import type { NetworkId } from "../../base/index.ts";
import { networkIds } from "../../base/index.ts";
import type { BoardStatus, ChassisMap } from "../../netrack/index.ts";
import type { NowFact, OwnAddress } from "../facts.ts";
import { staleUs } from "../limits.ts";
import { alarmCountLine } from "./alarms-view.ts";
import { groupStatusLines } from "./failover-view.ts";
import { faultSentence, freshMap, type Wrong, wrongList } from "./advice.ts";
import type { StatusDocument } from "./documents.ts";
import { type TableCell, tableLines } from "./table.ts";
import {
  ageText,
  bytesText,
  cleanText,
  columnsOf,
  countText,
  fitText,
  type Mood,
  paintText,
  type Screen,
  timeText,
  wrapText,
} from "./text.ts";

/** A chassis in one word. */
export type ChassisWord = "OK" | "DEGRADED" | "DOWN" | "UNKNOWN";

/** The whole screen of `status`. */
export function statusLines(document: StatusDocument, screen: Screen): string[] {
  const map = freshMap(document.map, document.now);
  const wrong = wrongList(document);
  const lines = [headline(document, wrong, screen)];
  if (map === undefined) {
    lines.push(fitText(`NETWORKS   ${unknownText(document)}`, screen.columns));
  } else {
    lines.push(networksLine(map, document, screen), "", ...boardLines(map, document, screen));
  }
  lines.push(...failoverLines(document, screen));
  lines.push("", ...wrongLines(wrong, screen), ...selfLines(document, screen));
  lines.push(fitText(`next: ${nextStep(document, map, wrong)}`, screen.columns));
  return lines;
}

/** Groups in one line each, and how many alarms stand. */
function failoverLines({ groups = [], alarms }: StatusDocument, screen: Screen): string[] {
  const count = alarmCountLine(alarms, screen);
  const lines = groupStatusLines(groups, screen);
  return [
    ...(lines.length === 0 ? [] : ["", ...lines]),
    ...(count === undefined ? [] : ["", count]),
  ];
}

/** The chassis in one word: DOWN = no other board is reached, UNKNOWN = nobody looked lately. */
export function chassisWord(document: StatusDocument, wrong: readonly Wrong[]): ChassisWord {
  const map = freshMap(document.map, document.now);
  if (map === undefined) return "UNKNOWN";
  const others = map.boards.filter((board) => board.slot !== map.self);
  if (others.length > 0 && !others.some((board) => isReached(board))) return "DOWN";
  return wrong.length > 0 ? "DEGRADED" : "OK";
}

function headline(document: StatusDocument, wrong: readonly Wrong[], screen: Screen): string {
  const word = chassisWord(document, wrong);
  const chassis = document.board.chassis ?? document.map?.chassis ?? document.board.name;
  const name = fitText(cleanText(chassis), 20);
  const time = fitText(timeText(document.now.time), 20);
  const room = screen.columns - columnsOf(name) - word.length - time.length - 6;
  const text = fitText(cleanText(summary(document, wrong)), Math.max(0, room));
  const mood: Mood = word === "OK" ? "good" : word === "DEGRADED" ? "warn" : "bad";
  return `${name}  ${paintText(word, mood, screen)}  ${text}  ${time}`;
}

/** What is wrong as a headline says it: counts by kind, then whether the rest is reached. */
function summary(document: StatusDocument, wrong: readonly Wrong[]): string {
  const map = freshMap(document.map, document.now);
  if (map === undefined) return unknownText(document);
  const kinds = map.faults.map(({ fault }) => fault);
  const parts: string[] = [];
  for (const fault of kinds) if (fault.kind === "switch") parts.push(`switch ${fault.name} down`);
  const say = (count: number, noun: string, state: string): void => {
    if (count > 0) parts.push(`${countText(count, noun)} ${state}`);
  };
  say(kinds.filter(({ kind }) => kind === "board").length, "board", "down");
  say(kinds.filter(({ kind }) => kind === "leaving").length, "board", "leaving");
  const pathKinds: readonly string[] = ["cable", "one-way", "path"];
  say(kinds.filter(({ kind }) => pathKinds.includes(kind)).length, "path", "down");
  const rest = wrong.length - kinds.length;
  if (rest > 0) parts.push(`${countText(rest, "note")} below`);
  const missing = map.boards.filter((board) => !isReached(board) && board.slot !== map.self).length;
  const reach =
    missing === 0 ? "every board is reached" : `${countText(missing, "board")} not reached`;
  return parts.length === 0 ? `${reach} on both networks` : `${parts.join(", ")}; ${reach}`;
}

function networksLine(map: ChassisMap, document: StatusDocument, screen: Screen): string {
  const counts = networkIds.map((network) => {
    const good = map.boards.filter((board) => board.network[network] === "ok").length;
    const text = `${network} ${good}/${map.boards.length}`;
    return { text, mood: good === map.boards.length ? ("good" as const) : ("warn" as const) };
  });
  const plain = `NETWORKS   ${counts.map(({ text }) => text).join("   ")}`;
  const painted = counts.map(({ text, mood }) => paintText(text, mood, screen)).join("   ");
  const [first, ...others] = map.faults;
  if (first === undefined) return `${paintText("NETWORKS", "dim", screen)}   ${painted}`;
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  const text = cleanText(faultSentence(first, document.now.atUs));
  const room = screen.columns - columnsOf(plain) - 3 - more.length;
  return `${paintText("NETWORKS", "dim", screen)}   ${painted}   ${fitText(text, room)}${more}`;
}

function boardLines(map: ChassisMap, document: StatusDocument, screen: Screen): string[] {
  const rows = map.boards.map((board): TableCell[] => [
    board.slot === 0 ? "-" : String(board.slot),
    board.slot === map.self ? `${board.name} *` : board.name,
    board.role,
    stateCell(board),
    networkCell(board, "A"),
    networkCell(board, "B"),
    configCell(board, map, document),
    ageText(document.now.atUs - board.sinceUs),
  ]);
  return tableLines(["SLOT", "NAME", "ROLE", "STATE", "A", "B", "CONFIG", "FOR"], rows, screen);
}

function stateCell(board: BoardStatus): TableCell {
  if (board.state === "up" && board.degraded !== undefined) {
    return { text: "degraded", mood: "warn" };
  }
  const mood: Mood = board.state === "up" ? "good" : board.state === "down" ? "bad" : "warn";
  return { text: board.state, mood };
}

function networkCell(board: BoardStatus, network: NetworkId): TableCell {
  const word = board.network[network];
  const mood: Mood = word === "ok" ? "good" : word === "unknown" ? "dim" : "bad";
  return { text: word === "ok" || word === "unknown" ? word : word.toUpperCase(), mood };
}

/** What the board says it runs, else what the ccn knows of it; nothing old of a silent board. */
function configCell(board: BoardStatus, map: ChassisMap, document: StatusDocument): TableCell {
  if (board.state === "down" || board.state === "unknown") {
    return { text: `unknown (${ageText(document.now.atUs - board.sinceUs)})`, mood: "dim" };
  }
  const known = document.configs.find(({ slot }) => slot === board.slot)?.running;
  const version = board.configVersion ?? known;
  if (version === undefined) return { text: "unknown", mood: "dim" };
  if (version === map.configVersion) return `v${version}`;
  return { text: `v${version} old`, mood: "warn" };
}

function wrongLines(wrong: readonly Wrong[], screen: Screen): string[] {
  if (wrong.length === 0) return [];
  const lines = [paintText(`WRONG (${wrong.length})`, "dim", screen)];
  for (const [index, entry] of wrong.entries()) {
    const number = `${index + 1}. `.padStart(4);
    const texts = wrapText(cleanText(entry.text), screen.columns - 4);
    for (const [at, text] of texts.entries()) {
      lines.push(`${at === 0 ? number : "    "}${paintText(text, entry.mood, screen)}`);
    }
    const [first = "", ...rest] = wrapText(cleanText(`do: ${entry.action}`), screen.columns - 4);
    lines.push(
      `    ${first}`,
      ...rest.map((text) => `        ${fitText(text, screen.columns - 8)}`),
    );
  }
  lines.push("");
  return lines;
}

/** The board that answers: addresses and the figures of its process, each with its age. */
function selfLines(document: StatusDocument, screen: Screen): string[] {
  const { board, now, runtime } = document;
  const place = board.slot === undefined || board.slot === 0 ? "" : `, slot ${board.slot}`;
  const addresses = board.addresses.map((own) => addressText(own, now)).join("   ");
  const up = ageText(now.atUs - board.startedUs);
  const age = now.atUs - runtime.atUs;
  const figures =
    age > staleUs
      ? `unknown (${ageText(age)})`
      : `loop ${ageText(runtime.latenessUs)} late (worst ${ageText(runtime.latenessMaxUs)}), ` +
        `${bytesText(runtime.rssBytes)}, CPU ${(runtime.cpuRatio * 100).toFixed(1)} %, ` +
        `${ageText(age)} ago`;
  const realtime = runtime.realtime.on
    ? "real time"
    : `normal scheduling: ${runtime.realtime.reason}`;
  return [
    `HERE   ${board.name} (${board.role}${place})  ${board.version}  up ${up}   ${addresses}`,
    `       ${figures}; ${realtime}`,
  ].map((line) => fitText(cleanText(line), screen.columns));
}

function addressText(own: OwnAddress, now: NowFact): string {
  const age = ageText(now.atUs - own.sinceUs);
  if (own.address === undefined) return `${own.network} none for ${age}`;
  return `${own.network} ${own.address} (${own.how}, ${age})`;
}

function nextStep(
  document: StatusDocument,
  map: ChassisMap | undefined,
  wrong: readonly Wrong[],
): string {
  const { role } = document.board;
  if (map === undefined) return `${role} events   (why NETRACK says nothing)`;
  if (map.faults.length > 0) return `${role} networks   (every path)   ${role} events -f`;
  if (wrong.length > 0) return `${role} events   (what led to this)`;
  return `${role} status --watch   ${role} help`;
}

function unknownText(document: StatusDocument): string {
  const { addresses, slot } = document.board;
  if (document.map === undefined) {
    const isNameless = addresses.every(({ address }) => address === undefined);
    if (isNameless) return "unknown: this board has no address yet";
    if (slot === undefined) return "unknown: address got, configuration not yet";
    return "unknown: NETRACK does not run on this board yet";
  }
  return `unknown (${ageText(document.now.atUs - document.map.atUs)}): NETRACK has stopped looking`;
}

function isReached(board: BoardStatus): boolean {
  return board.state === "up" && networkIds.some((network) => board.network[network] === "ok");
}
