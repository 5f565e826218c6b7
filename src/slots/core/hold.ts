// What becomes of a slot after a fence, and of slots found in a strange state (F6, F7, F8).
// A fenced board stays in reset until the records of all its orders are committed, T_HOLD at least
// and T_HOLD_MAX at most; then it boots, as a standby. The third fence within 10 minutes keeps it
// off: power off, RST# released, so that a restarted CCN, which ends resets it cannot explain,
// leaves it off, too. A new board in the slot starts without a human.
// What a restarted CCN cannot tell: a board whose RST# is stuck and whose power was cut looks as if
// an operator had switched it off, and stays off until one switches it on.

import { addUs, assert, type MonoUs, msToUs } from "../../base/index.ts";
import { fenceWindowMs, groupsMax, orderSampleMs, releaseMs } from "../limits.ts";
import { clear, enter, note, raise, sampleAfter } from "./state.ts";
import type { Fence, Phase, Slot, SlotEffect, SlotsState } from "./types.ts";

/** The record of this epoch is committed: boards fenced for it need not be held for it. */
export function onCommitted(
  state: SlotsState,
  { group, epoch }: { readonly group: string; readonly epoch: number },
): void {
  const newest = state.newest.get(group);
  const isNewest = newest === undefined ? state.newest.size < groupsMax : epoch > newest.epoch;
  if (isNewest) state.newest.set(group, { epoch, order: undefined });
  for (const { phase } of state.slots.values()) {
    if (phase.kind !== "fencing" && phase.kind !== "held") continue;
    const order = phase.fence.orders.get(group);
    if (order !== undefined && order.epoch <= epoch) phase.fence.pending.delete(group);
  }
}

/** When a held board may go. */
export function holdDueUs(state: SlotsState, fence: Fence): MonoUs {
  const { holdUs, holdUsMax } = state.timing;
  return addUs(fence.atUs, fence.pending.size === 0 ? holdUs : holdUsMax);
}

/** The hold is over: boot, or stay off (F8). */
export function onHoldTimer(
  state: SlotsState,
  slot: Slot,
  fence: Fence,
  now: MonoUs,
): SlotEffect[] {
  if (now < holdDueUs(state, fence)) return [];
  const isCommitted = fence.pending.size === 0;
  const heldUs = now - fence.atUs;
  const told = note("info", "slot-hold-over", { slot: slot.slot, isCommitted, heldUs });
  if (!fence.keepOff) return [told, ...release(slot, now, owesPower(slot))];
  enter(slot, { kind: "kept-off" }, now);
  slot.isCut = !slot.isOffWished;
  const minutes = fenceWindowMs / 60_000;
  const text = `slot ${slot.slot} was fenced 3 times in ${minutes} minutes and is kept off`;
  return [
    told,
    { type: "power-off", slot: slot.slot },
    ...raise(slot, "slot-kept-off", text, now),
    sampleAfter(slot, now, msToUs(orderSampleMs)),
  ];
}

/** True if power must be given back: we cut it, or a CCN before us did in the same fence. */
function owesPower(slot: Slot): boolean {
  return slot.isCut || (!slot.isOffWished && slot.reading?.powerGood === false);
}

/** Lets the board boot: power first, RST# when power is good. */
export function release(slot: Slot, now: MonoUs, withPower: boolean): SlotEffect[] {
  const dueUs = addUs(now, msToUs(releaseMs));
  enter(slot, { kind: "releasing", dueUs, needsPower: withPower }, now);
  const { slot: number } = slot;
  const order: SlotEffect = withPower
    ? { type: "power-on", slot: number }
    : { type: "release-reset", slot: number };
  return [order, sampleAfter(slot, now, msToUs(orderSampleMs))];
}

/** A reading while a release waits for its read-back. */
export function onReleaseSample(
  slot: Slot,
  phase: Extract<Phase, { kind: "releasing" }>,
  now: MonoUs,
): SlotEffect[] {
  const { reading } = slot;
  assert(reading !== undefined, "a reading was taken");
  if (slot.wasEmpty && !reading.present) {
    enter(slot, { kind: "idle" }, now); // pulled meanwhile: the next board is let in as such
    return clear(slot, "slot-not-released");
  }
  const again = sampleAfter(slot, now, msToUs(orderSampleMs));
  if (reading.askedUs < slot.phaseUs) return [again];
  if (phase.needsPower) {
    if (!reading.powerGood) return [again];
    phase.needsPower = false;
    slot.isCut = false;
    return [{ type: "release-reset", slot: slot.slot }, again];
  }
  if (reading.resetAsserted) return [again];
  enter(slot, { kind: "idle" }, now);
  return [note("info", "slot-released", { slot: slot.slot }), ...clear(slot, "slot-not-released")];
}

/** A release was not read back in time: alarm, and both orders again until the lines show it. */
export function onReleaseTimer(
  slot: Slot,
  phase: Extract<Phase, { kind: "releasing" }>,
  now: MonoUs,
): SlotEffect[] {
  if (now < phase.dueUs) return [];
  const what = phase.needsPower ? "power does not come back" : "RST# stays asserted";
  const told = raise(slot, "slot-not-released", `slot ${slot.slot}: ${what}`, now);
  const orders = release(slot, now, phase.needsPower);
  // Power-good may be the line that is broken: the board must not stay in reset for it.
  if (phase.needsPower) orders.push({ type: "release-reset", slot: slot.slot });
  return [...told, ...orders];
}

/** A reading of a slot that is kept off: once unpowered it needs no reset any more. */
export function onKeptOffSample(slot: Slot, now: MonoUs): SlotEffect[] {
  const inserted = onInserted(slot, now);
  if (inserted !== undefined) return inserted;
  const { reading } = slot;
  if (reading === undefined || reading.askedUs < slot.phaseUs) return [];
  if (reading.powerGood || !reading.resetAsserted) return []; // with power it stays in reset
  return [{ type: "release-reset", slot: slot.slot }];
}

/** A reading of a slot with which nothing is done: insertion, and resets nobody ordered (F7). */
export function onIdleSample(slot: Slot, now: MonoUs): SlotEffect[] {
  const inserted = onInserted(slot, now);
  if (inserted !== undefined) return inserted;
  const { reading } = slot;
  assert(reading !== undefined, "a reading was taken");
  if (reading.powerGood) slot.isOffWished = false;
  if (!reading.resetAsserted) {
    slot.strangeResetUs = undefined;
    return [];
  }
  if (slot.strangeResetUs !== undefined) return [];
  slot.strangeResetUs = now;
  return [note("warn", "slot-reset-unexplained", { slot: slot.slot })];
}

/** When a reset that nobody ordered ends. */
export function strangeResetDueUs(state: SlotsState, slot: Slot): MonoUs | undefined {
  const { strangeResetUs } = slot;
  return strangeResetUs === undefined ? undefined : addUs(strangeResetUs, state.timing.holdUsMax);
}

/** F7: a reset nobody can explain is an interrupted fence; its power cut ends with it. */
export function onIdleTimer(state: SlotsState, slot: Slot, now: MonoUs): SlotEffect[] {
  const dueUs = strangeResetDueUs(state, slot);
  if (dueUs === undefined || now < dueUs) return [];
  const told = note("warn", "slot-reset-ended", { slot: slot.slot });
  return [told, ...release(slot, now, owesPower(slot))];
}

/** Another board was put into a slot that was empty: what its predecessor did is forgotten. */
function onInserted(slot: Slot, now: MonoUs): SlotEffect[] | undefined {
  const { reading } = slot;
  if (!slot.wasEmpty || reading?.present !== true) return undefined;
  slot.wasEmpty = false;
  slot.fencesUs = [];
  slot.isOffWished = false;
  slot.isOut = false;
  slot.isCut = false;
  const effects = [
    note("info", "slot-board-inserted", { slot: slot.slot }),
    ...clear(slot, "slot-kept-off"),
    ...clear(slot, "slot-not-released"),
    ...clear(slot, "slot-fence-failed"),
    ...clear(slot, "slot-line-contradicts"),
    ...clear(slot, "slot-two-incarnations"),
  ];
  const isReady = reading.powerGood && !reading.resetAsserted;
  if (isReady) {
    enter(slot, { kind: "idle" }, now);
    return effects;
  }
  return [...effects, ...release(slot, now, !reading.powerGood)];
}
