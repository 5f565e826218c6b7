// For tests: services with every default filled in, and a core in virtual time whose processes obey
// at once unless a test says otherwise.

import { type MonoUs, monoUs } from "../base/index.ts";
import type { Service } from "../config/index.ts";
import { step } from "./core.ts";
import type { Effect, Event, News } from "./core/events.ts";
import { createPsrm, type State, type Unit } from "./core/state.ts";
import type { ServiceChange } from "./types.ts";

/** What a test sets of a service. */
export type ServiceParts = Omit<
  Partial<Service>,
  "restart" | "onFailure" | "limits" | "stop" | "log"
> & {
  readonly name: string;
  readonly restart?: Partial<Service["restart"]>;
  readonly onFailure?: Partial<Service["onFailure"]>;
  readonly limits?: Partial<Service["limits"]>;
  readonly stop?: Partial<Service["stop"]>;
  readonly log?: Partial<Service["log"]>;
};

/** A service with defaults: ready at once, restarted at once, five times in ten seconds. */
export function testService(parts: ServiceParts): Service {
  return {
    run: ["/bin/sleep", "600"],
    user: undefined,
    directory: "/",
    environment: {},
    group: undefined,
    standby: "stopped",
    on: [],
    after: [],
    ready: { by: "alive" },
    readyMs: 5_000,
    alive: { by: "alive" },
    ...parts,
    limits: {
      openFiles: undefined,
      processes: undefined,
      memoryBytes: undefined,
      troubleMemoryBytes: undefined,
      ...parts.limits,
    },
    stop: { signal: "SIGTERM", ms: 2_000, ...parts.stop },
    restart: {
      backoffMs: 0,
      backoffMaxMs: 10_000,
      calmMs: 60_000,
      max: 5,
      windowMs: 10_000,
      byExitCode: {},
      ...parts.restart,
    },
    onFailure: { dead: "restart", silent: "restart", trouble: "nothing", ...parts.onFailure },
    log: { bytesMax: 1_000_000, files: 3, ...parts.log },
  };
}

/** A core in virtual time. */
export type VirtualPsrm = {
  readonly state: State;
  nowUs: number;
  /** Everything ordered so far, oldest first. */
  readonly effects: Effect[];
  readonly feed: (event: Event) => Effect[];
  /** Lets time pass, timer by timer. */
  readonly pass: (ms: number) => void;
  readonly unit: (name: string) => Unit;
  /** News of the service's current start. */
  readonly news: (service: string, news: PlainNews) => void;
  readonly changes: () => ServiceChange[];
  /** Starts whose tree may live, by service: more than one is the mistake that matters most. */
  readonly living: (service: string) => number;
  /** Processes that do not obey: a test tells their news itself. */
  readonly wild: { spawn: boolean; signal: boolean; kill: boolean };
};

/** News without what every news has; distributes over the kinds. */
export type PlainNews = News extends infer One
  ? One extends News
    ? Omit<One, "service" | "start">
    : never
  : never;

/** A PSRM of these services at 1000 s. */
export function virtualPsrm(services: readonly Service[]): VirtualPsrm {
  const created = createPsrm(services);
  if (!created.ok) throw new Error(created.error);
  const state = created.value;
  const trees = new Map<string, Set<number>>();
  const psrm: VirtualPsrm = {
    state,
    nowUs: 1_000_000_000,
    effects: [],
    wild: { spawn: false, signal: false, kill: false },
    feed(event) {
      const effects = step(state, event, nowOf(psrm));
      psrm.effects.push(...effects);
      for (const effect of effects) obey(psrm, trees, effect);
      return effects;
    },
    pass(ms) {
      const endUs = psrm.nowUs + ms * 1000;
      for (let i = 0; i < 10_000; i++) {
        const { timerUs } = state;
        if (timerUs === undefined || timerUs > endUs) break;
        psrm.nowUs = Math.max(psrm.nowUs, timerUs);
        psrm.feed({ type: "timer-fired" });
      }
      psrm.nowUs = endUs;
    },
    unit(name) {
      const unit = state.units.get(name);
      if (unit === undefined) throw new Error(`no service ${name}`);
      return unit;
    },
    news(service, news) {
      const { start } = psrm.unit(service);
      if (news.type === "tree-gone") trees.get(service)?.delete(start);
      psrm.feed({ ...news, service, start });
    },
    changes: () =>
      psrm.effects.flatMap((effect) => (effect.type === "changed" ? [effect.change] : [])),
    living: (service) => trees.get(service)?.size ?? 0,
  };
  return psrm;
}

function nowOf(psrm: VirtualPsrm): MonoUs {
  return monoUs(psrm.nowUs);
}

function obey(psrm: VirtualPsrm, trees: Map<string, Set<number>>, effect: Effect): void {
  switch (effect.type) {
    case "spawn": {
      const { name } = effect.service;
      const living = trees.get(name) ?? new Set();
      trees.set(name, living.add(effect.start));
      if (living.size > 1) throw new Error(`two trees of ${name} at once`);
      if (psrm.wild.spawn) return;
      psrm.feed({ type: "started", service: name, start: effect.start, pid: 100 + effect.start });
      return;
    }
    case "signal":
      if (psrm.wild.signal) return;
      psrm.feed({
        type: "exited",
        service: effect.service,
        start: effect.start,
        exit: { code: 143, signal: "SIGTERM" },
      });
      return;
    case "kill-tree":
      if (psrm.wild.kill) return;
      trees.get(effect.service)?.delete(effect.start);
      psrm.feed({ type: "tree-gone", service: effect.service, start: effect.start });
      return;
    case "check":
    case "set-timer":
    case "changed":
    case "ask-move":
    case "log":
      return; // they need no answer
    default:
      effect satisfies never;
  }
}
