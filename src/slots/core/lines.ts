// What readings and heartbeats say together about a slot's lines. A line is trusted once it was
// read good between two BEATs of the present incarnation (F4 "seen good while this incarnation sent
// BEATs"); a line read bad between two of its BEATs lies, is not trusted any more, and raises an
// alarm at once. A BEAT younger than T_NET + T_LATE may have left before the line went bad, so it
// contradicts nothing.

import { addUs, assert, type Incarnation, type MonoUs, msToUs } from "../../base/index.ts";
import { emptyMs, readFailuresMax } from "../limits.ts";
import { clear, lineNames, note, raise, sampleAfter } from "./state.ts";
import type { LineName, LineReading, Slot, SlotEffect, SlotsState } from "./types.ts";

/** Names of the lines for people. */
export const lineText: Readonly<Record<LineName, string>> = {
  present: "presence",
  powerGood: "power-good",
  healthy: "HEALTHY#",
};

/** Takes a reading; undefined if it is older than the one known. */
export function takeReading(
  state: SlotsState,
  slot: Slot,
  reading: LineReading,
): SlotEffect[] | undefined {
  const before = slot.reading;
  assert(reading.askedUs <= reading.atUs, "an answer comes after its question");
  if (before !== undefined && reading.askedUs < before.askedUs) {
    state.counters.samplesStale++;
    return undefined;
  }
  state.counters.samples++;
  slot.reading = reading;
  slot.readFailures = 0;
  const effects = clear(slot, "slot-lines-unread");
  for (const line of lineNames) effects.push(...takeLine(slot, line, before));
  const isOff = (reading.resetAsserted || !reading.powerGood) && !reading.healthy;
  slot.offFrom = isOff ? (slot.offFrom ?? reading) : undefined;
  const emptyFrom = slot.lines.present.badFrom;
  if (emptyFrom !== undefined && reading.askedUs >= addUs(emptyFrom.atUs, msToUs(emptyMs))) {
    slot.wasEmpty = true;
  }
  return effects;
}

function takeLine(slot: Slot, line: LineName, before: LineReading | undefined): SlotEffect[] {
  const { reading, lines } = slot;
  assert(reading !== undefined, "a reading was taken");
  const watch = lines[line];
  const good = reading[line];
  if (good) watch.goodAt = reading;
  watch.badFrom = good ? undefined : (watch.badFrom ?? reading);
  if (good) watch.badInLife = undefined;
  else if (isWithinLife(slot, reading)) watch.badInLife ??= reading;
  if (before === undefined || before[line] === good) return [];
  const sinceUs = reading.edgeUs ?? before.askedUs;
  const { atUs } = reading;
  const delayUsMax = Math.max(0, atUs - sinceUs);
  const change = { slot: slot.slot, line, good, atUs, delayUsMax };
  return [
    { type: "line-changed", change },
    note("info", "slot-line-changed", { slot: slot.slot, line: lineText[line], good, delayUsMax }),
  ];
}

/** The lines could not be read. */
export function onReadFailed(
  state: SlotsState,
  slot: Slot,
  text: string,
  now: MonoUs,
): SlotEffect[] {
  state.counters.samplesFailed++;
  slot.readFailures++;
  if (slot.readFailures < readFailuresMax) return [];
  return raise(slot, "slot-lines-unread", text, now);
}

/** Takes a heartbeat of the slot. The hot path: no effects but at news. */
export function takeBeat(
  state: SlotsState,
  slot: Slot,
  { incarnation, sentUs }: { readonly incarnation: Incarnation; readonly sentUs: MonoUs },
  now: MonoUs,
): readonly SlotEffect[] {
  if (incarnation !== slot.incarnation) return onNewLife(slot, incarnation, sentUs, now);
  if (slot.lastBeatUs !== undefined && sentUs <= slot.lastBeatUs) return nothing;
  slot.lastBeatUs = sentUs;
  let effects: SlotEffect[] | undefined;
  for (const line of lineNames) {
    const watch = slot.lines[line];
    const { badFrom, badInLife, goodAt } = watch;
    if (badFrom !== undefined) {
      if (badInLife === undefined) continue;
      if (sentUs <= addUs(badInLife.atUs, state.timing.inFlightUs)) continue;
      watch.trustedUs = undefined;
      if (slot.alarms.has("slot-line-contradicts")) continue;
      state.counters.contradictions++;
      const text = `${lineText[line]} is bad, yet the board sends heartbeats`;
      effects = [...(effects ?? []), ...raise(slot, "slot-line-contradicts", text, now)];
    } else if (goodAt !== undefined && isWithinLife(slot, goodAt) && sentUs > goodAt.atUs) {
      const wasTrusted = watch.trustedUs !== undefined;
      watch.trustedUs = goodAt.atUs;
      if (!wasTrusted && lineNames.every((each) => slot.lines[each].trustedUs !== undefined)) {
        effects = [...(effects ?? []), ...clear(slot, "slot-line-contradicts")];
      }
    }
  }
  return effects ?? nothing;
}

const nothing: readonly SlotEffect[] = [];

/** True if the present incarnation had been heard before this reading was asked for. */
function isWithinLife(slot: Slot, reading: LineReading): boolean {
  return slot.firstBeatUs !== undefined && reading.askedUs >= slot.firstBeatUs;
}

/** Another incarnation speaks: nothing that was learnt of the old one's lines holds for it. */
function onNewLife(
  slot: Slot,
  incarnation: Incarnation,
  sentUs: MonoUs,
  now: MonoUs,
): SlotEffect[] {
  const isBack = incarnation === slot.previous;
  slot.previous = slot.incarnation;
  slot.incarnation = incarnation;
  slot.firstBeatUs = sentUs;
  slot.lastBeatUs =
    slot.lastBeatUs === undefined || sentUs > slot.lastBeatUs ? sentUs : slot.lastBeatUs;
  for (const line of lineNames) {
    slot.lines[line].trustedUs = undefined;
    slot.lines[line].badInLife = undefined;
  }
  if (slot.phase.kind === "idle") slot.isOffWished = false; // it runs: its power-good lies
  const effects: SlotEffect[] = [sampleAfter(slot, now, 0)];
  if (isBack) {
    slot.hasTwoLives = true;
    const text = `incarnations ${slot.previous} and ${incarnation} both send heartbeats`;
    effects.push(...raise(slot, "slot-two-incarnations", text, now));
  } else {
    slot.hasTwoLives = false;
    effects.push(...clear(slot, "slot-two-incarnations"), ...clear(slot, "slot-fence-failed"));
  }
  return effects;
}
