// `npm run sim`: whole chassis in virtual time, a random one per seed, with random faults; the
// promises are checked after every step. Needs no rights. Exit 0 only if every seed was clean.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { violationText } from "./replay.ts";
import { type Outcome, type RunOptions, runSeed } from "./run.ts";
import type { Task } from "./worker.ts";

const usage = `usage: npm run sim -- [--seeds A-B] [--seed N [--trace]] [options]

Runs simulated chassis of the shipped cores with random faults and checks their promises.

  --seeds A-B     seeds to run (default 1-200)
  --seed N        one seed
  --trace         with --seed: tell what happens, one line an event
  --seconds S     virtual time in which faults begin (default: from the seed, 3 to 6 s)
  --scenario S    maps (addresses and maps of many boards) or failover (leases, fence, data of
                  few); default: by the seed, odd ones maps, even ones failover
  --focus WHAT    maps only: faults (of boards and networks) or moves (of boards, by hand)
  --workers N     threads (default: one less than there are cores, at least 1)
  --max-bad N     stop after N seeds with broken promises (default 5)
  --json          the result as one JSON object
  --help          this text

examples:
  npm run sim -- --seeds 1-10000
  npm run sim -- --seed 42 --trace

exit codes: 0 every promise kept, 1 a promise broken, 2 usage
`;

/** Seeds given to a worker at a time. */
const taskSeeds = 4;
/** Progress is told this often, ms. */
const progressMs = 2_000;

type Options = {
  readonly first: number;
  readonly last: number;
  readonly trace: boolean;
  readonly seconds: number;
  readonly scenario: RunOptions["scenario"];
  readonly focus: RunOptions["focus"];
  readonly workers: number;
  readonly badMax: number;
  readonly json: boolean;
};

type Totals = { seeds: number; steps: number; virtualMs: number; readonly bad: Outcome[] };

function readOptions(args: readonly string[]): Options | string {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        seeds: { type: "string" },
        seed: { type: "string" },
        trace: { type: "boolean" },
        seconds: { type: "string" },
        scenario: { type: "string" },
        focus: { type: "string" },
        workers: { type: "string" },
        "max-bad": { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (values["help"] === true) {
    console.log(usage);
    process.exit(0);
  }
  const range = String(values["seed"] ?? values["seeds"] ?? "1-200").match(/^(\d+)(?:-(\d+))?$/);
  const first = Number(range?.[1]);
  const last = Number(range?.[2] ?? range?.[1]);
  if (range === null || first > last || !Number.isSafeInteger(last)) {
    return "--seeds needs a range such as 1-1000";
  }
  const seconds = Number(values["seconds"] ?? 0);
  if (!(seconds >= 0 && seconds <= 3600)) return "--seconds needs a number from 0 to 3600";
  const focus = values["focus"];
  const scenario = values["scenario"];
  if (scenario !== undefined && scenario !== "maps" && scenario !== "failover") {
    return "--scenario is maps or failover";
  }
  if (focus !== undefined && focus !== "faults" && focus !== "moves") {
    return "--focus is faults or moves";
  }
  const workers = Number(values["workers"] ?? Math.max(1, availableParallelism() - 1));
  if (!Number.isInteger(workers) || workers < 1 || workers > 256) {
    return "--workers needs a whole number from 1 to 256";
  }
  const badMax = Number(values["max-bad"] ?? 5);
  if (!Number.isInteger(badMax) || badMax < 1) return "--max-bad needs a whole number from 1";
  const trace = values["trace"] === true;
  if (trace && first !== last) return "--trace needs one seed, --seed N";
  const json = values["json"] === true;
  return { first, last, trace, seconds, scenario, focus, workers, badMax, json };
}

function take(totals: Totals, outcome: Outcome, options: Options): void {
  totals.seeds++;
  totals.steps += outcome.steps;
  totals.virtualMs += outcome.virtualMs;
  if (outcome.violation === undefined) return;
  totals.bad.push(outcome);
  if (!options.json) console.log(violationText(outcome));
}

function runHere(options: Options, totals: Totals, onProgress: () => void): void {
  const trace = options.trace ? (line: string): void => console.log(line) : undefined;
  for (let seed = options.first; seed <= options.last; seed++) {
    const { seconds, scenario, focus } = options;
    take(totals, runSeed(seed, { seconds, scenario, focus, trace }), options);
    if (totals.bad.length >= options.badMax) return;
    onProgress();
  }
}

async function runInWorkers(
  options: Options,
  totals: Totals,
  onProgress: () => void,
): Promise<void> {
  let next = options.first;
  const run = async (): Promise<void> => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url).href);
    while (next <= options.last && totals.bad.length < options.badMax) {
      const seeds: number[] = [];
      while (seeds.length < taskSeeds && next <= options.last) seeds.push(next++);
      let left = seeds.length;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      worker.onmessage = (event: MessageEvent<Outcome>) => {
        take(totals, event.data, options);
        onProgress();
        left--;
        if (left === 0) resolve();
      };
      worker.onerror = (event) => reject(new Error(event.message));
      const { seconds, scenario, focus } = options;
      worker.postMessage({ seeds, options: { seconds, scenario, focus } } satisfies Task);
      await promise;
    }
    worker.terminate();
  };
  await Promise.all(Array.from({ length: options.workers }, run));
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (typeof options === "string") {
    console.error(`sim: ${options}\n\n${usage}`);
    return 2;
  }
  const totals: Totals = { seeds: 0, steps: 0, virtualMs: 0, bad: [] };
  const startMs = performance.now();
  let toldMs = startMs;
  const rate = (): number => totals.seeds / ((performance.now() - startMs) / 1000);
  const onProgress = (): void => {
    if (performance.now() - toldMs < progressMs) return;
    toldMs = performance.now();
    const count = `${totals.seeds} of ${options.last - options.first + 1} seeds`;
    console.error(`sim: ${count}, ${rate().toFixed(1)} seeds/s, ${totals.bad.length} bad`);
  };
  if (options.workers === 1 || options.first === options.last) runHere(options, totals, onProgress);
  else await runInWorkers(options, totals, onProgress);
  const { seeds, steps, virtualMs, bad } = totals;
  if (options.json) {
    const seedsPerSecond = Number(rate().toFixed(2));
    const { first, last, workers } = options;
    console.log(
      JSON.stringify({ first, last, workers, seeds, steps, virtualMs, seedsPerSecond, bad }),
    );
  } else {
    const volume = `${(virtualMs / 1000).toFixed(0)} s of virtual time, ${steps} steps`;
    const verdict = bad.length === 0 ? "all promises kept" : `${bad.length} seeds broke a promise`;
    console.log(`${seeds} seeds, ${volume}, ${rate().toFixed(1)} seeds/s: ${verdict}`);
  }
  return bad.length === 0 ? 0 : 1;
}

process.exit(await main());
