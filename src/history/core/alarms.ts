// The one list of alarms of a board: what stands, what was cleared, who has seen it. Pure.
//
// An alarm is a condition, named by its constant id and its object; it has a number that people use.
// It clears when its cause is gone; an acknowledgement silences it and hides nothing (manage.md).
//
// | event       | unknown / cleared             | stands                    | stands, flapping      |
// | raise       | stands, not acknowledged      | text and severity renewed | the same, not quiet   |
// | clear       | -                             | cleared, or flapping: it  | quiet from now        |
// |             |                               | stays until it was quiet  |                       |
// | acknowledge | refused                       | who, when and what said   | the same              |
// | look        | -                             | -                         | quiet enough: cleared |
//
// Flapping: raised `alarmFlapRaises` times within `alarmFlapWindowMs`. So neither the list, nor the
// file, nor the people who acknowledged it hear more of it than that.

import { assert, err, ok, type MonoUs, monoUs, type Result } from "../../base/index.ts";
import {
  alarmCharacters,
  alarmFlapRaises,
  alarmFlapWindowMs,
  alarmQuietMs,
  alarmsKept,
  alarmsStanding,
} from "../limits.ts";

/** How loud an alarm is: `major` = something does not work now, `minor` = less is left. */
export type Severity = "critical" | "major" | "minor" | "warning";

/** Both clocks at one moment: the board's own, and the wall's, ms since 1970. */
export type Moment = { readonly atUs: MonoUs; readonly wallMs: number };

/** An alarm as a module tells it. */
export type AlarmReport = {
  /** Constant name, as in `explain`. */
  readonly id: string;
  /** What it is about: `sw-a`, `slot 7`, an address. */
  readonly object: string;
  readonly severity: Severity;
  /** Cause and effect, one line. */
  readonly text: string;
  /** What to do, one line. */
  readonly action: string;
  /** Since when, if longer than since now. */
  readonly sinceUs?: MonoUs;
};

/** Who has seen an alarm, and what they said. */
export type Acknowledgement = {
  readonly who: string;
  readonly text: string;
  readonly wallMs: number;
};

/** An alarm that is remembered. Wall times outlive the machine; `sinceUs` is of this boot. */
export type Alarm = {
  /** For people: `alarm 12 ack`. One condition keeps its number while it is remembered. */
  readonly number: number;
  /** The module that told it, for `sync`. */
  readonly source: string;
  readonly id: string;
  readonly object: string;
  readonly severity: Severity;
  readonly text: string;
  readonly action: string;
  readonly sinceUs: MonoUs;
  readonly sinceMs: number;
  /** Undefined: it stands. */
  readonly clearedMs: number | undefined;
  readonly acknowledged: Acknowledgement | undefined;
  /** How often it was raised since it is remembered. */
  readonly raises: number;
  /** Comes and goes: it stands until it was quiet for `alarmQuietMs`. */
  readonly isFlapping: boolean;
};

type Kept = Alarm & {
  /** Newest raises within the window, at most `alarmFlapRaises`. */
  readonly raisedUs: readonly MonoUs[];
  /** Its cause is gone since; it flaps and stands on. */
  readonly quietUs: MonoUs | undefined;
};

/** All alarms of a board; changed by the functions of this file only. */
export type AlarmState = {
  /** By id and object. */
  readonly alarms: Map<string, Kept>;
  nextNumber: number;
  /** Counts changes worth writing down. */
  revision: number;
  /** Raises refused because `alarmsStanding` stood. */
  refused: number;
};

/** No alarms. */
export function createAlarms(): AlarmState {
  return { alarms: new Map(), nextNumber: 1, revision: 0, refused: 0 };
}

/** Takes what a file remembered; whatever stood stands until its source tells otherwise. */
export function restoreAlarms(alarms: readonly Omit<Alarm, "sinceUs">[], now: Moment): AlarmState {
  const state = createAlarms();
  for (const alarm of alarms.slice(0, alarmsKept)) {
    const agoUs = Math.max(0, now.wallMs - alarm.sinceMs) * 1000;
    const sinceUs = monoUs(Math.max(0, now.atUs - agoUs));
    const quietUs = alarm.isFlapping ? now.atUs : undefined;
    state.alarms.set(keyOf(alarm), { ...alarm, sinceUs, raisedUs: [], quietUs });
    state.nextNumber = Math.max(state.nextNumber, alarm.number + 1);
  }
  return state;
}

/** Raises an alarm, or renews what it says. The error: too many stand. */
export function raiseAlarm(
  state: AlarmState,
  source: string,
  report: AlarmReport,
  now: Moment,
): Result<Alarm, string> {
  const said = cut(report);
  const known = state.alarms.get(keyOf(said));
  if (known !== undefined && known.clearedMs === undefined) {
    return ok(renew(state, known, { ...said, source }, now));
  }
  const standing = standingAlarms(state).length;
  if (standing >= alarmsStanding) {
    state.refused += 1;
    return err(`${said.id} of ${said.object} was not raised: ${standing} alarms stand already`);
  }
  if (known === undefined) makeRoom(state);
  const raisedUs = raisesWith(known, now);
  const agoUs = said.sinceUs === undefined ? 0 : Math.max(0, now.atUs - said.sinceUs);
  const alarm: Kept = {
    ...said,
    source,
    number: known?.number ?? state.nextNumber,
    sinceUs: monoUs(now.atUs - agoUs),
    sinceMs: Math.max(0, now.wallMs - agoUs / 1000),
    clearedMs: undefined,
    acknowledged: undefined,
    raises: (known?.raises ?? 0) + 1,
    isFlapping: raisedUs.length >= alarmFlapRaises,
    raisedUs,
    quietUs: undefined,
  };
  if (known === undefined) state.nextNumber += 1;
  keep(state, alarm);
  return ok(alarm);
}

/** The cause is gone. A condition nobody raised is no mistake: sources tell what they see. */
export function clearAlarm(
  state: AlarmState,
  alarm: { readonly id: string; readonly object: string },
  now: Moment,
): void {
  const known = state.alarms.get(keyOf(alarm));
  if (known === undefined || known.clearedMs !== undefined) return;
  if (known.isFlapping) {
    if (known.quietUs === undefined) {
      state.alarms.set(keyOf(known), { ...known, quietUs: now.atUs });
    }
    return;
  }
  keep(state, { ...known, clearedMs: now.wallMs });
}

/** Somebody has seen it. Errors are sentences. */
export function acknowledgeAlarm(
  state: AlarmState,
  number: number,
  by: { readonly who: string; readonly text: string },
  now: Moment,
): Result<Alarm, string> {
  const known = [...state.alarms.values()].find((alarm) => alarm.number === number);
  if (known === undefined) return err(`no alarm ${number}; \`alarms\` lists them`);
  if (known.clearedMs !== undefined) {
    return err(`alarm ${number} (${known.id} of ${known.object}) is over; nothing to acknowledge`);
  }
  const who = by.who.slice(0, alarmCharacters.who);
  const text = by.text.slice(0, alarmCharacters.note);
  const alarm: Kept = { ...known, acknowledged: { who, text, wallMs: now.wallMs } };
  keep(state, alarm);
  return ok(alarm);
}

/**
 * What one source sees now: raises what is new, renews what stands, clears what it no longer names.
 * Alarms of other sources stay as they are.
 */
export function syncAlarms(
  state: AlarmState,
  source: string,
  current: readonly AlarmReport[],
  now: Moment,
): void {
  const named = new Set(current.map((report) => keyOf(cut(report))));
  for (const alarm of standingAlarms(state)) {
    if (alarm.source === source && !named.has(keyOf(alarm))) clearAlarm(state, alarm, now);
  }
  // A refused raise is counted; the list that is full says enough.
  for (const report of current) raiseAlarm(state, source, report, now);
  lookAgain(state, now);
}

/** Clears flapping alarms that were quiet long enough. */
export function lookAgain(state: AlarmState, now: Moment): void {
  for (const alarm of state.alarms.values()) {
    if (alarm.quietUs === undefined || alarm.clearedMs !== undefined) continue;
    const quietMs = (now.atUs - alarm.quietUs) / 1000;
    if (quietMs < alarmQuietMs) continue;
    const clearedMs = Math.max(0, now.wallMs - quietMs);
    keep(state, { ...alarm, clearedMs, quietUs: undefined, isFlapping: false });
  }
}

/** What stands, the oldest first. */
export function standingAlarms(state: AlarmState): Alarm[] {
  return [...state.alarms.values()]
    .filter(({ clearedMs }) => clearedMs === undefined)
    .sort((a, b) => a.sinceUs - b.sinceUs || a.number - b.number);
}

/** What was cleared, the newest first. */
export function clearedAlarms(state: AlarmState): Alarm[] {
  return [...state.alarms.values()]
    .filter(({ clearedMs }) => clearedMs !== undefined)
    .sort((a, b) => (b.clearedMs ?? 0) - (a.clearedMs ?? 0) || b.number - a.number);
}

function renew(
  state: AlarmState,
  known: Kept,
  said: AlarmReport & { readonly source: string },
  now: Moment,
): Alarm {
  const came = known.quietUs !== undefined;
  const { text, action, severity, source } = said;
  const isSame =
    known.text === text &&
    known.action === action &&
    known.severity === severity &&
    known.source === source;
  if (isSame && !came) return known;
  const alarm: Kept = {
    ...known,
    text,
    action,
    severity,
    source,
    quietUs: undefined,
    raises: known.raises + (came ? 1 : 0),
    raisedUs: came ? raisesWith(known, now) : known.raisedUs,
  };
  // A text with a figure in it changes all the time: not worth a write each.
  state.alarms.set(keyOf(alarm), alarm);
  if (known.severity !== severity) state.revision += 1;
  return alarm;
}

function raisesWith(known: Kept | undefined, now: Moment): MonoUs[] {
  const fromUs = now.atUs - alarmFlapWindowMs * 1000;
  const recent = (known?.raisedUs ?? []).filter((atUs) => atUs >= fromUs);
  return [...recent, now.atUs].slice(-alarmFlapRaises);
}

function keep(state: AlarmState, alarm: Kept): void {
  state.alarms.set(keyOf(alarm), alarm);
  state.revision += 1;
  assert(state.alarms.size <= alarmsKept, "the list of alarms is bounded");
  assert(alarm.number < state.nextNumber, "an alarm has a number that was given");
}

/** The cleared alarm that is oldest goes. More are kept than can stand, so there is one. */
function makeRoom(state: AlarmState): void {
  if (state.alarms.size < alarmsKept) return;
  const oldest = clearedAlarms(state).at(-1);
  assert(oldest !== undefined, "fewer alarms stand than are kept");
  state.alarms.delete(keyOf(oldest));
}

function keyOf({ id, object }: { readonly id: string; readonly object: string }): string {
  return `${id} ${object}`;
}

function cut(report: AlarmReport): AlarmReport {
  const { name, text } = alarmCharacters;
  return {
    ...report,
    id: report.id.slice(0, name),
    object: report.object.slice(0, name),
    text: report.text.slice(0, text),
    action: report.action.slice(0, text),
  };
}
