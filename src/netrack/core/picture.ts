// The picture: board states and path states worked out from what we hear and what hubs tell.
//
// Who is believed about the direction from F to T on a network:
//   1. T is this board: own hearing (core/paths.ts).
//   2. T is heard here: T's own newest row about F. A board knows best what it hears.
//   3. F is heard here and hears T: F's row about T, which passes on what T told F.
//   4. both are io-cards, which don't hear each other: up if F is heard by some hub and T hears
//      some hub there (not kept, see `pathCode`).
// A teller has no opinion on boards it has not proven yet; the state is then unknown (code 0).
//
// A board is up if this board hears it, or a hub that this board hears says it does. Hubs that
// disagree are broken paths, not a dead board: one hub that hears it is enough. It is down when
// somebody who could know says not, and nobody that might still speak up is overdue.
// If this board hears nobody any more, it does not accuse the others: see `isCutOff`.

import type { MonoUs, SlotId } from "../../base/index.ts";
import { isolationWindowUs, recheckUs, settleMaxUs, settleUs } from "../limits.ts";
import type { BoardState } from "../types.ts";
import type { Effect } from "./events.ts";
import { isPeerOverdue, isRising } from "./paths.ts";
import { hasOpinion, tellsHeard, tellsHeardBy, tellsHears, tellsLeaving } from "./rows.ts";
import {
  cellAt,
  grownUs,
  isHeard,
  networkIndices,
  type NetworkIndex,
  networkOf,
  type PathCode,
  type Peer,
  type State,
  timeOf,
  touch,
} from "./state.ts";

/** Brings the picture up to date and tells what changed. Cheap when nothing was touched. */
export function refresh(state: State, now: MonoUs, out: Effect[]): void {
  const { picture } = state;
  if (picture.recheckUs >= 0 && picture.recheckUs <= now) {
    picture.recheckUs = -1;
    picture.isDirty = true;
  }
  if (!picture.isDirty) return;
  picture.isDirty = false;
  picture.isIsolated = isCutOff(state);
  let isChanged = false;
  for (const slot of state.slots) {
    isChanged = refreshBoard(state, slot, now, out) || isChanged;
  }
  for (const slot of state.slots) {
    if (picture.dirty[slot] !== 1) continue;
    picture.dirty[slot] = 0;
    isChanged = refreshPaths(state, slot, now, out) || isChanged;
  }
  if (!isChanged) return;
  refreshNetworks(state, now);
  unsettle(state, now);
}

/** Something changed that a diagnosis depends on: diagnose once things have come to rest. */
export function unsettle(state: State, now: MonoUs): void {
  const { picture } = state;
  if (picture.unsettledUs < 0) picture.unsettledUs = now;
  const restUs = Math.min(picture.unsettledUs + settleMaxUs, now + settleUs);
  picture.settleUs = state.isGrown ? restUs : Math.max(restUs, grownUs(state));
}

/** The state of any direction, derived ones included: 0 nobody can tell, 1 down, 2 up. */
export function pathCode(state: State, from: SlotId, to: SlotId, network: NetworkIndex): PathCode {
  const { picture } = state;
  if (!isDerived(state, from, to)) return codeOf(picture.cells[cellAt(from, to, network)]);
  if (picture.boards[from] === "down" || picture.boards[to] === "down") return 1;
  const sends = codeOf(picture.sends[from * 2 + network]);
  const hears = codeOf(picture.hears[to * 2 + network]);
  if (sends === 1 || hears === 1) return 1;
  return sends === 2 && hears === 2 ? 2 : 0;
}

/** Between two io-cards nobody sends beats: the path is derived over the hubs. */
export function isDerived(state: State, from: SlotId, to: SlotId): boolean {
  return !hearsAll(state, from) && !hearsAll(state, to);
}

/** Narrows a stored number. */
export function codeOf(value: number | undefined): PathCode {
  return value === 2 ? 2 : value === 1 ? 1 : 0;
}

/** Is this a hub by the configuration? */
export function hearsAll(state: State, slot: SlotId): boolean {
  return slot === state.self ? state.isHub : (state.peers[slot]?.isHub ?? false);
}

/**
 * This board hears nobody. With several direct peers lost at once, its own two cables are the
 * smaller explanation than all those boards; with one peer (or one left) it is the peer.
 */
function isCutOff(state: State): boolean {
  let latest = -1;
  for (const peer of state.direct) {
    if (isHeard(peer)) return false;
    latest = Math.max(latest, peer.lostUs);
  }
  if (state.direct.length < 2) return false;
  if (latest < 0) return true;
  const together = state.direct.filter(({ lostUs }) => lostUs >= latest - isolationWindowUs);
  return together.length >= 2 || state.picture.isIsolated;
}

function refreshBoard(state: State, slot: SlotId, now: MonoUs, out: Effect[]): boolean {
  const { picture } = state;
  const was = picture.boards[slot] ?? "unknown";
  const is = boardState(state, slot, was, now);
  if (is === was) return false;
  picture.boards[slot] = is;
  picture.boardSinceUs[slot] = now;
  touch(state, slot);
  out.push({ type: "changed", change: { type: "board", atUs: now, slot, state: is, was } });
  return true;
}

function boardState(state: State, slot: SlotId, was: BoardState, now: MonoUs): BoardState {
  if (slot === state.self) return state.leaving ? "leaving" : "up";
  const peer = state.peers[slot];
  if (peer === undefined) return "unknown";
  if (peer.isDirect && isHeard(peer)) return peer.leaving ? "leaving" : "up";
  let isLeaving = peer.isDirect && peer.leaving;
  let tellers = 0;
  for (const hub of state.direct) {
    if (!hub.isHub || hub.slot === slot || !isHeard(hub) || !hasOpinion(hub, slot)) continue;
    tellers++;
    isLeaving = isLeaving || tellsLeaving(hub, slot);
    if (tellsHeard(hub, slot)) return isLeaving ? "leaving" : "up";
  }
  if (isLeaving) return "leaving";
  if (state.picture.isIsolated) return was === "down" || was === "leaving" ? was : "unknown";
  const canTell = tellers > 0 || (peer.isDirect && state.isGrown);
  const couldTell = peer.isDirect && peer.lostUs >= 0;
  if (!canTell && !couldTell) return hasTeller(state) ? was : "unknown";
  if (was !== "down" && (isSomebodyOverdue(state, peer, now) || isComing(state, peer, now))) {
    state.picture.recheckUs = now + recheckUs;
    return was;
  }
  return "down";
}

/** Is there a hub that this board hears, so that an opinion may still come? */
function hasTeller(state: State): boolean {
  return state.direct.some((peer) => peer.isHub && isHeard(peer));
}

/** Do we get beats of it again, too few yet to believe the path? Then it is not dead. */
function isComing(state: State, peer: Peer, now: MonoUs): boolean {
  return peer.isDirect && networkIndices.some((network) => isRising(state, peer, network, now));
}

function isSomebodyOverdue(state: State, except: Peer, now: MonoUs): boolean {
  return state.direct.some((peer) => peer !== except && isPeerOverdue(state, peer, now));
}

/** All directions from and to one board; true if any code changed. */
function refreshPaths(state: State, slot: SlotId, now: MonoUs, out: Effect[]): boolean {
  let isChanged = false;
  for (const other of state.slots) {
    if (other === slot || isDerived(state, slot, other)) continue;
    for (const network of networkIndices) {
      isChanged = refreshPath(state, { from: other, to: slot, network, now }, out) || isChanged;
      isChanged = refreshPath(state, { from: slot, to: other, network, now }, out) || isChanged;
    }
  }
  return isChanged;
}

type Direction = {
  readonly from: SlotId;
  readonly to: SlotId;
  readonly network: NetworkIndex;
  readonly now: MonoUs;
};

function refreshPath(state: State, direction: Direction, out: Effect[]): boolean {
  const { from, to, network, now } = direction;
  const { picture } = state;
  const cell = cellAt(from, to, network);
  const was = codeOf(picture.cells[cell]);
  const is = workOut(state, direction, was);
  if (is === was) return false;
  picture.cells[cell] = is;
  picture.cellSinceUs[cell] = now;
  if ((is === 2) !== (was === 2)) {
    const change = {
      type: "path",
      atUs: now,
      from,
      to,
      network: networkOf(network),
      up: is === 2,
    } as const;
    out.push({ type: "changed", change });
  }
  return true;
}

function workOut(state: State, direction: Direction, was: PathCode): PathCode {
  const { from, to, network } = direction;
  const sender = state.peers[from];
  const receiver = state.peers[to];
  if (to === state.self) {
    if (sender === undefined) return 0;
    if (sender.paths[network].up) return 2;
    return sender.isProven || state.isGrown ? 1 : 0;
  }
  const isReceiverHeard = receiver !== undefined && receiver.isDirect && isHeard(receiver);
  if (isReceiverHeard) {
    if (from === state.self && state.ownLost[network]) return 1;
    if (hasOpinion(receiver, from)) return tellsHears(receiver, from, network) ? 2 : 1;
  }
  const isSenderHeard = sender !== undefined && sender.isDirect && isHeard(sender);
  if (isSenderHeard && tellsHeard(sender, to)) return tellsHeardBy(sender, to, network) ? 2 : 1;
  if (isGone(state, from) || isGone(state, to)) return 1;
  // A teller that has just started has no opinion yet; what was known still stands.
  return isReceiverHeard || isSenderHeard ? was : 0;
}

/** Dead, or gone after it said so: nobody who could tell hears it any more. */
function isGone(state: State, slot: SlotId): boolean {
  const is = state.picture.boards[slot];
  return is === "down" || (is === "leaving" && slot !== state.self);
}

/** Per board and network: is it heard, does it hear, as far as anybody can tell? */
function refreshNetworks(state: State, now: MonoUs): void {
  const { picture } = state;
  for (const slot of state.slots) {
    for (const network of networkIndices) {
      let sends = 0;
      let hears = 0;
      for (const other of state.slots) {
        if (other === slot || isDerived(state, slot, other)) continue;
        sends = Math.max(sends, picture.cells[cellAt(slot, other, network)] ?? 0);
        hears = Math.max(hears, picture.cells[cellAt(other, slot, network)] ?? 0);
      }
      const at = slot * 2 + network;
      if (picture.sends[at] === sends && picture.hears[at] === hears) continue;
      picture.sends[at] = sends;
      picture.hears[at] = hears;
      picture.networkSinceUs[at] = now;
    }
  }
}

/** When a direction last changed on this board's clock. */
export function pathSince(state: State, from: SlotId, to: SlotId, network: NetworkIndex): MonoUs {
  const { picture } = state;
  if (!isDerived(state, from, to))
    return timeOf(picture.cellSinceUs[cellAt(from, to, network)] ?? 0);
  const ofFrom = picture.networkSinceUs[from * 2 + network] ?? 0;
  const ofTo = picture.networkSinceUs[to * 2 + network] ?? 0;
  return timeOf(Math.max(ofFrom, ofTo));
}
