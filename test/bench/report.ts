// A run as JSON for machines and as a table for people. The table has one line a server; `ratio` is
// our median divided by the peer's.

import type { BenchRow } from "./bench.ts";
import type { Machine } from "./machine.ts";
import { summarize, type Summary } from "./statistics.ts";

/** Figures of one series, as in the JSON. */
type Figures = Pick<Summary, "n" | "p50" | "p99" | "max">;

/** The JSON document of one run. */
export type BenchReport = {
  readonly bench: string;
  readonly machine: Machine;
  readonly commit: string;
  readonly rounds: number;
  readonly rows: readonly {
    readonly case: string;
    readonly unit: string;
    readonly ours: Figures;
    readonly peers: readonly (Figures & { readonly name: string; readonly version: string })[];
  }[];
};

/** The JSON document. */
export function reportOf(
  run: Pick<BenchReport, "bench" | "machine" | "commit" | "rounds">,
  rows: readonly BenchRow[],
): BenchReport {
  return {
    ...run,
    rows: rows.map((row) => ({
      case: row.case,
      unit: row.unit,
      ours: figures(row.ours),
      peers: row.peers.map(({ name, version, values }) => ({ name, version, ...figures(values) })),
    })),
  };
}

/** The table: case, server, n, median, p99, max, spread, ratio. */
export function tableOf(rows: readonly BenchRow[]): string {
  const cells = [["case", "server", "n", "median", "p99", "max", "spread", "ratio", "unit"]];
  for (const row of rows) {
    const ours = summarize(row.ours);
    cells.push([row.case, "softset", ...numbers(ours), "", row.unit]);
    for (const { name, version, values } of row.peers) {
      const theirs = summarize(values);
      const ratio = theirs.p50 === 0 ? "" : text(ours.p50 / theirs.p50, 2);
      cells.push(["", `${name} ${version}`, ...numbers(theirs), ratio, row.unit]);
    }
  }
  const widths = (cells[0] ?? []).map((_, i) => Math.max(...cells.map((line) => width(line[i]))));
  const isText = (i: number): boolean => i < 2 || i === widths.length - 1;
  const lines = cells.map((line) =>
    line
      .map((cell, i) => (isText(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

function figures(values: readonly number[]): Figures {
  const { n, p50, p99, max } = summarize(values);
  return { n, p50: rounded(p50), p99: rounded(p99), max: rounded(max) };
}

function numbers({ n, p50, p99, max, spread }: Summary): string[] {
  return [`${n}`, text(p50), text(p99), text(max), share(spread)];
}

/** Three decimals are more than any clock here is worth. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** A series without values, a side that was left out, has no figures: `-`. */
function text(value: number, digits = value >= 1000 ? 0 : value >= 100 ? 1 : 2): string {
  return Number.isNaN(value) ? "-" : value.toFixed(digits);
}

function share(value: number): string {
  return Number.isNaN(value) ? "-" : `${Math.round(value * 100)} %`;
}

function width(cell: string | undefined): number {
  return cell?.length ?? 0;
}
