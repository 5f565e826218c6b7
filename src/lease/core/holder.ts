// The holder: commits its records, keeps the in-sync set true (D2, D4), binds grants when votes are
// short (H7), releases what it cannot keep (H5) and stands again when it was outbid (H6).

import { addUs, type MonoUs, type SlotId } from "../../base/index.ts";
import { majority, ownVotes } from "../config.ts";
import { entitledUntil, leaseMajorityUntil } from "./entitled.ts";
import { compareLogEnds, isAlone, isSameRecord, withoutSlot, withSlot } from "./record.ts";
import { type Acting, never, note, type Run, send } from "./state.ts";
import { stopActing } from "./stop.ts";
import type { LeaseRecord, Tell } from "./types.ts";
import { learn, persist } from "./voter.ts";

/** A voter's beat about our epoch: acceptance and lease (H2). */
export function hearGrant(
  run: Run,
  from: { readonly slot: SlotId; readonly echoedUs: MonoUs | undefined },
  tell: Tell,
): void {
  const { state } = run;
  const { acting, record, config } = state;
  if (acting === undefined || !config.voters.includes(from.slot)) return;
  if (tell.epoch !== acting.epoch || tell.promised !== acting.epoch) return;
  if (from.echoedUs !== undefined) {
    const untilUs = addUs(from.echoedUs, config.timing.leaseUs);
    if (untilUs > (acting.leases[from.slot] ?? 0)) acting.leases[from.slot] = untilUs;
  }
  if (tell.version === record.version) accept(run, acting, from.slot);
}

/** A voter has our newest record on disk. */
export function accept(run: Run, acting: Acting, voter: SlotId): void {
  const { state } = run;
  if (!acting.accepted.includes(voter)) acting.accepted = withSlot(acting.accepted, voter);
  const votes = acting.accepted.filter((slot) => state.config.voters.includes(slot)).length;
  if (isCommitted(run, acting) || votes < majority(state.config)) return;
  acting.committed = state.record;
  const why = `on disk at ${acting.accepted.join(", ")}`;
  note(run, "lease-committed", { epoch: acting.epoch, slot: state.config.self, why });
  if (acting.isTold) return;
  acting.isTold = true;
  run.effects.push({ type: "active", epoch: acting.epoch });
}

/** Is the newest record of ours on disk at a majority? */
function isCommitted({ state }: Run, acting: Acting): boolean {
  return acting.committed !== undefined && isSameRecord(acting.committed, state.record);
}

/** Writes a new record of our epoch; told once it is on our own disk. */
export function propose(run: Run, acting: Acting, record: LeaseRecord): void {
  run.state.record = record;
  acting.accepted = [];
  persist(run);
}

/** Begins an epoch with its first record (E4). */
export function begin(run: Run, record: LeaseRecord): void {
  const { state } = run;
  stopActing(run, `stands in epoch ${record.epoch}`);
  const acting: Acting = {
    epoch: record.epoch,
    committed: undefined,
    accepted: [],
    leases: {},
    isTold: false,
    lapsedUntilUs: never,
    outbidUntilUs: never,
    shortUntilUs: never,
    successor: undefined,
  };
  state.acting = acting;
  state.asking = undefined;
  const names = record.inSync.join(", ");
  note(run, "lease-proposed", { epoch: record.epoch, why: `in sync: ${names}` });
  propose(run, acting, record);
}

/** What a holder looks after whenever anything happens. */
export function tend(run: Run): void {
  const { state } = run;
  if (state.acting === undefined) return;
  tendTenure(run, state.acting);
  if (state.acting !== undefined) tendMembers(run, state.acting);
}

/** H5: a lapsed holder queues, and releases when its grants do not return. */
function tendTenure(run: Run, acting: Acting): void {
  const { state, now } = run;
  if (!acting.isTold) return;
  const patienceUs = 2 * state.config.timing.grantUs;
  if (entitledUntil(state, now) > now) {
    acting.lapsedUntilUs = never;
  } else if (acting.lapsedUntilUs === 0) {
    acting.lapsedUntilUs = addUs(now, patienceUs);
  } else if (acting.lapsedUntilUs <= now) {
    release(run, undefined, "no majority grants");
  }
}

/** One proposal is outstanding at a time; who is gone leaves first, then who is back comes in. */
function tendMembers(run: Run, acting: Acting): void {
  const { state } = run;
  const { record } = state;
  if (!isCommitted(run, acting)) return;
  const next = withoutSilent(run) ?? withReturned(run) ?? withBound(run, acting);
  if (next !== undefined) propose(run, acting, { ...next, version: record.version + 1 });
}

/** D2: a standby that is silent or stalls is left out. */
function withoutSilent(run: Run): LeaseRecord | undefined {
  const { state, now } = run;
  const { record, config } = state;
  const patienceUs = config.timing.replicaUs - config.timing.silentUs;
  for (const slot of record.inSync) {
    const peer = state.peers[slot];
    if (peer === undefined) continue;
    const isSilent =
      peer.heardUntilUs + patienceUs <= now && state.listenUntilUs + patienceUs <= now;
    const isStalling = peer.stallsUs !== 0 && peer.stallsUs <= now;
    if (!isSilent && !isStalling) continue;
    const why = `slot ${slot} ${isSilent ? "is silent" : "does not keep up"}`;
    note(run, "lease-alone", { slot, why });
    const inSync = withoutSlot(record.inSync, slot);
    // Alone it needs no grants (H3), so nobody has to be bound.
    return { ...record, inSync, bound: inSync.length === 1 ? [] : record.bound };
  }
  return undefined;
}

/** D4: a standby that accepted this epoch's record and has every entry is in sync again. */
function withReturned(run: Run): LeaseRecord | undefined {
  const { state, now } = run;
  const { record, config } = state;
  if (leaseMajorityUntil(state, now) <= now) return undefined;
  for (const slot of config.holders) {
    const peer = state.peers[slot];
    if (peer === undefined || record.inSync.includes(slot) || peer.heardUntilUs <= now) continue;
    const isHere = peer.epoch === record.epoch && peer.version === record.version;
    if (!isHere || compareLogEnds(peer.logEnd, state.logEnd) !== 0) continue;
    note(run, "lease-in-sync", { slot, why: `has everything up to ${state.logEnd.seq}` });
    return { ...record, inSync: withSlot(record.inSync, slot) };
  }
  return undefined;
}

/**
 * H7: when one more loss would end the majority, the voters that are left bind themselves: they
 * turn to nobody else without strong proof, so their grants need no renewal and their death stops
 * nothing. The price is a fence later. Undone when votes are no longer short.
 */
function withBound(run: Run, acting: Acting): LeaseRecord | undefined {
  const { state, now } = run;
  const { record, config } = state;
  if (isAlone(record, config.self)) return undefined;
  const heard = config.voters.filter((slot) => (state.peers[slot]?.heardUntilUs ?? 0) > now);
  const votes = heard.length + ownVotes(config);
  if (votes > majority(config)) acting.shortUntilUs = never;
  else if (acting.shortUntilUs === 0) acting.shortUntilUs = addUs(now, 4 * config.timing.grantUs);
  const isShort = acting.shortUntilUs !== 0 && acting.shortUntilUs <= now;
  const bound = isShort ? heard.filter((slot) => acting.accepted.includes(slot)) : [];
  // Who is bound and silent stays so: it may have died, and its grant is what we stand on.
  const kept = isShort ? record.bound.filter((slot) => !bound.includes(slot)) : [];
  const next = [...bound, ...kept].toSorted((a, b) => a - b);
  if (next.join() === record.bound.join()) return undefined;
  const why = isShort ? `slots ${next.join(", ")}: votes are short` : "votes are enough again";
  note(run, "lease-bound", { why });
  return { ...record, bound: next };
}

/** Begins to hand over (D5); false if that board cannot take it. */
export function handOver(run: Run, to: SlotId): void {
  const { state, now } = run;
  const { acting } = state;
  const peer = state.peers[to];
  const mayTake =
    acting?.isTold === true &&
    acting.committed?.inSync.includes(to) === true &&
    state.record.inSync.includes(to) &&
    (peer?.heardUntilUs ?? 0) > now;
  if (acting === undefined || !mayTake) {
    return note(run, "lease-waits", { slot: to, why: `slot ${to} is not in sync or not heard` });
  }
  acting.successor = to;
  run.effects.push({ type: "drain", to });
}

/** The holder never acts in this epoch again; everybody may know (D5). */
export function release(run: Run, successor: SlotId | undefined, why: string): void {
  const { state, now } = run;
  const { acting, config, logEnd } = state;
  if (acting === undefined) return;
  stopActing(run, why);
  // The others go first: the successor, or whoever is able now.
  state.standUntilUs = addUs(now, 4 * config.timing.silentUs);
  learn(run, [{ kind: "released", epoch: acting.epoch, logEnd }]);
  note(run, "lease-released", { epoch: acting.epoch, slot: config.self, why });
  for (const to of new Set([...config.voters, ...config.holders])) {
    if (to === config.self) continue;
    send(run, to, { type: "release", epoch: acting.epoch, logEnd, successor });
  }
}
