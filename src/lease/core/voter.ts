// The voter: to whom this board promises and grants (V1 to V7), and what must be on disk before
// anybody hears of it.

import { addUs, ccnSlot, type Incarnation, type SlotId } from "../../base/index.ts";
import { type LeaseConfig, ownerOf } from "../config.ts";
import { entitledUntil } from "./entitled.ts";
import { compareRecords, holderOf, isSameRecord } from "./record.ts";
import { note, type Run, send } from "./state.ts";
import { stopActing } from "./stop.ts";
import type { LeaseMessage, LeaseRecord, Proof, RefuseReason } from "./types.ts";

/** Why this voter may not turn to the owner of `epoch` yet; undefined = it may (V4). */
export function boundReason({ state, now }: Run, epoch: number): RefuseReason | undefined {
  const { config, record, proofs } = state;
  const holder = holderOf(config, record);
  if (holder === undefined || holder === ownerOf(config, epoch) || holder === config.self) {
    return undefined;
  }
  if (proofs.some((proof) => proof.kind === "released" && proof.epoch === record.epoch)) {
    return undefined;
  }
  const off = proofs.filter(
    (proof) =>
      proof.kind === "off" && proof.slot === holder && proof.incarnation === record.incarnation,
  );
  if (off.some((proof) => proof.kind === "off" && proof.strong)) return undefined;
  const isExpired = state.grantUntilUs <= now && !record.bound.includes(config.self); // H7
  if (isExpired && (off.length > 0 || config.unfenced === "after-lease")) return undefined;
  return "holder-not-proven-off";
}

/** Keeps a proof that is news and about a holder that may still matter. */
export function learn(run: Run, proofs: readonly Proof[]): void {
  const { state } = run;
  const { config, record } = state;
  for (const proof of proofs) {
    const mayMatter =
      proof.kind === "released" ? proof.epoch >= record.epoch : config.holders.includes(proof.slot);
    if (!mayMatter || state.proofs.some((known) => isSame(known, proof))) continue;
    state.proofs = [...withoutOne(run), proof];
  }
}

/**
 * Keeps what another board knows about the holder of its record, or of ours. Not all it knows: boards
 * that hand each other all their old proofs push out the one that counts.
 */
export function learnFrom(
  run: Run,
  told: { readonly record: LeaseRecord; readonly proofs: readonly Proof[] },
): void {
  const { config, record } = run.state;
  const counts = [record, told.record];
  learn(
    run,
    told.proofs.filter((proof) => counts.some((each) => isAbout(config, each, proof))),
  );
}

/** Room for one more: the oldest goes that is not about the holder of our record. */
function withoutOne({ state }: Run): readonly Proof[] {
  const { proofs, config, record } = state;
  if (proofs.length < proofsMax) return proofs;
  const oldest = Math.max(
    0,
    proofs.findIndex((proof) => !isAbout(config, record, proof)),
  );
  return proofs.toSpliced(oldest, 1);
}

/** Does it free a voter that has this record? */
function isAbout(config: LeaseConfig, record: LeaseRecord, proof: Proof): boolean {
  if (proof.kind === "released") return proof.epoch === record.epoch;
  return proof.slot === holderOf(config, record) && proof.incarnation === record.incarnation;
}

/** Lives and releases remembered: those of the last holders. */
const proofsMax = 8;

function isSame(a: Proof, b: Proof): boolean {
  if (a.kind === "released" || b.kind === "released") {
    return (
      a.kind === b.kind && a.kind === "released" && b.kind === "released" && a.epoch === b.epoch
    );
  }
  return a.slot === b.slot && a.incarnation === b.incarnation && a.strong === b.strong;
}

/** A holder's record in its beat: accept and grant (V3, V6), or leave it. */
export function hearRecord(
  run: Run,
  from: { readonly slot: SlotId; readonly incarnation: Incarnation },
  record: LeaseRecord,
): void {
  const { state, now } = run;
  const { config } = state;
  if (state.blank !== undefined) return; // B1
  if (ownerOf(config, record.epoch) !== from.slot || record.incarnation !== from.incarnation)
    return;
  if (record.epoch < state.promised) return;
  const order = compareRecords(record, state.record);
  if (order < 0) return;
  state.grantUntilUs = addUs(now, config.timing.grantUs);
  if (order === 0) return;
  if (state.acting !== undefined) stopActing(run, `slot ${from.slot} holds epoch ${record.epoch}`);
  state.record = record;
  state.promised = record.epoch;
  if (state.asking !== undefined && state.asking.epoch <= record.epoch) state.asking = undefined;
  if (state.pending !== undefined && state.pending.epoch <= record.epoch) state.pending = undefined;
  state.fencing = undefined;
  persist(run);
}

/** Brings what was decided to disk, one write at a time. */
export function persist(run: Run): void {
  const { state } = run;
  const { promised, record, flushed } = state;
  if (state.writing !== undefined) return;
  if (flushed.promised === promised && isSameRecord(flushed.record, record)) return;
  state.writes++;
  state.writing = { write: state.writes, promised, record };
  run.effects.push({ type: "persist", write: state.writes, promised, record });
}

/** A candidate asks (V2, V4, F1, F2). */
export function hearAsk(
  run: Run,
  from: { readonly slot: SlotId; readonly incarnation: Incarnation },
  ask: Extract<LeaseMessage, { type: "ask" }>,
): void {
  const { state } = run;
  learnFrom(run, ask);
  if (ownerOf(state.config, ask.epoch) !== from.slot) return;
  const reason = whyNot(run, from, ask);
  if (reason !== undefined) return refuse(run, from.slot, ask.epoch, reason);
  if (!state.config.voters.includes(state.config.self))
    return answerFence(run, from.slot, ask.epoch);
  // Whoever gave its word waits for what comes of it: two that stand against each other win nothing.
  state.standUntilUs = addUs(run.now, 2 * state.config.timing.silentUs);
  state.pending = { from: from.slot, incarnation: from.incarnation, epoch: ask.epoch };
  if (state.promised < ask.epoch) {
    if (state.acting !== undefined) stopActing(run, `promised epoch ${ask.epoch}`); // V7
    state.promised = ask.epoch;
    if (state.asking !== undefined && state.asking.epoch < ask.epoch) state.asking = undefined;
    persist(run);
  }
  givePromise(run);
}

function whyNot(
  run: Run,
  from: { readonly slot: SlotId },
  ask: Extract<LeaseMessage, { type: "ask" }>,
): RefuseReason | undefined {
  const { state, now } = run;
  if (state.isMaintenance) return "maintenance";
  if (state.blank !== undefined) return "voter-blank";
  if (ask.epoch < state.promised || ask.epoch <= state.record.epoch) return "promised-higher";
  // A holder that may act does not depose itself (I4).
  if (entitledUntil(state, now) > now) return "holder-claims-to-act";
  const bound = boundReason(run, ask.epoch);
  if (bound === undefined || state.config.self !== ccnSlot) return bound;
  return considerFence(run, from.slot, ask);
}

/** The CCN turns the holder off if the asker may take its place and the holder is silent (F1, F2). */
function considerFence(
  run: Run,
  asker: SlotId,
  ask: Extract<LeaseMessage, { type: "ask" }>,
): RefuseReason | undefined {
  const { state, now } = run;
  const best = compareRecords(ask.record, state.record) > 0 ? ask.record : state.record;
  const target = holderOf(state.config, best);
  if (target === undefined || !best.inSync.includes(asker)) return "not-in-sync";
  const peer = state.peers[target];
  if (peer === undefined) return "holder-not-proven-off";
  const claims = peer.claimUntilUs > now && peer.evidence === undefined;
  if (claims) return "holder-claims-to-act";
  if (state.listenUntilUs > now && peer.evidence === undefined) return "voter-late";
  const { incarnation } = best;
  const { evidence } = peer;
  const isOrdered =
    state.fencing?.slot === target &&
    state.fencing.incarnation === incarnation &&
    state.fencing.epoch === ask.epoch;
  if (!isOrdered) {
    state.fencing = { slot: target, incarnation, epoch: ask.epoch };
    const why = evidence ?? "silent on both networks";
    note(run, "lease-fence-ordered", { epoch: ask.epoch, slot: target, why });
  }
  // Ordered at every question: the fence may have refused, or proven nothing, the time before (F7).
  run.effects.push({ type: "fence", slot: target, incarnation, epoch: ask.epoch, evidence });
  return undefined; // the promise goes to disk meanwhile and leaves with the proof
}

/** A CCN that has no vote (three controllers) answers with what it knows. */
function answerFence(run: Run, to: SlotId, epoch: number): void {
  refuse(run, to, epoch, "holder-not-proven-off");
}

/** The promise leaves once it is on disk and this voter is free (V4, V5). */
export function givePromise(run: Run): void {
  const { state } = run;
  const { pending, flushed } = state;
  if (pending === undefined || state.promised !== pending.epoch) return;
  if (flushed.promised !== pending.epoch || boundReason(run, pending.epoch) !== undefined) return;
  state.pending = undefined;
  note(run, "lease-promised", { epoch: pending.epoch, slot: pending.from, why: "asked for it" });
  send(run, pending.from, {
    type: "promise",
    epoch: pending.epoch,
    to: pending.incarnation,
    record: flushed.record,
    proofs: state.proofs,
  });
}

function refuse(run: Run, to: SlotId, epoch: number, reason: RefuseReason): void {
  const { state } = run;
  const { promised, flushed, proofs } = state;
  send(run, to, { type: "refuse", epoch, reason, promised, record: flushed.record, proofs });
}
