// For tests with real processes: a PSRM in a folder of its own, waits for states instead of time,
// and takes everything away at the end.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../base/index.ts";
import type { Service } from "../config/index.ts";
import { startPsrm } from "./shell.ts";
import type { MoveAsked, Psrm, PsrmOptions } from "./surface.ts";
import { openCgroupForest } from "./tree-cgroup.ts";
import type { ServiceChange, ServiceState } from "./types.ts";

/** Both ways to hold a tree; the first only where this process may make cgroups. */
export const ways: readonly ("cgroup" | "sweep")[] = mayMakeCgroups()
  ? ["cgroup", "sweep"]
  : ["sweep"];

function mayMakeCgroups(): boolean {
  const forest = openCgroupForest("try", () => undefined);
  if (forest.ok) forest.value.close();
  else process.stderr.write(`skipped: trees as cgroups: ${forest.error}\n`);
  return forest.ok;
}

/** A PSRM of a test. */
export type TestPsrm = AsyncDisposable & {
  readonly psrm: Psrm;
  readonly folder: string;
  readonly changes: ServiceChange[];
  readonly moves: MoveAsked[];
  readonly lines: string[];
  /** Resolves with the next change to this state, or at once if it is in it from now on. */
  readonly becomes: (
    service: string,
    state: ServiceState,
    start?: number,
  ) => Promise<ServiceChange>;
  /** Resolves when a log line has this event. */
  readonly says: (event: string) => Promise<string>;
  readonly file: (name: string) => string;
};

/** Starts one; `await using` stops it. */
export async function startTestPsrm(
  services: readonly Service[],
  options: Partial<PsrmOptions> & { readonly folder?: string } = {},
): Promise<TestPsrm> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "psrm-"));
  const changes: ServiceChange[] = [];
  const moves: MoveAsked[] = [];
  const lines: string[] = [];
  const waiters = new Set<() => void>();
  const wake = (): void => waiters.forEach((waiter) => waiter());
  const started = await startPsrm({
    services,
    runDir: folder,
    logDir: join(folder, "log"),
    log: createLog({
      board: "test",
      module: "psrm",
      level: "debug",
      sink: (line) => {
        lines.push(line);
        wake();
      },
      now: () => new Date().toISOString(),
    }),
    guard: undefined,
    onChange: (change) => {
      changes.push(change);
      wake();
    },
    onMoveAsked: (asked) => {
      moves.push(asked);
      wake();
    },
    isOtherChild: () => false,
    ...options,
  });
  if (!started.ok) throw new Error(started.error);
  const psrm = started.value;
  const eventually = <T>(find: () => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        waiters.delete(look);
        resolve(found);
      };
      waiters.add(look);
      look();
    });
  return {
    psrm,
    folder,
    changes,
    moves,
    lines,
    becomes: (service, state, start = 0) =>
      eventually(() =>
        changes.findLast(
          (one) => one.service === service && one.state === state && one.start >= start,
        ),
      ),
    says: (event) => eventually(() => lines.find((line) => line.includes(`event=${event}`))),
    file: (name) => readFileSync(join(folder, name), "utf8"),
    async [Symbol.asyncDispose]() {
      await psrm.close();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Living processes whose command line has this word, zombies left out. */
export function processesWith(word: string): number[] {
  const found = Bun.spawnSync(["pgrep", "-f", "--", word]).stdout.toString().trim().split("\n");
  return found.filter((pid) => pid !== "" && !isZombie(pid)).map(Number);
}

function isZombie(pid: string): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return true;
  }
}
