// Fencing one board (F3 to F6, F8, F9): the order, RST#, after T_RST the power, the answer by
// T_FENCE at the latest. After the answer the board is held (hold.ts); a proof that gets stronger
// while it is held is told again. Orders of several groups for one board share one fence.

import { addUs, assert, type MonoUs, msToUs } from "../../base/index.ts";
import {
  fencesMax,
  fenceWindowMs,
  groupCharsMax,
  groupsMax,
  ordersMax,
  sampleGapUs,
} from "../limits.ts";
import { evidenceOf, judge, judgeAtLast, type Verdict } from "./judge.ts";
import { clear, enter, isSilentSince, note, raise, sampleAfter } from "./state.ts";
import type {
  EvidenceItem,
  Fence,
  FenceOrder,
  FenceProof,
  FenceRefusal,
  Slot,
  SlotEffect,
  SlotsState,
} from "./types.ts";

/** An order to fence. */
export function onFence(state: SlotsState, order: FenceOrder, now: MonoUs): SlotEffect[] {
  const slot = state.slots.get(order.slot);
  if (slot === undefined) return refuse(state, order, "no-such-slot");
  const reason = whyNot(state, slot, order, now);
  if (reason !== undefined) return refuse(state, order, reason);
  state.newest.set(order.group, { epoch: order.epoch, order });
  const fence = fenceOf(slot, order);
  if (fence !== undefined && typeof fence.answer !== "string") return join(slot, fence, order);
  return begin(state, slot, order, now);
}

/** The fence that this order is about, if its board is being fenced or held already. */
function fenceOf({ phase }: Slot, order: FenceOrder): Fence | undefined {
  if (phase.kind !== "fencing" && phase.kind !== "held") return undefined;
  return phase.fence.incarnation === order.incarnation ? phase.fence : undefined;
}

/** Why an order is refused, though its voter allowed it; undefined if it is carried out. */
function whyNot(
  state: SlotsState,
  slot: Slot,
  order: FenceOrder,
  now: MonoUs,
): FenceRefusal | undefined {
  const { group, epoch } = order;
  const isSound = Number.isSafeInteger(epoch) && epoch > 0 && group.length <= groupCharsMax;
  if (!isSound) return "bad-order";
  const newest = state.newest.get(group);
  if (newest === undefined && state.newest.size >= groupsMax) return "too-many-groups";
  if (newest !== undefined && epoch <= newest.epoch && !isSame(newest.order, order)) {
    return "old-epoch";
  }
  const fence = fenceOf(slot, order);
  if (fence !== undefined) {
    const { orders } = fence;
    if (orders.size >= ordersMax && !orders.has(group)) return "too-many-groups";
    if (typeof fence.answer !== "string") return undefined;
  }
  const { incarnation, phase } = slot;
  if (phase.kind === "fencing") return "another-incarnation"; // one at a time: it is answered soon
  const isOther = incarnation !== undefined && incarnation !== order.incarnation;
  if (isOther && !slot.hasTwoLives) return "another-incarnation";
  if (order.evidence !== undefined) return undefined; // the fence makes it true
  const silentFromUs = addUs(now, -state.timing.silentUs);
  return isSilentSince(slot, silentFromUs) ? undefined : "not-silent"; // F9
}

/** The same order asked again is no old one: its answer may have been lost (F7). */
function isSame(a: FenceOrder | undefined, b: FenceOrder): boolean {
  if (a === undefined || a.epoch !== b.epoch || a.slot !== b.slot) return false;
  return a.incarnation === b.incarnation && a.by === b.by;
}

function refuse(
  state: SlotsState,
  order: FenceOrder,
  reason: FenceRefusal,
  evidence: readonly EvidenceItem[] = [],
): SlotEffect[] {
  state.counters.refused++;
  const { slot, group, epoch, by } = order;
  return [
    { type: "refused", order, reason, evidence },
    note("warn", "slot-fence-refused", {
      slot,
      group: group.slice(0, groupCharsMax),
      epoch,
      by,
      reason,
    }),
  ];
}

/** Another group, or the same again, asks about a board that is being fenced or is held. */
function join(slot: Slot, fence: Fence, order: FenceOrder): SlotEffect[] {
  assert(slot.slot === order.slot, "an order joins the fence of its slot");
  fence.orders.set(order.group, order);
  fence.pending.add(order.group);
  const { answer } = fence;
  if (answer === undefined || typeof answer === "string") return [];
  return [{ type: "proof", proof: { ...answer, orders: [order] } }];
}

/** Begins a fence; one that proved nothing is tried again when it is asked for again. */
function begin(state: SlotsState, slot: Slot, order: FenceOrder, now: MonoUs): SlotEffect[] {
  const { slot: number, group, epoch, by, incarnation } = order;
  const effects: SlotEffect[] = [];
  const { phase } = slot;
  const wasKeptOff = phase.kind === "kept-off" || (phase.kind === "held" && phase.fence.keepOff);
  if (phase.kind === "ordered") {
    const text = `slot ${number} is being fenced`;
    effects.push({ type: "operator-answered", order: phase.order, done: false, text });
  }
  const before = fenceOf(slot, order);
  if (before === undefined) countFence(slot, now);
  const fence: Fence = {
    incarnation,
    atUs: now,
    powerUs: undefined,
    orders: new Map([...(before?.orders ?? []), [group, order]]),
    pending: new Set([...(before?.pending ?? []), group]),
    first: new Map(),
    resetReadUs: undefined,
    answer: undefined,
    wasKeptOff,
    keepOff: wasKeptOff || slot.fencesUs.length >= fencesMax,
  };
  enter(slot, { kind: "fencing", fence }, now);
  state.counters.fences++;
  effects.push(
    { type: "assert-reset", slot: number },
    note("warn", "slot-fence-begun", { slot: number, incarnation, group, epoch, by }),
  );
  return effects;
}

function countFence(slot: Slot, now: MonoUs): void {
  const windowUs = msToUs(fenceWindowMs);
  const recent = slot.fencesUs.filter((atUs) => now < addUs(atUs, windowUs));
  slot.fencesUs = [...recent.slice(-fencesMax), now];
}

/** A reading of a slot that is being fenced, or held without a strong proof. */
export function onFenceSample(
  state: SlotsState,
  slot: Slot,
  fence: Fence,
  now: MonoUs,
): SlotEffect[] {
  const verdict = judge(state, slot, fence);
  const { answer } = fence;
  const isNews =
    verdict !== undefined &&
    (answer === undefined || typeof answer === "string" || verdict.strength === "strong");
  if (isNews) return prove(state, slot, fence, verdict, now);
  const isRunning = answer === undefined || now < addUs(fence.atUs, state.timing.holdUs);
  return isRunning ? [sampleAfter(slot, now, sampleGapUs)] : [];
}

/** True if more readings could make the fence's answer stronger. */
export function isOpen(fence: Fence): boolean {
  const { answer } = fence;
  return answer === undefined || typeof answer === "string" || answer.strength === "weak";
}

/** The next moment at which a running fence must do something. */
export function fenceDueUs(state: SlotsState, fence: Fence): MonoUs {
  const { resetUs, fenceUs } = state.timing;
  if (fence.powerUs === undefined) return addUs(fence.atUs, resetUs);
  const whole = addUs(fence.atUs, fenceUs);
  const power = addUs(fence.powerUs, resetUs);
  return power > whole ? power : whole;
}

/** F3: T_RST without a proof cuts the power; T_FENCE answers with what there is. */
export function onFenceTimer(
  state: SlotsState,
  slot: Slot,
  fence: Fence,
  now: MonoUs,
): SlotEffect[] {
  assert(fence.answer === undefined, "a fence is answered once by time");
  if (now < fenceDueUs(state, fence)) return [];
  if (fence.powerUs === undefined) return cutPower(state, slot, fence, now);
  const verdict = judgeAtLast(state, slot, fence);
  if (typeof verdict !== "string") return prove(state, slot, fence, verdict, now);
  fence.answer = verdict;
  enter(slot, { kind: "held", fence }, now);
  const evidence = evidenceOf(slot, fence, [{ atUs: now, what: "not-read-back", line: undefined }]);
  const refusals = [...fence.orders.values()].flatMap((order) =>
    refuse(state, order, verdict, evidence),
  );
  const text = `slot ${slot.slot} cannot be fenced: ${failureText(verdict)}`;
  return [...refusals, ...raise(slot, "slot-fence-failed", text, now), sampleAfter(slot, now, 0)];
}

function failureText(reason: FenceRefusal): string {
  if (reason === "driver-silent") return "its lines cannot be read";
  if (reason === "still-beats") return "it still sends heartbeats";
  return "neither RST# nor the power cut can be read back";
}

function cutPower(state: SlotsState, slot: Slot, fence: Fence, now: MonoUs): SlotEffect[] {
  fence.powerUs = now;
  fence.first.delete("powerGood");
  slot.isCut = !slot.isOffWished;
  state.counters.powerCuts++;
  return [
    { type: "power-off", slot: slot.slot },
    note("warn", "slot-power-cut", { slot: slot.slot, incarnation: fence.incarnation }),
  ];
}

function prove(
  state: SlotsState,
  slot: Slot,
  fence: Fence,
  verdict: Verdict,
  now: MonoUs,
): SlotEffect[] {
  const { incarnation } = fence;
  const isFirst = fence.answer === undefined;
  const orders = [...fence.orders.values()];
  const proof: FenceProof = { slot: slot.slot, incarnation, ...verdict, orders, atUs: now };
  fence.answer = proof;
  slot.lastProof = proof;
  const isStrong = verdict.strength === "strong";
  if (isStrong) state.counters.proofsStrong++;
  else state.counters.proofsWeak++;
  // F8 counts boards that fell silent while they ran; this one was off already.
  if (verdict.rule === "F5" && isFirst) {
    slot.fencesUs = slot.fencesUs.filter((atUs) => atUs !== fence.atUs);
    fence.keepOff = fence.wasKeptOff;
  }
  if (isFirst) enter(slot, { kind: "held", fence }, now);
  const { strength, rule } = verdict;
  const tookUs = now - fence.atUs;
  const line = verdict.evidence.at(-1)?.line;
  const effects: SlotEffect[] = [
    { type: "proof", proof },
    note("warn", "slot-fenced", { slot: slot.slot, incarnation, strength, rule, line, tookUs }),
  ];
  if (isStrong) effects.push(...clear(slot, "slot-fence-failed"));
  else effects.push(sampleAfter(slot, now, sampleGapUs));
  return effects;
}

/** A heartbeat of the board that is being fenced or held: it runs, whatever the lines say. */
export function onFencedBeat(
  state: SlotsState,
  slot: Slot,
  fence: Fence,
  now: MonoUs,
): readonly SlotEffect[] {
  const lastOrderUs = fence.powerUs ?? fence.atUs;
  if (isSilentSince(slot, addUs(lastOrderUs, state.timing.inFlightUs))) return [];
  if (fence.answer === undefined) return []; // its timer acts, and knows of the heartbeat
  const text = `slot ${slot.slot} was fenced and still sends heartbeats`;
  const effects = raise(slot, "slot-fence-failed", text, now);
  // What was proven holds for nobody who asks from now on, unless another life sent the heartbeat.
  if (slot.incarnation === fence.incarnation) fence.answer = "still-beats";
  if (fence.powerUs === undefined) effects.push(...cutPower(state, slot, fence, now));
  return effects;
}
