// Orders from outside and the order among services: `after` means started after it is ready and
// stopped before it. An order to stop a service stops those that come after it first; one that
// fails and comes back leaves them alone, for programs know how to connect again.

import { assert, defined, type MonoUs } from "../../base/index.ts";
import { askToEnd, kill, show, tell } from "./change.ts";
import type { Order } from "./events.ts";
import { begin } from "./life.ts";
import type { Next, State, Unit } from "./state.ts";

/** Takes an order; nothing is done twice. Orders begin a new count of restarts. */
export function onOrder(state: State, unit: Unit, order: Order, now: MonoUs): void {
  const why = order.why;
  unit.isWanted = order.type === "start" || order.type === "restart";
  unit.restartsUs = [];
  unit.pauses = 0;
  switch (order.type) {
    case "start":
      orderStart(state, unit, why, now);
      return;
    case "restart":
      orderRestart(state, unit, why, now);
      return;
    case "stop":
      orderStop(state, unit, why, now);
      return;
    case "kill":
      orderStop(state, unit, why, now);
      if (unit.phase === "up" || unit.phase === "ending") {
        kill(state, unit, { then: "stopped", cause: "ordered", why, pauseMs: 0 }, now);
      }
      return;
    default:
      order.type satisfies never;
  }
}

/** Starts what may start and stops what may stop; run after every event. */
export function settle(state: State, now: MonoUs): void {
  for (const unit of state.units.values()) {
    if (unit.pending !== undefined && unit.phase !== "killing") stopInTurn(state, unit, now);
  }
  for (const unit of state.units.values()) {
    if (unit.phase !== "idle" || !unit.isDue) continue;
    if (unit.dueAtUs !== undefined && now < unit.dueAtUs) continue;
    unit.dueAtUs = undefined;
    const awaited = unreadyBefore(state, unit);
    if (awaited === undefined) {
      begin(state, unit, now);
      continue;
    }
    const why = `after ${awaited.service.name}, which is ${awaited.state}`;
    if (unit.state !== "waiting" || unit.cause !== "dependency") {
      tell(state, unit, { level: "info", event: "service-waiting", fields: { why } });
    }
    show(state, unit, { state: "waiting", cause: "dependency", why }, now);
  }
}

function orderStart(state: State, unit: Unit, why: string, now: MonoUs): void {
  if (unit.pending !== undefined) {
    unit.pending = undefined;
    const is = unit.isReady ? "running" : "starting";
    show(state, unit, { state: is, cause: "ordered", why }, now);
    return;
  }
  if (unit.phase === "idle") due(unit, why);
  else if (unit.phase !== "up" && unit.next !== undefined) unit.next = again(why);
}

function orderRestart(state: State, unit: Unit, why: string, now: MonoUs): void {
  unit.pending = undefined;
  if (unit.phase === "idle") due(unit, why);
  else if (unit.phase === "up") askToEnd(state, unit, again(why), now);
  else unit.next = again(why);
}

function orderStop(state: State, unit: Unit, why: string, now: MonoUs): void {
  const shown = { cause: "ordered", why } as const;
  unit.isDue = false;
  unit.dueAtUs = undefined;
  if (unit.phase === "idle") {
    show(state, unit, { state: "stopped", ...shown }, now);
    return;
  }
  const next = { then: "stopped", ...shown, pauseMs: 0 } as const;
  if (unit.phase === "ending" || unit.phase === "killing") {
    unit.next = next;
    return;
  }
  unit.pending = next;
}

/** Stops a service that is to be stopped, or first those that come after it. */
function stopInTurn(state: State, unit: Unit, now: MonoUs): void {
  const next = defined(unit.pending, "what follows the stop");
  assert(unit.phase === "up" || unit.phase === "spawning", "what is to be stopped lives");
  const living = livingDependents(state, unit, now);
  if (living.length === 0) {
    askToEnd(state, unit, next, now);
    return;
  }
  const names = living.map(({ service }) => service.name).join(", ");
  const why = `${next.why}; first ${names}`;
  show(state, unit, { state: "stopping", cause: next.cause, why }, now);
  for (const other of living) {
    const isAsked = other.pending !== undefined || other.next !== undefined;
    if (isAsked) continue;
    other.pending = dependencyNext(unit);
    stopInTurn(state, other, now);
  }
}

function due(unit: Unit, why: string): void {
  unit.isDue = true;
  unit.dueAtUs = undefined;
  unit.cause = "ordered";
  unit.why = why;
}

function again(why: string): Next {
  return { then: "restart", cause: "ordered", why, pauseMs: 0 };
}

function dependencyNext(before: Unit): Next {
  const why = `${before.service.name} is being stopped`;
  return { then: "restart", cause: "dependency", why, pauseMs: 0 };
}

/** Dependents that a stop waits for; one whose tree outlives its kill is not waited for. */
function livingDependents(state: State, unit: Unit, now: MonoUs): Unit[] {
  const found: Unit[] = [];
  for (const name of unit.dependents) {
    const other = state.units.get(name);
    if (other === undefined || other.phase === "idle") continue;
    const isStuck = other.kills > 1 || (other.goneByUs !== undefined && now >= other.goneByUs);
    if (!isStuck) found.push(other);
  }
  return found;
}

function unreadyBefore(state: State, unit: Unit): Unit | undefined {
  for (const name of unit.service.after) {
    const before = state.units.get(name);
    if (before === undefined) continue;
    const { state: is } = before;
    if (is !== "running" && is !== "trouble" && is !== "done") return before;
  }
  return undefined;
}
