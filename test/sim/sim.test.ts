// The simulator on the shipped cores: a small range of seeds is clean, seeds that failed once stay
// clean, and a seed is the same run every time.

import { describe, expect, test } from "bun:test";
import { violationText } from "./replay.ts";
import { runSeed } from "./run.ts";

/** A seed on a loaded machine, ms. */
const timeoutMs = 120_000;

describe("all promises are kept", () => {
  const first = 1;
  const last = 40;
  test(
    `with seeds ${first} to ${last}`,
    () => {
      for (let seed = first; seed <= last; seed++) {
        const outcome = runSeed(seed, { seconds: 0 });
        expect(outcome.violation === undefined ? "" : violationText(outcome)).toBe("");
      }
    },
    timeoutMs,
  );
});

/** Seeds that broke a promise once, with what was wrong then. */
const onceFailed: readonly { readonly seed: number; readonly what: string }[] = [];

describe("kept again", () => {
  for (const { seed, what } of onceFailed) {
    test(
      `seed ${seed}: ${what}`,
      () => {
        const outcome = runSeed(seed, { seconds: 0 });
        expect(outcome.violation === undefined ? "" : violationText(outcome)).toBe("");
      },
      timeoutMs,
    );
  }
});

describe("a seed", () => {
  test(
    "is the same run every time",
    () => {
      const once = runSeed(7, { seconds: 1 });
      const again = runSeed(7, { seconds: 1 });
      expect(again.hash).toBe(once.hash);
      expect(again.steps).toBe(once.steps);
      expect(runSeed(8, { seconds: 1 }).hash).not.toBe(once.hash);
    },
    timeoutMs,
  );
});
