// Who may be active: the lease of one group on one board, as a pure state machine. The protocol and
// its rules (V1, H2, ...) are in README.md of this room. Effects are ordered: whatever leaves this
// board after a decision rests on what `persisted` said is on disk.

import {
  addUs,
  assert,
  type Incarnation,
  type MonoUs,
  type SlotId,
  unreachable,
} from "../base/index.ts";
import { compareLogEnds, holderOf, isSameRecord } from "./core/record.ts";
import { answerState, askStates, hearState, remember } from "./core/blank.ts";
import {
  considerProposing,
  considerStanding,
  hearPromise,
  hearRefusal,
  stand,
} from "./core/candidate.ts";
import { entitledUntil } from "./core/entitled.ts";
import { accept, handOver, hearGrant, release, tend } from "./core/holder.ts";
import { type LeaseState, never, note, type PeerState, type Run } from "./core/state.ts";
import type { Forced, LeaseEffect, LeaseEvent, LeaseMessage, Tell } from "./core/types.ts";
import { givePromise, hearAsk, hearRecord, learn, persist } from "./core/voter.ts";

/** Takes one event at `now`, changes `state`, orders what is to be done. Never throws on input. */
export function step(state: LeaseState, event: LeaseEvent, now: MonoUs): LeaseEffect[] {
  const run: Run = { state, now, effects: [] };
  take(run, event);
  conclude(run);
  return run.effects;
}

function take(run: Run, event: LeaseEvent): void {
  const { state } = run;
  switch (event.type) {
    case "tell":
      return hearTell(run, event);
    case "message":
      return hearMessage(run, event, event.message);
    case "persisted":
      return onPersisted(run, event.write);
    case "proof":
      return learn(run, [event.proof]);
    case "evidence": {
      const peer = state.peers[event.slot];
      if (peer !== undefined) peer.evidence = event.what;
      if (state.asking !== undefined) state.asking.askAgainUs = run.now; // it may convince others too
      return;
    }
    case "stopped":
      return listenAgain(run);
    case "able":
      state.isAble = event.is;
      return;
    case "log":
      state.logEnd = event.end;
      return;
    case "hand-over":
      return handOver(run, event.to);
    case "drained":
      if (state.acting?.successor !== undefined) {
        release(run, state.acting.successor, `handed over to slot ${state.acting.successor}`);
      }
      return;
    case "maintenance":
      state.isMaintenance = event.on;
      return;
    case "admit":
      if (state.blank !== undefined) remember(run, state.blank, "an operator lets it vote (O4)");
      return;
    case "promote":
      return promote(run, event.forced);
    case "timer":
      return;
    default:
      return unreachable(event);
  }
}

/** O1: an operator's wish; a board that cannot hold, or holds, or remembers nothing, stays out. */
function promote(run: Run, forced: Forced): void {
  const { acting, blank, config } = run.state;
  if (acting !== undefined) return;
  if (blank === undefined && config.holders.includes(config.self)) return stand(run, forced);
  const why = blank === undefined ? "this board may not hold it" : "its disk remembers nothing";
  note(run, "lease-waits", { slot: config.self, why });
}

/** What every event ends with: due decisions, then the time of the next one. */
function conclude(run: Run): void {
  const { state } = run;
  if (state.blank !== undefined) askStates(run, state.blank);
  givePromise(run);
  considerProposing(run);
  tend(run);
  considerStanding(run);
  persist(run);
  setTimer(run);
  assert(
    state.acting === undefined || state.acting.epoch === state.record.epoch,
    "one epoch at a time",
  );
}

function hearTell(run: Run, event: Extract<LeaseEvent, { type: "tell" }>): void {
  const { state, now } = run;
  const { from, incarnation, tell } = event;
  const peer = state.peers[from];
  if (peer === undefined) return;
  noticeLife(run, from, peer, incarnation);
  const { silentUs } = state.config.timing;
  peer.heardUntilUs = addUs(now, silentUs);
  peer.evidence = undefined;
  peer.promised = tell.promised;
  peer.claimUntilUs = tell.entitled ? addUs(now, silentUs) : never;
  if (tell.entitled) state.coldUntilUs = never;
  noticeStall(run, peer, tell);
  peer.epoch = tell.epoch;
  peer.version = tell.version;
  peer.logEnd = tell.logEnd;
  if (tell.record !== undefined) hearRecord(run, { slot: from, incarnation }, tell.record);
  hearGrant(run, { slot: from, echoedUs: event.echoedUs }, tell);
  noticeOutbid(run);
}

/** A fresh packet of another life proves that the former one is over (S1). */
function noticeLife(run: Run, from: SlotId, peer: PeerState, incarnation: Incarnation): void {
  const { state } = run;
  if (peer.incarnation !== undefined && peer.incarnation !== incarnation) {
    learn(run, [{ kind: "off", slot: from, incarnation: peer.incarnation, strong: true }]);
    if (state.blank !== undefined) delete state.blank.states[from];
  }
  peer.incarnation = incarnation;
  const { record, config } = state;
  if (holderOf(config, record) === from && record.incarnation !== incarnation) {
    learn(run, [{ kind: "off", slot: from, incarnation: record.incarnation, strong: true }]);
  }
}

/** D2: a standby whose log stands still while it is behind ours. */
function noticeStall({ state, now }: Run, peer: PeerState, tell: Tell): void {
  const isBehind = compareLogEnds(tell.logEnd, state.logEnd) < 0;
  if (!isBehind || compareLogEnds(tell.logEnd, peer.logEnd) > 0) {
    peer.stallsUs = isBehind ? addUs(now, state.config.timing.replicaUs) : never;
  } else if (peer.stallsUs === 0) {
    peer.stallsUs = addUs(now, state.config.timing.replicaUs);
  }
}

/** H6: a voter promised more than our epoch; when that lasts we stand again in our next one. */
function noticeOutbid(run: Run): void {
  const { state, now } = run;
  const { acting, config } = state;
  if (acting === undefined) return;
  const isOutbid = config.voters.some((slot) => (state.peers[slot]?.promised ?? 0) > acting.epoch);
  if (!isOutbid) {
    acting.outbidUntilUs = never;
  } else if (acting.outbidUntilUs === 0) {
    acting.outbidUntilUs = addUs(now, 2 * config.timing.grantUs);
  } else if (acting.outbidUntilUs <= now && state.asking === undefined) {
    acting.outbidUntilUs = addUs(now, 2 * config.timing.grantUs);
    stand(run, undefined);
  }
}

function hearMessage(
  run: Run,
  event: { readonly from: SlotId; readonly incarnation: Incarnation },
  message: LeaseMessage,
): void {
  const { state } = run;
  const { from, incarnation } = event;
  const peer = state.peers[from];
  if (peer === undefined) return;
  noticeLife(run, from, peer, incarnation);
  switch (message.type) {
    case "ask":
      return hearAsk(run, { slot: from, incarnation }, message);
    case "promise":
      return hearPromise(run, from, message);
    case "refuse":
      return hearRefusal(run, { slot: from, incarnation }, message);
    case "release":
      return hearRelease(run, from, message);
    case "state-question":
      return answerState(run, from);
    case "state":
      return hearState(run, from, message);
    default:
      return unreachable(message);
  }
}

function hearRelease(
  run: Run,
  from: SlotId,
  message: Extract<LeaseMessage, { type: "release" }>,
): void {
  const { state, now } = run;
  const { config } = state;
  const peer = state.peers[from];
  if (holderOf(config, { ...state.record, epoch: message.epoch }) !== from) return;
  learn(run, [{ kind: "released", epoch: message.epoch, logEnd: message.logEnd }]);
  if (peer !== undefined) peer.claimUntilUs = never;
  state.coldUntilUs = never;
  const isOurs = message.successor === undefined || message.successor === config.self;
  // Who was named goes first; the others wait for its beats.
  state.standUntilUs = isOurs ? now : addUs(now, 4 * config.timing.silentUs);
  if (message.successor === config.self) state.listenUntilUs = never;
}

function onPersisted(run: Run, write: number): void {
  const { state } = run;
  const { writing } = state;
  if (writing?.write !== write) return;
  const isNewRecord = !isSameRecord(writing.record, state.flushed.record);
  state.flushed = { promised: writing.promised, record: writing.record };
  state.writing = undefined;
  const { acting } = state;
  if (acting !== undefined && isSameRecord(state.flushed.record, state.record)) {
    accept(run, acting, state.config.self);
  }
  if (isNewRecord) run.effects.push({ type: "tell-soon" });
}

/** V8: this board was stopped, so nobody was silent; its own tenure is judged by H2 alone. */
function listenAgain({ state, now }: Run): void {
  const { silentUs } = state.config.timing;
  state.listenUntilUs = addUs(now, silentUs);
  for (const peer of Object.values(state.peers)) {
    if (peer.heardUntilUs !== 0) peer.heardUntilUs = addUs(now, silentUs);
    if (peer.claimUntilUs !== 0) peer.claimUntilUs = addUs(now, silentUs);
  }
}

/** What the next beat tells of this group. */
export function tellOf(state: LeaseState, now: MonoUs): Tell {
  const { flushed, promised, acting, logEnd } = state;
  const isHolder = acting !== undefined && acting.epoch === flushed.record.epoch;
  return {
    promised,
    epoch: flushed.record.epoch,
    version: flushed.record.version,
    entitled: entitledUntil(state, now) > now,
    logEnd,
    record: isHolder ? flushed.record : undefined,
  };
}

function setTimer(run: Run): void {
  const { state, now } = run;
  const { timing } = state.config;
  const spare = timing.replicaUs - timing.silentUs;
  const times: number[] = [
    state.grantUntilUs,
    state.standUntilUs,
    state.coldUntilUs,
    state.listenUntilUs,
    state.listenUntilUs + spare,
    state.blank?.askAgainUs ?? 0,
    state.asking?.askAgainUs ?? 0,
    state.acting?.lapsedUntilUs ?? 0,
  ];
  if (state.acting !== undefined) times.push(entitledUntil(state, now));
  for (const peer of Object.values(state.peers)) {
    times.push(peer.heardUntilUs, peer.heardUntilUs + spare, peer.claimUntilUs, peer.stallsUs);
  }
  const next = times.reduce((a, b) => (b > now && b < a ? b : a), Number.MAX_SAFE_INTEGER);
  if (next === Number.MAX_SAFE_INTEGER || next === state.timerUs) return;
  state.timerUs = addUs(now, next - now);
  run.effects.push({ type: "set-timer", atUs: state.timerUs });
}
