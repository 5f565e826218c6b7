// Get, GetNext and GetBulk over rows in OID order (RFC 3416 §4.2.1 to 4.2.3). Pure; sections are
// asked for their rows only when the request touches them.

import { answerBytesMax, answerVarbindsMax } from "./limits.ts";
import { compareOids, type SnmpRow, snmpTypes } from "./snmp-rows.ts";

/** A part of the tree below `prefix`; sections are in order and do not overlap. */
export type SnmpSection = {
  readonly prefix: readonly number[];
  /** Rows in OID order, as fresh as promised. */
  readonly rows: () => readonly SnmpRow[];
};

/** One variable of an answer. */
export type AnswerVarbind = Pick<SnmpRow, "oid" | "type"> & {
  readonly value: SnmpRow["value"] | null;
};

/** What is at exactly these OIDs. */
export function answerGet(
  sections: readonly SnmpSection[],
  oids: readonly string[],
): AnswerVarbind[] {
  return oids.slice(0, answerVarbindsMax).map((oid) => {
    const parts = parseOid(oid);
    const section = sections.find(({ prefix }) => startsWith(parts, prefix));
    if (section === undefined) return { oid, type: snmpTypes.noSuchObject, value: null };
    const rows = section.rows();
    const found = rows[firstFrom(rows, parts)];
    if (found !== undefined && compareOids(found.parts, parts) === 0) return found;
    return { oid, type: snmpTypes.noSuchInstance, value: null };
  });
}

/** What comes after each of these OIDs. */
export function answerGetNext(
  sections: readonly SnmpSection[],
  oids: readonly string[],
): AnswerVarbind[] {
  return oids.slice(0, answerVarbindsMax).map((oid) => nextAfter(sections, oid));
}

/** The first `nonRepeaters` once, the others up to `maxRepetitions` times, as much as fits. */
export function answerGetBulk(
  sections: readonly SnmpSection[],
  request: {
    readonly oids: readonly string[];
    readonly nonRepeaters: number;
    readonly maxRepetitions: number;
  },
): AnswerVarbind[] {
  const { oids, maxRepetitions } = request;
  const once = Math.min(Math.max(0, request.nonRepeaters), oids.length);
  const answer = answerGetNext(sections, oids.slice(0, once));
  let at = oids.slice(once, once + answerVarbindsMax);
  let bytes = answer.reduce((sum, varbind) => sum + sizeOf(varbind), 0);
  for (let round = 0; round < maxRepetitions && at.length > 0; round++) {
    const next = at.map((oid) => nextAfter(sections, oid));
    bytes += next.reduce((sum, varbind) => sum + sizeOf(varbind), 0);
    const full = bytes > answerBytesMax || answer.length + next.length > answerVarbindsMax;
    if (full && answer.length > 0) break;
    answer.push(...next);
    if (next.every((varbind) => varbind.type === snmpTypes.endOfMibView)) break;
    at = next.map((varbind) => varbind.oid);
  }
  return answer;
}

function nextAfter(sections: readonly SnmpSection[], oid: string): AnswerVarbind {
  const parts = parseOid(oid);
  for (const { prefix, rows: read } of sections) {
    if (!startsWith(parts, prefix) && compareOids(parts, prefix) > 0) continue;
    const rows = read();
    const at = firstFrom(rows, parts);
    const found = rows[at];
    if (found === undefined) continue;
    if (compareOids(found.parts, parts) > 0) return found;
    const next = rows[at + 1];
    if (next !== undefined) return next;
  }
  return { oid, type: snmpTypes.endOfMibView, value: null };
}

/** Place of the first row that is not before `parts`. */
function firstFrom(rows: readonly SnmpRow[], parts: readonly number[]): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row !== undefined && compareOids(row.parts, parts) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Numbers of a dotted OID; what is no number counts as 0. */
function parseOid(oid: string): number[] {
  return oid
    .split(".")
    .filter((part) => part !== "")
    .map((part) => Number(part) || 0);
}

function startsWith(parts: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((part, i) => parts[i] === part);
}

/** Upper bound of a varbind's bytes: sub-identifiers of the tables here take one or two. */
function sizeOf({ oid, value }: AnswerVarbind): number {
  const bytes = value instanceof Uint8Array ? value.length : typeof value === "string" ? 16 : 8;
  return oid.length + bytes + 6;
}
