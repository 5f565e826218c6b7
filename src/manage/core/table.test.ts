import { expect, test } from "bun:test";

import { tableLines } from "./table.ts";
import { columnsOf } from "./text.ts";

const head = ["SLOT", "NAME", "STATE"];

test("columns line up under their heads", () => {
  const rows = [
    ["1", "c1", "up"],
    ["20", "card20", "down"],
  ];
  expect(tableLines(head, rows, { columns: 100, color: false })).toEqual([
    "SLOT  NAME    STATE",
    "1     c1      up",
    "20    card20  down",
  ]);
});

test("colours shift no column and control characters never reach the screen", () => {
  const rows = [["1", { text: "b\u001b[31mad", mood: "bad" as const }, "up"]];
  const [, line = ""] = tableLines(head, rows, { columns: 100, color: true });
  expect(line).toBe("1     \u001b[1;31mb?[31mad\u001b[0m  up");
});

test("no line is wider than the screen, whatever the cells", () => {
  const rows = [["1", "x".repeat(200), "y".repeat(200)]];
  for (const columns of [1, 5, 8, 60, 100]) {
    for (const color of [false, true]) {
      for (const line of tableLines(head, rows, { columns, color })) {
        expect(columnsOf(Bun.stripANSI(line))).toBeLessThanOrEqual(columns);
      }
    }
  }
});
