import { expect, test } from "bun:test";
import { percentile, summarize } from "./statistics.ts";

test("every figure of a summary is one that was measured", () => {
  expect(summarize([5, 1, 4, 2])).toEqual({ n: 4, p50: 2, p99: 5, max: 5, spread: 2 });
});

test("the 99th percentile of 200 values leaves out the two greatest", () => {
  const sorted = Array.from({ length: 200 }, (_, i) => i + 1);
  expect(percentile(sorted, 99)).toBe(198);
});

test("one value is its own median and tail, with no spread", () => {
  expect(summarize([7])).toEqual({ n: 1, p50: 7, p99: 7, max: 7, spread: 0 });
});

test("an empty series has no figures", () => {
  expect(summarize([])).toEqual({ n: 0, p50: NaN, p99: NaN, max: NaN, spread: NaN });
});
