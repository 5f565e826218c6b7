// The paths from a peer to us: up or down, by own hearing only.
//
// - Up at once at the first beat of a life; later only after `upAfterMs` (less the `netMs` that
//   arrival times may vary) of beats without a gap in their numbers, and not while damped.
// - Down after `silentMs` of silence plus our own lateness, at once when our carrier or the peer's
//   is lost. A path that fell `flapMax` times within `flapWindowMs` is held down `flapHoldMs`.
// - A board that was late hands in what it missed first; one that was stopped, not just busy, begins
//   all silences anew (leases.md V8).

import type { MonoUs } from "../../base/index.ts";
import { flapFallsMax, latenessNoiseUs, missBeats, oneBeatUs, stoppedBeats } from "../limits.ts";
import { alarm } from "./alarms.ts";
import type { Effect } from "./events.ts";
import {
  forgetRows,
  isHeard,
  networkIndices,
  type NetworkIndex,
  networkOf,
  type Peer,
  seqDistance,
  type State,
  touch,
} from "./state.ts";

/** A beat that counts was heard: the silence begins anew, and the path may rise. */
export function hear(
  state: State,
  peer: Peer,
  heard: { network: NetworkIndex; seq: number; now: MonoUs },
): void {
  const { network, seq, now } = heard;
  const path = peer.paths[network];
  const isNext = path.hasSeq && seqDistance(seq, path.seq) <= missBeats;
  const isSilent = now - path.heardUs >= state.timing.silentUs;
  path.heardUs = now;
  path.seq = seq;
  path.hasSeq = true;
  if (path.up) return;
  if (path.peerLost || state.ownLost[network]) {
    path.regularUs = -1;
    return;
  }
  if (!path.wasUp) {
    if (path.dampedUntilUs <= now) raise(state, peer, network);
    return;
  }
  if (!isNext || isSilent || path.regularUs < 0) path.regularUs = now;
  const isBelieved = now - path.regularUs >= state.timing.upAfterUs - state.timing.netUs;
  if (isBelieved && path.dampedUntilUs <= now) raise(state, peer, network);
}

/** Takes down every path that was silent too long, and notes the next deadline. */
export function judge(state: State, now: MonoUs, out: Effect[]): void {
  let next = Number.MAX_SAFE_INTEGER;
  const allowed = state.timing.silentUs + allowance(state, now);
  for (const peer of state.direct) {
    const [a, b] = peer.paths;
    // Both copies of one beat left together: the second is not waited for on its own.
    const isOneBeat =
      a.up && b.up && a.seq === b.seq && Math.abs(a.heardUs - b.heardUs) < oneBeatUs;
    const heardUs = Math.min(a.heardUs, b.heardUs);
    for (const network of networkIndices) {
      const path = peer.paths[network];
      if (!path.up) continue;
      const deadlineUs = (isOneBeat ? heardUs : path.heardUs) + allowed;
      if (deadlineUs <= now) lower(state, peer, { network, now }, out);
      else if (deadlineUs < next) next = deadlineUs;
    }
  }
  state.deadlineUs = next;
}

/** Was this board stopped, not just busy? */
export function wasStoppedFor(state: State, latenessUs: number): boolean {
  return latenessUs > stoppedBeats * state.timing.beatUs;
}

/** Lateness of this board as measured now; small is noise, a stop begins all silences anew. */
export function noteLateness(state: State, now: MonoUs, latenessUs: number): void {
  state.latenessUs = latenessUs;
  if (latenessUs <= latenessNoiseUs || wasStoppedFor(state, latenessUs)) return;
  if (latenessUs < state.allowanceUs && now < state.allowanceUntilUs) return;
  state.allowanceUs = latenessUs;
  state.allowanceUntilUs = now + state.timing.silentUs;
}

/** Begins every silence anew: this board was not listening, so nobody was silent. */
export function restartSilences(state: State, now: MonoUs): void {
  for (const peer of state.direct) {
    for (const path of peer.paths) if (path.up) path.heardUs = now;
  }
}

/** Takes one path down; its causes are in the head of this file. */
export function lower(
  state: State,
  peer: Peer,
  at: { readonly network: NetworkIndex; readonly now: MonoUs },
  out: Effect[],
): void {
  const { network, now } = at;
  const path = peer.paths[network];
  path.regularUs = -1;
  if (!path.up) return;
  path.up = false;
  state.counters.pathFalls++;
  state.hasNews = true;
  touch(state, peer.slot);
  if (!peer.leaving) damp(state, peer, at, out);
  if (isHeard(peer)) return;
  peer.lostUs = now;
  forgetRows(peer);
}

/** Has this path been silent for more than two beats, so that it may be about to fall? */
export function isOverdue(state: State, peer: Peer, network: NetworkIndex, now: number): boolean {
  const path = peer.paths[network];
  const { beatUs, lateUs } = state.timing;
  return path.up && now - path.heardUs > 2 * beatUs + lateUs;
}

/** Are all paths of a heard peer overdue, so that the peer may be about to be lost? */
export function isPeerOverdue(state: State, peer: Peer, now: MonoUs): boolean {
  if (!isHeard(peer)) return false;
  return networkIndices.every(
    (network) => !peer.paths[network].up || isOverdue(state, peer, network, now),
  );
}

/** Is a path that is down on its way up? */
export function isRising(state: State, peer: Peer, network: NetworkIndex, now: number): boolean {
  const path = peer.paths[network];
  if (path.up || path.regularUs < 0 || path.dampedUntilUs > now) return false;
  return now - path.heardUs <= 2 * state.timing.beatUs + state.timing.lateUs;
}

function raise(state: State, peer: Peer, network: NetworkIndex): void {
  const path = peer.paths[network];
  path.up = true;
  path.wasUp = true;
  path.regularUs = -1;
  state.hasNews = true;
  touch(state, peer.slot);
}

function damp(
  state: State,
  peer: Peer,
  at: { readonly network: NetworkIndex; readonly now: MonoUs },
  out: Effect[],
): void {
  const { network, now } = at;
  const path = peer.paths[network];
  const { flapMax, flapWindowUs, flapHoldUs } = state.timing;
  path.falls.push(now);
  while (path.falls.length > Math.min(flapMax, flapFallsMax)) path.falls.shift();
  const first = path.falls[0] ?? now;
  if (path.falls.length < flapMax || now - first > flapWindowUs || flapHoldUs === 0) return;
  path.dampedUntilUs = now + flapHoldUs;
  path.falls.length = 0;
  state.counters.pathDamped++;
  alarm(state, { type: "path-damped", slot: peer.slot, network: networkOf(network) }, now, out);
}

function allowance(state: State, now: MonoUs): number {
  return now < state.allowanceUntilUs ? state.allowanceUs : 0;
}
