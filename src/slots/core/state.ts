// A fresh state, and the small questions and notes that all parts of the core share.

import {
  addUs,
  assert,
  ccnSlot,
  type LogFields,
  type MonoUs,
  type SlotId,
} from "../../base/index.ts";
import { msToUs } from "../../base/index.ts";
import type { Timing } from "../../config/index.ts";
import type { explanations } from "../explanations.ts";
import * as limits from "../limits.ts";
import type {
  LineName,
  LineWatch,
  Phase,
  Slot,
  SlotAlarmId,
  SlotEffect,
  SlotsState,
  SlotTiming,
} from "./types.ts";

/** The lines a proof may rest on, in the order in which they are looked at. */
export const lineNames: readonly LineName[] = ["present", "powerGood", "healthy"];

/** The parts of a chassis file's timing that slots go by. */
export type SlotsTiming = Pick<Timing, "silentMs" | "netMs" | "lateMs"> & {
  readonly lease?: Timing["lease"];
};

/** The intervals of leases.md §5; a chassis file's own replace the defaults. */
export function slotTiming(timing?: SlotsTiming): SlotTiming {
  const { silentMs = limits.silentMs } = timing ?? {};
  const inFlightMs = timing === undefined ? limits.inFlightMs : timing.netMs + timing.lateMs;
  const { lease } = timing ?? {};
  const resetMs = lease?.rstMs ?? limits.resetMs;
  const fenceMs = lease?.fenceMs ?? limits.fenceMs;
  const holdMs = lease?.holdMs ?? limits.holdMs;
  const holdMsMax = lease?.holdMaxMs ?? limits.holdMsMax;
  assert(2 * resetMs <= fenceMs, "2 T_RST <= T_FENCE (leases.md §5 rule 4)");
  assert(holdMs < holdMsMax, "T_HOLD < T_HOLD_MAX");
  return {
    silentUs: msToUs(silentMs),
    resetUs: msToUs(resetMs),
    fenceUs: msToUs(fenceMs),
    offUs: msToUs(lease?.offMs ?? limits.offMs),
    holdUs: msToUs(holdMs),
    holdUsMax: msToUs(holdMsMax),
    inFlightUs: msToUs(inFlightMs),
  };
}

/** Slots about which nothing is known. The CCN cannot fence itself: slot 0 is left out. */
export function slotsState(slots: readonly SlotId[], timing: SlotTiming, now: MonoUs): SlotsState {
  const known = slots.filter((slot) => slot !== ccnSlot);
  return {
    timing,
    slots: new Map(known.map((slot) => [slot, newSlot(slot, now)])),
    newest: new Map(),
    counters: {
      fences: 0,
      proofsStrong: 0,
      proofsWeak: 0,
      refused: 0,
      powerCuts: 0,
      contradictions: 0,
      samples: 0,
      samplesStale: 0,
      samplesFailed: 0,
      ordersFailed: 0,
      operatorOrders: 0,
      strayBeats: 0,
    },
    timerUs: undefined,
  };
}

function newSlot(slot: SlotId, now: MonoUs): Slot {
  const unknown = (): LineWatch => ({
    badFrom: undefined,
    badInLife: undefined,
    goodAt: undefined,
    trustedUs: undefined,
  });
  return {
    slot,
    reading: undefined,
    lines: { present: unknown(), powerGood: unknown(), healthy: unknown() },
    offFrom: undefined,
    strangeResetUs: undefined,
    wasEmpty: false,
    incarnation: undefined,
    previous: undefined,
    hasTwoLives: false,
    firstBeatUs: undefined,
    lastBeatUs: undefined,
    phase: { kind: "idle" },
    phaseUs: now,
    fencesUs: [],
    isCut: false,
    isOffWished: false,
    isOut: false,
    readFailures: 0,
    alarms: new Map(),
    lastProof: undefined,
  };
}

/** Puts a slot into another phase. */
export function enter(slot: Slot, phase: Phase, now: MonoUs): void {
  slot.phase = phase;
  slot.phaseUs = now;
  slot.strangeResetUs = undefined;
}

/** True if nothing was heard of the slot that can have been sent after `atUs`. */
export function isSilentSince(slot: Slot, atUs: MonoUs): boolean {
  return slot.lastBeatUs === undefined || slot.lastBeatUs <= atUs;
}

/** The wish to read the slot's lines `afterUs` from now. */
export function sampleAfter(slot: Slot, now: MonoUs, afterUs: number): SlotEffect {
  return { type: "sample-soon", slot: slot.slot, atUs: addUs(now, afterUs) };
}

/** A line for the log. */
export function note(
  level: "info" | "warn" | "error",
  event: keyof typeof explanations,
  fields: LogFields,
): SlotEffect {
  return { type: "log", level, event, fields };
}

/** Raises an alarm of a slot; nothing if it stands already. */
export function raise(slot: Slot, alarm: SlotAlarmId, text: string, now: MonoUs): SlotEffect[] {
  if (slot.alarms.has(alarm)) return [];
  slot.alarms.set(alarm, { sinceUs: now, text });
  const fields = { slot: slot.slot, text };
  return [
    { type: "alarm", slot: slot.slot, alarm, raised: true, text },
    note("error", alarm, fields),
  ];
}

/** Ends an alarm of a slot; nothing if it does not stand. */
export function clear(slot: Slot, alarm: SlotAlarmId): SlotEffect[] {
  const was = slot.alarms.get(alarm);
  if (was === undefined) return [];
  slot.alarms.delete(alarm);
  return [
    { type: "alarm", slot: slot.slot, alarm, raised: false, text: was.text },
    note("info", "slot-alarm-over", { slot: slot.slot, alarm }),
  ];
}
