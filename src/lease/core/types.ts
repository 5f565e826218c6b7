// What the lease core knows, hears, says and orders: plain data. Rule numbers (V4, H2, ...) are
// those of the protocol's rules, listed in README.md of this room.
//
// Times are absolute `MonoUs` in fields that end in `Us`, all of them deadlines, so that a model
// checker can make any state relative to `now`.

import type { Incarnation, MonoUs, SlotId } from "../../base/index.ts";
import type {
  Forced,
  LeaseMessage,
  LeaseProof as Proof,
  LeaseRecord,
  LeaseTell as Tell,
  LogEnd,
} from "../../wire/index.ts";

export type {
  Forced,
  LeaseMessage,
  LeaseProof as Proof,
  LeaseRecord,
  LeaseTell as Tell,
  LogEnd,
  RefuseReason,
} from "../../wire/index.ts";

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
  /** O4: an operator lets a voter without memory vote, though others are not heard. */
  | { readonly type: "admit" }
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
      /** What says that it is gone though it was heard just now (F2); undefined: it is silent. */
      readonly evidence: string | undefined;
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
