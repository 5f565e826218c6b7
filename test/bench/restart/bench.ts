// Bench `restart`: how soon does a killed program run again? From SIGKILL to the first thing the new
// one does (it writes its pid), against a shell that starts it again in a loop, which is the least a
// supervisor can do, and against the program's own start, of which nobody can take anything away.

import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { becomeRealtime, killPid, monoNowUs, spawnAtOwnClass } from "../../../src/kernel/index.ts";
import { testService } from "../../../src/psrm/testing.ts";
import { startTestPsrm } from "../../../src/psrm/testing-shell.ts";
import type { Bench, BenchContext, BenchRow } from "../bench.ts";

/** Kills a round. */
const killsPerRound = 20;
/** Between two kills, ms: the service rests as it would. */
const restMs = 5;

/** The bench in the table of main.ts. */
export const restartBench: Bench = {
  question: "How soon does a program killed by SIGKILL run again on the same board?",
  cases: ["cgroup", "sweep", "start", "cgroup-loaded", "start-loaded"],
  notes: [
    "cgroup, sweep: SIGKILL until the new process writes its first byte; PSRM with real-time scheduling as on a board; the peer is `while :; do PROGRAM; done` in dash, which proves nothing gone and captures no output",
    "start: the program's own start, from the call that starts it to its first byte: part of every figure above",
    "loaded: the same beside four busy loops on two processors; the program itself is not real-time",
  ],
  run,
};

/** Starts of the program, told by itself. */
type Starts = {
  readonly command: readonly string[];
  readonly next: () => Promise<{ readonly pid: number; readonly atUs: number }>;
  readonly close: () => void;
};

async function run(context: BenchContext): Promise<BenchRow[]> {
  const realtime = becomeRealtime(() => undefined);
  if (!realtime.scheduling.ok) context.say("no real-time scheduling here: figures are worse");
  const rows: BenchRow[] = [];
  for (const name of restartBench.cases) {
    if (context.only !== undefined && !context.only.has(name)) continue;
    const hogs = name.endsWith("-loaded") ? startHogs(context) : [];
    rows.push(
      name.startsWith("start") ? await startRow(context, name) : await restartRow(context, name),
    );
    for (const hog of hogs) {
      hog.kill(9);
      await hog.exited;
    }
  }
  return rows;
}

function startHogs(context: BenchContext): Bun.Subprocess[] {
  const hogs = Array.from({ length: 4 }, () => Bun.spawn(["sh", "-c", "while :; do :; done"]));
  context.onStop(() => hogs.forEach((hog) => hog.kill(9)));
  return hogs;
}

async function startRow(context: BenchContext, name: string): Promise<BenchRow> {
  const starts = await openStarts(context);
  const ours: number[] = [];
  for (let i = 0; i < context.rounds * killsPerRound; i++) {
    const beganUs = monoNowUs();
    const child = spawnAtOwnClass(() => Bun.spawn([...starts.command]));
    const { pid, atUs } = await starts.next();
    ours.push((atUs - beganUs) / 1000);
    killPid(pid, 9);
    if (child.ok) await child.value.exited;
  }
  starts.close();
  return { case: name, unit: "ms", ours, peers: [] };
}

async function restartRow(context: BenchContext, name: string): Promise<BenchRow> {
  const ours: number[] = [];
  const peer: number[] = [];
  for (let round = 0; round < context.rounds; round++) {
    context.say(`${name}: round ${round + 1} of ${context.rounds}`);
    ours.push(...(await psrmRound(context, name.startsWith("cgroup"))));
    peer.push(...(await shellRound(context)));
  }
  return {
    case: name,
    unit: "ms",
    ours,
    peers: [{ name: "sh loop", version: "dash", values: peer }],
  };
}

async function psrmRound(context: BenchContext, cgroups: boolean): Promise<number[]> {
  const starts = await openStarts(context);
  const restart = { max: 1_000, backoffMaxMs: 0 };
  const service = testService({ name: "web", run: [...starts.command], restart });
  const t = await startTestPsrm([service], { cgroups });
  t.psrm.start("web", "bench");
  const took = await killings(starts);
  await t[Symbol.asyncDispose]();
  starts.close();
  return took;
}

async function shellRound(context: BenchContext): Promise<number[]> {
  const starts = await openStarts(context);
  const quoted = starts.command.map((word) => `'${word}'`).join(" ");
  const shell = Bun.spawn(["sh", "-c", `while :; do ${quoted}; done`], {
    stderr: "ignore",
    stdout: "ignore",
  });
  context.onStop(() => shell.kill(9));
  const took = await killings(starts, (last) => {
    shell.kill(9);
    killPid(last, 9);
  });
  await shell.exited;
  starts.close();
  return took;
}

async function killings(starts: Starts, end?: (pid: number) => void): Promise<number[]> {
  const took: number[] = [];
  let { pid } = await starts.next();
  for (let i = 0; i < killsPerRound; i++) {
    await Bun.sleep(restMs);
    const beganUs = monoNowUs();
    killPid(pid, 9);
    const started = await starts.next();
    ({ pid } = started);
    took.push((started.atUs - beganUs) / 1000);
  }
  end?.(pid);
  return took;
}

/** A program that writes its pid into a pipe with a name and then sleeps. */
async function openStarts(context: BenchContext): Promise<Starts> {
  const folder = mkdtempSync(join(tmpdir(), "bench-restart-"));
  const path = join(folder, "starts");
  await Bun.spawn(["mkfifo", path]).exited;
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const reader = Bun.file(fd).stream().getReader();
  let isClosed = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    reader.cancel().catch(() => undefined);
    closeSync(fd);
    rmSync(folder, { recursive: true, force: true });
  };
  context.onStop(close);
  return {
    command: ["/bin/sh", "-c", `echo $$ > ${path}; exec sleep 600`],
    async next() {
      const { value } = await reader.read();
      const atUs = monoNowUs();
      return { pid: Number(new TextDecoder().decode(value).trim()), atUs };
    },
    close,
  };
}
