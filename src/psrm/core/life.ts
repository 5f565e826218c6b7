// The life of one start: begun when nothing stands against it, ready, ended, its tree gone, and
// what follows. Never is a program started before the tree of the start before is provably gone:
// two of one service at once destroy its data (design 29 choice 2 stops it, then asks another).

import { addUs, assert, defined, type MonoUs, msToUs } from "../../base/index.ts";
import { readyCheckMs } from "../limits.ts";
import type { ProcessExit } from "../types.ts";
import { askToEnd, forgetStart, kill, show, tell } from "./change.ts";
import { onDead } from "./failure.ts";
import type { Next, State, Unit } from "./state.ts";

/** Starts an idle, due service; `settle` has looked that it may. */
export function begin(state: State, unit: Unit, now: MonoUs): void {
  assert(unit.phase === "idle" && unit.isDue, "only an idle service that is due is started");
  forgetStart(unit);
  unit.isDue = false;
  unit.dueAtUs = undefined;
  unit.phase = "spawning";
  unit.start++;
  unit.next = undefined;
  unit.statusText = undefined;
  unit.kills = 0;
  state.effects.push({ type: "spawn", service: unit.service, start: unit.start });
  const again = unit.start === 1 ? "first start" : `start ${unit.start}`;
  show(state, unit, { state: "starting", cause: unit.cause, why: again }, now);
}

/** The program runs; it may have been told to stop meanwhile. */
export function onStarted(state: State, unit: Unit, pid: number, now: MonoUs): void {
  if (unit.phase !== "spawning") return;
  unit.phase = "up";
  unit.pid = pid;
  const { service, start } = unit;
  tell(state, unit, { level: "info", event: "service-started", fields: { pid, start } });
  if (unit.next !== undefined) {
    askToEnd(state, unit, unit.next, now);
    return;
  }
  switch (service.ready.by) {
    case "alive":
      becomeReady(state, unit, now);
      return;
    case "notify":
      unit.readyByUs = addUs(now, msToUs(service.readyMs));
      return;
    case "tcp":
    case "http":
    case "command":
      unit.readyByUs = addUs(now, msToUs(service.readyMs));
      unit.checkAtUs = addUs(now, msToUs(readyCheckMs));
      return;
    default:
      service.ready satisfies never;
  }
}

/** It answers its clients from now on. */
export function becomeReady(state: State, unit: Unit, now: MonoUs): void {
  assert(unit.phase === "up", "only a living program is ready");
  const { alive, restart } = unit.service;
  unit.isReady = true;
  unit.readyByUs = undefined;
  unit.check = 0;
  unit.checkFailures = 0;
  unit.lastCheckFailure = undefined;
  unit.checkAtUs = undefined;
  if (alive.by === "watchdog") unit.watchdogByUs = addUs(now, msToUs(alive.everyMs));
  else if (alive.by !== "alive") unit.checkAtUs = addUs(now, msToUs(alive.everyMs));
  unit.calmAtUs = addUs(now, msToUs(restart.calmMs));
  tell(state, unit, { level: "info", event: "service-ready", fields: { start: unit.start } });
  if (unit.pending !== undefined) return; // shown as stopping; a start order shows it again
  show(state, unit, { state: "running", cause: "ready", why: "ready" }, now);
}

/** The main process ended: wanted so, or design 29 case 1. The rest of its tree is killed. */
export function onExited(state: State, unit: Unit, exit: ProcessExit, now: MonoUs): void {
  const words = exitWords(exit);
  unit.lastExit = words;
  unit.pid = undefined;
  switch (unit.phase) {
    case "ending":
      kill(state, unit, defined(unit.next, "what follows a stop"), now);
      return;
    case "up": {
      if (unit.pending !== undefined) {
        kill(state, unit, unit.pending, now);
        return;
      }
      const why = unit.isLeaving ? `${words} after it said STOPPING` : words;
      onDead(state, unit, { cause: "dead", why, exitCode: exit.code }, now);
      return;
    }
    case "idle":
    case "spawning":
    case "killing":
      return; // the tree is what counts there
    default:
      unit.phase satisfies never;
  }
}

/** No process of the start lives any more: what was decided follows. */
export function onTreeGone(state: State, unit: Unit, now: MonoUs): void {
  if (unit.phase !== "killing") return;
  const next = unit.pending ?? defined(unit.next, "what follows a kill");
  forgetStart(unit);
  unit.phase = "idle";
  unit.pid = undefined;
  unit.next = undefined;
  unit.pending = undefined;
  if (!unit.isWanted) {
    rest(state, unit, { then: "stopped", cause: next.cause, why: next.why, pauseMs: 0 }, now);
    return;
  }
  if (next.then !== "restart") {
    rest(state, unit, next, now);
    return;
  }
  unit.isDue = true;
  unit.cause = next.cause;
  unit.dueAtUs = next.pauseMs > 0 ? addUs(now, msToUs(next.pauseMs)) : undefined;
  if (unit.dueAtUs === undefined) return; // `settle` starts it in this very step
  const why = `${next.why}; again in ${next.pauseMs} ms`;
  tell(state, unit, { level: "info", event: "service-waiting", fields: { why } });
  show(state, unit, { state: "waiting", cause: next.cause, why }, now);
}

/** It stays down until an order comes. */
function rest(state: State, unit: Unit, next: Next, now: MonoUs): void {
  const { cause, why } = next;
  const { name, group } = unit.service;
  unit.isDue = false;
  if (next.then === "stopped") {
    tell(state, unit, { level: "info", event: "service-stopped", fields: { why } });
    show(state, unit, { state: "stopped", cause, why }, now);
    return;
  }
  if (next.then === "done") {
    tell(state, unit, { level: "info", event: "service-done", fields: { why } });
    show(state, unit, { state: "done", cause, why }, now);
    return;
  }
  show(state, unit, { state: "failed", cause, why }, now);
  if (next.then === "move") {
    const to = defined(group, "the group of a service that moves");
    tell(state, unit, { level: "warn", event: "service-move-asked", fields: { why, group: to } });
    state.effects.push({ type: "ask-move", service: name, group: to, cause, why });
    return;
  }
  tell(state, unit, { level: "error", event: "service-failed", fields: { why } });
}

/** `exited with code 3`, `was killed by SIGKILL`. */
export function exitWords(exit: ProcessExit): string {
  return exit.signal === undefined
    ? `exited with code ${exit.code}`
    : `was killed by ${exit.signal}`;
}
