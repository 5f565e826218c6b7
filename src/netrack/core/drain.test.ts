// What a board does between asking for its sockets to be read and hearing that they are.

import { expect, test } from "bun:test";
import { monoUs } from "../../base/index.ts";
import { step } from "../core.ts";
import { testDocument, testShape } from "../fixtures.ts";
import { createNetrack } from "./state.ts";

test("a board whose drain is not answered waits for its next tick, and does not spin", () => {
  let nowUs = 1_000_000;
  const document = testDocument(testShape, 1);
  const options = { document, incarnationHi: 1, incarnationLo: 1, now: monoUs(nowUs) };
  const state = createNetrack(options);
  step(state, { type: "start" }, monoUs(nowUs));
  for (let i = 0; i < 1000 && !state.isGrown; i++) {
    nowUs = state.timerUs;
    step(state, { type: "timer" }, monoUs(nowUs));
  }
  expect(state.isGrown).toBe(true);
  nowUs += 1000;
  step(state, { type: "carrier", network: "A", up: false }, monoUs(nowUs));
  // Late: what the carrier changed waits to be named, and the sockets are to be read first.
  nowUs += 30_000;
  const effects = step(state, { type: "timer" }, monoUs(nowUs));
  expect(effects.some(({ type }) => type === "drain")).toBe(true);
  expect(state.picture.settleUs).toBeGreaterThan(0);
  const untilUs = nowUs + 20_000;
  let timers = 0;
  for (; nowUs < untilUs && timers < 100; timers++) {
    nowUs = Math.max(nowUs, state.timerUs);
    step(state, { type: "timer" }, monoUs(nowUs));
  }
  expect(timers).toBeLessThan(10);
});
