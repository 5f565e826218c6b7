// Does a living service answer, and is it well? sd_notify(3) messages, answers to checks, samples of
// memory, reports of the program itself (design 28-30).

import { addUs, type MonoUs, msToUs, unreachable } from "../../base/index.ts";
import type { AliveCheck, Service } from "../../config/index.ts";
import { memoryCalmRatio, readyCheckMs, readyCheckMsMax, readyCheckWithinMs } from "../limits.ts";
import { askToEnd, show } from "./change.ts";
import type { News } from "./events.ts";
import { endTrouble, onSilent, onTrouble } from "./failure.ts";
import { becomeReady } from "./life.ts";
import type { NotifyMessage } from "./notify.ts";
import type { State, Unit } from "./state.ts";

/** An AliveCheck that asks questions. */
type AskingCheck = Extract<AliveCheck, { readonly everyMs: number; readonly withinMs: number }>;

function askingCheck(service: Service): AskingCheck | undefined {
  const { alive } = service;
  return alive.by === "alive" || alive.by === "watchdog" ? undefined : alive;
}

/** One datagram of sd_notify(3), from a process that is of the service. */
export function onNotified(state: State, unit: Unit, message: NotifyMessage, now: MonoUs): void {
  if (message.status !== undefined) unit.statusText = message.status;
  if (message.extendMs !== undefined) extend(unit, addUs(now, msToUs(message.extendMs)));
  if (unit.phase !== "up") return;
  if (message.isStopping) {
    leave(state, unit, now);
    return;
  }
  if (message.isReady) onReadyMessage(state, unit, now);
  if (!unit.isReady) return;
  if (message.isReloading && !message.isReady && unit.service.ready.by === "notify") {
    unit.readyByUs = addUs(now, msToUs(unit.service.readyMs));
  }
  if (message.watchdog === "trigger") {
    onSilent(state, unit, "it said WATCHDOG=trigger", now);
    return;
  }
  const { alive } = unit.service;
  if (message.watchdog === "alive" && alive.by === "watchdog" && !unit.isLeaving) {
    unit.watchdogByUs = addUs(now, msToUs(alive.everyMs));
    endTrouble(state, unit, "silent", now);
  }
}

function onReadyMessage(state: State, unit: Unit, now: MonoUs): void {
  if (unit.service.ready.by !== "notify") return;
  if (!unit.isReady) {
    becomeReady(state, unit, now);
    return;
  }
  unit.readyByUs = undefined; // the end of a reload
  if (unit.service.alive.by !== "watchdog") endTrouble(state, unit, "silent", now);
}

/** It ends by itself: no new questions, and stop.ms until it must have ended. */
function leave(state: State, unit: Unit, now: MonoUs): void {
  if (unit.isLeaving) return;
  unit.isLeaving = true;
  unit.readyByUs = undefined;
  unit.watchdogByUs = undefined;
  unit.checkAtUs = undefined;
  unit.check = 0;
  unit.calmAtUs = undefined;
  unit.stopByUs = addUs(now, msToUs(unit.service.stop.ms));
  show(state, unit, { state: "stopping", cause: "asked", why: "it said STOPPING" }, now);
}

/** EXTEND_TIMEOUT_USEC moves the deadline that runs, never nearer. */
function extend(unit: Unit, untilUs: MonoUs): void {
  if (unit.readyByUs !== undefined && unit.readyByUs < untilUs) unit.readyByUs = untilUs;
  if (unit.stopByUs !== undefined && unit.stopByUs < untilUs) unit.stopByUs = untilUs;
}

/** Asks one question: is it ready, does it still answer? */
export function ask(state: State, unit: Unit, now: MonoUs): void {
  const { service, start } = unit;
  const about = unit.isReady ? "alive" : "ready";
  unit.checkAtUs = undefined;
  if (unit.check !== 0) return; // one question at a time
  const withinMs =
    about === "ready" ? readyCheckWithinMs : (askingCheck(service)?.withinMs ?? readyCheckWithinMs);
  state.checks++;
  unit.check = state.checks;
  state.effects.push({ type: "check", service, start, check: unit.check, about, withinMs });
  unit.askedUs = now;
}

/** An answer to a question, or none. */
export function onAnswered(
  state: State,
  unit: Unit,
  answer: { readonly check: number; readonly failure: string | undefined },
  now: MonoUs,
): void {
  if (unit.phase !== "up" || answer.check !== unit.check) return;
  unit.check = 0;
  unit.lastCheckFailure = answer.failure;
  if (!unit.isReady) {
    if (answer.failure === undefined) {
      becomeReady(state, unit, now);
      return;
    }
    const pauseMs = Math.min(readyCheckMsMax, readyCheckMs * 2 ** Math.min(unit.readyChecks, 20));
    unit.readyChecks++;
    unit.checkAtUs = addUs(now, msToUs(pauseMs));
    return;
  }
  const alive = askingCheck(unit.service);
  if (alive === undefined || unit.isLeaving) return;
  const nextUs = addUs(unit.askedUs, msToUs(alive.everyMs));
  unit.checkAtUs = nextUs > now ? nextUs : now;
  if (answer.failure === undefined) {
    unit.checkFailures = 0;
    endTrouble(state, unit, "silent", now);
    return;
  }
  unit.checkFailures++;
  if (unit.checkFailures < alive.failures) return;
  const why = `${unit.checkFailures} checks in a row failed: ${answer.failure}`;
  onSilent(state, unit, why, now);
}

/** News about a living start that are neither its begin nor its end. */
export function onHealthNews(
  state: State,
  unit: Unit,
  news: Extract<
    News,
    { type: "notified" | "check-answered" | "sampled" | `trouble-${string}` | "move-wanted" }
  >,
  now: MonoUs,
): void {
  if (unit.phase !== "up" && news.type !== "notified") return;
  switch (news.type) {
    case "notified":
      onNotified(state, unit, news.message, now);
      return;
    case "check-answered":
      onAnswered(state, unit, news, now);
      return;
    case "sampled":
      onSampled(state, unit, news.memoryBytes, now);
      return;
    case "trouble-reported":
      onTrouble(state, unit, { trouble: "reported", why: news.why }, now);
      return;
    case "trouble-over":
      endTrouble(state, unit, "reported", now);
      return;
    case "move-wanted":
      if (unit.service.group === undefined || unit.pending !== undefined) return;
      askToEnd(state, unit, { then: "move", cause: "asked", why: news.why, pauseMs: 0 }, now);
      return;
    default:
      unreachable(news);
  }
}

function onSampled(state: State, unit: Unit, memoryBytes: number, now: MonoUs): void {
  const { troubleMemoryBytes } = unit.service.limits;
  if (troubleMemoryBytes === undefined) return;
  if (memoryBytes > troubleMemoryBytes) {
    const why = `${memoryBytes} bytes of memory, more than ${troubleMemoryBytes}`;
    onTrouble(state, unit, { trouble: "memory", why }, now);
  } else if (memoryBytes < troubleMemoryBytes * memoryCalmRatio) {
    endTrouble(state, unit, "memory", now);
  }
}
