// When this board beats and what it tells. One sequence number per tick, the same on A and B.
//
// Phase: wake-ups are what beats cost. The lowest hub keeps time; every other board beats right
// behind it and sets its own timer a little later, so that in a healthy chassis a board wakes up
// once per interval. If the first hub is late or gone, everybody goes on by their own timers.
//
// News (a changed verdict) goes out at once, out of turn: at most one such beat per
// `outOfTurnGapUs` and `outOfTurnBudget` in a row; what does not go out waits for the next tick.

import { type MonoUs, networkIds, type SlotId } from "../../base/index.ts";
import { type Beat, type BeatPeer, beatReasonExtension } from "../../wire/index.ts";
import { followSlackUs, outOfTurnBudget, outOfTurnGapUs } from "../limits.ts";
import type { Effect } from "./events.ts";
import { rowOf } from "./rows.ts";
import { isHeard, type Peer, type State } from "./state.ts";

/** The regular beat; sets the time of the next. */
export function tick(state: State, now: MonoUs, isFollowing: boolean, out: Effect[]): void {
  const { beatUs } = state.timing;
  if (isFollowing) {
    state.nextTickUs = now + beatUs + followSlackUs;
  } else {
    const next = state.nextTickUs + beatUs;
    state.nextTickUs = next > now ? next : now + beatUs;
  }
  state.lastTickUs = now;
  state.budget = Math.min(outOfTurnBudget, state.budget + 1);
  send(state, now, false, out);
}

/** Is this beat the signal to beat as well? */
export function isSignal(state: State, peer: Peer, beat: Beat, now: MonoUs): boolean {
  if (!peer.isHub || beat.outOfTurn || now - state.lastTickUs < state.timing.beatUs / 2) {
    return false;
  }
  return leader(state) === peer.slot;
}

/** Sends news out of turn if there are any and the bounds allow. */
export function sendNews(state: State, now: MonoUs, out: Effect[]): void {
  if (!state.hasNews || now < state.lastSendUs + outOfTurnGapUs) return;
  if (state.budget <= 0) {
    state.counters.outOfTurnRefused++;
    state.hasNews = false;
    return;
  }
  state.budget--;
  state.counters.outOfTurnSent++;
  send(state, now, true, out);
}

/** When news that wait for the gap may go; far in the future if there are none. */
export function newsUs(state: State): number {
  return state.hasNews ? state.lastSendUs + outOfTurnGapUs : Number.MAX_SAFE_INTEGER;
}

/** The lowest hub that is heard, if it is lower than this board or this board is no hub. */
function leader(state: State): SlotId | undefined {
  for (const peer of state.direct) {
    if (state.isHub && peer.slot > state.self) return undefined;
    if (peer.isHub && isHeard(peer)) return peer.slot;
  }
  return undefined;
}

function send(state: State, now: MonoUs, outOfTurn: boolean, out: Effect[]): void {
  state.seq = (state.seq + 1) >>> 0;
  state.lastSendUs = now;
  state.hasNews = false;
  state.counters.beatsSent++;
  const peers = peerRows(state, now);
  const extensions = state.reason === undefined ? [] : [beatReasonExtension(state.reason)];
  for (const network of networkIds) {
    const beat: Beat = {
      slot: state.self,
      network,
      leaving: state.leaving,
      degraded: state.reason !== undefined,
      hub: state.isHub,
      outOfTurn,
      lostCarrier: { A: state.ownLost[0], B: state.ownLost[1] },
      incarnationHi: state.hi,
      incarnationLo: state.lo,
      seq: state.seq,
      configVersion: state.document.version >>> 0,
      latenessUs: Math.min(0xffffffff, Math.floor(state.latenessUs)),
      peers,
      extensions,
    };
    out.push({ type: "send-beat", beat });
  }
}

/** A row per peer this board has heard; once it is no longer young, also of those it has not. */
function peerRows(state: State, now: MonoUs): BeatPeer[] {
  const isOld = state.isGrown;
  const rows: BeatPeer[] = [];
  for (const peer of state.direct) {
    if (!isOld && peer.hi === 0 && peer.lo === 0) continue;
    const [a, b] = peer.paths;
    rows.push({
      slot: peer.slot,
      incarnationHi: peer.hi,
      incarnationLo: peer.lo,
      seqA: a.hasSeq ? a.seq : 0,
      seqB: b.hasSeq ? b.seq : 0,
      flags: rowOf(state, peer, now),
    });
  }
  return rows;
}
