// Everything one board's core knows of one group. Durable and volatile parts are apart: what leaves
// this board rests on `flushed` only, so that a crash at any moment forgets nothing it promised.

import {
  addUs,
  ccnSlot,
  type Incarnation,
  type MonoUs,
  monoUs,
  type SlotId,
} from "../../base/index.ts";
import type { LeaseConfig } from "../config.ts";
import type { LeaseEffect, LeaseNoteName, LeaseRecord, LogEnd, Proof } from "./types.ts";
import { firstRecord, noLog } from "./record.ts";

/** A deadline that is not running. */
export const never: MonoUs = monoUs(0);

/** What is, or will be, on disk. */
export type Durable = { readonly promised: number; readonly record: LeaseRecord };

/** Another voter or controller as this board hears it. */
export type PeerState = {
  incarnation: Incarnation | undefined;
  /** Not heard from then on; 0 = never heard in this life. */
  heardUntilUs: MonoUs;
  /** Its last claim to act counts until then (F2). */
  claimUntilUs: MonoUs;
  /** Something else than silence says it is gone; ends with its next beat. */
  evidence: string | undefined;
  promised: number;
  epoch: number;
  version: number;
  logEnd: LogEnd;
  /** Its last log end that stood still while ours moved: it stalls from then on (D2). */
  stallsUs: MonoUs;
};

/** A candidacy (E1 to E4). */
export type Asking = {
  readonly epoch: number;
  /** Records of voters that promised, by slot. */
  readonly promises: Record<number, LeaseRecord>;
  askAgainUs: MonoUs;
  readonly forced: LeaseRecord["forced"];
};

/** What a board that holds an epoch knows (H1 to H7, D1 to D5). */
export type Acting = {
  readonly epoch: number;
  /** Its newest record that a majority has on disk; undefined before the first is. */
  committed: LeaseRecord | undefined;
  /** Voters that have its newest record on disk. */
  accepted: readonly SlotId[];
  /** End of each voter's lease, by slot (H2). */
  readonly leases: Record<number, MonoUs>;
  /** Told to the shell as active. */
  isTold: boolean;
  /** It lost its majority; it releases when this is over (H5). */
  lapsedUntilUs: MonoUs;
  /** A voter promised a higher epoch; it stands again when this is over (H6). */
  outbidUntilUs: MonoUs;
  /** Votes are short; voters are bound when this is over (H7). */
  shortUntilUs: MonoUs;
  /** Handing over to this board; the intake is being drained (D5). */
  successor: SlotId | undefined;
};

/** A voter without memory waits for all others (B1). */
export type Blank = {
  /** Answers by slot. */
  readonly states: Record<number, VoterMemory>;
  askAgainUs: MonoUs;
};

/** What another voter remembers. */
export type VoterMemory = {
  readonly isBlank: boolean;
  readonly promised: number;
  readonly record: LeaseRecord;
  readonly asked: number;
};

/** CCN: a fence that was ordered and not proven yet. */
export type Fencing = {
  readonly slot: SlotId;
  readonly incarnation: Incarnation;
  readonly epoch: number;
};

/** A promise that waits for proof or for the disk. */
export type PendingAsk = {
  readonly from: SlotId;
  readonly incarnation: Incarnation;
  readonly epoch: number;
};

/** One group on one board. Changed by `step` only. */
export type LeaseState = {
  readonly config: LeaseConfig;
  readonly incarnation: Incarnation;
  /** Decided; on disk once it equals `flushed`. */
  promised: number;
  record: LeaseRecord;
  flushed: Durable;
  /** The write in flight. */
  writing: (Durable & { readonly write: number }) | undefined;
  writes: number;
  blank: Blank | undefined;
  /** The grant to the holder of `record` (V6); after start it counts as just given (S3). */
  grantUntilUs: MonoUs;
  /** About holders of records that still matter. */
  proofs: readonly Proof[];
  pending: PendingAsk | undefined;
  fencing: Fencing | undefined;
  asking: Asking | undefined;
  acting: Acting | undefined;
  /** Highest epoch asked for in this life (B1). */
  asked: number;
  readonly peers: Record<number, PeerState>;
  isAble: boolean;
  isMaintenance: boolean;
  logEnd: LogEnd;
  /** It stands again no earlier: somebody else goes first, or it was refused. */
  standUntilUs: MonoUs;
  /** Nobody was heard to act before this: first elections wait for missing members (E5). */
  coldUntilUs: MonoUs;
  /** Nobody is suspected before this: silences began anew at a start or a stop (V8). */
  listenUntilUs: MonoUs;
  timerUs: MonoUs;
};

/** One call of `step`. */
export type Run = {
  readonly state: LeaseState;
  readonly now: MonoUs;
  readonly effects: LeaseEffect[];
};

/** A board that starts, always as a standby (S2); `blank` = its disk remembers nothing (B1). */
export function createLease(
  config: LeaseConfig,
  life: { readonly incarnation: Incarnation; readonly disk: Durable | "blank" },
  now: MonoUs,
): LeaseState {
  const { timing } = config;
  const isBlank = life.disk === "blank";
  const durable = isBlank ? { promised: 0, record: firstRecord(config) } : life.disk;
  const peers: Record<number, PeerState> = {};
  // The CCN is heard even without a vote: it fences, and its answers carry the proofs.
  for (const slot of new Set([ccnSlot, ...config.voters, ...config.holders])) {
    if (slot !== config.self) peers[slot] = newPeer();
  }
  return {
    config,
    incarnation: life.incarnation,
    promised: durable.promised,
    record: durable.record,
    flushed: durable,
    writing: undefined,
    writes: 0,
    blank: isBlank ? { states: {}, askAgainUs: now } : undefined,
    grantUntilUs: addUs(now, timing.grantUs),
    proofs: [],
    pending: undefined,
    fencing: undefined,
    asking: undefined,
    acting: undefined,
    asked: 0,
    peers,
    isAble: false,
    isMaintenance: false,
    logEnd: noLog,
    standUntilUs: now,
    coldUntilUs: addUs(now, timing.coldUs),
    listenUntilUs: addUs(now, timing.silentUs),
    timerUs: now,
  };
}

function newPeer(): PeerState {
  return {
    incarnation: undefined,
    heardUntilUs: never,
    claimUntilUs: never,
    evidence: undefined,
    promised: 0,
    epoch: 0,
    version: 0,
    logEnd: noLog,
    stallsUs: never,
  };
}

/** Orders a step of the timeline. */
export function note(
  run: Run,
  event: LeaseNoteName,
  about: { readonly epoch?: number; readonly slot?: SlotId; readonly why: string },
): void {
  const { epoch = run.state.record.epoch, slot, why } = about;
  run.effects.push({ type: "note", note: { event, epoch, slot, why } });
}

/** Orders a packet. */
export function send(
  run: Run,
  to: SlotId,
  message: Extract<LeaseEffect, { type: "send" }>["message"],
): void {
  run.effects.push({ type: "send", to, message });
}
