// Rows: what one board tells of another in its beat. A row is the 16 flag bits of the wire plus a
// bit that says whether an incarnation came with it; -1 means that the beat did not list the slot.

import type { SlotId } from "../../base/index.ts";
import { type Beat, beatPeerFlags } from "../../wire/index.ts";
import { unsteadyBeats } from "../limits.ts";
import { isOverdue, isRising } from "./paths.ts";
import {
  isHeard,
  networkIndices,
  type NetworkIndex,
  type Peer,
  seqDistance,
  type State,
  touch,
} from "./state.ts";

/** Set when the row named an incarnation; the 16 bits below are the wire's. */
const hasIncarnation = 0x10000;
/** Answers of `readRows`. */
export const rowsOfUs = 1;
/** Answers of `readRows`. */
export const rowsOfCarriers = 2;
const carrierBits = beatPeerFlags.carrierLostA | beatPeerFlags.carrierLostB;
/** Bits by network index. */
const hearsBits = [beatPeerFlags.hearsA, beatPeerFlags.hearsB] as const;
const heardByBits = [beatPeerFlags.heardByA, beatPeerFlags.heardByB] as const;
const lostBits = [beatPeerFlags.carrierLostA, beatPeerFlags.carrierLostB] as const;
const dampedBits = [beatPeerFlags.dampedA, beatPeerFlags.dampedB] as const;

/**
 * Takes over what `beat` tells of everybody. A row about us counts only if it names our present
 * life; else the sender speaks of our predecessor. The answer's bits: `rowsOfUs` = what it says of
 * us has changed, `rowsOfCarriers` = what it says of anybody's carrier, which names culprits.
 */
export function readRows(state: State, peer: Peer, beat: Beat): number {
  let i = 0;
  let isChanged = false;
  let news = 0;
  const before = peer.rows[state.self] ?? -1;
  for (const slot of state.slots) {
    while (i < beat.peers.length && (beat.peers[i]?.slot ?? 64) < slot) i++;
    const entry = beat.peers[i];
    let row = -1;
    if (entry !== undefined && entry.slot === slot) {
      const isOurs =
        slot !== state.self ||
        (entry.incarnationHi === state.hi && entry.incarnationLo === state.lo);
      const known = entry.incarnationHi !== 0 || entry.incarnationLo !== 0;
      if (isOurs && slot === state.self) {
        peer.echoSeqs[0] = entry.seqA;
        peer.echoSeqs[1] = entry.seqB;
      }
      if (isOurs) row = entry.flags | (known ? hasIncarnation : 0);
      peer.rowHi[slot] = entry.incarnationHi;
      peer.rowLo[slot] = entry.incarnationLo;
    }
    const was = peer.rows[slot] ?? -1;
    if (was === row) continue;
    peer.rows[slot] = row;
    isChanged = true;
    if (((was ^ row) & carrierBits) !== 0) news |= rowsOfCarriers;
  }
  if (isChanged) touch(state, peer.slot);
  return peer.rows[state.self] === before ? news : news | rowsOfUs;
}

/** Has the teller an opinion on `slot`? Not while it is young, and not on unproven lives. */
export function hasOpinion(teller: Peer, slot: SlotId): boolean {
  const row = teller.rows[slot] ?? -1;
  return row >= 0 && ((row & beatPeerFlags.proven) !== 0 || (row & hasIncarnation) === 0);
}

/** Does the teller hear `slot` on this network? */
export function tellsHears(teller: Peer, slot: SlotId, network: NetworkIndex): boolean {
  return hasOpinion(teller, slot) && ((teller.rows[slot] ?? 0) & hearsBits[network]) !== 0;
}

/** Does the teller hear `slot` on any network? */
export function tellsHeard(teller: Peer, slot: SlotId): boolean {
  return tellsHears(teller, slot, 0) || tellsHears(teller, slot, 1);
}

/** Did `slot` tell the teller that it hears the teller on this network? */
export function tellsHeardBy(teller: Peer, slot: SlotId, network: NetworkIndex): boolean {
  return ((teller.rows[slot] ?? 0) & heardByBits[network]) !== 0 && (teller.rows[slot] ?? -1) >= 0;
}

/** Did `slot` tell the teller that it has no carrier on this network? */
export function tellsLost(teller: Peer, slot: SlotId, network: NetworkIndex): boolean {
  return ((teller.rows[slot] ?? 0) & lostBits[network]) !== 0 && (teller.rows[slot] ?? -1) >= 0;
}

/** Does the teller hold its path from `slot` down because it flapped? */
export function tellsDamped(teller: Peer, slot: SlotId, network: NetworkIndex): boolean {
  return ((teller.rows[slot] ?? 0) & dampedBits[network]) !== 0 && (teller.rows[slot] ?? -1) >= 0;
}

/** Does the teller say that `slot` goes down in order? */
export function tellsLeaving(teller: Peer, slot: SlotId): boolean {
  return ((teller.rows[slot] ?? 0) & beatPeerFlags.leaving) !== 0 && (teller.rows[slot] ?? -1) >= 0;
}

/** Does the teller say that `slot` is degraded? */
export function tellsDegraded(teller: Peer, slot: SlotId): boolean {
  return (
    ((teller.rows[slot] ?? 0) & beatPeerFlags.degraded) !== 0 && (teller.rows[slot] ?? -1) >= 0
  );
}

/** Does the teller expect a path between itself and `slot` to change soon? */
export function tellsUnsteady(teller: Peer, slot: SlotId): boolean {
  return (
    ((teller.rows[slot] ?? 0) & beatPeerFlags.unsteady) !== 0 && (teller.rows[slot] ?? -1) >= 0
  );
}

/**
 * Is a path between us and this peer about to change? Ours from it is overdue or on its way up, or
 * the peer calls its path from us up although it misses our newest beats there (or down although
 * it has them): its verdict is on its way.
 */
export function isUnsteady(state: State, peer: Peer, nowUs: number): boolean {
  if (!isHeard(peer)) return false;
  for (const network of networkIndices) {
    if (isOverdue(state, peer, network, nowUs) || isRising(state, peer, network, nowUs))
      return true;
    if (!tellsHeard(peer, state.self) || tellsDamped(peer, state.self, network)) continue;
    const behind = seqDistance(peer.echoSeqs[network === 0 ? 1 : 0], peer.echoSeqs[network]);
    if (behind < unsteadyBeats !== tellsHears(peer, state.self, network)) return true;
  }
  return false;
}

/**
 * Has a life just proven itself on one network while its first beat on the other may still come?
 * Until then we have no opinion on it, or a restart would look like a lost path to all others.
 */
function isHalfHeard(state: State, peer: Peer, nowUs: number): boolean {
  if (peer.paths[0].wasUp && peer.paths[1].wasUp) return false;
  return nowUs - peer.provenUs < 2 * state.timing.beatUs + state.timing.lateUs;
}

/** The row we send about a peer. */
export function rowOf(state: State, peer: Peer, nowUs: number): number {
  let flags = peer.isProven && !isHalfHeard(state, peer, nowUs) ? beatPeerFlags.proven : 0;
  if (peer.leaving) flags |= beatPeerFlags.leaving;
  if (peer.degraded) flags |= beatPeerFlags.degraded;
  if (isUnsteady(state, peer, nowUs)) flags |= beatPeerFlags.unsteady;
  for (const network of networkIndices) {
    const path = peer.paths[network];
    if (path.up) flags |= hearsBits[network];
    // A peer in its first beats has no opinion yet, but only answers because it hears us.
    const isAnswer = isHeard(peer) && !hasOpinion(peer, state.self);
    if (isAnswer || tellsHears(peer, state.self, network)) flags |= heardByBits[network];
    if (path.peerLost) flags |= lostBits[network];
    if (path.dampedUntilUs > nowUs) flags |= dampedBits[network];
  }
  return flags;
}
