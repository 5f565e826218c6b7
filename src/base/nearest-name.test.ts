import { expect, test } from "bun:test";

import { nearestName } from "./nearest-name.ts";

const known = ["status", "networks", "leases", "where", "events", "explain", "config check"];

test("a mistyped name finds its neighbour, a strange one finds none", () => {
  expect(nearestName("statsu", known)).toBe("status");
  expect(nearestName("NETWORK", known)).toBe("networks");
  expect(nearestName("event", known)).toBe("events");
  expect(nearestName("wehre", known)).toBe("where");
  expect(nearestName("stat", known)).toBe("status");
  expect(nearestName("zzzzzz", known)).toBeUndefined();
  expect(nearestName("", known)).toBeUndefined();
  expect(nearestName("x".repeat(10_000), known)).toBeUndefined();
});
