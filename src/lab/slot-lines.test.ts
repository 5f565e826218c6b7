// What a virtual line does when it works, sticks and lies.

import { expect, test } from "bun:test";
import {
  breakLine,
  faultsOf,
  giveOrder,
  isHeldOff,
  type LabSlotLines,
  newSlotLines,
  readLines,
} from "./slot-lines.ts";

const runs = { present: true, runs: true };
const dead = { present: true, runs: false };

function lines(...orders: Parameters<typeof giveOrder>[1][]): LabSlotLines {
  const made = newSlotLines();
  for (const order of orders) giveOrder(made, order);
  return made;
}

test("a working slot reads back what is so", () => {
  expect(readLines(lines(), runs)).toEqual({
    present: true,
    powerGood: true,
    healthy: true,
    resetAsserted: false,
  });
  expect(readLines(lines("assert-reset"), dead)).toMatchObject({
    healthy: false,
    resetAsserted: true,
  });
  expect(readLines(lines("power-off"), dead).powerGood).toBe(false);
  expect(readLines(lines(), { present: false, runs: false })).toEqual({
    present: false,
    powerGood: false,
    healthy: false,
    resetAsserted: false,
  });
  expect([lines(), lines("assert-reset"), lines("power-off")].map(isHeldOff)).toEqual([
    false,
    true,
    true,
  ]);
});

test("power-good goes off with the last program, not with the order", () => {
  expect(readLines(lines("power-off"), runs).powerGood).toBe(true);
});

test("a stuck line neither moves nor says it did, until it is repaired", () => {
  for (const [line, order] of [
    ["reset", "assert-reset"],
    ["power", "power-off"],
  ] as const) {
    const made = lines();
    breakLine(made, { line, fault: "stuck" }, runs);
    giveOrder(made, order);
    expect(isHeldOff(made)).toBe(false);
    expect(readLines(made, runs)).toEqual(readLines(lines(), runs));
    expect(faultsOf(made)).toEqual([`${line} stuck`]);
    breakLine(made, { line, fault: "ok" }, runs);
    expect(isHeldOff(made)).toBe(true);
    expect(faultsOf(made)).toEqual([]);
  }
});

test("a lying line says it moved and did not", () => {
  const made = lines();
  for (const line of ["reset", "power"] as const) breakLine(made, { line, fault: "lying" }, runs);
  giveOrder(made, "assert-reset");
  giveOrder(made, "power-off");
  expect(isHeldOff(made)).toBe(false);
  expect(readLines(made, runs)).toMatchObject({ resetAsserted: true, powerGood: false });
});

test("HEALTHY# stuck stays as it was; lying, it says the opposite", () => {
  const made = lines();
  breakLine(made, { line: "health", fault: "stuck" }, runs);
  expect([runs, dead].map((truth) => readLines(made, truth).healthy)).toEqual([true, true]);
  breakLine(made, { line: "health", fault: "lying" }, runs);
  expect([runs, dead].map((truth) => readLines(made, truth).healthy)).toEqual([false, true]);
});
