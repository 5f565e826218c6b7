// The failover scenario as plain data: what a board's kernel, disk and lines are beside its process,
// and what the process knows of leases, data and slots.

import type { Incarnation, SlotId } from "../../../src/base/index.ts";
import type { Durable, LeaseConfig, LeaseState } from "../../../src/lease/index.ts";
import type { SlotsState } from "../../../src/slots/core/types.ts";
import type { Host, Life, Timer } from "../world.ts";

/** A log as a disk has it: the first `length` of `entries`, a history of `epoch`. */
export type StoredLog = {
  readonly epoch: number;
  readonly entries: readonly number[];
  readonly length: number;
};

/** The wires of a slot and what is wrong with them. */
export type Wires = {
  power: boolean;
  reset: boolean;
  /** The kernel runs and says so. */
  isWell: boolean;
  /** Orders that are not carried out. */
  stuckReset: boolean;
  stuckPower: boolean;
  /** Nothing can be read or ordered. */
  isDriverDead: boolean;
  /** Until when the driver is at work on earlier calls, true time. */
  busyUs: number;
  /** Lines that always read so, whatever is true. */
  readonly lies: Map<"healthy" | "powerGood", boolean>;
};

/** A board beside its process: what a crash of the process leaves as it was. */
export type Board = {
  readonly host: Host;
  /** How much its clock is fast, parts per million, and its zero. */
  readonly ppm: number;
  readonly zeroUs: number;
  /** Is its kernel up? A kernel that is not sends nothing. */
  isUp: boolean;
  /** Deadlines of the kernel's gate on the board's own clock, by group (H4). */
  readonly gates: Map<string, number>;
  /** What the leases remember; undefined = a new disk. */
  memory: ReadonlyMap<string, Durable> | undefined;
  readonly logs: Map<string, StoredLog>;
  readonly wires: Wires;
};

/** A group's data in one life. */
export type Replica = {
  epoch: number;
  entries: number[];
  /** On its own disk. */
  flushed: number;
  isFlushing: boolean;
  /** Holder: what others have on disk in this epoch, by slot. */
  readonly acks: Map<number, number>;
  /** Holder: entries acknowledged to clients. */
  acknowledged: number;
  /** Holder: what it last knew of each other's log, and when it last sent it something. */
  readonly known: Map<number, { epoch: number; seq: number; sentUs: number }>;
  /** Handing over: no new writes, until all is there (D5). */
  drainTo: SlotId | undefined;
};

/** A write of the leases under way; if the life ends first, chance has decided already. */
export type Writing = {
  readonly memory: ReadonlyMap<string, Durable>;
  readonly survives: boolean;
  isOver: boolean;
};

/** Leases, data and, on the CCN, slots in one life of a board. */
export type Part = {
  readonly board: Board;
  readonly incarnation: Incarnation;
  readonly states: Map<string, LeaseState>;
  readonly replicas: Map<string, Replica>;
  /** Beats sent, by number modulo their count: own clock and true time. */
  readonly sentSeqs: Float64Array;
  readonly sentLocalUs: Float64Array;
  readonly sentTrueUs: Float64Array;
  /** True sending of the newest beat that a voter echoed in this epoch, by `group/epoch/slot`. */
  readonly echoes: Map<string, number>;
  readonly timer: Timer;
  readonly clients: Timer;
  writing: Writing | undefined;
  /** When this loop last did something, on its own clock. */
  turnUs: number;
  /** Numbers of messages that have arrived, newest last. */
  readonly heard: Set<number>;
  /** Last evidence that a slot is gone, true time; and what it claimed last, by `group/slot`. */
  readonly evidenceUs: Map<number, number>;
  readonly claims: Map<string, { readonly incarnation: Incarnation; readonly atUs: number }>;
  slots: SlotsPart | undefined;
};

/** The slots room at work on the CCN. */
export type SlotsPart = {
  readonly state: SlotsState;
  readonly timer: Timer;
  readonly readAll: Timer;
  readonly wishes: Map<SlotId, { readonly timer: Timer; atUs: number | undefined }>;
  /** Newest epoch told as committed, by group. */
  readonly told: Map<string, number>;
};

/** One group in truth. */
export type Group = {
  readonly name: string;
  readonly configs: ReadonlyMap<SlotId, LeaseConfig>;
  readonly holders: readonly SlotId[];
  readonly voters: readonly SlotId[];
  /** Writes acknowledged to clients, in order. */
  readonly acked: number[];
  nextWrite: number;
  /** Since when the faults allow an active and there is none; undefined = there is, or they don't. */
  waitsUs: number | undefined;
  tenures: number;
};

/** Everything of the failover scenario. */
export type Failover = {
  readonly boards: Map<Host, Board>;
  readonly groups: readonly Group[];
  /** Last fault that began or ended. */
  unrestUs: number;
  nextMessage: number;
  fences: number;
  /** Do drivers of this chassis tell edges? */
  readonly hasEdges: boolean;
};

/** What boards say to each other beside beats. */
export type Payload =
  | { readonly kind: "lease"; readonly bytes: Uint8Array }
  /** Entries behind the first `from`; the whole history if `from` is 0. */
  | {
      readonly kind: "append";
      readonly group: string;
      readonly epoch: number;
      readonly from: number;
      readonly entries: readonly number[];
    }
  | {
      readonly kind: "appended";
      readonly group: string;
      readonly epoch: number;
      readonly seq: number;
    };

/** A message on the networks, from one life to another. */
export type Message = {
  readonly kind: "message";
  readonly number: number;
  readonly from: SlotId;
  readonly origin: Life;
  readonly target: Life;
  readonly payload: Payload;
};
