// `npm run bench -- NAME`: runs one bench, prints a table, and writes JSON with --json. Slow figures
// are no failure: a bench fails only if it could not measure.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { nearestName } from "../../src/base/index.ts";
import type { Bench, BenchContext } from "./bench.ts";
import { detectBench } from "./detect/bench.ts";
import { dhcpBench } from "./dhcp/bench.ts";
import { failoverBench } from "./failover/bench.ts";
import { faultsBench } from "./faults/bench.ts";
import { restartBench } from "./restart/bench.ts";
import { thisCommit, thisMachine } from "./machine.ts";
import { reportOf, tableOf } from "./report.ts";

const benches: Readonly<Record<string, Bench>> = {
  dhcp: dhcpBench,
  detect: detectBench,
  failover: failoverBench,
  faults: faultsBench,
  restart: restartBench,
};
const roundsDefault = 7;
const roundsMax = 1000;

/** A mistake on the command line. */
class UsageError extends Error {}

function usage(): string {
  const list = Object.entries(benches).map(
    ([name, { question, cases }]) => `  ${name}  ${question}\n        cases: ${cases.join(", ")}`,
  );
  return `usage: npm run bench -- NAME [options]

Measures one thing on this machine, ours and the peers in interleaved rounds.

benches:
${list.join("\n")}

options:
  --json FILE   write the figures as JSON too
  --rounds N    rounds of each case, 1 to ${roundsMax} (default ${roundsDefault})
  --only CASE   only this case; may be repeated
  --rows A,B    only these cases
  --source      run our daemons from source instead of dist/
  --help        this text

examples:
  npm run bench -- dhcp --json dhcp.json
  npm run bench -- dhcp --only rate --rounds 3

exit codes: 0 measured, 1 could not measure, 2 usage, 130 interrupted
`;
}

/** What was ordered. */
type Order = {
  readonly name: string;
  readonly bench: Bench;
  readonly json: string | undefined;
  readonly context: Pick<BenchContext, "rounds" | "only" | "fromSource">;
};

function readOrder(argv: string[]): Order | "help" {
  const { values, positionals } = parsed(argv);
  if (values.help) return "help";
  const [name = "", ...more] = positionals;
  const bench = benches[name];
  const names = Object.keys(benches);
  if (name === "") throw new UsageError(`name a bench: ${names.join(", ")}`);
  if (bench === undefined || !Object.hasOwn(benches, name)) {
    throw new UsageError(`no bench "${name}"; ${near(name, names)}`);
  }
  if (more.length > 0) throw new UsageError(`one bench at a time, not "${more.join(" ")}" too`);
  const rounds = Number(values.rounds ?? roundsDefault);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > roundsMax) {
    throw new UsageError(`--rounds is a whole number from 1 to ${roundsMax}`);
  }
  const asked = [...(values.only ?? []), ...(values.rows?.split(",") ?? [])];
  for (const each of asked) {
    if (bench.cases.includes(each)) continue;
    throw new UsageError(`bench ${name} has no case "${each}"; ${near(each, bench.cases)}`);
  }
  const only = asked.length === 0 ? undefined : new Set(asked);
  return { name, bench, json: values.json, context: { rounds, only, fromSource: values.source } };
}

function parsed(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        json: { type: "string" },
        rounds: { type: "string" },
        only: { type: "string", multiple: true },
        rows: { type: "string" },
        source: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (thrown) {
    throw new UsageError(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function near(name: string, known: readonly string[]): string {
  const found = nearestName(name, known);
  return found === undefined ? `there are: ${known.join(", ")}` : `did you mean ${found}?`;
}

/** Runs the bench; what it built is taken down in any case, also when a signal comes. */
async function measure({ name, bench, json, context }: Order): Promise<number> {
  const undo: (() => Promise<void> | void)[] = [];
  let isInterrupted = false;
  const stop = async (): Promise<void> => {
    for (let last = undo.pop(); last !== undefined; last = undo.pop()) await last();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      isInterrupted = true;
      void stop().finally(() => process.exit(130));
    });
  }
  const say = (line: string): void => console.error(`bench ${name}: ${line}`);
  try {
    const run = { bench: name, machine: thisMachine(), commit: thisCommit() };
    const { cpu, cores, kernel, bun } = run.machine;
    const rows = await bench.run({ ...context, say, onStop: (one) => void undo.push(one) });
    const head = `${name}: ${bench.question}\n${cpu}, ${cores} cores, Linux ${kernel}, Bun ${bun}, commit ${run.commit}, ${context.rounds} rounds\n`;
    const notes = bench.notes.map((note) => `- ${note}\n`).join("");
    process.stdout.write(`${head}\n${tableOf(rows)}\n${notes}`);
    if (json !== undefined) {
      const report = reportOf({ ...run, rounds: context.rounds }, rows);
      writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
    }
    return 0;
  } catch (thrown) {
    // What is taken away below a running bench breaks it; the signal's handler ends the process.
    if (isInterrupted) return await new Promise<number>(() => {});
    say(`failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return 1;
  } finally {
    await stop();
  }
}

async function main(argv: string[]): Promise<number> {
  try {
    const order = readOrder(argv);
    if (order !== "help") return await measure(order);
    process.stdout.write(usage());
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    process.stderr.write(`bench: ${thrown.message}\n${usage()}`);
    return 2;
  }
}

process.exit(await main(process.argv.slice(2)));
