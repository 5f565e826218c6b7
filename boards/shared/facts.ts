// What every board says of itself, whatever its role; roles add what only they know.

import { monoNowUs } from "../../src/kernel/index.ts";
import type { BoardFacts, Identity, RunOptions } from "../../src/manage/index.ts";
import type { Failover } from "../../src/failover/index.ts";
import type { Netrack } from "../../src/netrack/index.ts";
import { SOFTSET_VERSION } from "./version.ts";
import { faultAlarms } from "./fault-alarms.ts";
import type { BoardProcess } from "./process.ts";

/** What the common facts are made of. */
export type FactSources = {
  readonly board: BoardProcess;
  readonly options: RunOptions;
  readonly role: Identity["role"];
  /** Undefined until NETRACK runs. */
  readonly netrack: () => Netrack | undefined;
  readonly failover: () => Failover | undefined;
  readonly addresses: () => Identity["addresses"];
};

/** The facts of a board that gives no addresses. */
export function commonFacts(sources: FactSources): BoardFacts {
  const { board, netrack, failover } = sources;
  const startedUs = monoNowUs();
  return {
    now: () => ({ atUs: monoNowUs(), time: new Date().toISOString() }),
    identity: () => {
      const map = netrack()?.map();
      const self = map?.boards.find(({ slot }) => slot === map.self);
      return {
        role: sources.role,
        name: self?.name ?? sources.role,
        slot: map?.self,
        version: SOFTSET_VERSION,
        startedUs,
        chassis: map?.chassis,
        configVersion: map?.configVersion,
        addresses: sources.addresses(),
      };
    },
    map: () => netrack()?.map(),
    events: board.events.since,
    subscribe: board.events.subscribe,
    addresses: undefined,
    counters: () => ({
      ...prefixed("netrack", netrack()?.counters() ?? {}),
      ...failover()?.counters(),
    }),
    alarms: () => faultAlarms(netrack()?.map()),
    configs: () => [],
    runtime: board.runtime.report,
  };
}

/** Counters of a module by full name, `netrack.beatsSent`. */
export function prefixed(
  module: string,
  counters: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counters).map(([name, value]) => [`${module}.${name}`, value]),
  );
}
