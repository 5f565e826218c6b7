// Bench `failover`: how long is a client outside without answers when something fails? Ours and
// keepalived, each pair in a virtual chassis of its own, same service, same client, same faults;
// trials are interleaved.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, BenchContext, BenchRow } from "../bench.ts";
import { keepalived } from "./keepalived.ts";
import { type Row, rows } from "./rows.ts";
import type { Pair, Side } from "./side.ts";
import { softset } from "./softset.ts";
import { outageMsMax, tryOnce } from "./trial.ts";

/** The bench in the table of main.ts. */
export const failoverBench: Bench = {
  question: "How long is a client behind the router without answers when something fails?",
  cases: rows.map(({ name }) => name),
  notes: [
    "from the last good answer before the fault to the first good one after it, a request each ms; 0 = below 2 ms",
    `${outageMsMax} ms = no answer within that time`,
    "controller-kill: links cut, then SIGKILL, the slot's lines lying good; crash: SIGKILL alone, HEALTHY# good; power-lost: links and lines at once",
    "keepalived: VRRPv3, one instance on each network, advertisements each second as it comes, or each 10 ms, the least the protocol has, with garp_master_refresh 1",
    "restart, process-move: keepalived watches no programs in these set-ups",
  ],
  run,
};

/** A side that is up, or why it is not. */
type Runner = { readonly side: Side; readonly pair: Pair | undefined; readonly values: number[] };

async function run(context: BenchContext): Promise<BenchRow[]> {
  const wanted = rows.filter(({ name }) => context.only?.has(name) ?? true);
  const done: BenchRow[] = [];
  for (const onFailure of ["restart", "move"] as const) {
    const own = wanted.filter((row) => row.onFailure === onFailure);
    if (own.length > 0) done.push(...(await measure(context, own, onFailure)));
  }
  return done;
}

async function measure(
  context: BenchContext,
  wanted: readonly Row[],
  onFailure: Row["onFailure"],
): Promise<BenchRow[]> {
  const sides = [softset(onFailure), keepalived("fast"), keepalived("plain")];
  const pairs: { readonly side: Side; readonly pair: Pair | undefined }[] = [];
  for (const side of sides) pairs.push({ side, pair: await open(context, side) });
  const results: BenchRow[] = [];
  for (const row of wanted) {
    const runners = pairs.map((each): Runner => ({ ...each, values: [] }));
    for (let round = 1; round <= context.rounds; round++) {
      for (const runner of runners) await oneTrial(context, runner, { row, round });
    }
    results.push(rowOf(row, runners));
  }
  for (const { pair } of pairs) await pair?.close();
  return results;
}

async function open(context: BenchContext, side: Side): Promise<Pair | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "softset-failover-"));
  context.onStop(() => rmSync(folder, { recursive: true, force: true }));
  let pair: Pair | undefined;
  try {
    pair = await side.open(context, folder);
    await pair.settle();
    return pair;
  } catch (thrown) {
    context.say(`${side.name} is left out: ${text(thrown)}`);
    await pair?.close();
    return undefined;
  }
}

async function oneTrial(
  context: BenchContext,
  { side, pair, values }: Runner,
  { row, round }: { readonly row: Row; readonly round: number },
): Promise<void> {
  if (pair === undefined || row.isForeign(pair)) return;
  const { gapMs, report, wrong } = await tryOnce(pair, row, true);
  values.push(gapMs);
  const late = `client late ${(report.lateUsMax / 1000).toFixed(1)} ms`;
  const seen = `gap ${gapMs.toFixed(1)} ms, ${report.failed} of ${report.sent} failed, ${report.reconnects} reconnects, ${late}`;
  const bad = wrong === undefined ? "" : `; WRONG: ${wrong}`;
  context.say(`${row.name} ${round}/${context.rounds} ${side.name}: ${seen}${bad}`);
  if (wrong !== undefined && side.name === "softset") throw new Error(`${row.name}: ${wrong}`);
}

function rowOf({ name }: Row, [ours, ...peers]: readonly Runner[]): BenchRow {
  return {
    case: name,
    unit: "ms",
    ours: ours?.values ?? [],
    peers: peers
      .filter(({ values }) => values.length > 0)
      .map(({ side, values }) => ({ name: side.name, version: side.version, values })),
  };
}

function text(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
