// The fence core: what a CCN does with the reset and power lines of its slots (leases.md F3 to F9,
// S4). Pure: events in, effects out; the time is given. Promise: a strong proof is never given for a
// board that still runs, with one line stuck or lying in any way, or two that were so while it was
// heard (property.test.ts plays both). A proof is what was read back, never what was ordered.
//
// phase      fence             sample           timer               committed  operator order
// idle       fencing           F7, insertion    end a reset (F7)    -          ordered
// fencing    joined or refused judge: held      cut power; held     noted      refused
// held       joined or refused stronger proof   releasing/kept-off  noted      refused
// kept-off   fencing           release RST#     -                   -          ordered, not reset
// releasing  fencing           idle             alarm, again        -          refused
// ordered    fencing, answered next step, idle  idle, failed        -          refused
// An order is refused everywhere if its epoch is old, its incarnation is not the one that is heard,
// or the board was heard within T_SILENT (F9). `start` moves no line (F7).

import { type MonoUs, msToUs, unreachable } from "../base/index.ts";
import {
  fenceDueUs,
  isOpen,
  onFence,
  onFencedBeat,
  onFenceSample,
  onFenceTimer,
} from "./core/fence.ts";
import {
  holdDueUs,
  onCommitted,
  onHoldTimer,
  onIdleSample,
  onIdleTimer,
  onKeptOffSample,
  onReleaseSample,
  onReleaseTimer,
  strangeResetDueUs,
} from "./core/hold.ts";
import { onReadFailed, takeBeat, takeReading } from "./core/lines.ts";
import { onOperator, onOrderedSample, onOrderedTimer } from "./core/operator.ts";
import { note, sampleAfter } from "./core/state.ts";
import type { LineReading, Slot, SlotEffect, SlotEvent, SlotsState } from "./core/types.ts";
import { orderSampleMs, sampleGapUs } from "./limits.ts";

/** Takes one event and gives the orders that follow. Never throws on input. */
export function step(state: SlotsState, event: SlotEvent, now: MonoUs): readonly SlotEffect[] {
  const effects = react(state, event, now);
  // Heartbeats come by the thousand; without effects they moved no deadline.
  if (event.type === "beat" && effects.length === 0) return effects;
  const dueUs = nextDueUs(state);
  if (dueUs === state.timerUs && event.type !== "timer") return effects;
  state.timerUs = dueUs;
  return [...effects, { type: "set-timer", atUs: dueUs }];
}

function react(state: SlotsState, event: SlotEvent, now: MonoUs): readonly SlotEffect[] {
  switch (event.type) {
    case "start":
      return [...state.slots.values()].map((slot) => sampleAfter(slot, now, 0));
    case "fence":
      return onFence(state, event.order, now);
    case "sample":
      return onSample(state, event.slot, event.reading, now);
    case "sample-failed": {
      const slot = state.slots.get(event.slot);
      if (slot === undefined) return [];
      const failed = onReadFailed(state, slot, event.text, now);
      return isWaiting(slot) ? [...failed, again(slot, now)] : failed;
    }
    case "order-failed": {
      const slot = state.slots.get(event.slot);
      if (slot === undefined) return [];
      state.counters.ordersFailed++;
      const { order, text } = event;
      const told = note("error", "slot-driver-failed", { slot: slot.slot, order, text });
      return isWaiting(slot) ? [told, again(slot, now)] : [told];
    }
    case "beat": {
      const slot = state.slots.get(event.slot);
      if (slot === undefined) {
        state.counters.strayBeats++;
        return [];
      }
      const effects = takeBeat(state, slot, event, now);
      const { phase } = slot;
      if (phase.kind !== "held" && phase.kind !== "fencing") return effects;
      return [...effects, ...onFencedBeat(state, slot, phase.fence, now)];
    }
    case "committed":
      onCommitted(state, event);
      return [];
    case "operator":
      return onOperator(state, event.order, now);
    case "timer":
      return [...state.slots.values()].flatMap((slot) => onTimer(state, slot, now));
    default:
      return unreachable(event);
  }
}

/** True if the slot waits for a reading. */
function isWaiting({ phase }: Slot): boolean {
  return phase.kind !== "idle" && phase.kind !== "kept-off";
}

function again(slot: Slot, now: MonoUs): SlotEffect {
  const isFast = slot.phase.kind === "fencing";
  return sampleAfter(slot, now, isFast ? sampleGapUs : msToUs(orderSampleMs));
}

function onSample(
  state: SlotsState,
  number: Slot["slot"],
  reading: LineReading,
  now: MonoUs,
): SlotEffect[] {
  const slot = state.slots.get(number);
  if (slot === undefined) return [];
  const isFirst = slot.reading === undefined;
  const effects = takeReading(state, slot, reading);
  if (effects === undefined) return [];
  if (isFirst && !reading.powerGood && !reading.resetAsserted) slot.isOffWished = true;
  const { phase } = slot;
  switch (phase.kind) {
    case "idle":
      return [...effects, ...onIdleSample(slot, now)];
    case "fencing":
      return [...effects, ...onFenceSample(state, slot, phase.fence, now)];
    case "held":
      if (!isOpen(phase.fence)) return effects;
      return [...effects, ...onFenceSample(state, slot, phase.fence, now)];
    case "kept-off":
      return [...effects, ...onKeptOffSample(slot, now)];
    case "releasing":
      return [...effects, ...onReleaseSample(slot, phase, now)];
    case "ordered":
      return [...effects, ...onOrderedSample(slot, phase, now)];
    default:
      return unreachable(phase);
  }
}

function onTimer(state: SlotsState, slot: Slot, now: MonoUs): SlotEffect[] {
  const { phase } = slot;
  switch (phase.kind) {
    case "idle":
      return onIdleTimer(state, slot, now);
    case "fencing":
      return onFenceTimer(state, slot, phase.fence, now);
    case "held":
      return onHoldTimer(state, slot, phase.fence, now);
    case "kept-off":
      return [];
    case "releasing":
      return onReleaseTimer(slot, phase, now);
    case "ordered":
      return onOrderedTimer(slot, phase, now);
    default:
      return unreachable(phase);
  }
}

/** The next moment at which time alone changes something. */
function nextDueUs(state: SlotsState): MonoUs | undefined {
  let next: MonoUs | undefined;
  for (const slot of state.slots.values()) {
    const dueUs = slotDueUs(state, slot);
    if (dueUs !== undefined && (next === undefined || dueUs < next)) next = dueUs;
  }
  return next;
}

function slotDueUs(state: SlotsState, slot: Slot): MonoUs | undefined {
  const { phase } = slot;
  switch (phase.kind) {
    case "idle":
      return strangeResetDueUs(state, slot);
    case "fencing":
      return fenceDueUs(state, phase.fence);
    case "held":
      return holdDueUs(state, phase.fence);
    case "kept-off":
      return undefined;
    case "releasing":
    case "ordered":
      return phase.dueUs;
    default:
      return unreachable(phase);
  }
}
