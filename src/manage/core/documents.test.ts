import { expect, test } from "bun:test";
import fc from "fast-check";

import { answerOf } from "../answer.ts";
import {
  deafFixture,
  fakeCcn,
  foundLink,
  healthyMap,
  leaseOf,
  statusFixture,
} from "../fixtures.ts";
import { listElements } from "../limits.ts";
import {
  isCountersDocument,
  isEventRecord,
  isEventsDocument,
  isLeasesDocument,
  isNetworksDocument,
  isStatusDocument,
  isWhereDocument,
} from "./documents.ts";
import { isProblem, problem } from "./problem.ts";
import type { Guard } from "./shape.ts";

const guards: readonly Guard<unknown>[] = [
  isStatusDocument,
  isNetworksDocument,
  isLeasesDocument,
  isWhereDocument,
  isEventsDocument,
  isCountersDocument,
  isEventRecord,
  isProblem,
];

function overWire(document: unknown): unknown {
  return JSON.parse(JSON.stringify(document));
}

test("what a board writes is what the command line believes, for every document", async () => {
  const board = fakeCcn();
  board.log.log.warn("path-down", { net: "A", silentMs: 52, own: true, gone: undefined });
  board.status = statusFixture(deafFixture(healthyMap(20), 7, "B"));
  const read = async (path: string): Promise<unknown> => {
    const question = { path: `/api/v1/${path}`, q: "7", since: undefined };
    const answered = await answerOf(board.facts, question);
    if (!answered.ok) throw new Error(answered.error.detail);
    return overWire(answered.value);
  };
  expect(isStatusDocument(await read("status"), [])).toBe(true);
  expect(isNetworksDocument(await read("networks"), [])).toBe(true);
  expect(isLeasesDocument(await read("leases"), [])).toBe(true);
  expect(isWhereDocument(await read("where"), [])).toBe(true);
  expect(isEventsDocument(await read("events"), [])).toBe(true);
  expect(isCountersDocument(await read("counters"), [])).toBe(true);
  expect(isProblem(overWire(problem("timed-out", "late")), [])).toBe(true);
});

test("every kind of fault passes, and an unknown kind does not", () => {
  const port = undefined;
  const faults: readonly object[] = [
    { kind: "board", slot: 3 },
    { kind: "leaving", slot: 3 },
    { kind: "cable", slot: 3, network: "A", port, carrier: false },
    { kind: "one-way", slot: 3, network: "B", port: "sw-b/3", way: "mute" },
    { kind: "switch", name: "sw-a", network: "A" },
    { kind: "path", from: 1, to: 2, network: "A" },
  ];
  const documentOf = (fault: object): unknown => {
    const map = { ...healthyMap(), faults: [{ fault, sinceUs: 5, text: "x" }] };
    return overWire({ ...statusFixture(undefined), map });
  };
  for (const fault of faults) expect(isStatusDocument(documentOf(fault), [])).toBe(true);
  expect(isStatusDocument(documentOf({ kind: "moon", slot: 3 }), [])).toBe(false);
});

test("a wrong value is refused and its place is named", () => {
  const trail: string[] = [];
  const map = { ...healthyMap(), boards: [{ ...healthyMap().boards[0], state: "asleep" }] };
  expect(isStatusDocument(overWire({ ...statusFixture(undefined), map }), trail)).toBe(false);
  expect(trail.reverse().join(".")).toBe("map.boards.0.state");
  expect(isStatusDocument(overWire({ ...statusFixture(undefined), v: 2 }), [])).toBe(false);
  const now = statusFixture(undefined).now;
  const lease = { ...leaseOf(1, "A"), mac: "nonsense" };
  expect(isLeasesDocument(overWire({ v: 1, now, leases: [lease], total: 1 }), [])).toBe(false);
  const link = { ...foundLink(1, "A"), slot: 64 };
  const where = { v: 1, now, query: "1", found: true, links: [link] };
  expect(isWhereDocument(overWire(where), [])).toBe(false);
});

test("no JSON makes a guard throw", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const guard of guards) expect(guard(value, [])).toBe(false);
    }),
  );
});

test("a list without end is refused", () => {
  const now = statusFixture(undefined).now;
  const leases = Array.from({ length: listElements + 1 }, () => leaseOf(1, "A"));
  expect(isLeasesDocument({ v: 1, now, leases: leases.slice(1), total: 1 }, [])).toBe(true);
  expect(isLeasesDocument({ v: 1, now, leases, total: 1 }, [])).toBe(false);
});
