// Ends lookups: gives the outcome of rows that were read after the question, or the reason why
// there is none. A row on a port that the tables do not name waits until they are read anew.

import { addUs, assert, type MonoUs } from "../../base/index.ts";
import type { FdbRow } from "./forwarding.ts";
import { latencySamples, portsRefreshUsMin } from "./limits.ts";
import { resolve } from "./resolve.ts";
import type { LookupEffect, LookupState, Waiting } from "./state.ts";
import type { LookupOutcome } from "./types.ts";

const nothing: ReadonlyMap<number, number> = new Map();

/** Answers a lookup from its rows, or holds it while unknown ports are looked up. */
export function settleLookup(
  state: LookupState,
  lookup: Waiting,
  found: { readonly rows: readonly FdbRow[]; readonly by: "row" | "walk" },
  now: MonoUs,
): LookupEffect[] {
  assert(state.waiting.get(lookup.request) === lookup, "only a waiting lookup is settled");
  const { ports } = state;
  if (ports === undefined) {
    lookup.held = found;
    return [];
  }
  const counts = state.fdb?.macsOnPort ?? nothing;
  const { outcome, hasUnknownPort } = resolve(lookup.mac, found.rows, ports, counts);
  const mayRefresh = now >= addUs(state.portsReadUs, portsRefreshUsMin) || state.arePortsWanted;
  if (hasUnknownPort && outcome.type !== "found" && lookup.held === undefined && mayRefresh) {
    state.arePortsWanted = true;
    lookup.held = found;
    return [];
  }
  if (found.by === "row") state.counters.byRow++;
  else state.counters.byWalk++;
  return finish(state, lookup, outcome, now);
}

/** Settles what waited for the port tables. */
export function settleHeld(state: LookupState, now: MonoUs): LookupEffect[] {
  const effects: LookupEffect[] = [];
  for (const lookup of [...state.waiting.values()]) {
    if (lookup.held !== undefined) effects.push(...settleLookup(state, lookup, lookup.held, now));
  }
  return effects;
}

/** Ends a lookup with `outcome` and counts it. */
export function finish(
  state: LookupState,
  lookup: Waiting,
  outcome: LookupOutcome,
  now: MonoUs,
): LookupEffect[] {
  const wasWaiting = state.waiting.delete(lookup.request);
  assert(wasWaiting, "a lookup ends once");
  state.counters.outcomes[outcome.type]++;
  state.latenciesUs[state.latencyAt] = now - lookup.askedUs;
  state.latencyAt = (state.latencyAt + 1) % latencySamples;
  return [{ type: "answer-lookup", request: lookup.request, mac: lookup.mac, outcome }];
}

/** `no-answer` with a reason that names the switch. */
export function giveUp(
  state: LookupState,
  lookup: Waiting,
  reason: string,
  now: MonoUs,
): LookupEffect[] {
  return finish(state, lookup, { type: "no-answer", reason }, now);
}
