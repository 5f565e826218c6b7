import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeFdb } from "./forwarding.ts";
import { columnRowsMax } from "./limits.ts";
import type { AnsweredVarbind } from "./mibs.ts";
import { portColumns, portTables } from "./ports.ts";
import { createWalk, nextAsk, takeAnswer, takeFailure } from "./walk.ts";

const row = (oid: string, value: unknown = 1): AnsweredVarbind => ({ oid, type: 2, value });
const end: AnsweredVarbind = { oid: "1.1", type: 130, value: null };

test("a column ends at the end of the MIB or where another column begins", () => {
  const walk = createWalk(["1.1", "1.2"]);
  expect(nextAsk(walk)?.oids).toEqual(["1.1", "1.2"]);
  takeAnswer(walk, [
    [row("1.1.5"), row("1.2.1")],
    [row("1.2.1"), end],
  ]);
  expect(nextAsk(walk)).toBeUndefined();
  expect(walk.columns.map(({ rows }) => [...rows.keys()])).toEqual([["5"], ["1"]]);
  expect(walk.broken).toBeUndefined();
});

test("OIDs out of order are taken, and counted", () => {
  const walk = createWalk(["1.1"]);
  nextAsk(walk);
  takeAnswer(walk, [[row("1.1.9"), row("1.1.10"), row("1.1.2"), end]]);
  expect([walk.columns[0]?.rows.size, walk.backwards, walk.broken]).toEqual([3, 1, undefined]);
});

test("a row that comes again ends the walk as a circle", () => {
  const walk = createWalk(["1.1"]);
  nextAsk(walk);
  takeAnswer(walk, [[row("1.1.1"), row("1.1.2"), row("1.1.1")]]);
  expect(nextAsk(walk)).toBeUndefined();
  expect(walk.broken).toContain("circles");
});

test("a table without end ends at the bound", () => {
  const walk = createWalk(["1.1"]);
  for (let i = 0, ask = nextAsk(walk); ask !== undefined; ask = nextAsk(walk)) {
    takeAnswer(walk, [Array.from({ length: 1000 }, () => row(`1.1.${++i}`))]);
  }
  expect(walk.columns[0]?.rows.size).toBe(columnRowsMax);
  expect(walk.broken).toContain(String(columnRowsMax));
});

test("an answer without rows does not go on for ever", () => {
  const walk = createWalk(["1.1"]);
  nextAsk(walk);
  takeAnswer(walk, []);
  expect([nextAsk(walk), walk.broken]).toEqual([undefined, "an answer without rows"]);
});

test("an agent that refuses several columns is asked for one", () => {
  const walk = createWalk(["1.1", "1.2"]);
  nextAsk(walk);
  takeFailure(walk, { isEnd: true, text: "noSuchName" });
  expect(nextAsk(walk)?.oids).toEqual(["1.1"]);
  takeFailure(walk, { isEnd: true, text: "noSuchName" });
  expect(nextAsk(walk)?.oids).toEqual(["1.2"]);
  takeFailure(walk, { isEnd: false, text: "genErr" });
  expect([nextAsk(walk), walk.broken]).toEqual([undefined, "genErr"]);
});

const part = fc.oneof(
  fc.nat(300),
  fc.nat(0xffffffff),
  fc.constantFrom("", "x", "-1", "99999999999"),
);
const index = fc.array(part, { maxLength: 20 }).map((parts) => parts.join("."));
const value = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.string(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 600 }),
);

test("no tables make the decoders throw", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(index, value)), fc.array(fc.tuple(index, value)), (a, b) => {
      decodeFdb("q-bridge", new Map(a), new Map(b));
      decodeFdb("bridge", new Map(a), new Map(b));
      const columns = portColumns.map((base) => ({
        base,
        cursor: base,
        isDone: true,
        isLost: false,
        rows: new Map([...a, ...b]),
      }));
      portTables(columns, { slotOfPort: new Map(), uplinks: ["1", "x"] });
    }),
  );
});
