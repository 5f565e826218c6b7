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
const onceFailed: readonly { readonly seed: number; readonly what: string }[] = [
  { seed: 197, what: "out of isolation, a peer was called dead whose beats were counted already" },
  { seed: 349, what: "after a loss of carrier, a peer was called dead that beat again" },
  { seed: 771, what: "a stopped board told old news of its sockets before its timer woke" },
  { seed: 1857, what: "a stopped board called a board dead that had come back meanwhile" },
  { seed: 872, what: "a loop a little late let a path fall whose beat lay in the socket" },
  { seed: 2917, what: "the same, the beat 0.1 ms old" },
  { seed: 4599, what: "the promise called a way that was just closed a hearing" },
  { seed: 7460, what: "the promise did not excuse a verdict on a board that stood still" },
  {
    seed: 8566,
    what: "the promise denied an offer's data to a REQUEST behind a repeated DISCOVER",
  },
  { seed: 8642, what: "a board was carried to another slot faster than a lookup ends" },
];

/** The same in the failover scenario. */
const failoverOnceFailed: typeof onceFailed = [
  { seed: 20, what: "old proofs pushed out the one that counts" },
  { seed: 214, what: "the same, while a second group was moved" },
];

describe("kept again", () => {
  const all = [
    ...onceFailed.map((each) => ({ ...each, scenario: "maps" as const })),
    ...failoverOnceFailed.map((each) => ({ ...each, scenario: "failover" as const })),
  ];
  for (const { seed, scenario, what } of all) {
    test(
      `${scenario} ${seed}: ${what}`,
      () => {
        const outcome = runSeed(seed, { seconds: 0, scenario });
        expect(outcome.violation === undefined ? "" : violationText(outcome)).toBe("");
      },
      timeoutMs,
    );
  }
});

describe("a seed", () => {
  for (const scenario of ["maps", "failover"] as const) {
    test(
      `is the same run every time: ${scenario}`,
      () => {
        const once = runSeed(7, { seconds: 1, scenario });
        const again = runSeed(7, { seconds: 1, scenario });
        expect(again.hash).toBe(once.hash);
        expect(again.steps).toBe(once.steps);
        expect(runSeed(8, { seconds: 1, scenario }).hash).not.toBe(once.hash);
      },
      timeoutMs,
    );
  }
});
