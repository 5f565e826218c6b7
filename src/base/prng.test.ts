import { expect, test } from "bun:test";
import { nextBelow, nextOf, nextU32, nextUnit, prng } from "./prng.ts";

test("a seed gives the same numbers on every machine", () => {
  const rng = prng(42);
  const first = [nextU32(rng), nextU32(rng), nextU32(rng)];
  const again = prng(42);
  expect([nextU32(again), nextU32(again), nextU32(again)]).toEqual(first);
  expect(nextU32(prng(43))).not.toBe(first[0] ?? 0);
});

test("numbers stay in range and spread", () => {
  const rng = prng(1);
  const counts = Array.from({ length: 8 }, () => 0);
  for (let i = 0; i < 8000; i++) {
    const n = nextBelow(rng, 8);
    counts[n] = (counts[n] ?? 0) + 1;
    const unit = nextUnit(rng);
    expect(unit >= 0 && unit < 1).toBe(true);
  }
  expect(Math.min(...counts)).toBeGreaterThan(850);
});

test("a list without elements has no random element", () => {
  expect(() => nextOf(prng(1), [])).toThrow(RangeError);
});
