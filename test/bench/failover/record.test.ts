import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeAnswer, decodeLog, encodeRequest } from "./protocol.ts";
import {
  answered,
  type ClientRecord,
  connected,
  createRecord,
  longestGapMs,
  nextNumber,
  reportOf,
} from "./record.ts";

/** A record of requests every ms from 0 on; `answer(number, us, board)` adds answers. */
function recordOf(sent: number): ClientRecord {
  const record = createRecord(7n, 1000);
  for (let i = 0; i < sent; i++) nextNumber(record, i * 1000);
  return record;
}

function answer(record: ClientRecord, number: number, atUs: number, board = "c1"): void {
  answered(record, { number, board, serverUs: atUs - 100 }, atUs);
}

test("a gap runs from the last good answer before to the first good one after", () => {
  const record = recordOf(100);
  for (let i = 0; i <= 20; i++) answer(record, i, i * 1000 + 300);
  for (let i = 62; i < 100; i++) answer(record, i, i * 1000 + 300, "c2");
  const report = reportOf(record);
  expect(report.gaps).toEqual([{ fromUs: 20_300, toUs: 62_300 }]);
  expect(longestGapMs(report.gaps, 21_000)).toBe(42);
  expect(longestGapMs(report.gaps, 62_301)).toBe(0);
  expect(report).toMatchObject({ sent: 100, acknowledged: 59, failed: 41, isOverlap: false });
  expect(report.ranges).toEqual([
    { first: 0, last: 20 },
    { first: 62, last: 99 },
  ]);
  expect(report.turns.map(({ board, answers }) => `${board} ${answers}`)).toEqual([
    "c1 21",
    "c2 38",
  ]);
});

test("an answer of the old board from after the new one's first is an overlap", () => {
  const record = recordOf(10);
  answer(record, 0, 1000, "c1");
  answer(record, 1, 2000, "c2");
  answer(record, 2, 3000, "c2");
  expect(reportOf(record).isOverlap).toBe(false);
  answered(record, { number: 3, board: "c1", serverUs: 2500 }, 3500);
  expect(reportOf(record).isOverlap).toBe(true);
});

test("an old answer that only came late is none", () => {
  const record = recordOf(10);
  answer(record, 0, 1000, "c1");
  answer(record, 2, 3000, "c2");
  answered(record, { number: 1, board: "c1", serverUs: 1500 }, 3100);
  expect(reportOf(record)).toMatchObject({ isOverlap: false, acknowledged: 3 });
});

test("answers to nothing and answers given twice are strays", () => {
  const record = recordOf(2);
  answer(record, 1, 1000);
  answer(record, 1, 1100);
  answer(record, 2, 1200);
  expect(reportOf(record)).toMatchObject({ strays: 2, acknowledged: 1 });
});

test("the client's own lateness and its reconnects are told", () => {
  const record = createRecord(7n, 1000);
  for (const atUs of [0, 1000, 9000]) nextNumber(record, atUs);
  connected(record);
  connected(record);
  expect(reportOf(record)).toMatchObject({ lateUsMax: 7000, reconnects: 1 });
});

test("acknowledged ranges are exactly what was acknowledged", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(9000)), (numbers) => {
      const record = recordOf(9001);
      numbers.forEach((number, i) => answer(record, number, i));
      const all = reportOf(record).ranges.flatMap(({ first, last }) =>
        Array.from({ length: last - first + 1 }, (_, i) => first + i),
      );
      expect(all).toEqual(numbers.toSorted((a, b) => a - b));
    }),
    { numRuns: 20 },
  );
});

test("no bytes can make an answer of nonsense throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeLog(bytes);
      const answer = decodeAnswer(bytes);
      if (answer !== undefined) expect(Number.isSafeInteger(answer.number)).toBe(true);
    }),
  );
  expect(encodeRequest(1n, 2)).toHaveLength(16);
});
