// The fence core at work: readings, timers and callers become events, effects become driver calls
// and answers. It decides nothing about a board. Every driver call is stamped before and after on
// our own clock, because a proof counts only readings asked for after its order.

import {
  assert,
  type LineBudget,
  lineBudget,
  takeLine,
  type Log,
  type MonoUs,
  type SlotId,
} from "../base/index.ts";
import type { Incarnation } from "../base/index.ts";
import { monoNowUs } from "../kernel/index.ts";
import { step } from "./core.ts";
import { reportOf, type SlotAlarm, type SlotReport } from "./core/report.ts";
import { slotsState, slotTiming, type SlotsTiming } from "./core/state.ts";
import type {
  EvidenceItem,
  FenceOrder,
  FenceProof,
  FenceRefusal,
  LineChange,
  OperatorOrder,
  SlotCounters,
  SlotEffect,
  SlotEvent,
  SlotsState,
} from "./core/types.ts";
import type { LineOrder, SlotDriver } from "./driver.ts";
import { createSampler, type Sampler } from "./sampler.ts";
import {
  changeLinesPerSecondMax,
  orderDeadlineMs,
  ordersMax,
  subscribersMax,
  waitingEventsMax,
} from "./limits.ts";
import { withDeadline } from "./deadline.ts";

/** What the slots need. */
export type SlotsOptions = {
  readonly driver: SlotDriver;
  /** The slots of the chassis; the CCN's own (0) is left out. */
  readonly slots: readonly SlotId[];
  /** The chassis file's intervals; left out: those of leases.md. */
  readonly timing?: SlotsTiming;
  readonly log: Log;
};

/** How an order to fence ended, for now: a proof may get stronger, which subscribers are told. */
export type FenceAnswer =
  | { readonly kind: "proof"; readonly proof: FenceProof }
  | {
      readonly kind: "refused";
      readonly reason: FenceRefusal | "closed" | "too-many-orders";
      readonly evidence: readonly EvidenceItem[];
    };

/** What subscribers are told, at once. */
export type SlotNews =
  | { readonly type: "line-changed"; readonly change: LineChange }
  | { readonly type: "proof"; readonly proof: FenceProof }
  | { readonly type: "alarm"; readonly alarm: SlotAlarm; readonly raised: boolean };

/** How an operator's order ended. */
export type OperatorAnswer = { readonly done: boolean; readonly text: string };

/** The slots of a chassis under control. */
export type Slots = {
  /** Fences a board; answers by T_FENCE. The voter has checked F1 and F2. Never rejects. */
  readonly fence: (order: FenceOrder) => Promise<FenceAnswer>;
  /**
   * A BEAT of the slot was received at `receivedUs`, authentic and fresh. A proof knows only of those
   * that were told before it: drain the sockets first (V8).
   */
  readonly heardBeat: (slot: SlotId, incarnation: Incarnation, receivedUs: MonoUs) => void;
  /** The record of this epoch of the group is committed: boards held for it may boot. */
  readonly committed: (group: string, epoch: number) => void;
  /** An order of a person; answers when it was read back, refused or failed. Never rejects. */
  readonly operate: (order: Omit<OperatorOrder, "id">) => Promise<OperatorAnswer>;
  readonly report: () => readonly SlotReport[];
  readonly alarms: () => readonly SlotAlarm[];
  readonly counters: () => Readonly<SlotCounters & { driverLate: number }>;
  /** Hears of line changes (fast evidence), proofs and alarms; undefined if there are too many. */
  readonly subscribe: (listener: (news: SlotNews) => void) => (() => void) | undefined;
  /** Stops watching; moves no line. */
  readonly close: () => void;
};

type Waiter = { readonly order: FenceOrder; readonly resolve: (answer: FenceAnswer) => void };

type Shell = {
  readonly driver: SlotDriver;
  readonly log: Log;
  readonly state: SlotsState;
  readonly sampler: Sampler;
  readonly changes: LineBudget;
  readonly listeners: Set<(news: SlotNews) => void>;
  readonly waiters: Set<Waiter>;
  readonly operators: Map<number, (answer: OperatorAnswer) => void>;
  readonly waiting: SlotEvent[];
  readonly onTimer: () => void;
  isFeeding: boolean;
  isClosed: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
  nextId: number;
};

/** Takes charge of the slots. Touches no line (F7). The driver stays the caller's to close. */
export function startSlots(options: SlotsOptions): Slots {
  const { driver, log } = options;
  const state = slotsState(options.slots, slotTiming(options.timing), monoNowUs());
  const shell: Shell = {
    driver,
    log,
    state,
    sampler: createSampler({
      driver,
      slots: [...state.slots.keys()],
      onReading: (slot, reading) => feed(shell, { type: "sample", slot, reading }),
      onFailed: (slot, text) => feed(shell, { type: "sample-failed", slot, text }),
    }),
    changes: lineBudget(changeLinesPerSecondMax, monoNowUs()),
    listeners: new Set(),
    waiters: new Set(),
    operators: new Map(),
    waiting: [],
    onTimer: () => feed(shell, { type: "timer" }),
    isFeeding: false,
    isClosed: false,
    timer: undefined,
    nextId: 1,
  };
  feed(shell, { type: "start" });
  return {
    fence: (order) => fence(shell, order),
    heardBeat: (slot, incarnation, sentUs) =>
      feed(shell, { type: "beat", slot, incarnation, sentUs }),
    committed: (group, epoch) => feed(shell, { type: "committed", group, epoch }),
    operate: (order) => operate(shell, order),
    report: () => [...state.slots.values()].map(reportOf),
    alarms: () =>
      [...state.slots.values()].flatMap(({ slot, alarms }) =>
        [...alarms].map(([id, { sinceUs, text }]) => ({ slot, id, sinceUs, text })),
      ),
    counters: () => ({ ...state.counters, driverLate: shell.sampler.late() }),
    subscribe(listener) {
      if (shell.listeners.size >= subscribersMax) return undefined;
      shell.listeners.add(listener);
      return () => shell.listeners.delete(listener);
    },
    close: () => close(shell),
  };
}

function fence(shell: Shell, order: FenceOrder): Promise<FenceAnswer> {
  const refused = (reason: "closed" | "too-many-orders"): Promise<FenceAnswer> =>
    Promise.resolve({ kind: "refused", reason, evidence: [] });
  if (shell.isClosed) return refused("closed");
  if (shell.waiters.size >= ordersMax) return refused("too-many-orders");
  return new Promise((resolve) => {
    shell.waiters.add({ order, resolve });
    feed(shell, { type: "fence", order });
  });
}

function operate(shell: Shell, order: Omit<OperatorOrder, "id">): Promise<OperatorAnswer> {
  if (shell.isClosed) return Promise.resolve({ done: false, text: "the slots are closed" });
  const id = shell.nextId++;
  return new Promise((resolve) => {
    shell.operators.set(id, resolve);
    feed(shell, { type: "operator", order: { ...order, id } });
  });
}

/** Events one after the other: what a listener causes waits until the effects are carried out. */
function feed(shell: Shell, event: SlotEvent): void {
  if (shell.isClosed) return;
  assert(shell.waiting.length < waitingEventsMax, "listeners cause few events");
  shell.waiting.push(event);
  if (shell.isFeeding) return;
  shell.isFeeding = true;
  for (let next = shell.waiting.shift(); next !== undefined; next = shell.waiting.shift()) {
    for (const effect of step(shell.state, next, monoNowUs())) carryOut(shell, effect);
  }
  shell.isFeeding = false;
}

function carryOut(shell: Shell, effect: SlotEffect): void {
  switch (effect.type) {
    case "assert-reset":
    case "release-reset":
    case "power-off":
    case "power-on":
      void give(shell, effect.slot, effect.type);
      return;
    case "sample-soon":
      return shell.sampler.soon(effect.slot, effect.atUs);
    case "proof":
      for (const waiter of shell.waiters) {
        const { order } = waiter;
        const { slot, incarnation } = effect.proof;
        if (order.slot !== slot || order.incarnation !== incarnation) continue;
        shell.waiters.delete(waiter);
        waiter.resolve({ kind: "proof", proof: effect.proof });
      }
      return tell(shell, effect);
    case "refused":
      for (const waiter of shell.waiters) {
        if (!isAnswered(waiter.order, effect.order)) continue;
        shell.waiters.delete(waiter);
        const { reason, evidence } = effect;
        waiter.resolve({ kind: "refused", reason, evidence });
      }
      return;
    case "line-changed":
      return tell(shell, effect);
    case "operator-answered": {
      const { done, text, order } = effect;
      shell.operators.get(order.id)?.({ done, text });
      shell.operators.delete(order.id);
      return;
    }
    case "alarm": {
      const { slot, alarm: id, raised, text } = effect;
      return tell(shell, {
        type: "alarm",
        alarm: { slot, id, sinceUs: monoNowUs(), text },
        raised,
      });
    }
    case "set-timer":
      return setTimer(shell, effect.atUs);
    case "log":
      return write(shell, effect);
    default:
      return effect satisfies never;
  }
}

/** True if a refusal of `refused` also answers `order`: itself, or an older one it replaced. */
function isAnswered(order: FenceOrder, refused: FenceOrder): boolean {
  if (order === refused) return true;
  const { slot, incarnation, group, epoch } = refused;
  if (order.slot !== slot || order.incarnation !== incarnation) return false;
  return order.group === group && order.epoch <= epoch;
}

/** Gives an order to the driver; what it reads back is a reading. */
async function give(shell: Shell, slot: SlotId, order: LineOrder): Promise<void> {
  const askedUs = monoNowUs();
  const call = (): ReturnType<SlotDriver["set"]> => shell.driver.set(slot, order, orderDeadlineMs);
  const done = await withDeadline(call, orderDeadlineMs);
  if (!done.ok) {
    feed(shell, { type: "order-failed", slot, order, text: done.error.text });
    return;
  }
  const reading = { ...done.value, askedUs, atUs: monoNowUs(), edgeUs: undefined };
  feed(shell, { type: "sample", slot, reading });
}

/** A chattering line must not drown the log; its counters and news stay whole. */
function write(shell: Shell, line: Extract<SlotEffect, { type: "log" }>): void {
  const { log, changes } = shell;
  if (line.event === "slot-line-changed") {
    const { allowed, suppressed } = takeLine(changes, monoNowUs());
    if (suppressed > 0) log.warn("slot-changes-untold", { lines: suppressed });
    if (!allowed) return;
  }
  log[line.level](line.event, line.fields);
}

function tell(shell: Shell, news: SlotNews): void {
  for (const listener of shell.listeners) listener(news);
}

/** Bun's timers fire up to 0.5 ms early and count whole ms: half a ms on top saves a second wake. */
function setTimer(shell: Shell, atUs: MonoUs | undefined): void {
  clearTimeout(shell.timer);
  if (atUs === undefined) return;
  const delayMs = Math.ceil((atUs - monoNowUs()) / 1000 + 0.5);
  shell.timer = setTimeout(shell.onTimer, Math.max(0, delayMs));
}

function close(shell: Shell): void {
  shell.isClosed = true;
  clearTimeout(shell.timer);
  shell.sampler.close();
  for (const { resolve } of shell.waiters) {
    resolve({ kind: "refused", reason: "closed", evidence: [] });
  }
  shell.waiters.clear();
  for (const resolve of shell.operators.values()) {
    resolve({ done: false, text: "the slots were closed; the state of the lines is unknown" });
  }
  shell.operators.clear();
  shell.listeners.clear();
}
