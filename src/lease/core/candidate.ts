// Elections (E1 to E5): when a board stands, whom it asks, and with which record it begins.

import { addUs, ccnSlot, type Incarnation, type SlotId } from "../../base/index.ts";
import { majority, nextEpochOf, ownVotes } from "../config.ts";
import { begin } from "./holder.ts";
import { compareLogEnds, compareRecords, holderOf } from "./record.ts";
import { type Asking, note, type Run, send } from "./state.ts";
import type { Forced, LeaseMessage, LeaseRecord } from "./types.ts";
import { boundReason, learnFrom } from "./voter.ts";

/** Stands if nobody acts and this board could (E1, E5); asks again if it already stands. */
export function considerStanding(run: Run): void {
  const { state, now } = run;
  const { asking } = state;
  if (asking !== undefined) {
    if (isSomebodyActing(run)) state.asking = undefined;
    else if (asking.askAgainUs <= now) askAll(run, asking);
    return;
  }
  if (mayStand(run)) stand(run, undefined);
}

function mayStand(run: Run): boolean {
  const { state, now } = run;
  const { config, record } = state;
  if (!config.holders.includes(config.self) || !state.isAble || state.isMaintenance) return false;
  if (state.acting !== undefined || state.blank !== undefined) return false;
  if (!record.inSync.includes(config.self) || state.standUntilUs > now) return false;
  if (isSomebodyActing(run)) return false;
  return isHolderGone(run) && isTurn(run);
}

/** Is a board heard that says it may act, and does nothing else say that it is gone? */
function isSomebodyActing({ state, now }: Run): boolean {
  return Object.values(state.peers).some(
    (peer) => peer.claimUntilUs > now && peer.evidence === undefined,
  );
}

/** Silent, released, known to be off, in another life, or never there. */
function isHolderGone(run: Run): boolean {
  const { state, now } = run;
  const holder = holderOf(state.config, state.record);
  if (holder === undefined || holder === state.config.self) return true;
  if (
    boundReason(run, nextEpochOf(state.config, state.config.self, state.record.epoch)) === undefined
  )
    return true;
  const peer = state.peers[holder];
  if (peer === undefined || peer.evidence !== undefined) return true;
  return peer.heardUntilUs <= now && state.listenUntilUs <= now;
}

/** E5: after a cold start missing members are waited for, and the last holder goes first. */
function isTurn({ state, now }: Run): boolean {
  const { config, record } = state;
  const others = record.inSync.filter((slot) => slot !== config.self);
  const heard = others.filter((slot) => (state.peers[slot]?.heardUntilUs ?? 0) > now);
  const isCold = state.coldUntilUs > now;
  if (isCold && heard.length < others.length) return false;
  // Who goes first among those that could: the last holder, then the lowest slot.
  const first = holderOf(config, record) ?? record.inSync[0];
  if (first === config.self || first === undefined || !heard.includes(first)) {
    const before = heard.filter((slot) => slot < config.self && slot !== first).length;
    return state.listenUntilUs + before * config.timing.askAgainUs <= now;
  }
  // The last holder is here and does not stand: it is not able, or it released.
  return state.listenUntilUs + (1 + others.length) * config.timing.askAgainUs <= now;
}

/** Asks every voter, and the CCN for the fence, for this board's next epoch. */
export function stand(run: Run, forced: Forced | undefined): void {
  const { state, now } = run;
  const { config } = state;
  const known = Object.values(state.peers).map(({ promised, epoch }) => Math.max(promised, epoch));
  const above = Math.max(state.promised, state.record.epoch, state.asked, ...known);
  const epoch = nextEpochOf(config, config.self, above);
  state.asked = epoch;
  const asking: Asking = { epoch, promises: {}, askAgainUs: now, forced };
  state.asking = asking;
  const holder = holderOf(config, state.record);
  const evidence = holder === undefined ? undefined : state.peers[holder]?.evidence;
  const why = evidence ?? (holder === undefined ? "nobody held it" : "not heard on A and B");
  note(run, "lease-asked", { epoch, ...(holder === undefined ? {} : { slot: holder }), why });
  askAll(run, asking);
}

function askAll(run: Run, asking: Asking): void {
  const { state, now } = run;
  const { config } = state;
  asking.askAgainUs = addUs(now, config.timing.askAgainUs);
  for (const to of new Set([ccnSlot, ...config.voters])) {
    if (to === config.self || asking.promises[to] !== undefined) continue;
    const { epoch } = asking;
    send(run, to, { type: "ask", epoch, record: state.flushed.record, proofs: state.proofs });
  }
  considerProposing(run);
}

/** A voter's yes. */
export function hearPromise(
  run: Run,
  from: SlotId,
  promise: Extract<LeaseMessage, { type: "promise" }>,
): void {
  const { state } = run;
  const { asking } = state;
  learnFrom(run, promise);
  if (asking === undefined || promise.epoch !== asking.epoch) return;
  if (promise.to !== state.incarnation || !state.config.voters.includes(from)) return; // B2
  asking.promises[from] = promise.record;
  considerProposing(run);
}

/** A voter's no, with what it knows better. */
export function hearRefusal(
  run: Run,
  from: { readonly slot: SlotId; readonly incarnation: Incarnation },
  refusal: Extract<LeaseMessage, { type: "refuse" }>,
): void {
  const { state, now } = run;
  const { asking, config } = state;
  const before = state.proofs;
  learnFrom(run, refusal);
  const peer = state.peers[from.slot];
  if (peer !== undefined && refusal.promised > peer.promised) peer.promised = refusal.promised;
  if (asking === undefined || refusal.epoch !== asking.epoch) return;
  if (refusal.reason === "promised-higher") {
    state.asking = undefined;
    state.standUntilUs = addUs(now, config.timing.askAgainUs);
  } else if (state.proofs !== before) {
    askAll(run, asking); // others wait for what we have just learnt
  } else if (refusal.reason === "holder-claims-to-act" || refusal.reason === "voter-late") {
    // It will see in a moment what this board has seen already.
    const soonUs = addUs(now, config.timing.askAgainUs / 8);
    if (soonUs < asking.askAgainUs) asking.askAgainUs = soonUs;
  }
  const { reason, epoch } = refusal;
  note(run, "lease-refused", { epoch, slot: from.slot, why: reason });
}

/** Begins the epoch once a majority promised and the newest record allows it (E2 to E4, D3). */
export function considerProposing(run: Run): void {
  const { state } = run;
  const { asking, config } = state;
  if (asking === undefined || boundReason(run, asking.epoch) !== undefined) return;
  if (state.promised > asking.epoch || state.record.epoch >= asking.epoch) return;
  const others = Object.values(asking.promises);
  if (others.length + ownVotes(config) < majority(config)) return;
  state.promised = asking.epoch; // E2: on disk with the record, before anybody hears of it
  const best = others.reduce((a, b) => (compareRecords(b, a) > 0 ? b : a), state.record);
  const forced = best.inSync.includes(config.self) ? undefined : asking.forced;
  if (!best.inSync.includes(config.self) && !mayForce(run, best, asking)) return wait(run, best);
  if (forced !== undefined) note(run, "lease-forced", { epoch: asking.epoch, why: forced.reason });
  const { epoch } = asking;
  const inSync = membersAfter(run, best);
  const { incarnation } = state;
  begin(run, { epoch, version: 0, incarnation, inSync, bound: [], forced });
}

/** O1: an operator's promotion skips D3 only, and needs proof about the best record's holder. */
function mayForce({ state }: Run, best: LeaseRecord, asking: Asking): boolean {
  if (asking.forced === undefined) return false;
  const holder = holderOf(state.config, best);
  if (holder === undefined || holder === state.config.self) return true;
  return state.proofs.some((proof) =>
    proof.kind === "released"
      ? proof.epoch === best.epoch
      : proof.strong && proof.slot === holder && proof.incarnation === best.incarnation,
  );
}

function wait(run: Run, best: LeaseRecord): void {
  const { state, now } = run;
  state.asking = undefined;
  state.standUntilUs = addUs(now, state.config.timing.coldUs / 10);
  const names = best.inSync.join(", ");
  note(run, "lease-waits", { epoch: best.epoch, why: `the newest data are on ${names}` });
}

/** E4, D5: alone, or with the releaser if nothing was left on the way. */
function membersAfter(run: Run, best: LeaseRecord): readonly SlotId[] {
  const { state } = run;
  const { config, logEnd, proofs } = state;
  const holder = holderOf(config, best);
  const isDrained = proofs.some(
    (proof) =>
      proof.kind === "released" &&
      proof.epoch === best.epoch &&
      compareLogEnds(proof.logEnd, logEnd) === 0,
  );
  const keepsHolder =
    holder !== undefined && holder !== config.self && isDrained && best.inSync.includes(holder);
  return keepsHolder ? [config.self, holder].toSorted((a, b) => a - b) : [config.self];
}
