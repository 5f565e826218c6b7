// What REDIRECT is told and what it answers: facts in, wishes and orders out. Plain data. The facts
// come from NETRACK (boards, networks), PSRM (services), the leases (who is active, who is in sync)
// and the sensors; REDIRECT asks nobody itself.

import type { NetworkId, SlotId } from "../base/index.ts";
import type { Board, Group, Rule, Service } from "../config/index.ts";

/** The part of a chassis file or board document that REDIRECT reads. */
export type RedirectConfig = {
  readonly boards: readonly Board[];
  readonly groups: readonly Group[];
  readonly services: readonly Service[];
  readonly rules: readonly Rule[];
};

/** One board as NETRACK sees it, plus what the operator said about it. */
export type BoardFact = {
  readonly slot: SlotId;
  readonly state: "unknown" | "up" | "down" | "leaving";
  /** Its programs called it degraded, with this reason. */
  readonly degraded: string | undefined;
  /** The operator wants it out: its groups are handed over, nothing is placed there. */
  readonly maintenance: boolean;
  /** False = it cannot be reached on that network. */
  readonly paths: Readonly<Record<NetworkId, boolean>>;
};

/** One service on one slot as its PSRM reports it. */
export type ServiceFact = {
  readonly service: string;
  readonly slot: SlotId;
  readonly state:
    | "stopped"
    | "starting"
    | "running"
    | "trouble"
    | "silent"
    | "failed"
    | "restarted-too-often";
  /** PSRM wants another board to run it (design 29, choice 2). */
  readonly asksMove: boolean;
};

/** One group as the leases have it. */
export type GroupFact = {
  readonly group: string;
  /** Slots that are entitled now (leases.md H1); more than one only for all-active groups. */
  readonly active: readonly SlotId[];
  /** Slots of the newest record's in-sync set; undefined = no record yet, any slot may begin. */
  readonly inSync: readonly SlotId[] | undefined;
};

/** A measured value: `temperature` of slot 3. */
export type ValueFact = { readonly name: string; readonly slot: SlotId; readonly value: number };

/** Everything that decisions depend on, at one moment. */
export type RedirectFacts = {
  readonly boards: readonly BoardFact[];
  /** False = the whole network is gone, switch and all. */
  readonly networks: Readonly<Record<NetworkId, boolean>>;
  readonly services: readonly ServiceFact[];
  readonly groups: readonly GroupFact[];
  /** Ids of alarms that stand now. */
  readonly alarms: readonly string[];
  readonly values: readonly ValueFact[];
};

/** What happens to REDIRECT. */
export type RedirectEvent =
  | { readonly type: "facts"; readonly facts: RedirectFacts }
  /** The operator moves a group; `to` undefined = to the best other slot. */
  | { readonly type: "move"; readonly group: string; readonly to: SlotId | undefined }
  /** The chassis file changed. What stayed the same goes on as before. */
  | { readonly type: "config"; readonly config: RedirectConfig }
  | { readonly type: "timer" };

/** Where a group should be. */
export type Placement = {
  readonly group: string;
  /** Slots that should be active; empty = nobody can be. */
  readonly active: readonly SlotId[];
  /** Slots that should stand by, best first. */
  readonly standby: readonly SlotId[];
  /** A sentence: rule, cause, effect. */
  readonly why: string;
};

/**
 * What REDIRECT orders, in the order of carrying out. A `wish` goes to the leases, which alone decide
 * who may be active (leases.md); every other order goes to its slot's PSRM, the slots, the alarms.
 */
export type RedirectEffect =
  /** Planned (D5): `from` releases, `to` elects itself. */
  | {
      readonly type: "wish";
      readonly how: "hand-over";
      readonly group: string;
      readonly from: SlotId;
      readonly to: SlotId;
      readonly why: string;
    }
  /** Unplanned (E1): `to` should stand; also the first start. */
  | {
      readonly type: "wish";
      readonly how: "take-over" | "stand-by" | "release";
      readonly group: string;
      readonly to: SlotId;
      readonly why: string;
    }
  /**
   * To the slot's PSRM. A stop of a group's service holds until `start`, or until the slot becomes
   * active for the group anew: then all its services start, and the stop is ordered again.
   */
  | {
      readonly type: "start" | "stop" | "restart";
      readonly service: string;
      readonly slot: SlotId;
      readonly why: string;
    }
  | { readonly type: "raise-alarm"; readonly id: string; readonly text: string }
  | { readonly type: "clear-alarm"; readonly id: string }
  | { readonly type: "power-cycle"; readonly slot: SlotId; readonly why: string }
  | {
      readonly type: "run";
      readonly rule: string;
      readonly run: readonly string[];
      readonly why: string;
    }
  /** A board in maintenance: may it be pulled? Told on every change. */
  | {
      readonly type: "safe-to-pull";
      readonly slot: SlotId;
      readonly isSafe: boolean;
      readonly why: string;
    }
  | { readonly type: "set-timer"; readonly atUs: number };
