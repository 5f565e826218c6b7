// Walks several columns at once by GETBULK (GETNEXT for SNMPv1) and says when to stop. Agents send
// OIDs out of order, repeat themselves or never end: a repeated row ends its column as a circle,
// and rows are bounded. Pure: the caller sends `nextAsk` and hands in what came back.

import { assert } from "../../base/index.ts";
import { bulkVarbindsMax, columnRowsMax } from "./limits.ts";
import { indexUnder, isException, type AnsweredVarbind } from "./mibs.ts";

/** One column being read. */
export type Column = {
  readonly base: string;
  /** Where the next question goes on. */
  cursor: string;
  isDone: boolean;
  /** Ended before its last row: refused, cut off or too long. A circle has shown all its rows. */
  isLost: boolean;
  /** Index text -> value, in the agent's order. */
  readonly rows: Map<string, unknown>;
};

/** A walk under way. `broken` says why it is not complete. */
export type Walk = {
  readonly columns: readonly Column[];
  /** Columns asked in one packet; falls to 1 when an agent refuses several. */
  columnsAtOnce: number;
  asked: readonly Column[];
  /** Rows that came after a greater one: the agent's order is not to be trusted. */
  backwards: number;
  broken: string | undefined;
};

/** What to send: one OID per column, and how many rows of each are wanted. */
export type WalkAsk = { readonly oids: readonly string[]; readonly repetitions: number };

/** A walk at the start of these columns. */
export function createWalk(bases: readonly string[]): Walk {
  const start = { isDone: false, isLost: false };
  const columns = bases.map((base) => ({ base, cursor: base, ...start, rows: new Map() }));
  return { columns, columnsAtOnce: bases.length, asked: [], backwards: 0, broken: undefined };
}

/** The next question, or undefined when every column has ended. */
export function nextAsk(walk: Walk): WalkAsk | undefined {
  walk.asked = walk.columns.filter((column) => !column.isDone).slice(0, walk.columnsAtOnce);
  if (walk.asked.length === 0) return undefined;
  const repetitions = Math.max(1, Math.floor(bulkVarbindsMax / walk.asked.length));
  return { oids: walk.asked.map((column) => column.cursor), repetitions };
}

/** Takes the answer to the last `nextAsk`: a list of varbinds per asked column. */
export function takeAnswer(walk: Walk, answer: readonly (readonly AnsweredVarbind[])[]): void {
  assert(walk.asked.length > 0, "an answer belongs to a question");
  let moved = false;
  for (const [i, column] of walk.asked.entries()) {
    const before = column.cursor;
    takeColumn(walk, column, answer[i] ?? []);
    moved ||= column.isDone || column.cursor !== before;
  }
  // Agents cut long answers short, but one without any row would be asked for ever.
  if (!moved) endBroken(walk, "an answer without rows");
}

/** Takes an error answer: fewer columns next time, or the end of the one asked. */
export function takeFailure(walk: Walk, failure: { isEnd: boolean; text: string }): void {
  assert(walk.asked.length > 0, "a failure belongs to a question");
  if (walk.asked.length > 1) {
    walk.columnsAtOnce = 1;
    return;
  }
  for (const column of walk.asked) {
    column.isDone = true;
    column.isLost = !failure.isEnd;
  }
  if (!failure.isEnd) walk.broken ??= failure.text;
}

/** Ends the walk where it is; `reason` says why. */
export function endBroken(walk: Walk, reason: string): void {
  for (const column of walk.columns) {
    column.isLost ||= !column.isDone;
    column.isDone = true;
  }
  walk.broken ??= reason;
}

function takeColumn(walk: Walk, column: Column, varbinds: readonly AnsweredVarbind[]): void {
  for (const varbind of varbinds) {
    const index = isException(varbind) ? undefined : indexUnder(column.base, varbind.oid);
    if (index === undefined) {
      column.isDone = true;
      return;
    }
    if (column.rows.has(index)) {
      column.isDone = true;
      walk.broken ??= `the table goes in circles: ${varbind.oid} came again`;
      return;
    }
    if (column.rows.size >= columnRowsMax) {
      column.isDone = true;
      column.isLost = true;
      walk.broken ??= `more than ${columnRowsMax} rows under ${column.base}`;
      return;
    }
    if (isBackwards(column, index)) walk.backwards++;
    column.rows.set(index, varbind.value);
    column.cursor = varbind.oid;
  }
}

function isBackwards(column: Column, index: string): boolean {
  const last = column.cursor === column.base ? "" : column.cursor.slice(column.base.length + 1);
  if (last === "") return false;
  const a = last.split(".");
  const b = index.split(".");
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = Number(a[i]) - Number(b[i]);
    if (difference !== 0) return difference > 0;
  }
  return a.length >= b.length;
}
