// PSRM on a board: the core, its one timer, a host for each service, their sockets, the guard.

import { resolve } from "node:path";
import {
  assert,
  defined,
  err,
  lineBudget,
  type Log,
  ok,
  parseIpv4,
  type Result,
  takeLine,
} from "../base/index.ts";
import type { Service, ServiceLimits } from "../config/index.ts";
import { monoNowUs, netnsNumber } from "../kernel/index.ts";
import { step } from "./core.ts";
import type { Effect, Event } from "./core/events.ts";
import { createPsrm, type State, type Unit } from "./core/state.ts";
import { type Guard, startGuard } from "./guard-client.ts";
import { refusalLinesPerSecondMax, sampleEveryMs, waitingEventsMax } from "./limits.ts";
import { type AskedServiceCommand, type LineSocket, openLineSocket } from "./line-socket.ts";
import { createServiceHost, type ServiceHost, userOf } from "./service-host.ts";
import type { GroupRole, Psrm, PsrmOptions, ServiceStatus } from "./surface.ts";
import { openCgroupForest } from "./tree-cgroup.ts";
import { openSweepForest } from "./tree-sweep.ts";
import type { Forest, Tree } from "./tree.ts";

type Shell = {
  readonly options: PsrmOptions;
  readonly state: State;
  readonly log: Log;
  readonly hosts: Map<string, ServiceHost>;
  readonly sockets: Map<string, LineSocket>;
  readonly roles: Map<string, GroupRole>;
  readonly children: Set<number>;
  readonly waiting: Event[];
  isStepping: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
  guard: Guard | undefined;
  /** Waits for every service to be gone. */
  onIdle: (() => void) | undefined;
};

/**
 * Starts PSRM: kills what an earlier life left, then waits for orders. The error is a sentence:
 * services that contradict each other, or processes of an earlier life that cannot be killed.
 */
export async function startPsrm(options: PsrmOptions): Promise<Result<Psrm, string>> {
  const state = createPsrm(options.services);
  if (!state.ok) return state;
  const shell: Shell = {
    options,
    state: state.value,
    log: options.log,
    hosts: new Map(),
    sockets: new Map(),
    roles: new Map(),
    children: new Set(),
    waiting: [],
    isStepping: false,
    timer: undefined,
    guard: undefined,
    onIdle: undefined,
  };
  // Boards that share a kernel (a virtual chassis) have the same directory, each in its namespaces.
  const place = `${resolve(options.runDir)} ${netnsNumber()}`;
  const instance = Bun.hash(place).toString(16).padStart(16, "0");
  const found = openForest(shell, instance);
  if (!found.ok) return found;
  const { forest, limit } = found.value;
  const killed = await forest.killPredecessors();
  if (!killed.ok) return err(`${killed.error}; the board must be rebooted`);
  if (killed.value > 0) options.log.warn("predecessor-killed", { processes: killed.value });
  const guard = options.guard === undefined ? undefined : startGuard(options.guard, options.log);
  shell.guard = guard;
  for (const hold of forest.guardHolds) guard?.hold(hold);
  makeHosts(shell, { instance, forest, guard, limit });
  const sampler = setInterval(() => sample(shell), sampleEveryMs);
  sampler.unref();
  return ok(surfaceOf(shell, { guard, forest, sampler }));
}

type Found = {
  readonly forest: Forest;
  readonly limit: (service: Service, tree: Tree) => ServiceLimits;
};

function openForest(shell: Shell, instance: string): Result<Found, string> {
  const { options, log } = shell;
  const refused = (reason: string): void => log.error("service-kill-refused", { reason });
  const cgroups =
    options.cgroups === false ? err("switched off") : openCgroupForest(instance, refused);
  const told = new Set<string>();
  const tellWeak = (service: Service, weak: readonly string[]): void => {
    if (weak.length === 0 || told.has(service.name)) return;
    told.add(service.name);
    log.warn("service-limit-weak", { service: service.name, limits: weak.join(",") });
  };
  if (cgroups.ok) {
    const forest = cgroups.value;
    return ok({
      forest,
      limit(service, tree) {
        const weak = forest.limit(tree, service.limits);
        tellWeak(service, weak);
        const { limits } = service;
        return {
          ...limits,
          memoryBytes: weak.includes("memory") ? limits.memoryBytes : undefined,
          processes: weak.includes("pids") ? limits.processes : undefined,
        };
      },
    });
  }
  log.warn("psrm-without-cgroup", { reason: cgroups.error });
  const sweep = openSweepForest({
    instance,
    isOwnChild: (pid) => isChild(shell, pid) || options.isOtherChild(pid),
    onStray: (pid, service) => log.warn("service-stray-killed", { service, pid }),
  });
  if (!sweep.ok) return sweep;
  return ok({
    forest: sweep.value,
    limit(service) {
      const { memoryBytes, processes } = service.limits;
      tellWeak(service, [
        ...(memoryBytes === undefined ? [] : ["memory"]),
        ...(processes === undefined ? [] : ["pids"]),
      ]);
      return service.limits;
    },
  });
}

function makeHosts(
  shell: Shell,
  with_: {
    readonly instance: string;
    readonly guard: Guard | undefined;
  } & Found,
): void {
  const { options, log } = shell;
  const loopback = parseIpv4("127.0.0.1");
  assert(loopback.ok, "127.0.0.1 is an address");
  const budget = lineBudget(refusalLinesPerSecondMax, monoNowUs());
  for (const service of options.services) {
    const host = createServiceHost({
      service,
      ...with_,
      runDir: options.runDir,
      logDir: options.logDir,
      log,
      checkAddress: options.checkAddress ?? (() => loopback.value),
      onNews: (news) => feed(shell, news),
      onRefusedNotify(fields) {
        const line = takeLine(budget, monoNowUs());
        if (line.suppressed > 0) log.warn("notify-refusals-untold", { lines: line.suppressed });
        if (line.allowed) log.warn("notify-refused", fields);
      },
      onChild(pid, isAlive) {
        if (isAlive) shell.children.add(pid);
        else shell.children.delete(pid);
      },
    });
    shell.hosts.set(service.name, host);
    openSocket(shell, service, host.socketPath);
  }
}

function openSocket(shell: Shell, service: Service, path: string): void {
  const { log } = shell;
  const user = userOf(service);
  const socket = openLineSocket({
    path,
    owner: user.ok ? user.value : undefined,
    answer: (command) => answer(shell, service, command),
    now: () => ({ role: roleOf(shell, service), state: unitOf(shell, service.name).state }),
    onDropped: (reason) => log.warn("service-socket-dropped", { service: service.name, reason }),
  });
  if (socket.ok) shell.sockets.set(service.name, socket.value);
  else log.error("service-socket-refused", { service: service.name, text: socket.error });
}

function answer(shell: Shell, service: Service, command: AskedServiceCommand): object {
  const { name } = service;
  const unit = unitOf(shell, name);
  const isNews = command.type !== "active" && command.type !== "status";
  if (isNews && unit.phase !== "up") return { ok: false, error: `${name} is ${unit.state}` };
  switch (command.type) {
    case "active":
      return { ok: true, role: roleOf(shell, service) };
    case "status":
      return { ok: true, status: statusOf(shell, unit) };
    case "trouble":
      feed(shell, { type: "trouble-reported", service: name, start: unit.start, why: command.why });
      return { ok: true, action: service.onFailure.trouble };
    case "ok":
      feed(shell, { type: "trouble-over", service: name, start: unit.start });
      return { ok: true };
    case "move":
      if (service.group === undefined) {
        return { ok: false, error: `${name} is in no group, so no other board can run it` };
      }
      feed(shell, { type: "move-wanted", service: name, start: unit.start, why: command.why });
      return { ok: true };
    default:
      return command satisfies never;
  }
}

/** A service in no group runs wherever it is wanted: it is active where it runs. */
function roleOf(shell: Shell, service: Service): GroupRole {
  return service.group === undefined ? "active" : (shell.roles.get(service.group) ?? "standby");
}

function unitOf(shell: Shell, name: string): Unit {
  return defined(shell.state.units.get(name), `service ${name}`);
}

/** Takes an event; events that its effects cause are taken after it, in order. */
function feed(shell: Shell, event: Event): void {
  assert(shell.waiting.length < waitingEventsMax, "effects cause few events");
  shell.waiting.push(event);
  if (shell.isStepping) return;
  shell.isStepping = true;
  for (let next = shell.waiting.shift(); next !== undefined; next = shell.waiting.shift()) {
    for (const effect of step(shell.state, next, monoNowUs())) carryOut(shell, effect);
  }
  shell.isStepping = false;
  if (shell.onIdle !== undefined && isIdle(shell)) shell.onIdle();
}

function carryOut(shell: Shell, effect: Effect): void {
  const { options, log } = shell;
  switch (effect.type) {
    case "spawn":
      hostOf(shell, effect.service.name).spawn(effect.start);
      return;
    case "signal":
      hostOf(shell, effect.service).signal(effect.start, effect.signal);
      return;
    case "kill-tree":
      hostOf(shell, effect.service).killTree(effect.start);
      return;
    case "check":
      hostOf(shell, effect.service.name).check(effect);
      return;
    case "set-timer":
      setTimer(shell);
      return;
    case "changed": {
      const { service, state, cause, why } = effect.change;
      shell.sockets.get(service)?.tell({ event: "state", state, cause, why });
      options.onChange(effect.change);
      return;
    }
    case "ask-move": {
      const { service, group, cause, why } = effect;
      options.onMoveAsked({ service, group, cause, why });
      return;
    }
    case "log":
      log[effect.level](effect.event, effect.fields);
      return;
    default:
      effect satisfies never;
  }
}

/** The core's timer; setTimeout may fire half a millisecond early, then it is set again. */
function setTimer(shell: Shell): void {
  clearTimeout(shell.timer);
  const atUs = shell.state.timerUs;
  if (atUs === undefined) return;
  const waitMs = Math.min(timerMsMax, Math.max(0, (atUs - monoNowUs()) / 1000));
  shell.timer = setTimeout(() => {
    if (monoNowUs() < atUs) setTimer(shell);
    else feed(shell, { type: "timer-fired" });
  }, waitMs);
}

/** setTimeout takes 2^31 ms at most; a longer wait is set again. */
const timerMsMax = 86_400_000;

/** A living Bun.spawn child of PSRM: a main process, a check, the guard. */
function isChild(shell: Shell, pid: number): boolean {
  return shell.children.has(pid) || pid === shell.guard?.pid();
}

function hostOf(shell: Shell, name: string): ServiceHost {
  return defined(shell.hosts.get(name), `host of service ${name}`);
}

function sample(shell: Shell): void {
  for (const { service } of shell.state.units.values()) {
    if (service.limits.troubleMemoryBytes === undefined) continue;
    const sampled = hostOf(shell, service.name).sample();
    if (sampled !== undefined) feed(shell, { type: "sampled", service: service.name, ...sampled });
  }
}

function isIdle(shell: Shell): boolean {
  return [...shell.state.units.values()].every(({ phase, isDue }) => phase === "idle" && !isDue);
}

function statusOf(shell: Shell, unit: Unit): ServiceStatus {
  const { service, state, cause, why, sinceUs, isWanted, pid, start } = unit;
  const { logFile } = hostOf(shell, service.name);
  return {
    service: service.name,
    group: service.group,
    state,
    cause,
    why,
    sinceUs,
    isWanted,
    pid,
    start,
    restarts: unit.restartsUs.length,
    againAtUs: unit.dueAtUs,
    lastExit: unit.lastExit,
    statusText: unit.statusText,
    lastLines: [...logFile.lastLines()],
    logDroppedBytes: logFile.droppedBytes(),
  };
}

function surfaceOf(
  shell: Shell,
  parts: {
    readonly guard: Guard | undefined;
    readonly forest: Forest;
    readonly sampler: ReturnType<typeof setInterval>;
  },
): Psrm {
  const { guard, forest } = parts;
  const order =
    (type: "start" | "stop" | "restart" | "kill") =>
    (service: string, why: string): Result<void, string> => {
      if (!shell.state.units.has(service)) return err(`this board has no service ${service}`);
      feed(shell, { type, service, why });
      return ok(undefined);
    };
  return {
    way: forest.way,
    start: order("start"),
    stop: order("stop"),
    restart: order("restart"),
    kill: order("kill"),
    status: () => [...shell.state.units.values()].map((unit) => statusOf(shell, unit)),
    setRole(group, role) {
      if (shell.roles.get(group) === role) return;
      shell.roles.set(group, role);
      for (const { service } of shell.state.units.values()) {
        if (service.group === group) shell.sockets.get(service.name)?.tell({ event: "role", role });
      }
    },
    guardAddress: (one) => guard?.hold(`address ${one.index} ${one.address} ${one.prefix}`),
    releaseAddress: (one) => guard?.release(`address ${one.index} ${one.address} ${one.prefix}`),
    isChild: (pid) => isChild(shell, pid),
    guardPid: () => guard?.pid(),
    close: () => close(shell, parts),
  };
}

async function close(
  shell: Shell,
  parts: {
    readonly guard: Guard | undefined;
    readonly forest: Forest;
    readonly sampler: ReturnType<typeof setInterval>;
  },
): Promise<void> {
  clearInterval(parts.sampler);
  const gone = new Promise<void>((done) => {
    shell.onIdle = done;
  });
  for (const name of shell.state.units.keys()) {
    feed(shell, { type: "stop", service: name, why: "the board stops" });
  }
  if (!isIdle(shell)) await gone;
  clearTimeout(shell.timer);
  for (const socket of shell.sockets.values()) socket.close();
  for (const host of shell.hosts.values()) await host.logFile.close();
  for (const hold of parts.forest.guardHolds) parts.guard?.release(hold);
  await parts.guard?.close();
  parts.forest.close();
}
