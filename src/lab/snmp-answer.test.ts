import { expect, test } from "bun:test";
import fc from "fast-check";
import { answerVarbindsMax } from "./limits.ts";
import { answerGet, answerGetBulk, answerGetNext, type SnmpSection } from "./snmp-answer.ts";
import { compareOids, type SnmpRow, snmpTypes } from "./snmp-rows.ts";

function rowAt(oid: string): SnmpRow {
  return { oid, parts: oid.split(".").map(Number), type: snmpTypes.integer, value: 1 };
}

function section(prefix: string, ...tails: string[]): SnmpSection {
  const rows = tails.map((tail) => rowAt(`${prefix}.${tail}`));
  return { prefix: prefix.split(".").map(Number), rows: () => rows };
}

const tree = [section("1.3.1", "1.0", "2.0"), section("1.3.2"), section("1.3.5", "9")];
const oids = (list: readonly { oid: string }[]): string[] => list.map((each) => each.oid);

test("GET tells a missing instance from a missing object", () => {
  const answer = answerGet(tree, ["1.3.1.1.0", "1.3.1.7", "1.4.1"]);
  expect(answer.map((each) => each.type)).toEqual([
    snmpTypes.integer,
    snmpTypes.noSuchInstance,
    snmpTypes.noSuchObject,
  ]);
});

test("GETNEXT from anywhere goes on at the next row, across empty sections", () => {
  const steps = [
    ["1", "1.3.1.1.0"],
    ["1.3.1.1", "1.3.1.1.0"],
    ["1.3.1.1.0", "1.3.1.2.0"],
    ["1.3.1.1.0.7", "1.3.1.2.0"],
    ["1.3.1.2.0", "1.3.5.9"],
    ["1.3.4", "1.3.5.9"],
  ] as const;
  for (const [from, to] of steps) expect(oids(answerGetNext(tree, [from]))).toEqual([to]);
  expect(answerGetNext(tree, ["1.3.5.9"])[0]?.type).toBe(snmpTypes.endOfMibView);
  expect(answerGetNext(tree, ["2.1"])[0]?.type).toBe(snmpTypes.endOfMibView);
});

test("GETBULK repeats what is asked and stops at the end of the tree", () => {
  const request = { oids: ["1.3.5", "1.3.1"], nonRepeaters: 1, maxRepetitions: 10 };
  const answer = answerGetBulk(tree, request);
  expect(oids(answer)).toEqual(["1.3.5.9", "1.3.1.1.0", "1.3.1.2.0", "1.3.5.9", "1.3.5.9"]);
  expect(answer.at(-1)?.type).toBe(snmpTypes.endOfMibView);
});

test("GETBULK is bounded, whatever is asked", () => {
  const many = section("1.3.1", ...Array.from({ length: 3000 }, (_, i) => `${i + 1}`));
  const bulk = fc.record({
    oids: fc.array(fc.constantFrom("1.3.1", "1.3.1.5", "9"), { maxLength: 100 }),
    nonRepeaters: fc.integer({ min: -5, max: 200 }),
    maxRepetitions: fc.integer({ min: -5, max: 2 ** 31 - 1 }),
  });
  fc.assert(
    fc.property(bulk, (request) => {
      expect(answerGetBulk([many], request).length).toBeLessThanOrEqual(answerVarbindsMax);
    }),
  );
});

test("walking visits every row once and in order", () => {
  const tail = fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));
  fc.assert(
    fc.property(fc.uniqueArray(tail, { maxLength: 30 }), (tails) => {
      const rows = tails.map((each) => rowAt(`1.3.1.${each}`));
      rows.sort((a, b) => compareOids(a.parts, b.parts));
      const sections = [{ prefix: [1, 3, 1], rows: () => rows }];
      const seen: string[] = [];
      for (let at = "1.3"; seen.length <= rows.length;) {
        const next = answerGetNext(sections, [at])[0];
        if (next === undefined || next.type === snmpTypes.endOfMibView) break;
        seen.push(next.oid);
        at = next.oid;
      }
      expect(seen).toEqual(oids(rows));
    }),
  );
});

test("a request that is no OID is answered, not thrown at", () => {
  fc.assert(
    fc.property(fc.string(), (oid) => {
      expect(answerGet(tree, [oid])).toHaveLength(1);
      expect(answerGetNext(tree, [oid])).toHaveLength(1);
    }),
  );
});
