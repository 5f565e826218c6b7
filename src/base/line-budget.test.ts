import { expect, test } from "bun:test";
import { lineBudget, takeLine } from "./line-budget.ts";
import { addUs, monoUs } from "./units.ts";

test("a flood gets its lines of a second, then silence, then the number left out, once", () => {
  const start = monoUs(5_000_000);
  const budget = lineBudget(3, start);
  const first = Array.from({ length: 10 }, (_, i) => takeLine(budget, addUs(start, i)));
  expect(first.filter(({ allowed }) => allowed)).toHaveLength(3);
  expect(first.every(({ suppressed }) => suppressed === 0)).toBe(true);
  const next = addUs(start, 1_000_000);
  expect(takeLine(budget, next)).toEqual({ allowed: true, suppressed: 7 });
  expect(takeLine(budget, next)).toEqual({ allowed: true, suppressed: 0 });
});
