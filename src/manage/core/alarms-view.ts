// `alarms`: what stands with its cause and remedy, who has seen it, and what was cleared. Pure.

import type { Alarm } from "../../history/index.ts";
import { timeOfMs } from "../wall-time.ts";
import type { AlarmsDocument } from "./failover-documents.ts";
import type { AlarmFact } from "../facts.ts";
import {
  ageText,
  cleanText,
  countText,
  type Mood,
  paintText,
  type Screen,
  timeText,
  wrapText,
} from "./text.ts";

/** Cleared alarms shown; the rest is in --json. */
const clearedShown = 20;

/** The screen of `alarms`. */
export function alarmsLines(document: AlarmsDocument, screen: Screen): string[] {
  const { standing, cleared, refused, now } = document;
  const lines = standing.length === 0 ? ["no alarm stands"] : [];
  for (const alarm of standing) {
    const age = ageText(now.atUs - alarm.sinceUs);
    const word = paintText(alarm.severity, moodOf(alarm), screen);
    const pad = " ".repeat(9 - alarm.severity.length);
    const flaps = alarm.isFlapping ? `; it comes and goes, ${alarm.raises} times so far` : "";
    const head = `${alarm.object}: ${alarm.text}, for ${age}${flaps}`;
    const body = [...wrapText(cleanText(head), screen.columns - 15), ...detail(alarm, screen)];
    const number = String(alarm.number).padStart(4);
    lines.push(
      ...body.map((line, i) => (i === 0 ? `${number}  ${word}${pad}${line}` : indented(line))),
    );
  }
  if (refused > 0) lines.push(`${refused} alarms were not raised: too many stood`);
  if (cleared.length > 0) lines.push("", paintText("CLEARED", "dim", screen));
  for (const alarm of cleared.slice(0, clearedShown)) {
    const when = timeText(timeOfMs(alarm.clearedMs ?? 0));
    const text = `${String(alarm.number).padStart(4)}  ${when}  ${alarm.object}: ${alarm.text}`;
    lines.push(...wrapText(cleanText(text), screen.columns).slice(0, 1));
  }
  return lines;
}

function detail(alarm: Alarm, screen: Screen): string[] {
  const { acknowledged: seen } = alarm;
  const text = seen === undefined ? "not acknowledged" : `seen by ${seen.who}: ${seen.text}`;
  return [`do: ${alarm.action}`, text].flatMap((each) =>
    wrapText(cleanText(each), screen.columns - 15),
  );
}

function indented(line: string): string {
  return `${" ".repeat(15)}${line}`;
}

function moodOf({ severity, acknowledged }: Alarm): Mood {
  if (acknowledged !== undefined) return "dim";
  return severity === "critical" || severity === "major" ? "bad" : "warn";
}

/** The line of `status`: `ALARMS  1 major, 2 minor, one acknowledged`; undefined if none stands. */
export function alarmCountLine(alarms: readonly AlarmFact[], screen: Screen): string | undefined {
  if (alarms.length === 0) return undefined;
  const open = alarms.filter(({ acknowledged }) => acknowledged === undefined);
  const parts: string[] = [];
  for (const severity of ["critical", "major", "minor", "warning"] as const) {
    const count = open.filter((alarm) => alarm.severity === severity).length;
    if (count > 0) parts.push(`${count} ${severity}`);
  }
  const seen = alarms.length - open.length;
  if (seen > 0) parts.push(`${countText(seen, "alarm")} acknowledged`);
  return `${paintText("ALARMS", "dim", screen)}     ${parts.join(", ")}`;
}
