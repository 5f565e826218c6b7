// Decides how one switch is asked where MACs are. Pure: `step` is the only way in.
//
// A lookup is: rowQueue -> row packet -> settled | walkQueue -> pass -> settled. Meanwhile it may
// be held for the port tables, and its deadline ends it in any place.
//
// | event           | nothing known yet   | rows can be asked       | rows refused or trailing parts |
// | --------------- | ------------------- | ----------------------- | ------------------------------ |
// | lookup-asked    | waits for the pass  | row packet (coalesced)  | waits for the next pass        |
// | table-asked     | next pass           | next pass               | next pass                      |
// | packet-answered | pass goes on        | settle; miss -> pass    | pass goes on                   |
// | packet-failed   | fewer columns, end  | smaller packet, or pass | fewer columns, end             |
// | timer-fired     | resend, give up, deadlines, circuit, refresh of the port tables (in all states) |
// | closed          | every waiting request ends with no-answer (in all states)                       |
//
// Circuit: silence of `silenceUsMax` with packets overdue opens it (alarm); while open one row
// packet is under way at a time; any answer closes it. Nothing here knows of other switches.

import { addUs, assert, err, type MonoUs, unreachable } from "../../base/index.ts";
import {
  lookupDeadlineUs,
  packetUsMax,
  passUsMax,
  renewUsMin,
  silenceUsMax,
  waitingLookupsMax,
  waitingTablesMax,
} from "./limits.ts";
import type { AnsweredVarbind } from "./mibs.ts";
import { failPass, passDueUs, retryPass, startPass, takePass } from "./pass.ts";
import { failRows, queueRows, retryRows, rowsDueUs, sendRows, takeRows } from "./rows.ts";
import { giveUp } from "./settle.ts";
import {
  raiseAlarm,
  type LookupEffect,
  type LookupEvent,
  type LookupState,
  type Packet,
} from "./state.ts";

/** The one transition function; never throws on what a switch sends. */
export function step(state: LookupState, event: LookupEvent, now: MonoUs): LookupEffect[] {
  if (state.isClosed) return [];
  const effects = onEvent(state, event, now);
  if (event.type === "closed") return effects;
  effects.push(...startPass(state, now), ...sendRows(state, now));
  // What can't be asked row by row went to the walk queue just now.
  effects.push(...startPass(state, now));
  return setTimer(state, effects, now);
}

function onEvent(state: LookupState, event: LookupEvent, now: MonoUs): LookupEffect[] {
  switch (event.type) {
    case "started":
      return [];
    case "lookup-asked":
      return onLookup(state, event, now);
    case "table-asked":
      return onTable(state, event.request, now);
    case "packet-answered":
      return onAnswer(state, event, now);
    case "packet-failed":
      return onFailure(state, event, now);
    case "timer-fired":
      state.timerUs = undefined;
      return onTimer(state, now);
    case "closed":
      return onClosed(state, now);
    default:
      return unreachable(event);
  }
}

function onLookup(
  state: LookupState,
  { request, mac }: LookupEvent & { type: "lookup-asked" },
  now: MonoUs,
): LookupEffect[] {
  assert(!state.waiting.has(request), "request numbers are new");
  state.counters.requests++;
  const times = { askedUs: now, deadlineUs: addUs(now, lookupDeadlineUs) };
  const lookup = { request, mac, ...times, attempts: 0, missedRow: false, held: undefined };
  const isFull = state.waiting.size >= waitingLookupsMax;
  state.waiting.set(request, lookup);
  if (!isFull) {
    queueRows(state, [lookup], now);
    return [];
  }
  state.counters.refused++;
  const text = `${waitingLookupsMax} lookups wait for switch ${state.plan.switchName} already; it is too slow for that many boards`;
  return [
    ...raiseAlarm(state, "switch-lookups-refused", text),
    ...giveUp(state, lookup, text, now),
  ];
}

function onTable(state: LookupState, request: number, now: MonoUs): LookupEffect[] {
  if (state.tables.length < waitingTablesMax) {
    state.tables.push({ request, deadlineUs: addUs(now, passUsMax) });
    return [];
  }
  const text = `${waitingTablesMax} requests for the table of switch ${state.plan.switchName} wait already`;
  return [{ type: "answer-table", request, table: err(text) }];
}

function onAnswer(
  state: LookupState,
  event: { readonly packet: number; readonly columns: readonly (readonly AnsweredVarbind[])[] },
  now: MonoUs,
): LookupEffect[] {
  const packet = state.packets.get(event.packet);
  if (packet === undefined) return [];
  state.packets.delete(packet.id);
  state.counters.packetsAnswered++;
  const effects = onSignOfLife(state, packet, now);
  const { content } = packet;
  if (content.type === "rows")
    return [...effects, ...takeRows(state, content.ask, event.columns, now)];
  return [...effects, ...takePass(state, content.serial, event.columns, now)];
}

function onFailure(
  state: LookupState,
  event: LookupEvent & { type: "packet-failed" },
  now: MonoUs,
): LookupEffect[] {
  const packet = state.packets.get(event.packet);
  if (packet === undefined) return [];
  const { kind, text } = event;
  const error = `switch ${state.plan.switchName}: ${text}`;
  if (kind !== "end") state.lastError = error;
  // Lost: the packet stays until it is overdue, so that a fast local error is not asked in a loop.
  if (kind === "lost") return [];
  state.packets.delete(packet.id);
  state.counters.packetsFailed++;
  const effects = onSignOfLife(state, packet, now);
  const { content } = packet;
  if (content.type === "rows") {
    failRows(state, content.ask, kind, now);
    return effects;
  }
  return [...effects, ...failPass(state, content.serial, { isEnd: kind === "end", text }, now)];
}

/** RFC 6298's smoothing; a late answer counts too, so that the next packet waits longer. */
function onSignOfLife(state: LookupState, packet: Packet, now: MonoUs): LookupEffect[] {
  const tookUs = Math.max(1, now - packet.sentUs);
  if (state.srttUs === 0) {
    state.srttUs = tookUs;
    state.rttvarUs = tookUs / 2;
  } else {
    state.rttvarUs += (Math.abs(state.srttUs - tookUs) - state.rttvarUs) / 4;
    state.srttUs += (tookUs - state.srttUs) / 8;
  }
  state.lastAnswerUs = now;
  state.overdueInTurn = 0;
  if (state.circuit === "closed") return [];
  state.circuit = "closed";
  state.circuitSinceUs = now;
  state.alarmed.delete("switch-silent");
  state.nextPassUs = now;
  const text = `switch ${state.plan.switchName} answers again`;
  return [{ type: "raise-alarm", alarm: "switch-answers", text }];
}

function onTimer(state: LookupState, now: MonoUs): LookupEffect[] {
  const effects: LookupEffect[] = [];
  for (const packet of [...state.packets.values()]) {
    if (now >= addUs(packet.sentUs, packetUsMax)) state.packets.delete(packet.id);
    if (packet.overdue || now < packet.overdueUs) continue;
    packet.overdue = true;
    state.overdueInTurn++;
    state.counters.packetsLost++;
    if (packet.content.type === "rows") retryRows(state, packet.content.ask, now);
    else effects.push(...retryPass(state, packet.content.serial, now));
  }
  effects.push(...openCircuit(state, now));
  for (const lookup of state.waiting.values()) {
    if (now < lookup.deadlineUs) break;
    effects.push(...giveUp(state, lookup, lateReason(state), now));
  }
  const isLate = ({ deadlineUs }: { deadlineUs: MonoUs }): boolean => now >= deadlineUs;
  for (const { request } of state.tables.filter(isLate)) {
    effects.push({ type: "answer-table", request, table: err(lateReason(state)) });
  }
  state.tables = state.tables.filter((table) => !isLate(table));
  return effects;
}

function openCircuit(state: LookupState, now: MonoUs): LookupEffect[] {
  const isSilent = state.overdueInTurn > 0 && now >= addUs(state.lastAnswerUs, silenceUsMax);
  if (!isSilent) return [];
  const effects: LookupEffect[] = [];
  if (state.circuit === "closed") {
    state.circuit = "open";
    state.circuitSinceUs = now;
    const why = state.lastError === undefined ? "" : ` (last: ${state.lastError})`;
    const text = `switch ${state.plan.switchName} does not answer SNMP${why}; check power, cable, address, community or user`;
    effects.push(...raiseAlarm(state, "switch-silent", text));
  }
  if (now >= addUs(state.renewedUs, renewUsMin)) {
    state.renewedUs = now;
    effects.push({ type: "renew-session" });
  }
  return effects;
}

function lateReason({ circuit, plan, lastError }: LookupState): string {
  const last = lastError === undefined ? "" : `; last trouble: ${lastError}`;
  return circuit === "open"
    ? `switch ${plan.switchName} does not answer SNMP${last}`
    : `switch ${plan.switchName} did not answer within ${lookupDeadlineUs / 1000} ms${last}`;
}

function onClosed(state: LookupState, now: MonoUs): LookupEffect[] {
  state.isClosed = true;
  const reason = `the lookup of switch ${state.plan.switchName} was closed`;
  const effects = [...state.waiting.values()].flatMap((lookup) =>
    giveUp(state, lookup, reason, now),
  );
  for (const { request } of [...state.tables, ...(state.pass?.tables ?? [])]) {
    effects.push({ type: "answer-table", request, table: err(reason) });
  }
  return effects;
}

function setTimer(state: LookupState, effects: LookupEffect[], now: MonoUs): LookupEffect[] {
  let atUs = passDueUs(state, now);
  const atLatest = (otherUs: MonoUs | undefined): void => {
    if (otherUs !== undefined && (atUs === undefined || otherUs < atUs)) atUs = otherUs;
  };
  for (const packet of state.packets.values()) {
    atLatest(packet.overdue ? addUs(packet.sentUs, packetUsMax) : packet.overdueUs);
  }
  const [oldest] = state.waiting.values();
  atLatest(oldest?.deadlineUs);
  for (const { deadlineUs } of state.tables) atLatest(deadlineUs);
  if (state.fdb !== undefined) atLatest(rowsDueUs(state, state.fdb));
  if (atUs === undefined || atUs === state.timerUs) return effects;
  state.timerUs = atUs;
  assert(atUs >= 0 && now >= 0, "times count up from zero");
  effects.push({ type: "set-timer", atUs });
  return effects;
}
