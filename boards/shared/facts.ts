// What every board says of itself, whatever its role; roles add what only they know.

import { monoNowUs } from "../../src/kernel/index.ts";
import type { AlarmFact, BoardFacts, Identity, RunOptions } from "../../src/manage/index.ts";
import {
  type Alarm,
  type AlarmBook,
  type AlarmReport,
  openAlarmBook,
} from "../../src/history/index.ts";
import type { Netrack } from "../../src/netrack/index.ts";
import { SOFTSET_VERSION } from "./version.ts";
import { failoverAlarms } from "./failover-alarms.ts";
import { failoverFacts } from "./failover-facts.ts";
import type { BoardLife } from "./failover.ts";
import { faultAlarms } from "./fault-alarms.ts";
import type { BoardProcess } from "./process.ts";

/** What the common facts are made of. */
export type FactSources = {
  readonly board: BoardProcess;
  readonly options: RunOptions;
  readonly role: Identity["role"];
  /** Undefined until NETRACK runs. */
  readonly netrack: () => Netrack | undefined;
  /** Failover and what it was made of, once there is one. */
  readonly life: () => BoardLife | undefined;
  /** Alarms that only this role has. */
  readonly moreAlarms: () => readonly AlarmReport[];
  readonly addresses: () => Identity["addresses"];
};

/** The facts of a board that gives no addresses. */
export function commonFacts(sources: FactSources): BoardFacts {
  const { board, netrack, life } = sources;
  const book = alarmBook(sources);
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
      ...life()?.failover()?.counters(),
    }),
    alarms: () => book.standing().map(alarmFact),
    configs: () => [],
    runtime: board.runtime.report,
    get failover() {
      const running = life();
      const failover = running?.failover();
      if (running === undefined || failover === undefined) return undefined;
      return failoverFacts({
        failover,
        document: running.document(),
        alarms: book,
        nowUs: monoNowUs,
      });
    },
  };
}

/** The board's one list of alarms, kept in step with what its modules see. */
function alarmBook(sources: FactSources): AlarmBook {
  const { board, options, netrack, life } = sources;
  const book = openAlarmBook({
    stateDir: options.stateDir,
    now: () => ({ atUs: monoNowUs(), wallMs: Date.now() }),
    log: board.events.log.module("history"),
  });
  const sync = (): void => {
    const failover = life()?.failover();
    book.sync("netrack", faultAlarms(netrack()?.map()));
    book.sync("failover", failoverAlarms(failover));
    book.sync("board", sources.moreAlarms());
  };
  const timer = setInterval(sync, alarmsEveryMs);
  timer.unref();
  return {
    ...book,
    standing() {
      sync();
      return book.standing();
    },
  };
}

/** Alarms are looked at this often, ms, and whenever somebody asks. */
const alarmsEveryMs = 1_000;

function alarmFact(alarm: Alarm): AlarmFact {
  const { id, object, severity, sinceUs, text, action, number, acknowledged } = alarm;
  const seen = acknowledged && `${acknowledged.who}: ${acknowledged.text}`;
  return { id, object, severity, sinceUs, text, action, number, acknowledged: seen };
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
