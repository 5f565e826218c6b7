// A chassis of lease cores as one plain value, and every step it can take. The cores are the
// shipped ones; here are their disks, the network and the adversary.
//
// Reductions, each of which only adds behaviours or forgets what nobody can read any more:
// - The network never forgets: what was sent may arrive at any later time, any number of times, or
//   never. That covers loss, delay, order, duplicates, replay and every partition.
// - Suspicion is arbitrary: a board may believe any others silent at any moment.
// - A board that acts may beat at any moment, so its present beat is always there to be heard.
// - A crash is tried before and after each write reaches the disk; a fence is a crash plus proof.
// - Deadlines that only say when to try something are replaced by "at any moment"; those that safety
//   rests on (grants and leases) are counted in ticks at the worst drift: leases 1, grants 2.

import {
  type Incarnation,
  type SlotId,
  ccnSlot,
  defined,
  monoUs,
  parseIncarnation,
  slotId,
} from "../../src/base/index.ts";
import {
  type Durable,
  type LeaseConfig,
  type LeaseState,
  createLease,
  entitledUntil,
} from "../../src/lease/index.ts";
import type { LeaseMessage, LeaseTell } from "../../src/wire/index.ts";
import { type Bounds } from "./bounds.ts";

/** One tick, and the moment at which every state is looked at, µs. */
export const tickUs = 1000;
export const now = monoUs(1_000_000_000);
export const far = now + 1_000_000;
export const leaseTicks = 1;
export const grantTicks = 2;

/** A board: its core and its data. What is on its disk is `state.flushed`. */
export type Node = {
  state: LeaseState;
  boot: number;
  /** Writes in the order they were applied, and the epoch whose history they follow. */
  log: number[];
  logEpoch: number;
  /** Lease that is left of the newest beat heard of the holder of its record, ticks. */
  echo: number;
};

/** A packet that was sent once. */
export type Packet = {
  readonly from: number;
  readonly boot: number;
  readonly to: number;
  readonly message: LeaseMessage;
};
/** A holder's beat that was sent once, and the lease that is left of it, ticks. */
export type Beat = {
  readonly from: number;
  readonly boot: number;
  readonly tell: LeaseTell;
  readonly life: number;
};

/** Everything. */
export type World = {
  nodes: Node[];
  packets: Packet[];
  beats: Beat[];
  /** What voters said to a holder once, as `voter/epoch`: may arrive late. */
  said: string[];
  fences: { readonly slot: number; readonly boot: number }[];
  /** Newest log of each epoch's holder, as sent; and how far each board acknowledged it. */
  sync: Record<number, number[]>;
  dataAcks: Record<string, number>;
  acked: number[];
  nextWrite: number;
  crashes: number;
  wipes: number;
  forced: number;
};

/** One run's chassis: its slots and what each core is told. */
export type Model = {
  readonly bounds: Bounds;
  readonly slots: readonly SlotId[];
  readonly controllers: readonly SlotId[];
  readonly configs: readonly LeaseConfig[];
};

/** The chassis of `bounds`. */
export function model(bounds: Bounds): Model {
  const controllers = Array.from({ length: bounds.controllers }, (_, i) => slotId(i + 1));
  const slots: SlotId[] = [ccnSlot, ...controllers];
  const timing = {
    silentUs: tickUs,
    leaseUs: leaseTicks * tickUs,
    grantUs: grantTicks * tickUs,
    replicaUs: tickUs,
    coldUs: tickUs,
    askAgainUs: tickUs,
  };
  const { unfenced } = bounds;
  const voters = controllers.length % 2 === 0 ? [ccnSlot, ...controllers] : controllers;
  const configs = slots.map((self): LeaseConfig => ({
    group: "g",
    self,
    holders: controllers,
    voters,
    unfenced,
    timing,
  }));
  return { bounds, slots, controllers, configs };
}

export function configOf(m: Model, slot: number): LeaseConfig {
  return defined(m.configs[slot], `slot ${slot}`);
}

export function start(m: Model, slot: number, disk: Durable | "blank", boot: number): LeaseState {
  return createLease(configOf(m, slot), { incarnation: life(slot, boot), disk }, now);
}

export function nodeOf(world: World, slot: number): Node {
  const node = world.nodes[slot];
  if (node === undefined) throw new Error(`no node ${slot}`);
  return node;
}

/** May this board act? */
export function isEntitled(node: Node): boolean {
  return entitledUntil(node.state, now) > now;
}

/** Sixteen digits: slot, then life. */
export function life(slot: number, boot: number): Incarnation {
  const parsed = parseIncarnation(`${slot}`.padStart(8, "0") + `${boot}`.padStart(8, "0"));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

export function bootOf(incarnation: Incarnation): number {
  return Number(incarnation.slice(8));
}
