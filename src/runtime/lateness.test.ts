import { expect, test } from "bun:test";
import { monoUs } from "../base/index.ts";
import { createLateness, latenessPeriodUs, noteWakeup } from "./lateness.ts";

test("a loop on time shows no lateness, a pause shows in full", () => {
  const state = createLateness(monoUs(0));
  let now = 0;
  let waitUs = latenessPeriodUs;
  for (let i = 0; i < 30; i++) {
    now += waitUs + (i === 10 ? 7_000 : 0);
    waitUs = noteWakeup(state, monoUs(now));
  }
  expect(state.maxUs).toBe(7_000);
  expect(state.lastSecondUs).toBeLessThanOrEqual(7_000);
});

test("after a long stop looks are not made up for", () => {
  const state = createLateness(monoUs(0));
  const waitUs = noteWakeup(state, monoUs(10_000_000));
  expect(waitUs).toBeGreaterThanOrEqual(latenessPeriodUs / 2);
  expect(state.maxUs).toBe(10_000_000 - latenessPeriodUs);
});
