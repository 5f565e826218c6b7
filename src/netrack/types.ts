// What NETRACK tells the rest of the board: the map of boards, networks and directions, and the
// diagnosis in words. These types are also the JSON of `status` and of the local socket.

import type { Incarnation, Ipv4, MonoUs, NetworkId, SlotId } from "../base/index.ts";
import type { Role } from "../config/index.ts";

/** `unknown`: nobody can tell (yet). `leaving`: said it goes down, no time-out needed. */
export type BoardState = "unknown" | "up" | "down" | "leaving";

/** One direction of one network between two boards: does `to` hear `from`? */
export type PathState = {
  readonly from: SlotId;
  readonly to: SlotId;
  readonly network: NetworkId;
  readonly up: boolean;
  /** True if held down because it flapped. */
  readonly damped: boolean;
  /** When `up` last changed on this board's clock. */
  readonly sinceUs: MonoUs;
  /** How we know: heard ourselves, told by the receiver's beat, or derived over a hub. */
  readonly source: "own" | "told" | "derived";
};

/** One board on the map. */
export type BoardStatus = {
  readonly slot: SlotId;
  readonly name: string;
  readonly role: Role;
  readonly state: BoardState;
  readonly sinceUs: MonoUs;
  /** Per network: can it send and be heard there? Undefined while unknown. */
  readonly network: Readonly<Record<NetworkId, "ok" | "down" | "deaf" | "mute" | "unknown">>;
  readonly address: Readonly<Record<NetworkId, Ipv4>>;
  readonly incarnation: Incarnation | undefined;
  /** Configuration version it reports to run. */
  readonly configVersion: number | undefined;
  /** What its programs told it: degraded with a reason. */
  readonly degraded: string | undefined;
};

/** The culprit of what is broken, the smallest thing that explains all broken paths. */
export type Fault =
  | { readonly kind: "board"; readonly slot: SlotId }
  | { readonly kind: "leaving"; readonly slot: SlotId }
  /** Cable or port of one board on one network, both directions. */
  | {
      readonly kind: "cable";
      readonly slot: SlotId;
      readonly network: NetworkId;
      readonly port: string | undefined;
      readonly carrier: boolean;
    }
  /** One direction only: `deaf` hears nobody there, `mute` is heard by nobody there. */
  | {
      readonly kind: "one-way";
      readonly slot: SlotId;
      readonly network: NetworkId;
      readonly port: string | undefined;
      readonly way: "deaf" | "mute";
    }
  | { readonly kind: "switch"; readonly name: string; readonly network: NetworkId }
  /** Only between these two, both fine with everybody else. */
  | {
      readonly kind: "path";
      readonly from: SlotId;
      readonly to: SlotId;
      readonly network: NetworkId;
    };

/** A fault with its age and its sentence. */
export type Diagnosis = {
  readonly fault: Fault;
  readonly sinceUs: MonoUs;
  /** `slot 7 deaf on B: cable or port sw-b/7 (hears A)`. */
  readonly text: string;
};

/** The whole picture of one board at one moment. */
export type ChassisMap = {
  readonly self: SlotId;
  readonly chassis: string;
  readonly configVersion: number;
  readonly atUs: MonoUs;
  readonly boards: readonly BoardStatus[];
  readonly paths: readonly PathState[];
  readonly faults: readonly Diagnosis[];
};

/** One change of the map, as told to subscribers and to `events`. */
export type MapChange =
  | {
      readonly type: "board";
      readonly atUs: MonoUs;
      readonly slot: SlotId;
      readonly state: BoardState;
      readonly was: BoardState;
    }
  | {
      readonly type: "path";
      readonly atUs: MonoUs;
      readonly from: SlotId;
      readonly to: SlotId;
      readonly network: NetworkId;
      readonly up: boolean;
    }
  | {
      readonly type: "fault";
      readonly atUs: MonoUs;
      readonly fault: Fault;
      readonly text: string;
      readonly cleared: boolean;
    };
