// What is wrong on a board's picture, in words with what to do: NETRACK's faults, what boards say
// about themselves, old configurations, alarms, and the state of the daemon itself. One list
// feeds the headline, the WRONG part of `status`, and later alarms on other channels.

import type { MonoUs } from "../../base/index.ts";
import type { BoardStatus, ChassisMap, Diagnosis } from "../../netrack/index.ts";
import type { AlarmFact, NowFact } from "../facts.ts";
import type { GroupStanding } from "../failover-facts.ts";
import { staleUs } from "../limits.ts";
import type { StatusDocument } from "./documents.ts";
import { noteTexts } from "./failover-view.ts";
import { ageText, type Mood } from "./text.ts";

/** One thing that is wrong: since when, the sentence with its age, what to do. */
export type Wrong = {
  readonly mood: Mood;
  readonly sinceUs: MonoUs;
  readonly text: string;
  readonly action: string;
};

/** Everything wrong, the worst kind first, then the oldest first. */
export function wrongList(document: StatusDocument): Wrong[] {
  const nowUs = document.now.atUs;
  const out: Wrong[] = [];
  const map = freshMap(document.map, document.now);
  if (map !== undefined) {
    for (const fault of map.faults) out.push(ofFault(fault, map, nowUs));
    for (const board of map.boards) out.push(...ofBoard(board, map, nowUs));
  }
  const told = new Set(map?.faults.map(({ text }) => text));
  for (const alarm of document.alarms) if (!told.has(alarm.text)) out.push(ofAlarm(alarm, nowUs));
  for (const group of document.groups ?? []) out.push(...ofGroup(group, nowUs));
  const rank = (wrong: Wrong): number => (wrong.mood === "bad" ? 0 : wrong.mood === "warn" ? 1 : 2);
  return out.sort((a, b) => rank(a) - rank(b) || a.sinceUs - b.sinceUs);
}

/** An acknowledged alarm is quieter, but there. */
function ofAlarm(alarm: AlarmFact, nowUs: MonoUs): Wrong {
  const { severity, acknowledged, sinceUs, action } = alarm;
  const isLoud = severity === "critical" || severity === "major";
  const seen = acknowledged === undefined ? "" : ` (seen by ${acknowledged})`;
  return {
    mood: acknowledged !== undefined ? "dim" : isLoud ? "bad" : "warn",
    sinceUs,
    text: `${alarm.object}: ${alarm.text}, for ${ageText(nowUs - sinceUs)}${seen}`,
    action,
  };
}

function ofGroup(group: GroupStanding, nowUs: MonoUs): Wrong[] {
  const notes = noteTexts(group).map((text): Wrong => {
    const action = "`why` and `groups` tell more; undo it when its reason is gone";
    return { mood: "warn", sinceUs: nowUs, text: `group ${group.group}: ${text}`, action };
  });
  if (group.active.length > 0) return notes;
  const text = `group ${group.group}: nobody is active: ${group.why}`;
  const action = "`why` tells what happened; bring back a board that is in sync, see `groups`";
  return [{ mood: "bad", sinceUs: nowUs, text, action }, ...notes];
}

/** The map if it is fresh enough to be shown as the present. */
export function freshMap(map: ChassisMap | undefined, now: NowFact): ChassisMap | undefined {
  return map !== undefined && now.atUs - map.atUs <= staleUs ? map : undefined;
}

/** A fault's sentence with its age: `slot 7 deaf on B for 42 s: cable or port sw-b/7 (hears A)`. */
export function faultSentence(diagnosis: Diagnosis, nowUs: MonoUs): string {
  const age = `for ${ageText(nowUs - diagnosis.sinceUs)}`;
  const colon = diagnosis.text.indexOf(": ");
  if (colon < 0) return `${diagnosis.text} ${age}`;
  return `${diagnosis.text.slice(0, colon)} ${age}${diagnosis.text.slice(colon)}`;
}

/** A board as people call it: `slot 7 (card7)`, `the ccn`. */
export function boardLabel(slot: number, map: ChassisMap): string {
  const board = map.boards.find((candidate) => candidate.slot === slot);
  if (slot === 0) return "the ccn";
  return board === undefined ? `slot ${slot}` : `slot ${slot} (${board.name})`;
}

function ofFault(diagnosis: Diagnosis, map: ChassisMap, nowUs: MonoUs): Wrong {
  const { fault, sinceUs } = diagnosis;
  return {
    mood: fault.kind === "leaving" ? "warn" : "bad",
    sinceUs,
    text: faultSentence(diagnosis, nowUs),
    action: actionFor(diagnosis, map),
  };
}

function actionFor(diagnosis: Diagnosis, map: ChassisMap): string {
  const { fault } = diagnosis;
  switch (fault.kind) {
    case "board":
      return `look at ${boardLabel(fault.slot, map)}: power, console, both cables; swap it if dead`;
    case "leaving":
      return `nothing: ${boardLabel(fault.slot, map)} goes down in order; start it when wanted`;
    case "cable": {
      const place = fault.port === undefined ? `network ${fault.network}` : `port ${fault.port}`;
      return fault.carrier
        ? `check the setup of ${place} (VLAN, filter), then its cable; the link itself is up`
        : `re-seat, then change the cable of ${boardLabel(fault.slot, map)} at ${place}`;
    }
    case "one-way": {
      const place = fault.port === undefined ? `network ${fault.network}` : `port ${fault.port}`;
      return `change the cable of ${boardLabel(fault.slot, map)} at ${place}; then the port itself`;
    }
    case "switch":
      return `look at switch ${fault.name}: power, uplink, its log; network ${fault.network} needs it`;
    case "path":
      return `look at the filters of network ${fault.network}'s switch between these two ports`;
    default:
      return fault satisfies never;
  }
}

function ofBoard(board: BoardStatus, map: ChassisMap, nowUs: MonoUs): Wrong[] {
  const label = boardLabel(board.slot, map);
  const age = `for ${ageText(nowUs - board.sinceUs)}`;
  const base = { mood: "warn", sinceUs: board.sinceUs } as const;
  const out: Wrong[] = [];
  const isExplained = map.faults.some(
    ({ fault }) =>
      (fault.kind === "board" || fault.kind === "leaving") && fault.slot === board.slot,
  );
  if (board.state !== "up" && !isExplained) {
    const action = `wait some seconds; then look at ${label}: power, console, both cables`;
    out.push({ ...base, mood: "bad", text: `${label} ${board.state} ${age}`, action });
  }
  if (board.degraded !== undefined) {
    const action = `read the log of ${label}; the program that said so knows more`;
    out.push({ ...base, text: `${label} says degraded: ${board.degraded}`, action });
  }
  const version = board.configVersion;
  if (board.state === "up" && version !== undefined && version !== map.configVersion) {
    const text = `${label} runs configuration v${version}, the chassis has v${map.configVersion}`;
    out.push({ ...base, text, action: `wait for its next look; then restart ${label}'s daemon` });
  }
  return out;
}
