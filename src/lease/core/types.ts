// What the lease core knows, hears, says and orders: plain data. Rule numbers (V4, H2, ...) are
// those of the protocol's rules, listed in README.md of this room.
//
// Times are absolute `MonoUs` in fields that end in `Us`, all of them deadlines, so that a model
// checker can make any state relative to `now`.

import type { Incarnation, MonoUs, SlotId } from "../../base/index.ts";

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
export type Proof =
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
export type Tell = {
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
      readonly proofs: readonly Proof[];
    }
  | {
      readonly type: "promise";
      readonly epoch: number;
      /** The candidate's life it was given to (B2). */
      readonly to: Incarnation;
      readonly record: LeaseRecord;
      readonly proofs: readonly Proof[];
    }
  | {
      readonly type: "refuse";
      readonly epoch: number;
      readonly reason: RefuseReason;
      readonly promised: number;
      readonly record: LeaseRecord;
      readonly proofs: readonly Proof[];
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

/** What happens to a core. */
export type LeaseEvent =
  | {
      readonly type: "tell";
      readonly from: SlotId;
      readonly incarnation: Incarnation;
      /** When we sent the newest beat of ours that this one echoes. */
      readonly echoedUs: MonoUs | undefined;
      readonly tell: Tell;
    }
  | {
      readonly type: "message";
      readonly from: SlotId;
      readonly incarnation: Incarnation;
      readonly message: LeaseMessage;
    }
  /** The write of this number is on disk. */
  | { readonly type: "persisted"; readonly write: number }
  /** From the fence, or because another life of that slot speaks. */
  | { readonly type: "proof"; readonly proof: Proof }
  /** A board is probably gone: its death watch closed, its lines went bad, no carrier. */
  | { readonly type: "evidence"; readonly slot: SlotId; readonly what: string }
  /** This board was stopped; nobody was silent meanwhile (V8). */
  | { readonly type: "stopped" }
  /** Can this board run the group now? */
  | { readonly type: "able"; readonly is: boolean }
  /** Own log's end. */
  | { readonly type: "log"; readonly end: LogEnd }
  /** Hand the group over to a board in sync, in order (D5). */
  | { readonly type: "hand-over"; readonly to: SlotId }
  /** The intake is stopped and everything is on the successor. */
  | { readonly type: "drained" }
  /** No elections (O5). */
  | { readonly type: "maintenance"; readonly on: boolean }
  /** O1: stand without being in sync; needs proof about the best record's holder. */
  | { readonly type: "promote"; readonly forced: Forced }
  | { readonly type: "timer" };

/** What a core orders. */
export type LeaseEffect =
  /** Write both; answer `persisted` with the number once they are on disk. */
  | {
      readonly type: "persist";
      readonly write: number;
      readonly promised: number;
      readonly record: LeaseRecord;
    }
  | { readonly type: "send"; readonly to: SlotId; readonly message: LeaseMessage }
  /** Something new is to be told: beat out of turn. */
  | { readonly type: "tell-soon" }
  /** CCN: turn that life off and answer with a proof. */
  | {
      readonly type: "fence";
      readonly slot: SlotId;
      readonly incarnation: Incarnation;
      readonly epoch: number;
    }
  /** This board holds the group and may act while `entitledUntil` says so. */
  | { readonly type: "active"; readonly epoch: number }
  /** Stop the intake, bring everything to the successor, then say `drained` (D5). */
  | { readonly type: "drain"; readonly to: SlotId }
  /** It holds it no longer: shut the gate, take the addresses off, stop the services. */
  | { readonly type: "inactive"; readonly why: string }
  | { readonly type: "note"; readonly note: LeaseNote }
  | { readonly type: "set-timer"; readonly atUs: MonoUs };

/** One step for the timeline and the log. */
export type LeaseNote = {
  readonly event: LeaseNoteName;
  readonly epoch: number;
  readonly slot: SlotId | undefined;
  readonly why: string;
};

/** Names of steps; each has its explanation. */
export type LeaseNoteName =
  | "lease-suspected"
  | "lease-asked"
  | "lease-refused"
  | "lease-promised"
  | "lease-fence-ordered"
  | "lease-proposed"
  | "lease-committed"
  | "lease-released"
  | "lease-lost"
  | "lease-alone"
  | "lease-in-sync"
  | "lease-bound"
  | "lease-waits"
  | "lease-forced";
