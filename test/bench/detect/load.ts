// Case `false-verdicts`: a healthy chassis under full load - TCP blast between the controllers over
// network A, hashing, garbage and disk writes on the machine - and the number of paths and boards
// that any board called down meanwhile. It should be 0.

import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { askEvents } from "../../../src/manage/index.ts";
import type { Lab } from "../../../src/lab/index.ts";
import { apiSocket } from "../../../src/lab/story/observer.ts";
import type { BenchContext, BenchRow } from "../bench.ts";
import { bootChassis } from "./chassis.ts";

/** Events that call something down. */
const verdicts: ReadonlySet<string> = new Set(["path-down", "board-down", "fault-found"]);
/** The load as programs of one file, by name; each runs until it is killed. */
const loadFile = join(import.meta.dir, "load-program.ts");
const secondsDefault = 600;
/** Events are fetched often enough that the ring of 4096 never laps us. */
const lookEveryMs = 2_000;

/** False verdicts of one look that are told in words, to find their cause. */
const told = 12;

/** The names of these cases. */
export const loadCases: readonly string[] = ["false-verdicts"];

/** Counts verdicts during `seconds` (BENCH_SECONDS, default 600) of full load. */
export async function measureFalseVerdicts(context: BenchContext): Promise<BenchRow[]> {
  if (context.only !== undefined && !context.only.has("false-verdicts")) return [];
  const seconds = Number(process.env["BENCH_SECONDS"] ?? secondsDefault);
  const lab = await bootChassis(context, "demo.yaml");
  const seen = new Map<number, number>();
  await countVerdicts(lab, seen); // what the boot said is not counted
  const stopLoad = startLoad(lab);
  context.onStop(stopLoad);
  const stalls = watchCpus(context);
  context.onStop(stalls.stop);
  let found = 0;
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs) {
    await Bun.sleep(lookEveryMs);
    found += await countVerdicts(lab, seen, context.say);
    const left = Math.max(0, Math.round((endMs - performance.now()) / 1000));
    if (left % 30 < 2) context.say(`false verdicts so far: ${found}; ${left} s left`);
  }
  await stopLoad();
  await stalls.stop();
  await lab.down();
  const stood = stalls.gaps.length === 0 ? [0] : stalls.gaps;
  return [
    { case: "false-verdicts", unit: `in ${seconds} s`, ours: [found], peers: [] },
    { case: "machine-stalls", unit: "ms a CPU stood still", ours: stood, peers: [] },
  ];
}

/** Verdicts since the last look, over all boards. */
async function countVerdicts(
  lab: Lab,
  seen: Map<number, number>,
  say: (line: string) => void = () => undefined,
): Promise<number> {
  let found = 0;
  for (const { slot, board } of lab.status().slots) {
    if (board?.pid === undefined) continue;
    for (;;) {
      const page = await askEvents(apiSocket(board.pid), seen.get(slot) ?? 0, 5_000);
      if (!page.ok) throw new Error(`slot ${slot}: ${page.error.text}`);
      for (const record of page.value.events) {
        if (!verdicts.has(record.event)) continue;
        found += 1;
        if (found <= told) say(`slot ${slot}: ${JSON.stringify(record)}`);
      }
      seen.set(slot, page.value.next);
      if (!page.value.more) break;
    }
  }
  return found;
}

/**
 * The control: one watcher pinned to each CPU, above the boards. When a CPU of a virtual machine
 * stands still for longer than a silence, the boards on it were silent, and no verdict is false.
 */
function watchCpus(context: BenchContext): {
  readonly gaps: number[];
  readonly stop: () => Promise<void>;
} {
  const gaps: number[] = [];
  const children = Array.from({ length: cpus().length }, (_, cpu) => {
    const words = ["taskset", "-c", `${cpu}`, "chrt", "-f", "60"];
    const child = Bun.spawn([...words, process.execPath, loadFile, "watch", `${cpu}`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    void readGaps(child.stdout, gaps, context);
    return child;
  });
  return {
    gaps,
    stop: async () => {
      for (const child of children) child.kill("SIGKILL");
      await Promise.all(children.map((child) => child.exited));
    },
  };
}

async function readGaps(
  output: ReadableStream<Uint8Array>,
  gaps: number[],
  context: BenchContext,
): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of output) {
    for (const line of decoder
      .decode(chunk, { stream: true })
      .split("\n")
      .filter((each) => each !== "")) {
      gaps.push(Number(/for ([\d.]+) ms/.exec(line)?.[1] ?? 0));
      context.say(line);
    }
  }
}

/** Starts the load; returns what ends it. */
function startLoad(lab: Lab): () => Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "softset-load-"));
  const start = (board: string, ...words: string[]): Bun.Subprocess => {
    const entered = lab.enter(board, [process.execPath, loadFile, ...words]);
    if (!entered.ok) throw new Error(entered.error.text);
    return Bun.spawn(entered.value, { stdio: ["ignore", "ignore", "inherit"] });
  };
  const target = lab.chassis.boards.find(({ name }) => name === "c2")?.address.A ?? "";
  const children = [
    start("c2", "receive", target),
    start("c1", "send", target),
    start("c1", "hash"),
    start("c2", "garbage"),
    start("card3", "disk", dir),
  ];
  return async () => {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map((child) => child.exited));
    rmSync(dir, { recursive: true, force: true });
  };
}
