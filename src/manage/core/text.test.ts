import { expect, test } from "bun:test";
import fc from "fast-check";

import {
  ageText,
  bytesText,
  cleanText,
  columnsOf,
  countText,
  fitText,
  timeText,
  wrapText,
} from "./text.ts";

test("a name cannot move the cursor, colour the screen or turn text round", () => {
  expect(cleanText("a\u001b[2Jb\r\nc\u009b1md\u202ee\u200bf\u0000g\ud800h\u2028i\ufeff")).toBe(
    "a?[2Jb??c?1md?e?f?g?h?i?",
  );
  expect(cleanText("Größe 漢字 🙂 ok")).toBe("Größe 漢字 🙂 ok");
});

test("no text is wider than asked after cutting, and short text stays whole", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.integer({ min: 0, max: 30 }),
      (text, columns) => {
        const safe = cleanText(text);
        expect(columnsOf(fitText(safe, columns))).toBeLessThanOrEqual(columns);
        if (columnsOf(safe) <= columns) expect(fitText(safe, columns)).toBe(safe);
        for (const line of wrapText(safe, Math.max(1, columns))) {
          expect(columnsOf(line)).toBeLessThanOrEqual(Math.max(1, columns));
        }
      },
    ),
  );
});

test("wide characters count two columns and marks none", () => {
  expect(columnsOf("漢字")).toBe(4);
  expect(columnsOf("e\u0301")).toBe(1);
  expect(fitText("漢字漢字", 5)).toBe("漢字…");
});

test("ages are said in the unit a person would use", () => {
  const cases: [number, string][] = [
    [-5, "0 ms"],
    [0, "0 ms"],
    [210, "0.2 ms"],
    [40_000, "40 ms"],
    [999_400, "999 ms"],
    [999_700, "1 s"],
    [42_000_000, "42 s"],
    [720_000_000, "12 min"],
    [3 * 3600e6, "3 h"],
    [5 * 86400e6, "5 d"],
  ];
  for (const [us, text] of cases) expect(ageText(us)).toBe(text);
});

test("sizes, counts and times read as in a sentence", () => {
  expect([0, 512, 1200, 45_200_000, 1.2e9].map(bytesText)).toEqual([
    "0 B",
    "512 B",
    "1.2 kB",
    "45 MB",
    "1.2 GB",
  ]);
  expect([0, 1, 3].map((count) => countText(count, "board"))).toEqual([
    "no boards",
    "one board",
    "3 boards",
  ]);
  expect(timeText("2026-11-24T10:41:07.123Z")).toBe("2026-11-24 10:41:07Z");
});

test("wrapping keeps every word that fits", () => {
  expect(wrapText("one two three four", 9)).toEqual(["one two", "three", "four"]);
  expect(wrapText("", 9)).toEqual([]);
});
