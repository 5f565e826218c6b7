// The small moves that every rule uses: show a state, log, clear what belongs to one start.

import {
  addUs,
  assert,
  type LogFields,
  type LogLevel,
  type MonoUs,
  msToUs,
} from "../../base/index.ts";
import type { PsrmLogEvent } from "../explanations.ts";
import { treeLivesMs } from "../limits.ts";
import type { ServiceCause, ServiceState } from "../types.ts";
import type { Next, State, Unit } from "./state.ts";

/** A state with its cause and words. */
export type Shown = {
  readonly state: ServiceState;
  readonly cause: ServiceCause;
  readonly why: string;
};

/** Shows a state to the others if it, its cause or its words are new. */
export function show(state: State, unit: Unit, shown: Shown, now: MonoUs): void {
  const isSame = unit.state === shown.state && unit.cause === shown.cause && unit.why === shown.why;
  if (isSame) return;
  if (unit.state !== shown.state) unit.sinceUs = now;
  unit.state = shown.state;
  unit.cause = shown.cause;
  unit.why = shown.why;
  const { service, start } = unit;
  const isUp = shown.state === "running" || shown.state === "trouble";
  const { name, group } = service;
  state.effects.push({
    type: "changed",
    change: { service: name, group, ...shown, isUp, start, atUs: now },
  });
}

/** Adds a log line about a service. */
export function tell(
  state: State,
  unit: Unit,
  line: { readonly level: LogLevel; readonly event: PsrmLogEvent; readonly fields?: LogFields },
): void {
  const fields = { service: unit.service.name, ...line.fields };
  state.effects.push({ type: "log", level: line.level, event: line.event, fields });
}

/** Everything that belongs to a living start ends: its deadlines, checks and troubles. */
export function forgetStart(unit: Unit): void {
  unit.readyByUs = undefined;
  unit.stopByUs = undefined;
  unit.watchdogByUs = undefined;
  unit.checkAtUs = undefined;
  unit.calmAtUs = undefined;
  unit.goneByUs = undefined;
  unit.check = 0;
  unit.checkFailures = 0;
  unit.lastCheckFailure = undefined;
  unit.readyChecks = 0;
  unit.isReady = false;
  unit.isLeaving = false;
  unit.troubles.clear();
}

/** Kills the whole tree of the start; `next` follows when it is provably gone. */
export function kill(state: State, unit: Unit, next: Next, now: MonoUs): void {
  assert(unit.phase !== "idle", "only a start that may live is killed");
  forgetStart(unit);
  unit.phase = "killing";
  unit.kills = 1;
  unit.next = next;
  unit.pid = undefined;
  unit.goneByUs = addUs(now, msToUs(treeLivesMs));
  state.effects.push({ type: "kill-tree", service: unit.service.name, start: unit.start });
  show(state, unit, { state: "stopping", cause: next.cause, why: next.why }, now);
}

/** Asks the program to end (stop.signal), with `stop.ms` before the kill; `next` follows. */
export function askToEnd(state: State, unit: Unit, next: Next, now: MonoUs): void {
  assert(unit.phase === "up" || unit.phase === "spawning", "only a living program is asked");
  unit.next = next;
  unit.pending = undefined;
  show(state, unit, { state: "stopping", cause: next.cause, why: next.why }, now);
  if (unit.phase === "spawning") return; // asked as soon as it is there
  forgetStart(unit);
  unit.phase = "ending";
  unit.stopByUs = addUs(now, msToUs(unit.service.stop.ms));
  const { name, stop } = unit.service;
  state.effects.push({ type: "signal", service: name, start: unit.start, signal: stop.signal });
}
