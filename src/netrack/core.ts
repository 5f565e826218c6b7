// NETRACK's core: what one board makes of the beats it hears. Pure: time comes in, effects go out.
//
// Transition table. Every event ends with: picture brought up to date (`changed` effects), culprits
// named if the picture has come to rest, news sent out of turn, timer set.
//
// | event    | state               | new state                           | effects of its own        |
// | -------- | ------------------- | ----------------------------------- | ------------------------- |
// | start    | any                 | next tick now                       | first beat                |
// | beat     | own tick overdue    | draining, as for a late timer       | drain                     |
// |          | does not count      | counter (core/acceptance.ts)        | alarm if two lives        |
// |          | counts, path up     | silence begins anew, rows           | extensions, ccn-version   |
// |          | counts, path down   | the same; up at first contact or    |                           |
// |          |                     | after `upAfterMs` without a miss    |                           |
// |          | the first hub's,    | tick                                | beats on A and B          |
// |          | half a beat is over |                                     |                           |
// | timer    | tick due            | next tick set                       | beats on A and B          |
// |          | late > `lateMs`     | draining: nobody is judged          | drain, alarm              |
// |          | on time             | silent paths down (core/paths.ts)   |                           |
// |          | draining            | nothing judged (`drainWaitUs` ends) |                           |
// |          | > `lookFirstUs` late| the same, but no silence is forgiven| drain                     |
// | drained  | draining            | if it was stopped, silences begin   |                           |
// |          |                     | anew; then judged                   |                           |
// |          | not draining        | unchanged                           |                           |
// | carrier  | lost                | own paths there down at once        | (news: on the other net)  |
// |          | back                | paths rise as after any fall        |                           |
// | leaving  | any                 | told in every beat from now         | (news)                    |
// | degraded | any                 | reason told in every beat           | (news)                    |
// | well     | any                 | reason and leaving withdrawn        | (news)                    |
// | document | same slot           | boards and timing taken over        | (news)                    |

import { assert, ccnSlot, monoUs, type MonoUs, unreachable } from "../base/index.ts";
import type { BoardDocument } from "../config/index.ts";
import { type Beat, beatExtensionDegraded, beatPeerFlags, beatReason } from "../wire/index.ts";
import { acceptBeat } from "./core/acceptance.ts";
import { alarm } from "./core/alarms.ts";
import { isSignal, newsUs, sendNews, tick } from "./core/beats.ts";
import type { Effect, Event } from "./core/events.ts";
import { settle } from "./core/faults.ts";
import { hear, judge, lower, noteLateness, restartSilences, wasStoppedFor } from "./core/paths.ts";
import { refresh, unsettle } from "./core/picture.ts";
import { readRows, rowsOfCarriers, rowsOfUs } from "./core/rows.ts";
import {
  configure,
  indexOf,
  grownUs,
  isHeard,
  networkIndices,
  type NetworkIndex,
  type Peer,
  seqDistance,
  type State,
  touch,
} from "./core/state.ts";
import { drainWaitUs, lookFirstUs } from "./limits.ts";

/** Takes one event at `now`, changes `state`, and orders what is to be done. Never throws on input. */
export function step(state: State, event: Event, now: MonoUs): Effect[] {
  const out: Effect[] = [];
  switch (event.type) {
    case "start":
      state.nextTickUs = now;
      tick(state, now, false, out);
      break;
    case "beat":
      noticeLateness(state, now, out);
      onBeat(state, { beat: event.beat, network: indexOf(event.network), now }, out);
      break;
    case "timer":
      onTimer(state, now, out);
      break;
    case "drained":
      if (state.drainUs >= 0) endDrain(state, now, out);
      break;
    case "carrier":
      onCarrier(state, { network: indexOf(event.network), up: event.up, now }, out);
      break;
    case "leaving":
      state.leaving = true;
      tellOwn(state);
      break;
    case "degraded":
      state.reason = event.reason;
      tellOwn(state);
      break;
    case "well":
      state.reason = undefined;
      state.leaving = false;
      tellOwn(state);
      break;
    case "news":
      state.hasNews = true;
      break;
    case "document":
      onDocument(state, event.document, now);
      break;
    default:
      return unreachable(event);
  }
  conclude(state, now, out);
  return out;
}

type Arrival = { readonly beat: Beat; readonly network: NetworkIndex; readonly now: MonoUs };

function onBeat(state: State, arrival: Arrival, out: Effect[]): void {
  const { beat, network, now } = arrival;
  const peer = acceptBeat(state, arrival, out);
  if (peer === undefined) return;
  assert(peer.isProven, "only a proven life is heard");
  state.counters.beatsAccepted++;
  const isNews = !peer.hasSeq || seqDistance(beat.seq, peer.seq) > 0;
  if (isNews) {
    peer.seq = beat.seq;
    peer.hasSeq = true;
    takeOver(state, peer, arrival, out);
  }
  hear(state, peer, { network, seq: beat.seq, now });
  if (beat.extensions.some(({ type }) => type !== beatExtensionDegraded)) {
    const { seq, extensions, incarnationHi, incarnationLo } = beat;
    const from = { from: peer.slot, network: beat.network, seq, incarnationHi, incarnationLo };
    out.push({ type: "extensions", ...from, echoedSeq: echoOf(state, beat), extensions });
  }
  if (isNews && isSignal(state, peer, beat, now)) onTick(state, now, true, out);
}

/** Newest number of ours that the beat's sender had heard, on whichever network (leases.md H2). */
function echoOf(state: State, beat: Beat): number | undefined {
  const entry = beat.peers.find(({ slot }) => slot === state.self);
  if (entry?.incarnationHi !== state.hi || entry.incarnationLo !== state.lo) return undefined;
  const { seqA, seqB, flags } = entry;
  const [onA, onB] = [(flags & beatPeerFlags.hearsA) !== 0, (flags & beatPeerFlags.hearsB) !== 0];
  if (onA && (!onB || seqDistance(seqA, seqB) >= 0)) return seqA;
  return onB ? seqB : undefined;
}

/** What a beat says about its sender and about others; once per sequence number. */
function takeOver(state: State, peer: Peer, arrival: Arrival, out: Effect[]): void {
  const { beat, now } = arrival;
  const news = readRows(state, peer, beat);
  if ((news & rowsOfUs) !== 0) state.hasNews = true;
  if ((news & rowsOfCarriers) !== 0) unsettle(state, now);
  if (peer.leaving !== beat.leaving || peer.degraded !== beat.degraded) {
    peer.leaving = beat.leaving;
    peer.degraded = beat.degraded;
    state.hasNews = true;
    touch(state, peer.slot);
  }
  peer.reason = beat.degraded ? beatReason(beat) : undefined;
  peer.configVersion = beat.configVersion;
  peer.latenessUs = beat.latenessUs;
  for (const network of networkIndices) {
    // A beat that came over a network has carrier there, whatever it says: it waited in a queue.
    const isTold = network === 0 ? beat.lostCarrier.A : beat.lostCarrier.B;
    const isLost = isTold && network !== arrival.network;
    const path = peer.paths[network];
    if (path.peerLost === isLost) continue;
    path.peerLost = isLost;
    state.hasNews = true;
    touch(state, peer.slot);
    unsettle(state, now);
    if (isLost) lower(state, peer, { network, now }, out);
  }
  if (peer.slot === ccnSlot && state.ccnVersion !== beat.configVersion) {
    state.ccnVersion = beat.configVersion;
    out.push({ type: "ccn-version", version: beat.configVersion });
  }
}

function onTimer(state: State, now: MonoUs, out: Effect[]): void {
  const latenessUs = state.timerUs < 0 ? 0 : Math.max(0, now - state.timerUs);
  state.timerUs = -1;
  if (now >= state.nextTickUs) onTick(state, now, false, out);
  else considerJudging(state, now, latenessUs, out);
}

function onTick(state: State, now: MonoUs, isFollowing: boolean, out: Effect[]): void {
  const latenessUs = Math.max(0, now - state.nextTickUs);
  noteLateness(state, now, latenessUs);
  tick(state, now, isFollowing, out);
  considerJudging(state, now, latenessUs, out);
}

/** V8: whoever was late listens first. */
function considerJudging(state: State, now: MonoUs, latenessUs: number, out: Effect[]): void {
  if (latenessUs > state.timing.lateUs) {
    state.counters.lateTicks++;
    startDrain(state, now, wasStoppedFor(state, latenessUs), out);
    alarm(state, { type: "late", latenessUs }, now, out);
    return;
  }
  if (state.drainUs < 0 && now - state.deadlineUs > lookFirstUs) {
    startDrain(state, now, false, out); // a little late: what saves the path may lie in the socket
  } else if (state.drainUs < 0) judge(state, now, out);
  else if (now - state.drainUs > drainWaitUs) endDrain(state, now, out);
}

/**
 * V8 for a board whose sockets wake before its timer: its own tick is overdue, so it was stopped,
 * and what it reads now may tell of long ago. Nothing is concluded until all of it is read.
 */
function noticeLateness(state: State, now: MonoUs, out: Effect[]): void {
  const latenessUs = now - state.nextTickUs;
  if (latenessUs <= state.timing.lateUs) return;
  noteLateness(state, now, latenessUs);
  startDrain(state, now, wasStoppedFor(state, latenessUs), out);
}

/** Reads all that has come before anybody is judged; `wasStopped` = silences begin anew after it. */
function startDrain(state: State, now: MonoUs, wasStopped: boolean, out: Effect[]): void {
  state.wasStopped ||= wasStopped;
  if (state.drainUs >= 0) return;
  state.drainUs = now;
  out.push({ type: "drain" });
}

function endDrain(state: State, now: MonoUs, out: Effect[]): void {
  state.drainUs = -1;
  if (state.wasStopped) restartSilences(state, now);
  state.wasStopped = false;
  judge(state, now, out);
}

function onCarrier(
  state: State,
  change: { readonly network: NetworkIndex; readonly up: boolean; readonly now: MonoUs },
  out: Effect[],
): void {
  const { network, up, now } = change;
  if (state.ownLost[network] === !up) return;
  state.ownLost[network] = !up;
  state.hasNews = true;
  unsettle(state, now);
  for (const peer of state.direct) {
    if (!up) lower(state, peer, { network, now }, out);
    touch(state, peer.slot);
  }
}

function tellOwn(state: State): void {
  state.hasNews = true;
  touch(state, state.self);
}

function onDocument(state: State, document: BoardDocument, now: MonoUs): void {
  if (document.slot !== state.self) return;
  configure(state, document, now);
  state.hasNews = true;
  unsettle(state, now); // faults of boards that are gone from it are over
}

/** What every event ends with. */
function conclude(state: State, now: MonoUs, out: Effect[]): void {
  if (!state.isGrown && (now >= grownUs(state) || isAllWell(state))) grow(state, now);
  const isDraining = state.drainUs >= 0;
  if (!isDraining) {
    refresh(state, now, out);
    settle(state, now, out);
  }
  sendNews(state, now, out);
  const timerUs = Math.min(
    state.nextTickUs,
    // A draining board concludes nothing; its next tick looks at the drain.
    isDraining ? state.nextTickUs : Math.max(state.deadlineUs, now),
    newsUs(state),
    isDraining ? state.nextTickUs : waitUs(state.picture.recheckUs),
    isDraining ? state.nextTickUs : waitUs(state.picture.settleUs),
    state.isGrown ? state.nextTickUs : grownUs(state),
  );
  if (timerUs === state.timerUs) return;
  state.timerUs = timerUs;
  out.push({ type: "set-timer", atUs: monoUs(timerUs) });
}

/** Everybody is heard on both networks: there is nobody left to wait for. */
function isAllWell(state: State): boolean {
  const { boards, sends, hears } = state.picture;
  if (!state.direct.every(isHeard)) return false;
  return state.slots.every(
    (slot) =>
      boards[slot] === "up" &&
      networkIndices.every((id) => sends[slot * 2 + id] === 2 && hears[slot * 2 + id] === 2),
  );
}

/** From now on this board has an opinion on boards it has not heard. */
function grow(state: State, now: MonoUs): void {
  state.isGrown = true;
  state.picture.unsettledUs = -1;
  unsettle(state, now);
  state.hasNews = true;
  for (const slot of state.slots) touch(state, slot);
}

function waitUs(us: number): number {
  return us < 0 ? Number.MAX_SAFE_INTEGER : us;
}
