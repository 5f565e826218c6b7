// The board's side of its guard: starts it, tells it what to hold, starts it again if it ends. The
// pipe closes with this process, which is all the guard waits for.

import type { Log } from "../base/index.ts";
import { guardAgainMs } from "./limits.ts";

/** A guard that is kept running. */
export type Guard = {
  /** Adds something to what the guard takes away; words of guard-orders.ts without the sign. */
  readonly hold: (what: string) => void;
  readonly release: (what: string) => void;
  readonly pid: () => number | undefined;
  /** Ends it; what it still holds is taken away. */
  readonly close: () => Promise<void>;
};

type Running = {
  readonly child: Bun.Subprocess<"pipe", "ignore", "inherit">;
};

/** Starts `command` (this executable, its guard sub-command, the board's name). */
export function startGuard(command: readonly string[], log: Log): Guard {
  const holds = new Set<string>();
  let running: Running | undefined;
  let isClosed = false;
  const send = (line: string): void => {
    if (running === undefined) return;
    const { stdin } = running.child;
    // A guard that has just ended refuses; its end is told, its successor is told everything.
    Promise.resolve(stdin.write(`${line}\n`))
      .then(() => stdin.flush())
      .catch(() => undefined);
  };
  const start = (): void => {
    if (isClosed) return;
    try {
      const child = Bun.spawn({
        cmd: [...command],
        stdin: "pipe",
        stdout: "ignore",
        stderr: "inherit",
        detached: true,
        onExit: (_child, code, signal) => ended(`exit code ${code}, signal ${signal}`),
      });
      child.exited.catch(() => undefined);
      running = { child };
      log.info("guard-started", { pid: child.pid });
      for (const what of holds) send(`+ ${what}`);
    } catch (thrown) {
      ended(thrown instanceof Error ? thrown.message : String(thrown));
    }
  };
  const ended = (reason: string): void => {
    running = undefined;
    if (isClosed) return;
    log.error("guard-ended", { reason });
    setTimeout(start, guardAgainMs);
  };
  start();
  return {
    hold(what) {
      if (holds.has(what)) return;
      holds.add(what);
      send(`+ ${what}`);
    },
    release(what) {
      if (holds.delete(what)) send(`- ${what}`);
    },
    pid: () => running?.child.pid,
    async close() {
      isClosed = true;
      const child = running?.child;
      if (child === undefined) return;
      await child.stdin.end();
      await child.exited;
    },
  };
}
