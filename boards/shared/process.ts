// What every board's daemon begins with: its log with memory, its process, its control API.

import { hostname } from "node:os";
import { join } from "node:path";
import { monoNowUs } from "../../src/kernel/index.ts";
import {
  type BoardFacts,
  createEventLog,
  type EventLog,
  exitCodes,
  type RunOptions,
  startApi,
} from "../../src/manage/index.ts";
import { type Runtime, startRuntime } from "../../src/runtime/index.ts";

/** The daemon's process: where events go and how it ends. */
export type BoardProcess = {
  readonly events: EventLog;
  readonly runtime: Runtime;
  /** From now on the log calls the board by the name the chassis file gives its slot. */
  readonly rename: (name: string) => void;
  /** Serves the control API; false (and logged) if its socket cannot be had. */
  readonly serve: (facts: BoardFacts) => Promise<boolean>;
  /** Says why the board cannot run and returns the exit code. */
  readonly giveUp: (text: string, code: number) => number;
  /** Children that somebody here waits for, for the reaper of a board that is PID 1. */
  readonly ownChildren: { isOwn: (pid: number) => boolean };
};

/** Begins a daemon of `role`; until the board knows its slot the log names the host. */
export function beginProcess(role: string, options: RunOptions): BoardProcess {
  let name = hostname() || role;
  const events = createEventLog({
    board: () => name,
    sink: (line) => process.stderr.write(line),
    level: options.logLevel,
    time: () => new Date().toISOString(),
    nowUs: monoNowUs,
  });
  const ownChildren = { isOwn: (_pid: number): boolean => false };
  const runtime = startRuntime({
    realtime: options.realtime,
    log: events.log.module("runtime"),
    isChild: (pid) => ownChildren.isOwn(pid),
  });
  const log = events.log.module("api");
  return {
    events,
    runtime,
    rename: (better) => {
      name = better;
    },
    serve: async (facts) => {
      const api = await startApi({
        facts,
        path: join(options.runDir, "api.sock"),
        onMistake: (text) => log.error("api-mistake", { text }),
      });
      if (api.ok) runtime.onStop(() => api.value.close());
      else log.error("api-not-served", { text: api.error });
      return api.ok;
    },
    ownChildren,
    giveUp: (text, code) => {
      events.log.error("cannot-start", { text });
      return code;
    },
  };
}

/** Resolves never: the daemon runs until a signal ends the process. */
export function untilStopped(): Promise<number> {
  return new Promise<number>(() => {});
}

/** The exit code of a board that cannot start for want of something on this machine. */
export const exitCannotStart = exitCodes.failed;
