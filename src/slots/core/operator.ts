// Orders of people (design 17, 19, 62): power and reset by hand, through the same core as fences,
// so that neither undoes the other. A fence comes first: while a board is fenced or held, people
// are refused and told until when; an order under way when a fence begins is answered as not done.
// An order is done when its last step was read back.

import { addUs, assert, type MonoUs, msToUs } from "../../base/index.ts";
import type { SlotLines } from "../driver.ts";
import { cycleOffMs, operatorMs, orderSampleMs, resetPulseMs } from "../limits.ts";
import { holdDueUs } from "./hold.ts";
import { clear, enter, note, sampleAfter } from "./state.ts";
import type {
  OperatorOrder,
  OperatorStep,
  Phase,
  Slot,
  SlotAction,
  SlotEffect,
  SlotsState,
} from "./types.ts";

type Ordered = Extract<Phase, { kind: "ordered" }>;

const isPowered = (lines: SlotLines): boolean => lines.powerGood;
const isUnpowered = (lines: SlotLines): boolean => !lines.powerGood;
const isReset = (lines: SlotLines): boolean => lines.resetAsserted;
const isRunning = (lines: SlotLines): boolean => !lines.resetAsserted;

const off: readonly OperatorStep[] = [{ order: "power-off", until: isUnpowered, restMs: 0 }];
const on: readonly OperatorStep[] = [
  { order: "power-on", until: isPowered, restMs: 0 },
  { order: "release-reset", until: isRunning, restMs: 0 },
];

/** What each order consists of. */
const stepsOf: Readonly<Record<SlotAction, readonly OperatorStep[]>> = {
  off,
  out: off,
  on,
  in: on,
  cycle: [{ order: "power-off", until: isUnpowered, restMs: cycleOffMs }, ...on],
  reset: [
    { order: "assert-reset", until: isReset, restMs: resetPulseMs },
    { order: "release-reset", until: isRunning, restMs: 0 },
  ],
};

/** An operator's order. */
export function onOperator(state: SlotsState, order: OperatorOrder, now: MonoUs): SlotEffect[] {
  state.counters.operatorOrders++;
  const slot = state.slots.get(order.slot);
  if (slot === undefined) return [answer(order, false, `there is no slot ${order.slot}`)];
  const reason = whyNot(state, slot, order.action, now);
  const { action, by } = order;
  if (reason !== undefined) {
    return [
      answer(order, false, reason),
      note("warn", "slot-order-refused", { slot: slot.slot, action, by, reason }),
    ];
  }
  const steps = stepsOf[action];
  const dueUs = addUs(now, msToUs(operatorMs));
  const phase: Ordered = {
    kind: "ordered",
    order,
    steps,
    at: 0,
    stepUs: now,
    readUs: undefined,
    dueUs,
  };
  if (slot.phase.kind === "kept-off") slot.fencesUs = [];
  enter(slot, phase, now);
  if (action !== "reset") {
    slot.isCut = false;
    slot.isOffWished = action === "off" || action === "out";
    slot.isOut = action === "out";
  }
  return [
    note("info", "slot-order-begun", { slot: slot.slot, action, by }),
    ...clear(slot, "slot-kept-off"),
    ...clear(slot, "slot-not-released"),
    ...giveStep(slot, phase, now),
  ];
}

function whyNot(
  state: SlotsState,
  slot: Slot,
  action: SlotAction,
  now: MonoUs,
): string | undefined {
  const { phase } = slot;
  switch (phase.kind) {
    case "fencing":
      return `slot ${slot.slot} is being fenced; ask again in a second`;
    case "held": {
      const seconds = Math.ceil((holdDueUs(state, phase.fence) - now) / 1_000_000);
      return `slot ${slot.slot} is held after a fence, for ${seconds} s at most; ask again then`;
    }
    case "releasing":
      if (slot.alarms.has("slot-not-released")) return undefined; // people may try their way
      return `slot ${slot.slot} is coming back; ask again in a second`;
    case "ordered":
      return `slot ${slot.slot} still carries out "${phase.order.action}"`;
    case "kept-off":
      if (action !== "reset" && action !== "cycle") return undefined;
      return `slot ${slot.slot} is kept off after 3 fences; "on" or "in" ends that`;
    case "idle":
      if (slot.isOut && action !== "in" && action !== "out") {
        return `slot ${slot.slot} is out of service; "in" takes it back`;
      }
      return undefined;
  }
}

/** A reading while an order waits for its read-back. */
export function onOrderedSample(slot: Slot, phase: Ordered, now: MonoUs): SlotEffect[] {
  const { reading } = slot;
  const step = phase.steps[phase.at];
  assert(reading !== undefined && step !== undefined, "an order has a step and a reading");
  const again = sampleAfter(slot, now, msToUs(orderSampleMs));
  const isRead = reading.askedUs >= phase.stepUs && step.until(reading);
  phase.readUs = isRead ? (phase.readUs ?? now) : undefined;
  if (phase.readUs === undefined || now < addUs(phase.readUs, msToUs(step.restMs))) return [again];
  phase.at++;
  if (phase.at < phase.steps.length) return giveStep(slot, phase, now);
  return finish(slot, phase, now, true, "read back");
}

/** An order that nobody could read back in time. */
export function onOrderedTimer(slot: Slot, phase: Ordered, now: MonoUs): SlotEffect[] {
  if (now < phase.dueUs) return [];
  const step = phase.steps[phase.at];
  assert(step !== undefined, "an order under way has a step");
  const effects = finish(slot, phase, now, false, `"${step.order}" was not read back`);
  // A reset that was ordered must not outlive the order.
  if (phase.order.action === "reset") effects.push({ type: "release-reset", slot: slot.slot });
  return effects;
}

function giveStep(slot: Slot, phase: Ordered, now: MonoUs): SlotEffect[] {
  const step = phase.steps[phase.at];
  assert(step !== undefined, "an order under way has a step");
  phase.stepUs = now;
  phase.readUs = undefined;
  return [{ type: step.order, slot: slot.slot }, sampleAfter(slot, now, msToUs(orderSampleMs))];
}

function finish(
  slot: Slot,
  phase: Ordered,
  now: MonoUs,
  done: boolean,
  text: string,
): SlotEffect[] {
  enter(slot, { kind: "idle" }, now);
  const { action, by } = phase.order;
  const fields = { slot: slot.slot, action, by };
  const told = done
    ? note("info", "slot-order-done", fields)
    : note("error", "slot-order-failed", { ...fields, text });
  return [answer(phase.order, done, text), told];
}

function answer(order: OperatorOrder, done: boolean, text: string): SlotEffect {
  return { type: "operator-answered", order, done, text };
}
