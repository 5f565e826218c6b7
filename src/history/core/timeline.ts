// The history of a board: every change of state, its own and what other boards tell, in one order
// by this board's clock. Pure: bytes and times in, steps and bytes out.
//
// | what comes           | what happens                                                     |
// | a step of our own    | numbered, placed; the oldest goes if all is full                 |
// | a told step, new     | placed at receipt less age; its error: sender's, way's, drift's  |
// | ... told before      | dropped, counted (`repeated`): boards tell twice, over A and B   |
// | ... from before boot | dropped, counted (`beforeClock`): our clock has no such moment   |
// | ... older than all   | dropped if full, counted (`tooOld`)                              |
// | bytes that are none  | dropped, counted (`bad`)                                         |
//
// Steps of one life whose errors overlap keep the order of their numbers: one packet may be slower
// than the next, and "fenced" must not be read before "fence-ordered".

import { addUs, assert, type Incarnation, type MonoUs, type SlotId } from "../../base/index.ts";
import { ok, type Result } from "../../base/index.ts";
import { decodeSteps, encodeSteps, type ToldStep, type WireError } from "../../wire/index.ts";
import { clockDriftRatio, stepTextCharacters, timelineSteps } from "../limits.ts";
import { compareSteps, type HistoryStep, type StepName } from "./steps.ts";

/** What was dropped, and how often. */
export type TimelineCounters = {
  own: number;
  told: number;
  repeated: number;
  beforeClock: number;
  tooOld: number;
  bad: number;
};

/** The history of one board; changed by the functions of this file only. */
export type Timeline = {
  readonly slot: SlotId;
  readonly life: Incarnation;
  /** In order of `compareSteps`. */
  readonly steps: HistoryStep[];
  /** Names of `steps`. */
  readonly names: Set<string>;
  /** Numbers that episodes were given, by their first step's or their move's name. */
  readonly episodeNumbers: Map<string, number>;
  nextNumber: number;
  nextEpisode: number;
  readonly counters: TimelineCounters;
};

/** What a board says of itself; the timeline adds who, when and the number. */
export type OwnStep = {
  readonly step: StepName;
  readonly text: string;
  readonly about?: SlotId | undefined;
  readonly group?: string | undefined;
  readonly epoch?: number | undefined;
  /** When it was, if it is told later; not after now. */
  readonly atUs?: MonoUs;
};

/** When a packet came, and how wrong "receipt less age" is by its way: half the round trip, us. */
export type Receipt = { readonly receivedUs: MonoUs; readonly errorUs: number };

/** An empty history of this life of a slot. */
export function createTimeline(self: {
  readonly slot: SlotId;
  readonly life: Incarnation;
}): Timeline {
  return {
    ...self,
    steps: [],
    names: new Set(),
    episodeNumbers: new Map(),
    nextNumber: 1,
    nextEpisode: 1,
    counters: { own: 0, told: 0, repeated: 0, beforeClock: 0, tooOld: 0, bad: 0 },
  };
}

/** Adds a step of this board's own and returns it, to be told to others (`packetsOf`). */
export function addStep(timeline: Timeline, own: OwnStep, now: MonoUs): HistoryStep {
  const step: HistoryStep = {
    atUs: own.atUs !== undefined && own.atUs < now ? own.atUs : now,
    errorUs: 0,
    slot: timeline.slot,
    life: timeline.life,
    number: timeline.nextNumber,
    about: own.about,
    group: own.group,
    epoch: own.epoch,
    step: own.step,
    text: own.text.slice(0, stepTextCharacters),
  };
  timeline.nextNumber += 1;
  timeline.counters.own += 1;
  place(timeline, step);
  return step;
}

/** Places the steps of a packet; how many were new. */
export function hearSteps(
  timeline: Timeline,
  bytes: Uint8Array,
  receipt: Receipt,
): Result<number, WireError> {
  const decoded = decodeSteps(bytes);
  if (!decoded.ok) {
    timeline.counters.bad += 1;
    return decoded;
  }
  let taken = 0;
  for (const told of decoded.value) if (hearStep(timeline, told, receipt)) taken += 1;
  return ok(taken);
}

/** Steps as packets that leave now; any steps, also others' (a board that came back knows nothing). */
export function packetsOf(steps: readonly HistoryStep[], now: MonoUs): Uint8Array[] {
  return encodeSteps(steps.map((step) => ({ ...step, ageUs: now - step.atUs })));
}

function hearStep(timeline: Timeline, told: ToldStep, receipt: Receipt): boolean {
  const { counters } = timeline;
  if (timeline.names.has(nameOf(told))) {
    counters.repeated += 1;
    return false;
  }
  const { ageUs, ...said } = told;
  const at = receipt.receivedUs - ageUs;
  if (at < 0) {
    counters.beforeClock += 1;
    return false;
  }
  const errorUs = Math.ceil(told.errorUs + receipt.errorUs + ageUs * clockDriftRatio);
  const placedUs = between(timeline, told, { atUs: addUs(receipt.receivedUs, -ageUs), errorUs });
  if (!place(timeline, { ...said, atUs: placedUs, errorUs })) {
    counters.tooOld += 1;
    return false;
  }
  counters.told += 1;
  return true;
}

/** The moment, moved behind the step before and before the step behind of its life, if errors let. */
function between(
  timeline: Timeline,
  told: ToldStep,
  moment: { readonly atUs: MonoUs; readonly errorUs: number },
): MonoUs {
  let before: HistoryStep | undefined;
  let behind: HistoryStep | undefined;
  for (const step of timeline.steps) {
    if (step.slot !== told.slot || step.life !== told.life) continue;
    if (step.number < told.number && step.number > (before?.number ?? 0)) before = step;
    if (step.number > told.number && step.number < (behind?.number ?? Infinity)) behind = step;
  }
  const mayBe = (step: HistoryStep): boolean =>
    Math.abs(step.atUs - moment.atUs) <= step.errorUs + moment.errorUs;
  if (before !== undefined && before.atUs > moment.atUs && mayBe(before)) return before.atUs;
  if (behind !== undefined && behind.atUs < moment.atUs && mayBe(behind)) return behind.atUs;
  return moment.atUs;
}

/** False: it is older than everything, and there is no room. */
function place(timeline: Timeline, step: HistoryStep): boolean {
  const { steps, names } = timeline;
  let at = steps.length;
  while (at > 0 && compareSteps(steps[at - 1] ?? step, step) > 0) at -= 1;
  if (at === 0 && steps.length >= timelineSteps) return false;
  steps.splice(at, 0, step);
  names.add(nameOf(step));
  if (steps.length > timelineSteps) {
    const oldest = steps.shift();
    if (oldest !== undefined) names.delete(nameOf(oldest));
  }
  assert(steps.length <= timelineSteps, "the timeline is bounded");
  assert(names.size === steps.length, "every step has one name");
  return true;
}

function nameOf(step: { slot: SlotId; life: Incarnation; number: number }): string {
  return `${step.slot}/${step.life}/${step.number}`;
}
