// The deadlines of all services behind one timer. A board that stood still itself moves the
// deadlines of silence by as much: what the services said meanwhile lies in its sockets.

import { addUs, type MonoUs, msToUs } from "../../base/index.ts";
import { lateUs, treeLivesMs } from "../limits.ts";
import { kill, tell } from "./change.ts";
import { onDead, onSilent } from "./failure.ts";
import { ask } from "./health.ts";
import type { State, Unit } from "./state.ts";

/** Acts on every deadline that has passed. */
export function onTimer(state: State, now: MonoUs): void {
  const lateByUs = state.timerUs === undefined ? 0 : now - state.timerUs;
  state.timerUs = undefined;
  for (const unit of state.units.values()) {
    if (lateByUs > lateUs) excuse(unit, now, lateByUs);
    expire(state, unit, now);
  }
}

/** Sets the one timer to the nearest deadline, if that changed. */
export function setTimer(state: State): void {
  let nearestUs: MonoUs | undefined;
  for (const unit of state.units.values()) {
    for (const atUs of deadlines(unit)) {
      if (atUs !== undefined && (nearestUs === undefined || atUs < nearestUs)) nearestUs = atUs;
    }
  }
  if (nearestUs === state.timerUs) return;
  state.timerUs = nearestUs;
  state.effects.push({ type: "set-timer", atUs: nearestUs });
}

function deadlines(unit: Unit): readonly (MonoUs | undefined)[] {
  const { dueAtUs, readyByUs, stopByUs, watchdogByUs, checkAtUs, calmAtUs, goneByUs } = unit;
  return [dueAtUs, readyByUs, stopByUs, watchdogByUs, checkAtUs, calmAtUs, goneByUs];
}

function excuse(unit: Unit, now: MonoUs, lateByUs: number): void {
  const later = (atUs: MonoUs | undefined): MonoUs | undefined =>
    atUs === undefined ? undefined : addUs(atUs > now ? atUs : now, lateByUs);
  if (unit.watchdogByUs !== undefined && unit.watchdogByUs <= now) {
    unit.watchdogByUs = later(unit.watchdogByUs);
  }
  if (unit.readyByUs !== undefined && unit.readyByUs <= now) unit.readyByUs = later(unit.readyByUs);
}

function expire(state: State, unit: Unit, now: MonoUs): void {
  const isOver = (atUs: MonoUs | undefined): boolean => atUs !== undefined && atUs <= now;
  if (isOver(unit.goneByUs)) onTreeLives(state, unit, now);
  if (isOver(unit.calmAtUs)) onCalm(unit);
  if (isOver(unit.stopByUs)) onStopOverdue(state, unit, now);
  if (isOver(unit.readyByUs)) onNotReady(state, unit, now);
  if (isOver(unit.watchdogByUs)) onWatchdog(state, unit, now);
  if (isOver(unit.checkAtUs)) ask(state, unit, now);
}

function onTreeLives(state: State, unit: Unit, now: MonoUs): void {
  const { name } = unit.service;
  if (unit.kills === 1) tell(state, unit, { level: "error", event: "service-tree-lives" });
  unit.kills++;
  unit.goneByUs = addUs(now, msToUs(treeLivesMs));
  state.effects.push({ type: "kill-tree", service: name, start: unit.start });
}

function onCalm(unit: Unit): void {
  unit.calmAtUs = undefined;
  unit.pauses = 0;
  unit.restartsUs = [];
}

function onStopOverdue(state: State, unit: Unit, now: MonoUs): void {
  unit.stopByUs = undefined;
  tell(state, unit, { level: "warn", event: "service-must-be-killed" });
  if (unit.next !== undefined) {
    kill(state, unit, unit.next, now);
    return;
  }
  const why = `said STOPPING and did not end in ${unit.service.stop.ms} ms`;
  onDead(state, unit, { cause: "dead", why, exitCode: undefined }, now);
}

function onNotReady(state: State, unit: Unit, now: MonoUs): void {
  unit.readyByUs = undefined;
  const last = unit.lastCheckFailure === undefined ? "" : `: ${unit.lastCheckFailure}`;
  onSilent(state, unit, `not ready in ${unit.service.readyMs} ms${last}`, now);
}

function onWatchdog(state: State, unit: Unit, now: MonoUs): void {
  unit.watchdogByUs = undefined;
  const { alive } = unit.service;
  if (alive.by !== "watchdog") return;
  onSilent(state, unit, `no WATCHDOG=1 for ${alive.everyMs} ms`, now);
}
