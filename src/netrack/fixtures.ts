// For tests: a chassis of cores in virtual time, with switches that can be cut anywhere. Everything
// follows from the seed; nothing reads a clock.

import {
  type MonoUs,
  monoUs,
  type NetworkId,
  nextBelow,
  type Prng,
  prng,
  type SlotId,
  slotId,
} from "../base/index.ts";
import { parseIpv4, type Ipv4 } from "../base/index.ts";
import { type Board, type BoardDocument, defaultLeaseTiming, type Role } from "../config/index.ts";
import type { Beat } from "../wire/index.ts";
import { step } from "./core.ts";
import type { Alarm, Effect, Event } from "./core/events.ts";
import { faultKey } from "./core/diagnosis.ts";
import { mapOf } from "./core/map.ts";
import { createNetrack, type State } from "./core/state.ts";
import type { ChassisMap, MapChange } from "./types.ts";

/** How many boards of which kind a test chassis has: slot 0 is the CCN, then controllers, cards. */
export type ChassisShape = { readonly hubs: number; readonly cards: number };

/** The chassis most tests use. */
export const testShape: ChassisShape = { hubs: 3, cards: 4 };

/** A change as one board told it. */
export type ToldChange = { readonly by: SlotId; readonly atUs: number; readonly change: MapChange };

type Entry = { readonly atUs: number; readonly order: number; readonly run: () => void };

/** A chassis in virtual time. */
export type VirtualChassis = {
  readonly shape: ChassisShape;
  readonly rng: Prng;
  nowUs: number;
  order: number;
  entries: Entry[];
  readonly cores: Map<number, State>;
  readonly timers: Map<number, number>;
  /** Paused boards and what waits for them. */
  readonly paused: Map<number, (() => void)[]>;
  readonly told: ToldChange[];
  readonly alarms: { readonly by: SlotId; readonly alarm: Alarm }[];
  /** Is this packet dropped? */
  isCut: (from: number, to: number, network: NetworkId) => boolean;
  /** Sees every beat that arrives, before the core does. */
  onArrival: ((to: number, network: NetworkId, beat: Beat) => void) | undefined;
  lives: number;
};

/** A document of the given chassis for one slot, with default timing. */
export function testDocument(shape: ChassisShape, slot: number, version = 1): BoardDocument {
  const boards: Board[] = [];
  for (let i = 0; i < shape.hubs + shape.cards; i++) boards.push(testBoard(i, shape));
  const network = (id: NetworkId, net: string): BoardDocument["networks"]["A"] => ({
    id,
    subnet: address(`${net}.0.0`),
    prefix: 16,
    ccn: address(`${net}.0.1`),
    switchName: id === "A" ? "sw-a" : "sw-b",
  });
  return {
    v: 1,
    chassis: "test",
    version,
    slot: slotId(slot),
    key: "00".repeat(32),
    networks: { A: network("A", "10.1"), B: network("B", "20.1") },
    switches: [],
    boards,
    timing: {
      beatMs: 10,
      silentMs: 37,
      lateMs: 5,
      netMs: 2,
      upAfterMs: 30,
      flapMax: 3,
      flapWindowMs: 10_000,
      flapHoldMs: 5000,
      lease: defaultLeaseTiming({ beatMs: 10, silentMs: 37, lateMs: 5, netMs: 2 }),
    },
    provision: {
      httpPort: 8067,
      beatPort: 5343,
      linkPort: 5344,
      watchPort: 5345,
      hubsGroup: address("239.83.66.1"),
      boardsGroup: address("239.83.66.2"),
      bootFile: undefined,
    },
    groups: [],
    services: [],
    rules: [],
  };
}

/** A chassis whose boards have all just started, each at its own moment within a beat. */
export function startChassis(shape: ChassisShape, seed: number): VirtualChassis {
  const chassis: VirtualChassis = {
    shape,
    rng: prng(seed),
    nowUs: 1_000_000,
    order: 0,
    entries: [],
    cores: new Map(),
    timers: new Map(),
    paused: new Map(),
    told: [],
    alarms: [],
    isCut: () => false,
    onArrival: undefined,
    lives: 0,
  };
  for (let slot = 0; slot < shape.hubs + shape.cards; slot++) {
    schedule(chassis, nextBelow(chassis.rng, 10_000), () => startBoard(chassis, slot));
  }
  return chassis;
}

/** Starts a new life of a board, in place of the one that may be there. */
export function startBoard(chassis: VirtualChassis, slot: number): State {
  const life = ++chassis.lives;
  const state = createNetrack({
    document: testDocument(chassis.shape, slot),
    incarnationHi: 7,
    incarnationLo: life,
    now: now(chassis),
  });
  chassis.cores.set(slot, state);
  feed(chassis, slot, { type: "start" });
  return state;
}

/** Ends a board without a word. */
export function killBoard(chassis: VirtualChassis, slot: number): void {
  chassis.cores.delete(slot);
  chassis.timers.delete(slot);
}

/** Gives one board an event now; a paused one gets it when it goes on. */
export function feed(chassis: VirtualChassis, slot: number, event: Event): void {
  const waiting = chassis.paused.get(slot);
  if (waiting !== undefined) {
    waiting.push(() => feed(chassis, slot, event));
    return;
  }
  const state = chassis.cores.get(slot);
  if (state === undefined) return;
  for (const effect of step(state, event, now(chassis))) carryOut(chassis, slot, effect);
}

/** Stops a board's loop for `ms`; its packets wait, its overdue timer fires first. */
export function pauseBoard(chassis: VirtualChassis, slot: number, ms: number): void {
  const waiting: (() => void)[] = [];
  chassis.paused.set(slot, waiting);
  schedule(chassis, ms * 1000, () => {
    chassis.paused.delete(slot);
    const timerUs = chassis.timers.get(slot);
    if (timerUs !== undefined && timerUs <= chassis.nowUs) fire(chassis, slot, timerUs);
    for (const run of waiting) run();
    feed(chassis, slot, { type: "drained" });
  });
}

/** Lets virtual time pass. */
export function run(chassis: VirtualChassis, ms: number): void {
  const untilUs = chassis.nowUs + ms * 1000;
  for (;;) {
    let first: Entry | undefined;
    for (const entry of chassis.entries) {
      if (first === undefined || isEarlier(entry, first)) first = entry;
    }
    if (first === undefined || first.atUs > untilUs) break;
    chassis.entries.splice(chassis.entries.indexOf(first), 1);
    chassis.nowUs = Math.max(chassis.nowUs, first.atUs);
    first.run();
  }
  chassis.nowUs = untilUs;
}

/** One board's map now. */
export function mapAt(chassis: VirtualChassis, slot: number): ChassisMap | undefined {
  const state = chassis.cores.get(slot);
  return state === undefined ? undefined : mapOf(state, now(chassis));
}

/** Keys of the faults a board names now. */
export function faultKeysAt(chassis: VirtualChassis, slot: number): string[] {
  return (mapAt(chassis, slot)?.faults ?? []).map(({ fault }) => faultKey(fault));
}

/** A chassis in which everybody has long heard everybody. */
export function healthyChassis(seed: number, shape: ChassisShape = testShape): VirtualChassis {
  const chassis = startChassis(shape, seed);
  run(chassis, 1250);
  return chassis;
}

/** When each living board first told a change that `isRight`, ms after `since`. */
export function toldAfterMs(
  chassis: VirtualChassis,
  since: { readonly told: number; readonly us: number },
  isRight: (change: MapChange) => boolean,
): number[] {
  const told = chassis.told.slice(since.told);
  return [...chassis.cores.keys()].map((slot) => {
    const found = told.find(({ by, change }) => by === slot && isRight(change));
    return found === undefined ? Number.POSITIVE_INFINITY : (found.atUs - since.us) / 1000;
  });
}

/** The texts of a board's faults now. */
export function faultsAt(chassis: VirtualChassis, slot: number): string[] {
  return (mapAt(chassis, slot)?.faults ?? []).map(({ text }) => text);
}

/** Calls `run` after `us` of virtual time. */
export function schedule(chassis: VirtualChassis, us: number, run: () => void): void {
  chassis.entries.push({ atUs: chassis.nowUs + us, order: chassis.order++, run });
}

function now(chassis: VirtualChassis): MonoUs {
  return monoUs(chassis.nowUs);
}

function carryOut(chassis: VirtualChassis, slot: number, effect: Effect): void {
  const { shape } = chassis;
  switch (effect.type) {
    case "send-beat":
      for (let to = 0; to < shape.hubs + shape.cards; to++) {
        const isHeard = slot < shape.hubs || to < shape.hubs;
        if (to !== slot && isHeard) deliver(chassis, slot, to, effect.beat);
      }
      return;
    case "set-timer": {
      const { atUs } = effect;
      chassis.timers.set(slot, atUs);
      schedule(chassis, atUs - chassis.nowUs, () => fire(chassis, slot, atUs));
      return;
    }
    case "drain":
      // A paused board answers when its queue is empty; everybody else has no queue.
      if (!chassis.paused.has(slot))
        schedule(chassis, 0, () => feed(chassis, slot, { type: "drained" }));
      return;
    case "changed":
      chassis.told.push({ by: slotId(slot), atUs: chassis.nowUs, change: effect.change });
      return;
    case "alarm":
      chassis.alarms.push({ by: slotId(slot), alarm: effect.alarm });
      return;
    case "ccn-version":
    case "extensions":
      return;
    default:
      effect satisfies never;
  }
}

function fire(chassis: VirtualChassis, slot: number, atUs: number): void {
  if (chassis.timers.get(slot) !== atUs || chassis.paused.has(slot)) return;
  chassis.timers.delete(slot);
  feed(chassis, slot, { type: "timer" });
}

function deliver(chassis: VirtualChassis, from: number, to: number, beat: Beat): void {
  const { network } = beat;
  if (chassis.isCut(from, to, network)) return;
  schedule(chassis, 20 + nextBelow(chassis.rng, 300), () => {
    chassis.onArrival?.(to, network, beat);
    feed(chassis, to, { type: "beat", network, beat });
  });
}

function isEarlier(a: Entry, b: Entry): boolean {
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order);
}

function testBoard(slot: number, shape: ChassisShape): Board {
  const role: Role = slot === 0 ? "ccn" : slot < shape.hubs ? "controller" : "io-card";
  const name = slot === 0 ? "ccn" : slot < shape.hubs ? `c${slot}` : `card${slot}`;
  const of = (net: string): Ipv4 => address(slot === 0 ? `${net}.0.1` : `${net}.1.${slot}`);
  const port = slot === 0 ? undefined : String(slot);
  return {
    slot: slotId(slot),
    name,
    role,
    port: { A: port, B: port },
    address: { A: of("10.1"), B: of("20.1") },
  };
}

function address(text: string): Ipv4 {
  const parsed = parseIpv4(text);
  if (!parsed.ok) throw new RangeError(parsed.error);
  return parsed.value;
}
