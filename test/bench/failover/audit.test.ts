import { expect, test } from "bun:test";
import { audit, type AuditedClient } from "./audit.ts";
import type { LogLine } from "./protocol.ts";
import type { Turn } from "./record.ts";

function turn(board: string, firstUs: number, lastUs: number): Turn {
  return { board, answers: 1, firstUs, lastUs };
}

function clientWith(parts: Partial<AuditedClient>): AuditedClient {
  return { client: "a", ranges: [], turns: [], isOverlap: false, ...parts };
}

function lines(numbers: readonly number[], client = 10n): LogLine[] {
  return numbers.map((number) => ({ client, number, serverUs: number, startedUs: 1 }));
}

test("what was acknowledged is in one of the logs, whichever", () => {
  const clients = [clientWith({ ranges: [{ first: 0, last: 3 }] })];
  const logs = new Map([
    ["c1", lines([0, 1, 9])],
    ["c2", lines([2, 3])],
  ]);
  expect(audit(clients, logs)).toMatchObject({ acknowledged: 4, missingCount: 0, lives: 2 });
});

test("an acknowledged request that no log has is missing; another client's does not count", () => {
  const clients = [clientWith({ ranges: [{ first: 0, last: 2 }] })];
  const logs = new Map([["c1", [...lines([0, 2]), ...lines([1], 11n)]]]);
  const { missing, missingCount } = audit(clients, logs);
  expect(missing).toEqual([{ client: "a", number: 1 }]);
  expect(missingCount).toBe(1);
});

test("boards that answer one after the other do not overlap, back and forth included", () => {
  const turns = [turn("c1", 0, 10), turn("c2", 11, 20), turn("c1", 21, 30)];
  expect(audit([clientWith({ turns })], new Map()).overlaps).toEqual([]);
});

test("two boards in the same time overlap, also when no client saw both", () => {
  const one = clientWith({ turns: [turn("c1", 0, 100)] });
  const other = clientWith({ client: "b", turns: [turn("c1", 5, 10), turn("c2", 90, 120)] });
  expect(audit([one, other], new Map()).overlaps).toEqual(["c1 answered until 100, c2 from 90"]);
  expect(audit([clientWith({ isOverlap: true })], new Map()).overlaps).toHaveLength(1);
});
