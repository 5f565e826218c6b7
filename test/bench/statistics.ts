// The figures of a series of measurements, the same for every bench.

/** What a series says: medians and tails by nearest rank, so every figure is one that was seen. */
export type Summary = {
  readonly n: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** (greatest - least) / median: how much to believe the median. */
  readonly spread: number;
};

/** Sums a series up; an empty one has only NaN. */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const p50 = percentile(sorted, 50);
  const least = sorted[0] ?? Number.NaN;
  const max = sorted.at(-1) ?? Number.NaN;
  return {
    n: sorted.length,
    p50,
    p99: percentile(sorted, 99),
    max,
    spread: p50 === 0 ? Number.NaN : (max - least) / p50,
  };
}

/** Nearest rank: the least value that at least `percent` of the series do not exceed. */
export function percentile(sorted: readonly number[], percent: number): number {
  const rank = Math.ceil((percent / 100) * sorted.length);
  return sorted[Math.max(0, rank - 1)] ?? Number.NaN;
}
