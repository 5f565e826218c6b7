// The alarms as the text of their file, and back: JSON with a version, every field checked. What is
// no such text is refused whole: an alarm list that is half right would hide what is missing.

import { err, ok, type Result } from "../../base/index.ts";
import { alarmCharacters, alarmsKept } from "../limits.ts";
import {
  type Acknowledgement,
  type Alarm,
  type AlarmState,
  clearedAlarms,
  type Severity,
  standingAlarms,
} from "./alarms.ts";

/** An alarm as the file has it: without the time of this boot. */
export type FiledAlarm = Omit<Alarm, "sinceUs">;

const severities: readonly Severity[] = ["critical", "major", "minor", "warning"];
/** Numbers count up from 1; nobody raises 2^31 conditions. */
const numberMax = 0x7fff_ffff;

/** All alarms as one text. */
export function alarmFileText(state: AlarmState): string {
  const alarms = [...standingAlarms(state), ...clearedAlarms(state)].map(filed);
  return `${JSON.stringify({ v: 1, alarms })}\n`;
}

/** Reads `alarmFileText`. The error names the place. Never throws. */
export function readAlarmFile(text: string): Result<FiledAlarm[], string> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return err(`no JSON: ${String(error)}`);
  }
  if (!isObject(document) || document["v"] !== 1) return err("no list of version 1");
  const list = document["alarms"];
  if (!Array.isArray(list) || list.length > alarmsKept) {
    return err(`alarms: no list of at most ${alarmsKept}`);
  }
  const alarms: FiledAlarm[] = [];
  for (const [index, each] of list.entries()) {
    const alarm = readAlarm(each);
    if (alarm === undefined) return err(`alarms[${index}] is none`);
    alarms.push(alarm);
  }
  return ok(alarms);
}

function filed(alarm: Alarm): FiledAlarm {
  const { number, source, id, object, severity, text, action } = alarm;
  const { sinceMs, clearedMs, acknowledged, raises, isFlapping } = alarm;
  const said = { number, source, id, object, severity, text, action };
  return { ...said, sinceMs, clearedMs, acknowledged, raises, isFlapping };
}

function readAlarm(value: unknown): FiledAlarm | undefined {
  if (!isObject(value)) return undefined;
  const number = countOf(value["number"]);
  const raises = countOf(value["raises"]);
  const source = textOf(value["source"], alarmCharacters.name);
  const id = textOf(value["id"], alarmCharacters.name);
  const object = textOf(value["object"], alarmCharacters.name);
  const text = textOf(value["text"], alarmCharacters.text);
  const action = textOf(value["action"], alarmCharacters.text);
  const severity = severities.find((word) => word === value["severity"]);
  const sinceMs = msOf(value["sinceMs"]);
  const clearedMs = msOf(value["clearedMs"]);
  const isFlapping = value["isFlapping"];
  const acknowledged = readAcknowledgement(value["acknowledged"]);
  if (number === undefined || raises === undefined || sinceMs === undefined) return undefined;
  if (source === undefined || id === undefined || object === undefined) return undefined;
  if (text === undefined || action === undefined || severity === undefined) return undefined;
  if (typeof isFlapping !== "boolean" || acknowledged === "wrong") return undefined;
  if (clearedMs === undefined && value["clearedMs"] !== undefined) return undefined;
  const said = { number, source, id, object, severity, text, action };
  return { ...said, sinceMs, clearedMs, acknowledged, raises, isFlapping };
}

function readAcknowledgement(value: unknown): Acknowledgement | undefined | "wrong" {
  if (value === undefined) return undefined;
  if (!isObject(value)) return "wrong";
  const who = textOf(value["who"], alarmCharacters.who);
  const text = textOf(value["text"], alarmCharacters.note);
  const wallMs = msOf(value["wallMs"]);
  if (who === undefined || text === undefined || wallMs === undefined) return "wrong";
  return { who, text, wallMs };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown, max: number): string | undefined {
  return typeof value === "string" && value.length <= max ? value : undefined;
}

function countOf(value: unknown): number | undefined {
  const isCount = typeof value === "number" && Number.isInteger(value);
  return isCount && value >= 1 && value <= numberMax ? value : undefined;
}

/** Milliseconds since 1970, up to what a date can be (ECMA-262 §21.4.1.1). */
function msOf(value: unknown): number | undefined {
  const isTime = typeof value === "number" && value >= 0 && value <= 8.64e15;
  return isTime ? value : undefined;
}
