import { expect, test } from "bun:test";

import { monoUs } from "../../base/index.ts";
import { deafFixture, healthyMap, nowUs, statusFixture } from "../fixtures.ts";
import { changeKey } from "./change-key.ts";

test("clocks and moving figures are no change", () => {
  const document = statusFixture(healthyMap());
  const later = {
    ...document,
    now: { atUs: monoUs(nowUs + 1e6), time: "later" },
    map: { ...healthyMap(), atUs: monoUs(nowUs + 1e6) },
    runtime: { ...document.runtime, rssBytes: 1 },
  };
  expect(changeKey(later)).toBe(changeKey(document));
});

test("a fault, an alarm and a picture that grew old are changes", () => {
  const key = changeKey(statusFixture(healthyMap()));
  const old = {
    ...statusFixture(healthyMap()),
    now: { atUs: monoUs(nowUs + 60e6), time: "later" },
  };
  const keys = [
    statusFixture(deafFixture(healthyMap(), 3, "A")),
    statusFixture(undefined),
    old,
  ].map(changeKey);
  expect(new Set([key, ...keys]).size).toBe(4);
});
