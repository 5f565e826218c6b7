// What boards tell each other of a group's lease, as values: its rules are in src/lease/README.md,
// its bytes in lease.ts.

import type { Incarnation, SlotId } from "../base/index.ts";

/** What a majority has on disk: who holds the group, and who has every acknowledged write. */
export type LeaseRecord = {
  /** 0 = nobody ever held it. The epoch's owner is the holder. */
  readonly epoch: number;
  /** Counts the changes within an epoch. */
  readonly version: number;
  /** The holder's life that wrote it. */
  readonly incarnation: Incarnation;
  /** Controllers with every acknowledged write, ascending. */
  readonly inSync: readonly SlotId[];
  /** Voters whose grant does not run out while this record is theirs (rule H7), ascending. */
  readonly bound: readonly SlotId[];
  /** An operator's promotion that accepted loss (O1). */
  readonly forced: Forced | undefined;
};

/** Who overrode the protocol, and why; shown until it is acknowledged. */
export type Forced = { readonly who: string; readonly reason: string };

/**
 * How far a board's data go: the epoch whose history they follow, and the last entry. Boards with
 * the same end have the same data.
 */
export type LogEnd = { readonly epoch: number; readonly seq: number };

/** Why a holder is known not to act any more. */
export type LeaseProof =
  /** That life is off: `strong` = read back from the slot's lines, weak needs expired grants (F4). */
  | {
      readonly kind: "off";
      readonly slot: SlotId;
      readonly incarnation: Incarnation;
      readonly strong: boolean;
    }
  /** The holder released its epoch with this much in its log. */
  | { readonly kind: "released"; readonly epoch: number; readonly logEnd: LogEnd };

/** What every beat of a voter or controller tells of one group. */
export type LeaseTell = {
  readonly promised: number;
  /** Of the record on its disk. */
  readonly epoch: number;
  readonly version: number;
  /** It may act right now: nobody fences it for silence (F2). */
  readonly entitled: boolean;
  readonly logEnd: LogEnd;
  /** From a holder: its newest record that is on its own disk. */
  readonly record: LeaseRecord | undefined;
};

/** Packets beside the beats. */
export type LeaseMessage =
  | {
      readonly type: "ask";
      readonly epoch: number;
      readonly record: LeaseRecord;
      readonly proofs: readonly LeaseProof[];
    }
  | {
      readonly type: "promise";
      readonly epoch: number;
      /** The candidate's life it was given to (B2). */
      readonly to: Incarnation;
      readonly record: LeaseRecord;
      readonly proofs: readonly LeaseProof[];
    }
  | {
      readonly type: "refuse";
      readonly epoch: number;
      readonly reason: RefuseReason;
      readonly promised: number;
      readonly record: LeaseRecord;
      readonly proofs: readonly LeaseProof[];
    }
  | {
      readonly type: "release";
      readonly epoch: number;
      readonly logEnd: LogEnd;
      readonly successor: SlotId | undefined;
    }
  | { readonly type: "state-question" }
  | {
      readonly type: "state";
      /** The life of the asker it answers. */
      readonly to: Incarnation;
      readonly isBlank: boolean;
      readonly promised: number;
      readonly record: LeaseRecord;
      /** Highest epoch it asked for in this life. */
      readonly asked: number;
    };

/** Why a voter did not promise. */
export type RefuseReason =
  | "promised-higher"
  | "holder-not-proven-off"
  | "holder-claims-to-act"
  | "not-in-sync"
  | "voter-blank"
  | "voter-late"
  | "maintenance";

/** What a beat tells: one of them for every group. */
export type GroupTell = LeaseTell & { readonly group: string };
