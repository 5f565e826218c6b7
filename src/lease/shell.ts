// The leases of a board at work: beats and packets of other boards become events of the cores, one
// per group; what the cores order becomes packets, writes, and orders to those who hold addresses
// and services. It decides nothing about who may act.

import {
  addUs,
  type Incarnation,
  type Log,
  type MonoUs,
  ok,
  type Result,
  type SlotId,
} from "../base/index.ts";
import {
  type BeatExtension,
  beatExtensionLease,
  decodeLeaseMessage,
  decodeLeaseTells,
  encodeLeaseMessage,
  encodeLeaseTells,
  type GroupTell,
} from "../wire/index.ts";
import type { LeaseConfig } from "./config.ts";
import { step, tellOf } from "./core.ts";
import { isNothing } from "./core/blank.ts";
import { entitledUntil } from "./core/entitled.ts";
import { isSameRecord } from "./core/record.ts";
import { createLease, type LeaseState } from "./core/state.ts";
import type { LeaseEffect, LeaseEvent, LeaseNote } from "./core/types.ts";
import { leasePacketBytesMax, sentBeatsMax, stopUsMin } from "./limits.ts";
import { type LeaseStore, openLeaseStore } from "./store.ts";

/** What the leases need on a board. */
export type LeasesOptions = {
  readonly configs: readonly LeaseConfig[];
  /** This board's life, as its beats tell it. */
  readonly incarnation: Incarnation;
  readonly stateDir: string;
  readonly log: Log;
  readonly nowUs: () => MonoUs;
  /** One packet to one board; nobody repeats it. */
  readonly send: (to: SlotId, bytes: Uint8Array) => void;
  /** Something new is in the extension of the next beat. */
  readonly beatSoon: () => void;
  /** CCN: turn that life off; the answer comes by `tell` as a proof. */
  readonly fence?: (order: {
    readonly group: string;
    readonly slot: SlotId;
    readonly incarnation: Incarnation;
    readonly epoch: number;
    readonly evidence: string | undefined;
  }) => void;
  /** This board holds a group, or no longer: take or leave addresses, start or stop services. */
  readonly onHolder: (change: HolderChange) => void;
  /** How long it may act, after every event: the gate's deadline. Not after now = shut. */
  readonly onEntitled: (group: string, untilUs: MonoUs) => void;
  /** Bring everything to the successor, then call `drained`. */
  readonly onDrain: (group: string, to: SlotId) => void;
  /** What a beat of another board told, of all groups: also of those this board has no vote in. */
  readonly onTells: (from: SlotId, tells: readonly GroupTell[]) => void;
  readonly onNote: (note: LeaseNote & { readonly group: string; readonly atUs: MonoUs }) => void;
};

/** A tenure that begins or ends. */
export type HolderChange =
  | { readonly group: string; readonly active: true; readonly epoch: number }
  | { readonly group: string; readonly active: false; readonly why: string };

/** One group for `status`. */
export type LeaseReport = {
  readonly group: string;
  readonly holder: boolean;
  readonly entitledUntilUs: MonoUs;
  readonly promised: number;
  readonly record: LeaseState["record"];
  /** Holder: a majority has this record on disk. */
  readonly isCommitted: boolean;
  readonly isBlank: boolean;
};

/** The running leases. */
export type Leases = {
  /** The extension for a beat of this number that is about to leave (NETRACK's `extend`). */
  readonly extensionFor: (seq: number, roomBytes: number) => readonly BeatExtension[];
  /** An accepted beat of another board (NETRACK's `onExtensions`). */
  readonly heardBeat: (heard: {
    readonly from: SlotId;
    readonly incarnation: Incarnation;
    readonly echoedSeq: number | undefined;
    readonly extensions: readonly BeatExtension[];
  }) => void;
  /** A packet of `send`, authentic and of the sender's present life. */
  readonly heardPacket: (from: SlotId, incarnation: Incarnation, bytes: Uint8Array) => void;
  /** Any event of one group, or of all. */
  readonly give: (event: LeaseEvent, group?: string) => void;
  readonly report: () => readonly LeaseReport[];
  readonly close: () => void;
};

type Run = {
  readonly options: LeasesOptions;
  readonly store: LeaseStore;
  readonly states: Map<string, LeaseState>;
  readonly sent: { readonly seqs: Float64Array; readonly atUs: Float64Array };
  timer: ReturnType<typeof setTimeout> | undefined;
  timerUs: number;
  /** When this board last did anything here: at every beat at least. */
  lastUs: MonoUs;
  isWriting: boolean;
  isClosed: boolean;
};

/** Reads what the disk remembers and begins as a standby of every group (S2). */
export function startLeases(options: LeasesOptions): Result<Leases, string> {
  const opened = openLeaseStore(options.stateDir);
  if (!opened.ok) return opened;
  const run: Run = {
    options,
    store: opened.value,
    states: new Map(),
    sent: {
      seqs: new Float64Array(sentBeatsMax).fill(-1),
      atUs: new Float64Array(sentBeatsMax),
    },
    timer: undefined,
    timerUs: 0,
    lastUs: options.nowUs(),
    isWriting: false,
    isClosed: false,
  };
  const now = options.nowUs();
  for (const config of options.configs) {
    const disk = opened.value.remembered?.get(config.group) ?? "blank";
    const { incarnation } = options;
    run.states.set(config.group, createLease(config, { incarnation, disk }, now));
  }
  for (const group of run.states.keys()) give(run, group, { type: "timer" });
  return ok({
    extensionFor: (seq, roomBytes) => extensionFor(run, seq, roomBytes),
    heardBeat: (heard) => heardBeat(run, heard),
    heardPacket: (from, incarnation, bytes) => heardPacket(run, { from, incarnation }, bytes),
    give: (event, group) => {
      for (const each of group === undefined ? [...run.states.keys()] : [group]) {
        give(run, each, event);
      }
    },
    report: () => reportOf(run),
    close: () => {
      run.isClosed = true;
      clearTimeout(run.timer);
      run.store.close();
    },
  });
}

function give(run: Run, group: string, event: LeaseEvent): void {
  const state = run.states.get(group);
  if (state === undefined || run.isClosed) return;
  noticeStop(run);
  take(run, group, event);
}

/** V8: this process stood still for longer than two beats, so nobody was silent meanwhile. */
function noticeStop(run: Run): void {
  const now = run.options.nowUs();
  const stoodUs = now - run.lastUs;
  run.lastUs = now;
  if (stoodUs < stopUsMin) return;
  for (const group of run.states.keys()) take(run, group, { type: "stopped" });
}

function take(run: Run, group: string, event: LeaseEvent): void {
  const state = run.states.get(group);
  if (state === undefined) return;
  const now = run.options.nowUs();
  for (const effect of step(state, event, now)) carryOut(run, group, effect, now);
  run.options.onEntitled(group, entitledUntil(state, now));
}

function carryOut(run: Run, group: string, effect: LeaseEffect, now: MonoUs): void {
  const { options } = run;
  switch (effect.type) {
    case "persist":
      return writeAll(run);
    case "send": {
      const packet = encodeLeaseMessage(group, effect.message, leasePacketBytesMax);
      return packet.ok ? options.send(effect.to, packet.value) : undefined;
    }
    case "tell-soon":
      return options.beatSoon();
    case "fence": {
      const { slot, incarnation, epoch, evidence } = effect;
      return options.fence?.({ group, slot, incarnation, epoch, evidence });
    }
    case "active":
      return options.onHolder({ group, active: true, epoch: effect.epoch });
    case "inactive":
      return options.onHolder({ group, active: false, why: effect.why });
    case "drain":
      return options.onDrain(group, effect.to);
    case "note":
      return options.onNote({ ...effect.note, group, atUs: now });
    case "set-timer":
      return setTimer(run);
    default:
      return effect satisfies never;
  }
}

/** All groups' wishes in one write; what is wished meanwhile is written next. */
function writeAll(run: Run): void {
  if (run.isWriting || run.isClosed) return;
  const writes = new Map<string, number>();
  const memory = new Map<string, LeaseState["flushed"]>();
  for (const [group, { writing, flushed, blank }] of run.states) {
    if (blank !== undefined) continue; // what it never knew must not look like a memory (B1)
    if (writing !== undefined) writes.set(group, writing.write);
    const known = writing ?? flushed;
    if (!isNothing(known)) memory.set(group, known);
  }
  if (writes.size === 0) return;
  run.isWriting = true;
  run.store.write(memory, (error) => {
    run.isWriting = false;
    if (error === undefined) {
      for (const [group, write] of writes) give(run, group, { type: "persisted", write });
      return writeAll(run);
    }
    // Nothing leaves this board that rests on it; it tries again, and votes for nobody meanwhile.
    run.options.log.error("lease-disk-failed", { text: error });
    setTimeout(() => writeAll(run), diskRetryMs).unref();
  });
}

/** A disk that refused is asked again after this, ms. */
const diskRetryMs = 1000;

function extensionFor(run: Run, seq: number, roomBytes: number): readonly BeatExtension[] {
  const now = run.options.nowUs();
  const at = seq % sentBeatsMax;
  if (run.sent.seqs[at] !== seq) {
    run.sent.seqs[at] = seq; // the first network's copy counts: a lease never starts too late
    run.sent.atUs[at] = now;
  }
  noticeStop(run);
  // A sole holder hears nobody, and its gate must not wait for a timer of its own.
  for (const [group, state] of run.states) {
    if (state.acting !== undefined) run.options.onEntitled(group, entitledUntil(state, now));
  }
  const tells = [...run.states].map(([group, state]) => ({ group, ...tellOf(state, now) }));
  if (tells.length === 0) return [];
  const bytes = encodeLeaseTells(tells, roomBytes);
  if (bytes.ok) return [{ type: beatExtensionLease, bytes: bytes.value }];
  run.options.log.error("lease-untold", { text: `${tells.length} groups do not fit a beat` });
  return [];
}

function heardBeat(run: Run, heard: Parameters<Leases["heardBeat"]>[0]): void {
  const { from, incarnation, echoedSeq, extensions } = heard;
  const echoedUs = echoedSeq === undefined ? undefined : sentUs(run, echoedSeq);
  for (const { type, bytes } of extensions) {
    if (type !== beatExtensionLease) continue;
    const tells = decodeLeaseTells(bytes);
    if (!tells.ok) continue; // sealed by the chassis key: another version of ours
    run.options.onTells(from, tells.value);
    for (const { group, ...tell } of tells.value) {
      give(run, group, { type: "tell", from, incarnation, echoedUs, tell });
    }
  }
}

function sentUs(run: Run, seq: number): MonoUs | undefined {
  const at = seq % sentBeatsMax;
  const now = run.options.nowUs();
  return run.sent.seqs[at] === seq ? addUs(now, (run.sent.atUs[at] ?? 0) - now) : undefined;
}

function heardPacket(
  run: Run,
  sender: { readonly from: SlotId; readonly incarnation: Incarnation },
  bytes: Uint8Array,
): void {
  const packet = decodeLeaseMessage(bytes);
  if (!packet.ok) return;
  const { group, message } = packet.value;
  give(run, group, { type: "message", ...sender, message });
}

/** One timer for all groups, at the earliest of theirs. */
function setTimer(run: Run): void {
  if (run.isClosed) return;
  const now = run.options.nowUs();
  let atUs = Number.MAX_SAFE_INTEGER;
  for (const { timerUs } of run.states.values())
    if (timerUs > now && timerUs < atUs) atUs = timerUs;
  if (run.timer !== undefined && run.timerUs === atUs) return;
  clearTimeout(run.timer);
  run.timer = undefined;
  if (atUs === Number.MAX_SAFE_INTEGER) return;
  run.timerUs = atUs;
  run.timer = setTimeout(
    () => {
      run.timer = undefined;
      for (const group of run.states.keys()) give(run, group, { type: "timer" });
      setTimer(run);
    },
    Math.ceil((atUs - now) / 1000),
  );
}

function reportOf(run: Run): LeaseReport[] {
  const now = run.options.nowUs();
  return [...run.states].map(([group, state]) => ({
    group,
    holder: state.acting?.isTold === true,
    entitledUntilUs: entitledUntil(state, now),
    promised: state.promised,
    record: state.record,
    isCommitted: isSettled(state),
    isBlank: state.blank !== undefined,
  }));
}

function isSettled({ acting, record }: LeaseState): boolean {
  return acting?.committed !== undefined && isSameRecord(acting.committed, record);
}
