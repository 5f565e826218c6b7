// Design 29 and 30: what follows a failure. Three failures (dead, not answering, in trouble), three
// choices (restart, move, nothing), by exit code and by how often it was restarted lately.
//
// A program that does not answer is killed at once, with its whole tree: waiting out its stop time
// would only add to the silence. One in trouble still answers, so it is asked to end.

import { addUs, type MonoUs, msToUs } from "../../base/index.ts";
import type { FailureAction } from "../../config/index.ts";
import { secondPauseMs } from "../limits.ts";
import type { ServiceCause } from "../types.ts";
import { askToEnd, kill, show, tell } from "./change.ts";
import type { Next, State, Trouble, Unit } from "./state.ts";

/** A failure as the core saw it. */
export type Failure = { readonly cause: ServiceCause; readonly why: string };

/** The main process ended by itself, or could not be started. */
export function onDead(
  state: State,
  unit: Unit,
  failure: Failure & { readonly exitCode: number | undefined },
  now: MonoUs,
): void {
  const { restart, onFailure } = unit.service;
  const byCode = failure.exitCode === undefined ? undefined : restart.byExitCode[failure.exitCode];
  const action = byCode ?? onFailure.dead;
  const event = failure.cause === "cannot-start" ? "service-cannot-start" : "service-dead";
  const level = action === "done" ? "info" : "warn";
  tell(state, unit, { level, event, fields: { why: failure.why, action, start: unit.start } });
  if (action === "done") {
    kill(state, unit, { then: "done", cause: "done", why: failure.why, pauseMs: 0 }, now);
    return;
  }
  const next =
    action === "nothing"
      ? { then: "failed" as const, ...plain(failure), pauseMs: 0 }
      : afterFailure(unit, plain(failure), action, now);
  tellTooOften(state, unit, next);
  kill(state, unit, next, now);
}

/** It runs and does not answer. */
export function onSilent(state: State, unit: Unit, why: string, now: MonoUs): void {
  const action = unit.service.onFailure.silent;
  if (action === "nothing" && isReady(unit)) {
    addTrouble(state, unit, { trouble: "silent", why, action }, now);
    return;
  }
  const { start } = unit;
  tell(state, unit, { level: "warn", event: "service-silent", fields: { why, action, start } });
  const failure = { cause: "silent" as const, why };
  // A start that is never over cannot be left as it is: `nothing` then means given up.
  const next =
    action === "nothing"
      ? { then: "failed" as const, ...failure, pauseMs: 0 }
      : afterFailure(unit, failure, action, now);
  tellTooOften(state, unit, next);
  kill(state, unit, next, now);
}

/** It reported trouble, or uses more memory than it should. */
export function onTrouble(
  state: State,
  unit: Unit,
  found: { readonly trouble: "reported" | "memory"; readonly why: string },
  now: MonoUs,
): void {
  if (!isReady(unit)) return; // a start has its own deadline
  const action = unit.service.onFailure.trouble;
  if (action === "nothing") {
    addTrouble(state, unit, { ...found, action }, now);
    return;
  }
  const fields = { why: found.why, action, start: unit.start };
  tell(state, unit, { level: "warn", event: "service-trouble", fields });
  const next = afterFailure(unit, { cause: "trouble", why: found.why }, action, now);
  tellTooOften(state, unit, next);
  askToEnd(state, unit, next, now);
}

/** One cause of trouble is over; the service runs again when it was the last. */
export function endTrouble(state: State, unit: Unit, trouble: Trouble, now: MonoUs): void {
  if (!unit.troubles.delete(trouble) || !isReady(unit)) return;
  const [left] = unit.troubles.entries();
  if (left === undefined) {
    tell(state, unit, { level: "info", event: "service-trouble-over" });
    unit.calmAtUs = addUs(now, msToUs(unit.service.restart.calmMs));
    show(state, unit, { state: "running", cause: "ready", why: "the trouble is over" }, now);
    return;
  }
  const cause = left[0] === "silent" ? "silent" : "trouble";
  show(state, unit, { state: "trouble", cause, why: left[1] }, now);
}

/** Is it up for its clients: ready, and neither leaving nor about to be stopped? */
export function isReady(unit: Unit): boolean {
  return unit.phase === "up" && unit.isReady && !unit.isLeaving && unit.pending === undefined;
}

/** Pause before the next restart, ms: doubles up to the bound, reset by calm. */
export function pauseMs(unit: Unit): number {
  const { backoffMs, backoffMaxMs } = unit.service.restart;
  const { pauses } = unit;
  if (pauses === 0) return Math.min(backoffMs, backoffMaxMs);
  const base = backoffMs > 0 ? backoffMs * 2 : secondPauseMs;
  return Math.min(backoffMaxMs, base * 2 ** Math.min(pauses - 1, 30));
}

function addTrouble(
  state: State,
  unit: Unit,
  found: { readonly trouble: Trouble; readonly why: string; readonly action: FailureAction },
  now: MonoUs,
): void {
  const { trouble, why, action } = found;
  const isNew = !unit.troubles.has(trouble);
  unit.troubles.set(trouble, why);
  unit.calmAtUs = undefined;
  if (isNew) {
    const event = trouble === "silent" ? "service-silent" : "service-trouble";
    tell(state, unit, { level: "warn", event, fields: { why, action, start: unit.start } });
  }
  const cause = trouble === "silent" ? "silent" : "trouble";
  show(state, unit, { state: "trouble", cause, why }, now);
}

function afterFailure(unit: Unit, failure: Failure, action: "restart" | "move", now: MonoUs): Next {
  const { group, restart } = unit.service;
  // Nobody else can take a service that is in no group: here is the only place.
  if (action === "move" && group !== undefined) return { then: "move", ...failure, pauseMs: 0 };
  const sinceUs = now - msToUs(restart.windowMs);
  unit.restartsUs = unit.restartsUs.filter((atUs) => atUs > sinceUs);
  if (unit.restartsUs.length >= restart.max) {
    const times = `${unit.restartsUs.length} restarts in ${restart.windowMs} ms`;
    const why = `${failure.why}; ${times}, at most ${restart.max}`;
    const then = group === undefined ? "failed" : "move";
    return { then, cause: "restarted-too-often", why, pauseMs: 0 };
  }
  unit.restartsUs.push(now);
  const pause = pauseMs(unit);
  unit.pauses++;
  return { then: "restart", ...failure, pauseMs: pause };
}

function tellTooOften(state: State, unit: Unit, next: Next): void {
  if (next.cause !== "restarted-too-often") return;
  const fields = { why: next.why, action: next.then };
  tell(state, unit, { level: "error", event: "service-restarted-too-often", fields });
}

function plain(failure: Failure): Failure {
  return { cause: failure.cause, why: failure.why };
}
