// Which beats count. A beat with a good MAC may still be a recording: of our own earlier life's
// partner, of a life that is over, or of a moment ago. Rules (leases.md S1, S4, V8):
//
// - A life (incarnation) of a peer counts once it is proven: it listed our present incarnation and
//   a sequence number of ours that is at most `freshEchoBeats` old. Nobody can have recorded that.
// - An unproven life is listed in our beats, so that it can prove itself, but is not alive to us.
// - A proven life is replaced by another one only when that one proves itself. The old one retires
//   and is never taken back; if it later echoes a sequence number we sent after that, both live.
// - Within a life and network only higher sequence numbers count (RFC 1982 order). With the proof
//   both networks start at the proven number, so that recordings of this life don't count either.
// - A number more than `seqStepMax` ahead needs a fresh echo as well: half of the numbers are "ahead",
//   and a recording that is 248 days old would be among them.

import { ccnSlot, type MonoUs } from "../../base/index.ts";
import type { Beat } from "../../wire/index.ts";
import { freshEchoBeats, retiredLivesMax, seqStepMax } from "../limits.ts";
import type { Effect } from "./events.ts";
import { alarm } from "./alarms.ts";
import {
  forgetRows,
  type InPath,
  type NetworkIndex,
  type Peer,
  seqDistance,
  type State,
  touch,
} from "./state.ts";

/** What came of a beat: the peer to hear it for, or undefined if it does not count. */
export function acceptBeat(
  state: State,
  arrival: { readonly beat: Beat; readonly network: NetworkIndex; readonly now: MonoUs },
  out: Effect[],
): Peer | undefined {
  const { beat, network } = arrival;
  const { counters } = state;
  if (beat.slot === state.self) {
    counters.ownSlot++;
    return undefined;
  }
  const peer = state.peers[beat.slot];
  if (peer === undefined) {
    counters.unknownSlot++;
    return undefined;
  }
  if (!peer.isDirect) {
    counters.notForUs++;
    return undefined;
  }
  if ((beat.network === "A" ? 0 : 1) !== network) {
    counters.wrongNetwork++;
    return undefined;
  }
  if (beat.incarnationHi === 0 && beat.incarnationLo === 0) {
    counters.staleIncarnation++;
    return undefined;
  }
  const isPresent = beat.incarnationHi === peer.hi && beat.incarnationLo === peer.lo;
  if (!isPresent && !takeLife(state, peer, arrival, out)) return undefined;
  if (!isNewer(state, peer.paths[network], beat)) return undefined;
  if (!peer.isProven && !prove(state, peer, arrival)) {
    const path = peer.paths[network];
    path.seq = beat.seq;
    path.hasSeq = true;
    counters.unproven++;
    return undefined;
  }
  return peer;
}

/** A beat of another life than the present one: becomes the present one, or is dropped. */
function takeLife(
  state: State,
  peer: Peer,
  arrival: { readonly beat: Beat; readonly now: MonoUs },
  out: Effect[],
): boolean {
  const { beat, now } = arrival;
  const { counters } = state;
  const echo = freshEcho(state, beat);
  const retired = peer.retired.find(
    ({ hi, lo }) => hi === beat.incarnationHi && lo === beat.incarnationLo,
  );
  if (retired !== undefined) {
    counters.staleIncarnation++;
    const isAlive =
      echo !== undefined &&
      seqDistance(echo, retired.ownSeq) > 0 &&
      seqDistance(beat.seq, retired.seq) > 0;
    if (isAlive) {
      counters.twoIncarnations++;
      alarm(state, { type: "two-incarnations", slot: peer.slot }, now, out);
    }
    return false;
  }
  if (echo === undefined && peer.isProven) {
    counters.unproven++;
    return false;
  }
  beginLife(state, peer, beat);
  return true;
}

function beginLife(state: State, peer: Peer, beat: Beat): void {
  if (peer.isProven) {
    if (peer.retired.length >= retiredLivesMax) peer.retired.shift();
    peer.retired.push({ hi: peer.hi, lo: peer.lo, seq: peer.seq, ownSeq: state.seq });
  }
  peer.hi = beat.incarnationHi;
  peer.lo = beat.incarnationLo;
  peer.isProven = false;
  peer.hasSeq = false;
  peer.leaving = false;
  peer.degraded = false;
  peer.reason = undefined;
  peer.configVersion = undefined;
  // A restarted CCN is told of again: it knows nothing of what the boards run.
  if (peer.slot === ccnSlot) state.ccnVersion = undefined;
  forgetRows(peer);
  for (const path of peer.paths) {
    path.hasSeq = false;
    path.peerLost = false;
    path.regularUs = -1;
    path.wasUp = path.up;
    path.falls.length = 0;
  }
  touch(state, peer.slot);
}

/** True if the beat proves its life; then recordings of before no longer count on either network. */
function prove(
  state: State,
  peer: Peer,
  { beat, now }: { readonly beat: Beat; readonly now: MonoUs },
): boolean {
  if (freshEcho(state, beat) === undefined) return false;
  peer.isProven = true;
  peer.provenUs = now;
  for (const path of peer.paths) {
    path.seq = (beat.seq - 1) >>> 0;
    path.hasSeq = true;
  }
  state.hasNews = true;
  touch(state, peer.slot);
  return true;
}

/** The newest sequence number of ours that the beat echoes, if that shows that it is of now. */
function freshEcho(state: State, beat: Beat): number | undefined {
  for (const entry of beat.peers) {
    if (entry.slot !== state.self) continue;
    if (entry.incarnationHi !== state.hi || entry.incarnationLo !== state.lo) return undefined;
    // Each on its own: a network that was never heard echoes 0, which is "newer" after 248 days.
    const [ageA, ageB] = [seqDistance(state.seq, entry.seqA), seqDistance(state.seq, entry.seqB)];
    const isFreshA = ageA >= 0 && ageA <= freshEchoBeats;
    const isFreshB = ageB >= 0 && ageB <= freshEchoBeats;
    if (isFreshA && (!isFreshB || ageA <= ageB)) return entry.seqA;
    return isFreshB ? entry.seqB : undefined;
  }
  return undefined;
}

function isNewer(state: State, path: InPath, beat: Beat): boolean {
  if (!path.hasSeq) return true;
  const distance = seqDistance(beat.seq, path.seq);
  if (distance > 0 && (distance <= seqStepMax || freshEcho(state, beat) !== undefined)) return true;
  if (distance === 0) state.counters.duplicate++;
  else state.counters.oldSequence++;
  return false;
}
