// The services of a chassis file (design 28-30): every default filled in, and what must hold
// between them: a known group or slots, an order that can be kept, intervals that can work.

import type { SlotId } from "../base/index.ts";
import { type BareGroup, checkSlots } from "./groups.ts";
import { servicesMax, watchdogLates } from "./limits.ts";
import type { Report } from "./report.ts";
import { mapSchema } from "./schema.ts";
import {
  aliveSchema,
  exitCodesSchema,
  readySchema,
  type ServiceSection,
  serviceSchema,
} from "./service-schema.ts";
import type { AliveCheck, RestartPolicy, Service } from "./service-types.ts";
import type { Board, Timing } from "./types.ts";
import { nameValue } from "./values.ts";

type Surroundings = {
  readonly groups: readonly BareGroup[];
  /** Also of groups with mistakes of their own. */
  readonly groupNames: readonly string[];
  readonly boards: readonly Board[];
  /** Undefined if it could not be read. */
  readonly timing: Timing | undefined;
};

/** Reads `services`, in the file's order; none if the section is left out. */
export function readServices(report: Report, value: unknown, around: Surroundings): Service[] {
  if (value === undefined) return [];
  const all = report.check(mapSchema("a map of services"), value, ["services"]);
  if (all === undefined) return [];
  const names = Object.keys(all);
  if (names.length > servicesMax) {
    report.add(["services"], `${names.length} services; at most ${servicesMax}`, "key");
    return [];
  }
  const services: Service[] = [];
  for (const [name, section] of Object.entries(all)) {
    const path = ["services", name];
    if (!nameValue.safeParse(name).success) {
      report.add(path, "not a service name; use letters, digits and dashes, a letter first", "key");
    }
    const read = report.check(serviceSchema, section, path);
    const service = read && readService(report, { name, read }, around);
    if (service !== undefined) services.push(service);
  }
  for (const service of services) checkOrder(report, service, services, names);
  checkCycles(report, services);
  return services;
}

function readService(
  report: Report,
  { name, read }: { name: string; read: ServiceSection },
  around: Surroundings,
): Service | undefined {
  const path = ["services", name];
  const on = placesOf(report, { name, read }, around);
  const ready = report.check(readySchema(read.ready ?? "alive"), read.ready ?? "alive", [
    ...path,
    "ready",
  ]);
  const alive = report.check(aliveSchema(read.alive ?? "alive"), read.alive ?? "alive", [
    ...path,
    "alive",
  ]);
  const restart = readRestart(report, read, path);
  if (on === undefined || ready === undefined || alive === undefined || restart === undefined) {
    return undefined;
  }
  checkAlive(report, alive, around.timing, path);
  const { limits, stop, onFailure, log } = read;
  return {
    name,
    run: read.run,
    user: read.user,
    directory: read.directory ?? "/",
    environment: read.environment ?? {},
    limits: {
      openFiles: limits?.openFiles,
      processes: limits?.processes,
      memoryBytes: limits?.memoryBytes,
      troubleMemoryBytes: limits?.troubleMemoryBytes,
    },
    group: read.group,
    standby: read.standby ?? "stopped",
    on,
    after: read.after ?? [],
    ready,
    readyMs: read.readyMs ?? 10_000,
    alive,
    stop: { signal: stop?.signal ?? "SIGTERM", ms: stop?.ms ?? 5000 },
    restart,
    onFailure: {
      dead: onFailure?.dead ?? "restart",
      silent: onFailure?.silent ?? "restart",
      trouble: onFailure?.trouble ?? "nothing",
    },
    log: { bytesMax: log?.bytesMax ?? 10_485_760, files: log?.files ?? 3 },
  };
}

/** The slots a service may run on: its group's, or its own list. */
function placesOf(
  report: Report,
  { name, read }: { name: string; read: ServiceSection },
  { groups, groupNames, boards }: Surroundings,
): readonly SlotId[] | undefined {
  const path = ["services", name];
  if (read.group === undefined && read.on === undefined) {
    report.add(path, "nowhere to run; give its group, or on: [1, 2] to run on all of these", "key");
    return undefined;
  }
  if (read.group === undefined) {
    if (read.standby !== undefined) {
      report.add([...path, "standby"], "it is in no group, so it never stands by; take it away");
    }
    checkSlots(report, read.on ?? [], boards, [...path, "on"]);
    return read.on;
  }
  if (read.on !== undefined) {
    report.add([...path, "on"], "its group says where it runs; take on or group away");
  }
  const group = groups.find((each) => each.name === read.group);
  if (group !== undefined) return group.on;
  if (!groupNames.includes(read.group)) {
    const known = groupNames.slice(0, 8).join(", ");
    const right = known === "" ? "give one in groups" : `there are ${known}`;
    report.add([...path, "group"], `no group ${read.group}; ${right}`);
  }
  return undefined;
}

function readRestart(
  report: Report,
  { restart: given, onFailure }: ServiceSection,
  path: readonly string[],
): RestartPolicy | undefined {
  const at = [...path, "restart"];
  const codes = report.check(exitCodesSchema, given?.byExitCode ?? {}, [...at, "byExitCode"]);
  if (codes === undefined) return undefined;
  for (const code of Object.keys(codes)) {
    if (Number(code) > 255) {
      report.add([...at, "byExitCode", code], `${code} is no exit code; they are 0 to 255`, "key");
    }
  }
  const backoffMs = given?.backoffMs ?? 0;
  const policy: RestartPolicy = {
    backoffMs,
    backoffMaxMs: given?.backoffMaxMs ?? Math.max(5000, backoffMs),
    calmMs: given?.calmMs ?? 10_000,
    max: given?.max ?? 3,
    windowMs: given?.windowMs ?? 60_000,
    byExitCode: codes,
  };
  if (policy.backoffMaxMs < backoffMs) {
    const message = `${policy.backoffMaxMs} is less than backoffMs = ${backoffMs}`;
    report.add([...at, "backoffMaxMs"], `${message}; give at least ${backoffMs}`);
  }
  const pausesMs = pausesBefore(policy);
  const restarts = onFailure?.dead === undefined || onFailure.dead === "restart";
  if (restarts && policy.windowMs <= pausesMs) {
    const what = `the pauses before restart ${policy.max + 1} last ${pausesMs} ms`;
    const right = `too often would never be; give more than ${pausesMs}`;
    report.add([...at, "windowMs"], `${policy.windowMs} is too short: ${what}, ${right}`);
  }
  return policy;
}

/** All pauses until the restart that is one too many, ms. */
function pausesBefore({ backoffMs, backoffMaxMs, max }: RestartPolicy): number {
  let sumMs = 0;
  let pauseMs = backoffMs;
  for (let i = 0; i <= max; i++) {
    sumMs += Math.min(pauseMs, backoffMaxMs);
    pauseMs = Math.min(pauseMs * 2, backoffMaxMs);
  }
  return sumMs;
}

function checkAlive(
  report: Report,
  alive: AliveCheck,
  timing: Timing | undefined,
  path: readonly string[],
): void {
  if (alive.by === "watchdog" && timing !== undefined) {
    const min = watchdogLates * timing.lateMs;
    if (alive.everyMs >= min) return;
    const why = `the board itself may be late`;
    const message = `${alive.everyMs} is less than ${watchdogLates} * lateMs = ${min}: ${why}`;
    report.add([...path, "alive", "watchdogMs"], `${message}; give at least ${min}`);
  }
  if (alive.by === "alive" || alive.by === "watchdog" || alive.withinMs <= alive.everyMs) return;
  const message = `${alive.withinMs} is more than everyMs = ${alive.everyMs}`;
  report.add([...path, "alive", "withinMs"], `${message}; a question ends before the next`);
}

function checkOrder(
  report: Report,
  service: Service,
  services: readonly Service[],
  names: readonly string[],
): void {
  const path = ["services", service.name, "after"];
  for (const name of service.after) {
    const other = services.find((each) => each.name === name);
    if (name === service.name) report.add(path, "a service cannot start after itself");
    else if (!names.includes(name)) {
      report.add(path, `no service ${name}; there are ${names.slice(0, 8).join(", ")}`);
    } else if (other !== undefined && !isBeside(service, other)) {
      const right = "give both one group, or let the first run on every slot of the second";
      report.add(path, `${name} does not run on the same boards; ${right}`);
    }
  }
}

/** True if `other` runs wherever `service` does. */
function isBeside(service: Service, other: Service): boolean {
  if (service.group !== undefined && service.group === other.group) return true;
  return other.group === undefined && service.on.every((slot) => other.on.includes(slot));
}

/** A circle of `after`, told once, at the first service of it in the file. */
function checkCycles(report: Report, services: readonly Service[]): void {
  const byName = new Map(services.map((each) => [each.name, each]));
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): void => {
    const at = trail.indexOf(name);
    if (at >= 0) {
      const circle = trail.slice(at);
      if (circle.length > 1) {
        const first = services.find((each) => circle.includes(each.name))?.name ?? name;
        const message = `${[...circle, name].join(" after ")}: a circle; take one after away`;
        report.add(["services", first, "after"], message);
      }
      return;
    }
    if (done.has(name)) return;
    for (const next of byName.get(name)?.after ?? []) visit(next, [...trail, name]);
    done.add(name);
  };
  for (const service of services) visit(service.name, []);
}
