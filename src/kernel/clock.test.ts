import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { monoNowUs } from "./clock.ts";

test("the clock is the time since boot, in microseconds", () => {
  const uptime = Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]) * 1_000_000;
  const now = monoNowUs();
  expect(now - uptime).toBeGreaterThan(-10_000);
  expect(now - uptime).toBeLessThan(1_000_000);
  expect(Number.isInteger(now)).toBe(true);
});

test("the clock never goes back and does move", () => {
  const first = monoNowUs();
  let last = first;
  for (let i = 0; i < 100_000; i++) {
    const now = monoNowUs();
    if (now < last) throw new Error(`${now} after ${last}`);
    last = now;
  }
  expect(last).toBeGreaterThan(first);
});
