// The state of PSRM: plain data, one Unit a service. Only `step` changes it.

import { err, type MonoUs, monoUs, ok, type Result } from "../../base/index.ts";
import type { Service } from "../../config/index.ts";
import { serviceNameCharsMax, servicesMax } from "../limits.ts";
import type { ServiceCause, ServiceState } from "../types.ts";
import type { Effect } from "./events.ts";

/** What lives of the current start. `killing`: until the tree is provably gone. */
export type Phase = "idle" | "spawning" | "up" | "ending" | "killing";

/** What follows when the tree is gone. */
export type Next = {
  readonly then: "restart" | "move" | "stopped" | "failed" | "done";
  readonly cause: ServiceCause;
  readonly why: string;
  /** Pause before a restart, ms. */
  readonly pauseMs: number;
};

/** Why a running service is in trouble. */
export type Trouble = "silent" | "reported" | "memory";

/** One service. Deadlines are undefined where nothing is awaited. */
export type Unit = {
  readonly service: Service;
  /** Names of the services that come after it. */
  readonly dependents: string[];
  state: ServiceState;
  cause: ServiceCause;
  why: string;
  sinceUs: MonoUs;
  /** An order wants it to run. */
  isWanted: boolean;
  phase: Phase;
  /** Idle and to be started as soon as pause and order allow. */
  isDue: boolean;
  /** To be stopped when its dependents are gone, and what follows then. */
  pending: Next | undefined;
  start: number;
  pid: number | undefined;
  next: Next | undefined;
  lastExit: string | undefined;
  /** STATUS= of sd_notify(3). */
  statusText: string | undefined;
  /** This start has passed its readiness check. */
  isReady: boolean;
  /** It said STOPPING=1 by itself. */
  isLeaving: boolean;
  readonly troubles: Map<Trouble, string>;
  /** Times of restarts within the window, oldest first. */
  restartsUs: MonoUs[];
  /** Restarts since it was calm last: how often the pause has doubled. */
  pauses: number;
  /** Number of the check that waits for its answer; 0 = none. */
  check: number;
  /** When it was asked. */
  askedUs: MonoUs;
  checkFailures: number;
  lastCheckFailure: string | undefined;
  readyChecks: number;
  dueAtUs: MonoUs | undefined;
  readyByUs: MonoUs | undefined;
  stopByUs: MonoUs | undefined;
  watchdogByUs: MonoUs | undefined;
  checkAtUs: MonoUs | undefined;
  calmAtUs: MonoUs | undefined;
  /** When a kill is overdue. */
  goneByUs: MonoUs | undefined;
  /** Kills of this tree so far. */
  kills: number;
};

/** All services of one board. */
export type State = {
  readonly units: Map<string, Unit>;
  /** Numbers of checks, unique for the life of the state. */
  checks: number;
  /** What the shell's timer is set to. */
  timerUs: MonoUs | undefined;
  /** Effects of the step that runs; `step` hands them out. */
  effects: Effect[];
};

/**
 * A PSRM that runs nothing yet. The error names a service twice, one after an unknown one, or a
 * circle; a chassis file that passed `loadChassis` gives none of them.
 */
export function createPsrm(services: readonly Service[]): Result<State, string> {
  if (services.length > servicesMax) {
    return err(`${services.length} services; a board runs at most ${servicesMax}`);
  }
  const units = new Map<string, Unit>();
  for (const service of services) {
    const { name } = service;
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name) || name.length > serviceNameCharsMax) {
      return err(`service name ${JSON.stringify(name.slice(0, 80))} is not letters, digits, . _ -`);
    }
    if (units.has(name)) return err(`service ${name} is there twice`);
    units.set(name, newUnit(service));
  }
  for (const { service } of units.values()) {
    for (const before of service.after) {
      const unit = units.get(before);
      if (unit === undefined) {
        return err(`service ${service.name} is after ${before}, which this board does not have`);
      }
      unit.dependents.push(service.name);
    }
  }
  const circle = inCircle(units);
  if (circle !== undefined) return err(`service ${circle} comes after itself (a circle in after)`);
  return ok({ units, checks: 0, timerUs: undefined, effects: [] });
}

function newUnit(service: Service): Unit {
  return {
    service,
    dependents: [],
    state: "stopped",
    cause: "ordered",
    why: "never started",
    sinceUs: monoUs(0),
    isWanted: false,
    phase: "idle",
    isDue: false,
    pending: undefined,
    start: 0,
    pid: undefined,
    next: undefined,
    lastExit: undefined,
    statusText: undefined,
    isReady: false,
    isLeaving: false,
    troubles: new Map(),
    restartsUs: [],
    pauses: 0,
    check: 0,
    askedUs: monoUs(0),
    checkFailures: 0,
    lastCheckFailure: undefined,
    readyChecks: 0,
    dueAtUs: undefined,
    readyByUs: undefined,
    stopByUs: undefined,
    watchdogByUs: undefined,
    checkAtUs: undefined,
    calmAtUs: undefined,
    goneByUs: undefined,
    kills: 0,
  };
}

/** A service that cannot be taken away by taking away, again and again, those without `after`. */
function inCircle(units: ReadonlyMap<string, Unit>): string | undefined {
  const left = new Map([...units].map(([name, { service }]) => [name, service.after.length]));
  const free = [...left].filter(([, count]) => count === 0).map(([name]) => name);
  for (let name = free.pop(); name !== undefined; name = free.pop()) {
    left.delete(name);
    for (const dependent of units.get(name)?.dependents ?? []) {
      const count = (left.get(dependent) ?? 0) - 1;
      left.set(dependent, count);
      if (count === 0) free.push(dependent);
    }
  }
  return left.keys().next().value;
}
