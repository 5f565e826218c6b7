import { expect, test } from "bun:test";
import { monoUs } from "../../base/index.ts";
import { alarmFlapRaises, alarmQuietMs, alarmsKept, alarmsStanding } from "../limits.ts";
import { alarmFileText, readAlarmFile } from "./alarm-file.ts";
import {
  acknowledgeAlarm,
  type AlarmReport,
  clearAlarm,
  clearedAlarms,
  createAlarms,
  lookAgain,
  type Moment,
  raiseAlarm,
  restoreAlarms,
  standingAlarms,
  syncAlarms,
} from "./alarms.ts";

const second = (s: number): Moment => ({ atUs: monoUs(s * 1e6), wallMs: 1e12 + s * 1000 });
const cable = (object = "slot 7"): AlarmReport => ({
  id: "cable-fault",
  object,
  severity: "minor",
  text: "deaf on B",
  action: "Change the cable.",
});
const by = { who: "ops", text: "on my way" };

test("an alarm that comes back is unacknowledged again and keeps its number", () => {
  const state = createAlarms();
  raiseAlarm(state, "netrack", cable(), second(1));
  expect(acknowledgeAlarm(state, 1, by, second(2)).ok).toBe(true);
  clearAlarm(state, cable(), second(3));
  expect(standingAlarms(state)).toEqual([]);
  expect(acknowledgeAlarm(state, 1, by, second(3)).ok).toBe(false);
  raiseAlarm(state, "netrack", cable(), second(4));
  expect(standingAlarms(state)).toMatchObject([{ number: 1, raises: 2, acknowledged: undefined }]);
});

test("sync raises, keeps and clears what its source names, and nothing of others", () => {
  const state = createAlarms();
  raiseAlarm(state, "slots", cable("slot 1"), second(1));
  syncAlarms(state, "netrack", [cable("a"), cable("b")], second(2));
  syncAlarms(state, "netrack", [cable("b")], second(3));
  expect(standingAlarms(state).map(({ object }) => object)).toEqual(["slot 1", "b"]);
  expect(clearedAlarms(state).map(({ object }) => object)).toEqual(["a"]);
});

test("an alarm that flaps stands until it was quiet, with what people said of it", () => {
  const state = createAlarms();
  for (let i = 0; i < alarmFlapRaises; i++) {
    clearAlarm(state, cable(), second(i));
    raiseAlarm(state, "netrack", cable(), second(i));
  }
  acknowledgeAlarm(state, 1, by, second(10));
  const { revision } = state;
  for (let i = 11; i < 40; i++) {
    clearAlarm(state, cable(), second(i));
    raiseAlarm(state, "netrack", cable(), second(i));
  }
  expect(standingAlarms(state)).toMatchObject([{ isFlapping: true, acknowledged: { who: "ops" } }]);
  expect(state.revision).toBe(revision);
  clearAlarm(state, cable(), second(40));
  lookAgain(state, second(40 + alarmQuietMs / 1000 - 1));
  expect(standingAlarms(state)).toHaveLength(1);
  lookAgain(state, second(40 + alarmQuietMs / 1000));
  expect(standingAlarms(state)).toEqual([]);
});

test("the list is bounded: too many are refused, the oldest cleared goes", () => {
  const state = createAlarms();
  for (let i = 0; i < alarmsStanding; i++) raiseAlarm(state, "x", cable(`${i}`), second(i));
  expect(raiseAlarm(state, "x", cable("more"), second(999)).ok).toBe(false);
  expect(state.refused).toBe(1);
  syncAlarms(state, "x", [], second(1000));
  for (let i = 0; i < alarmsKept; i++) {
    raiseAlarm(state, "y", cable(`y${i}`), second(2000 + i));
    clearAlarm(state, cable(`y${i}`), second(2000 + i));
  }
  expect(state.alarms.size).toBe(alarmsKept);
  expect(clearedAlarms(state).at(-1)?.object).toBe("y0");
});

test("the file's text comes back whole, with its age on another boot's clock", () => {
  const state = createAlarms();
  raiseAlarm(state, "netrack", cable(), second(100));
  acknowledgeAlarm(state, 1, by, second(101));
  raiseAlarm(state, "netrack", cable("slot 8"), second(102));
  clearAlarm(state, cable("slot 8"), second(103));
  const read = readAlarmFile(alarmFileText(state));
  if (!read.ok) throw new Error(read.error);
  const later = restoreAlarms(read.value, { atUs: monoUs(30e6), wallMs: 1e12 + 110_000 });
  expect(alarmFileText(later)).toBe(alarmFileText(state));
  expect(standingAlarms(later)[0]?.sinceUs).toBe(monoUs(20e6));
  raiseAlarm(later, "netrack", cable("slot 9"), { atUs: monoUs(31e6), wallMs: 1e12 + 111_000 });
  expect(standingAlarms(later).map(({ number }) => number)).toEqual([1, 3]);
});

test("a file that is wrong in one field is refused whole", () => {
  const state = createAlarms();
  raiseAlarm(state, "netrack", cable(), second(1));
  const text = alarmFileText(state);
  for (const [from, to] of [
    ['"number":1', '"number":1e300'],
    ['"minor"', '"loud"'],
    ['"sinceMs":', '"sinceMs":-'],
    ['"isFlapping":false', '"isFlapping":0'],
    ['"v":1', '"v":2'],
  ] as const) {
    expect(text).toContain(from);
    expect(readAlarmFile(text.replace(from, to)).ok).toBe(false);
  }
});
