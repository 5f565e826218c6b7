// The simulated world as plain data: physical boards, their lives (processes), what really happened,
// and a short memory of it. Everything random comes from one seed.

import {
  type Ipv4,
  type Mac,
  type MonoUs,
  type NetworkId,
  nextOf,
  parseMac,
  prng,
  type Prng,
  type SlotId,
} from "../../src/base/index.ts";
import type { BoardDocument, Chassis } from "../../src/config/index.ts";
import type { NetrackEvent } from "../../src/netrack/index.ts";
import type { State as NetrackState } from "../../src/netrack/core/state.ts";
import type { TimingUs } from "../../src/netrack/core/state.ts";
import type { Beat } from "../../src/wire/index.ts";
import type { Services } from "./ccn.ts";
import type { Addresses } from "./addresses.ts";
import type { SimChassis } from "./chassis.ts";
import type { Failover, Message, Part } from "./failover/types.ts";
import { createFabric, type Fabric, type Interface } from "./fabric.ts";
import { createTimeline, type Entry, type Timeline } from "./timeline.ts";

/** What frames carry. Bytes are the product's encodings. */
export type Body =
  | {
      readonly kind: "beat";
      readonly bytes: Uint8Array;
      /** As the product's codec reads it behind a good MAC; undefined = refused. */
      readonly beat: Beat | undefined;
      /** The life that sent it, undefined for an attacker's copy. */
      readonly origin: Life | undefined;
    }
  /** A whole Ethernet frame. */
  | { readonly kind: "dhcp" | "arp" | "rarp"; readonly bytes: Uint8Array }
  /** Between two boards, beside the beats. */
  | Message;

/** What waits in a process's inbox while it does not run. */
export type Item =
  | { readonly type: "frame"; readonly network: NetworkId; readonly body: Body }
  | { readonly type: "carrier"; readonly network: NetworkId; readonly up: boolean };

/** What really reached a process from one slot on one network. */
export type Link = {
  /** Arrival of the newest beat that it should have counted, and since when without a gap. */
  lastUs: number;
  goodUs: number;
  /** Arrival of the one before the newest. */
  beforeUs: number;
  seq: number;
  /** When the process last read a genuine beat, and one that told of a lost carrier here. */
  readUs: number;
  toldLostUs: number;
  /** When it read that its own carrier here was lost. */
  ownLostUs: number;
};

/** Which life of a slot a process has heard, and whether that life answered it. */
export type Acquaintance = { life: number; isAnswered: boolean };

/** A timer of a process; due ones wait while it does not run. */
export type Timer = { entry: Entry | undefined; isDue: boolean; readonly run: () => void };

/** One process on a board: from power-on to its end. */
export type Life = {
  readonly host: Host;
  /** Counts all lives of the world. */
  readonly number: number;
  readonly hi: number;
  readonly lo: number;
  readonly bornUs: number;
  /** Slot it runs as; its core exists from `coreUs` on. */
  slot: SlotId;
  document: BoardDocument | undefined;
  core: NetrackState | undefined;
  coreUs: number;
  /** Its timers; each is replaced by setting it again. NETRACK's is one of them. */
  readonly timers: Timer[];
  coreTimer: Timer | undefined;
  /** Until when it does not run, since when, and when it last began to run again. */
  pausedUntilUs: number;
  pausedUs: number;
  listenUs: number;
  inbox: Item[];
  isEnded: boolean;
  isLeaving: boolean;
  /** By slot * 2 + network; by slot. */
  readonly links: Link[];
  readonly known: Acquaintance[];
  /** The map as its subscribers know it: told board states and path states. */
  readonly toldBoards: string[];
  readonly toldPaths: Uint8Array;
  /** Lives it has taken for proven, by slot: number of the life. */
  readonly proven: number[];
  /** Address clients and configuration, if the simulation includes them. */
  addresses: Addresses | undefined;
  /** Leases, data and slots, if the simulation includes them. */
  part: Part | undefined;
};

/** A physical board. */
export type Host = {
  readonly name: string;
  readonly number: number;
  /** A board of the chassis; false for a stranger on the network. */
  readonly isBoard: boolean;
  readonly cards: Readonly<Record<NetworkId, Interface<Body>>>;
  /** Slot it is plugged into; undefined = lies on the shelf. */
  slot: SlotId | undefined;
  life: Life | undefined;
  /** What its kernel has on each card, and since when. */
  readonly address: Record<NetworkId, Ipv4 | undefined>;
  readonly addressUs: Record<NetworkId, number>;
  /** Loop stalls are at least this far apart. */
  stallUs: number;
};

/** One line of the world's memory. */
export type Memory = { readonly atUs: number; readonly text: string };

/** A genuine beat as an attacker has it, and the slot that received it. */
export type Captured = { readonly body: Body; readonly network: NetworkId; readonly to: SlotId };

/** Everything. */
export type World = {
  readonly seed: number;
  readonly rng: Prng;
  readonly timeline: Timeline;
  readonly fabric: Fabric<Body>;
  readonly sim: SimChassis;
  readonly chassis: Chassis;
  readonly timing: TimingUs;
  readonly documents: Map<SlotId, BoardDocument>;
  readonly hosts: Host[];
  /** Running processes by slot, cores or not. */
  readonly bySlot: (Life | undefined)[];
  /** Since when no core runs in a slot, -1 = one does. */
  readonly deadUs: Float64Array;
  /** Every life there was; its number is its place. Numbers count from 1. */
  readonly livesBorn: Life[];
  /** Last moment something was done to the world that a map must catch up with. */
  unrestUs: number;
  /** How many loop stalls, 0 = none. */
  stalls: number;
  services: Services | undefined;
  /** Groups and what belongs to them, if this is their scenario. */
  failover: Failover | undefined;
  /** Share of switch lookups that take up to 900 ms. */
  readonly slowLookups: number;
  /** Last change of what carries frames, per network; last move of a running board. */
  readonly disturbedUs: Record<NetworkId, number>;
  movedUs: number;
  readonly captured: Captured[];
  readonly memory: Memory[];
  readonly trace: ((line: string) => void) | undefined;
  hash: number;
  steps: number;
};

/** A promise was broken; ends the run. */
export class Violation extends Error {
  override readonly name: string = "Violation";
  readonly promise: string;
  readonly atUs: number;
  constructor(promise: string, atUs: number, message: string) {
    super(message);
    this.promise = promise;
    this.atUs = atUs;
  }
}

/** Events remembered for a violation's report. */
const memoryMax = 30;
/** Slots as the codec knows them. */
const slots = 64;

/** The world of a seed: switches, nothing plugged in, virtual time about one hour after boot. */
export function createWorld(
  seed: number,
  makeChassis: (rng: Prng) => SimChassis,
  trace: ((line: string) => void) | undefined,
): World {
  const rng = prng(seed);
  const sim = makeChassis(rng);
  const timeline = createTimeline(3_600_000_000);
  const { timing } = sim.chassis;
  return {
    seed,
    rng,
    timeline,
    fabric: createFabric(timeline, rng),
    sim,
    chassis: sim.chassis,
    timing: {
      beatUs: timing.beatMs * 1000,
      silentUs: timing.silentMs * 1000,
      lateUs: timing.lateMs * 1000,
      netUs: timing.netMs * 1000,
      upAfterUs: timing.upAfterMs * 1000,
      flapMax: timing.flapMax,
      flapWindowUs: timing.flapWindowMs * 1000,
      flapHoldUs: timing.flapHoldMs * 1000,
    },
    documents: new Map(),
    hosts: [],
    bySlot: Array.from({ length: slots }, () => undefined),
    deadUs: new Float64Array(slots),
    livesBorn: [],
    unrestUs: timeline.nowUs,
    stalls: 0,
    services: undefined,
    failover: undefined,
    slowLookups: nextOf(rng, [0, 0.05, 0.3]),
    disturbedUs: { A: timeline.nowUs, B: timeline.nowUs },
    movedUs: 0,
    captured: [],
    memory: [],
    trace,
    hash: 0x811c9dc5,
    steps: 0,
  };
}

/** Remembers what happened; printed as it happens in a replay. */
export function say(world: World, text: string): void {
  const { nowUs } = world.timeline;
  world.memory.push({ atUs: nowUs, text });
  if (world.memory.length > memoryMax) world.memory.shift();
  world.trace?.(memoryText({ atUs: nowUs, text }));
}

/** `+1.234567 s  text`, since the world began. */
export function memoryText({ atUs, text }: Memory): string {
  return `+${((atUs - 3_600_000_000) / 1e6).toFixed(6)} s  ${text}`;
}

/** Folds a number into the trace hash (FNV-1a over 32 bits). */
export function fold(world: World, value: number): void {
  world.hash = Math.imul(world.hash ^ (value & 0xffffffff), 0x01000193) >>> 0;
}

/** A link over which nothing has come yet. */
export function noLink(): Link {
  return {
    lastUs: -1e15,
    goodUs: 1e15,
    beforeUs: -1e15,
    seq: -1,
    readUs: -1e15,
    toldLostUs: -1e15,
    ownLostUs: -1e15,
  };
}

/** A process that has not read its configuration yet. */
export function newLife(
  world: World,
  host: Host,
  slot: SlotId,
  halves: readonly [number, number],
): Life {
  const life: Life = {
    host,
    number: world.livesBorn.length + 1,
    hi: halves[0],
    lo: halves[1],
    bornUs: world.timeline.nowUs,
    slot,
    document: undefined,
    core: undefined,
    coreUs: 0,
    timers: [],
    coreTimer: undefined,
    pausedUntilUs: 0,
    pausedUs: 0,
    listenUs: world.timeline.nowUs,
    inbox: [],
    isEnded: false,
    isLeaving: false,
    links: Array.from({ length: slots * 2 }, noLink),
    known: Array.from({ length: slots }, () => ({ life: 0, isAnswered: false })),
    toldBoards: Array.from({ length: slots }, () => "unknown"),
    toldPaths: new Uint8Array(slots * slots * 2),
    proven: Array.from({ length: slots }, () => 0),
    addresses: undefined,
    part: undefined,
  };
  world.livesBorn.push(life);
  return life;
}

/** Is it running now? */
export function isRunning(life: Life, nowUs: MonoUs): boolean {
  return !life.isEnded && life.pausedUntilUs <= nowUs;
}

/** The MAC of a board's card: locally administered, board and network in it. */
export function cardMac(board: number, network: NetworkId): Mac {
  const hex = (value: number): string => value.toString(16).padStart(2, "0");
  const parsed = parseMac(
    `52:54:00:${hex(board >> 8)}:${hex(board & 255)}:${network === "A" ? "0a" : "0b"}`,
  );
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** What a core was told, as the promises see it. */
export type Told = {
  readonly event: NetrackEvent;
  /** The frame behind a beat event. */
  readonly body: Body | undefined;
};
