// The process of a board: real-time scheduling, how late its loop is, signals, orphans when it is
// PID 1, and what happens when our own code is wrong. One per process; made by boards/*/main.ts.

import type { Log, MonoUs } from "../base/index.ts";
import {
  becomeRealtime,
  monoNowUs,
  type Realtime,
  reapOrphans,
  releaseText,
  sysErrorText,
} from "../kernel/index.ts";
import { createLateness, latenessPeriodUs, noteWakeup } from "./lateness.ts";

/** How the process is doing, for `status` (structurally manage's RuntimeFact). */
export type RuntimeReport = {
  readonly latenessUs: number;
  readonly latenessMaxUs: number;
  readonly rssBytes: number;
  /** CPU seconds per second over the last interval, 0.03 = 3 % of a core. */
  readonly cpuRatio: number;
  readonly realtime: { readonly on: boolean; readonly reason: string };
  readonly atUs: MonoUs;
};

/** The running process. */
export type Runtime = {
  readonly report: () => RuntimeReport;
  /** Calls `stop` on SIGTERM or SIGINT, last registered first; the process then exits 0. */
  readonly onStop: (stop: () => Promise<void> | void) => void;
  /**
   * The start is over: collects its garbage and unmaps its code (a stop of some 10 ms), so call it
   * before anything is on time.
   */
  readonly startIsOver: () => void;
  /** Stops in an orderly way and exits with `code`. */
  readonly stop: (code: number) => Promise<void>;
};

/** Exit code for our own mistakes (STYLE "Exit codes"). */
const exitOurBug = 70;
/** CPU and memory are measured this often. */
const usageEveryMs = 5_000;
/** Code that ran only while the board joined is given back this long after the start. */
const releaseAgainMs = 10_000;
/** An orderly stop may take this long, then the process ends anyway: services are asked to end first. */
const stopMsMax = 15_000;

/** Takes charge of the process. `realtime: false` leaves scheduling and memory as they are. */
export function startRuntime(options: {
  readonly realtime: boolean;
  readonly log: Log;
  /** As PID 1: living children that somebody here waits for; they are not reaped as orphans. */
  readonly isChild: (pid: number) => boolean;
}): Runtime {
  const { log } = options;
  let scheduling = { on: false, reason: "switched off by --no-realtime" };
  const noRealtime = (reason: string): void => {
    scheduling = { on: false, reason };
    log.warn("not-realtime", { reason, text: `this board may be late when it is busy: ${reason}` });
  };
  if (options.realtime) {
    scheduling = describeRealtime(becomeRealtime((error) => noRealtime(sysErrorText(error))));
  }
  if (!scheduling.on) noRealtime(scheduling.reason);
  const lateness = createLateness(monoNowUs());
  const look = (): void => {
    setTimeout(look, noteWakeup(lateness, monoNowUs()) / 1000);
  };
  setTimeout(look, latenessPeriodUs / 1000);
  const usage = watchUsage();
  const stops: (() => Promise<void> | void)[] = [];
  const stop = orderlyStop(stops, log);
  catchSignals(stop);
  catchMistakes(log);
  if (process.pid === 1) reapAsInit(options.isChild);
  return {
    report: () => ({
      latenessUs: Math.max(lateness.lastSecondUs, lateness.worstUs),
      latenessMaxUs: lateness.maxUs,
      realtime: scheduling,
      ...usage(),
    }),
    onStop: (entry) => {
      stops.unshift(entry);
    },
    startIsOver: () => {
      Bun.gc(true);
      release(log);
      // What was needed to join (HTTP, the first reports) is past by then; takes 0.5 ms.
      setTimeout(() => release(log), releaseAgainMs).unref();
    },
    stop,
  };
}

function release(log: Log): void {
  const released = releaseText();
  if (!released.ok) log.warn("text-not-released", { text: sysErrorText(released.error) });
}

function describeRealtime(realtime: Realtime): { on: boolean; reason: string } {
  const problems: string[] = [];
  if (!realtime.scheduling.ok) problems.push(sysErrorText(realtime.scheduling.error));
  if (!realtime.memory.ok) problems.push(sysErrorText(realtime.memory.error));
  if (problems.length > 0) return { on: false, reason: problems.join("; ") };
  return { on: true, reason: "SCHED_FIFO, memory locked" };
}

function watchUsage(): () => Pick<RuntimeReport, "rssBytes" | "cpuRatio" | "atUs"> {
  let last = { cpuUs: cpuUs(), atUs: monoNowUs() };
  let report = { rssBytes: process.memoryUsage.rss(), cpuRatio: 0, atUs: last.atUs };
  const timer = setInterval(() => {
    const now = { cpuUs: cpuUs(), atUs: monoNowUs() };
    const cpuRatio = (now.cpuUs - last.cpuUs) / Math.max(1, now.atUs - last.atUs);
    report = { rssBytes: process.memoryUsage.rss(), cpuRatio, atUs: now.atUs };
    last = now;
  }, usageEveryMs);
  timer.unref();
  return () => report;
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function orderlyStop(
  stops: readonly (() => Promise<void> | void)[],
  log: Log,
): (code: number) => Promise<void> {
  let stopping = false;
  return async (code) => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(code), stopMsMax).unref();
    for (const entry of stops) {
      try {
        await entry();
      } catch (error) {
        log.error("stop-failed", { reason: String(error) });
      }
    }
    process.exit(code);
  };
}

function catchSignals(stop: (code: number) => Promise<void>): void {
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.on(name, () => {
      void stop(0);
    });
  }
}

/** A false assertion or an exception nobody caught is our bug: say so and end, to be restarted. */
function catchMistakes(log: Log): void {
  const die = (error: unknown): void => {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.error("internal-error", { stack });
    process.exit(exitOurBug);
  };
  process.on("uncaughtException", die);
  process.on("unhandledRejection", die);
}

/** As PID 1 every orphan is ours to reap; Bun reaps what it spawned itself. */
function reapAsInit(isChild: (pid: number) => boolean): void {
  const reap = (): void => {
    reapOrphans(isChild);
  };
  process.on("SIGCHLD", () => setTimeout(reap, 1));
  setInterval(reap, 1_000).unref();
}
