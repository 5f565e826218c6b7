// Asks for the rows of single MACs: one GET carries many MACs, what queues up while a packet is
// under way shares the next one. A row that is missing goes to the walk. SNMPv1 fails a whole GET
// for one missing row, so there the OID before the row is asked by GETNEXT.

import { addUs, assert, type Mac, type MonoUs } from "../../base/index.ts";
import type { FdbRow, FdbTable } from "./forwarding.ts";
import { coalesceUs, rowAttemptsMax, rowPacketsMax, rowPauseUs } from "./limits.ts";
import {
  bridgePortColumn,
  bridgeStatusColumn,
  isException,
  macIndex,
  qPortColumn,
  qStatusColumn,
  statusInvalid,
  uintOf,
  type AnsweredVarbind,
} from "./mibs.ts";
import { portOf } from "./ports.ts";
import { settleLookup } from "./settle.ts";
import {
  type LookupEffect,
  type LookupState,
  type RowAsk,
  sendPacket,
  type Waiting,
} from "./state.ts";

/** Sends the queued lookups if a packet may leave now; see `rowsDueUs` for when else. */
export function sendRows(state: LookupState, now: MonoUs): LookupEffect[] {
  const effects: LookupEffect[] = [];
  const { fdb } = state;
  if (fdb === undefined || fdb.prefixes.length === 0 || state.areRowsRefused) {
    state.walkQueue.push(...state.rowQueue);
    state.rowQueue = [];
    return effects;
  }
  for (;;) {
    state.rowQueue = state.rowQueue.filter((request) => state.waiting.has(request));
    const dueUs = rowsDueUs(state, fdb);
    if (dueUs === undefined || dueUs > now) return effects;
    effects.push(sendBatch(state, fdb, now));
  }
}

/** When the queued lookups may be sent; undefined = nothing queued or every place is taken. */
export function rowsDueUs(state: LookupState, fdb: FdbTable): MonoUs | undefined {
  if (state.rowQueue.length === 0) return undefined;
  let underWay = 0;
  for (const packet of state.packets.values()) {
    if (packet.content.type === "rows" && (!packet.overdue || state.circuit === "open")) underWay++;
  }
  if (underWay > 0 && (state.circuit === "open" || underWay >= rowPacketsMax)) return undefined;
  if (state.rowQueue.length >= macsPerPacket(state, fdb)) return state.rowQueueSinceUs;
  if (underWay > 0) return addUs(state.rowQueueSinceUs, coalesceUs);
  const { rowQueueSinceUs, rowsSentUs } = state;
  if (rowsSentUs === undefined) return rowQueueSinceUs;
  const restedUs = addUs(rowsSentUs, rowPauseUs);
  return restedUs > rowQueueSinceUs ? restedUs : rowQueueSinceUs;
}

/** Takes a row packet's answer. */
export function takeRows(
  state: LookupState,
  ask: RowAsk,
  columns: readonly (readonly AnsweredVarbind[])[],
  now: MonoUs,
): LookupEffect[] {
  const effects: LookupEffect[] = [];
  let at = 0;
  for (const { mac, requests } of ask.macs) {
    const rows: FdbRow[] = [];
    for (const prefix of ask.prefixes) {
      const port = valueAt(ask, columns, at++);
      const status = ask.hasStatus ? valueAt(ask, columns, at++) : undefined;
      if (port === undefined || status === statusInvalid) continue;
      const fdb = ask.kind === "q-bridge" ? Number(prefix.split(".")[0]) : undefined;
      rows.push({ mac, fdb, bridgePort: port, status });
    }
    for (const request of requests) {
      const lookup = state.waiting.get(request);
      if (lookup === undefined || lookup.held !== undefined) continue;
      if (rows.length > 0 && (ask.isWhole || isOnSlot(state, rows))) {
        state.rowMisses = 0;
        effects.push(...settleLookup(state, lookup, { rows, by: "row" }, now));
      } else toWalk(state, lookup);
    }
  }
  return effects;
}

/** The packet failed: smaller packets, or the walk. */
export function failRows(
  state: LookupState,
  ask: RowAsk,
  kind: "end" | "too-big" | "error",
  now: MonoUs,
): void {
  const lookups = lookupsOf(state, ask);
  if (kind === "too-big" && state.rowVarbinds > 1) {
    state.rowVarbinds = Math.max(1, state.rowVarbinds >> 1);
    for (const lookup of lookups) lookup.attempts = Math.max(0, lookup.attempts - 1);
    queueRows(state, lookups, now);
    return;
  }
  for (const lookup of lookups) toWalk(state, lookup);
}

/** The packet is overdue: its lookups are asked for again while they have tries left. */
export function retryRows(state: LookupState, ask: RowAsk, now: MonoUs): void {
  const again = lookupsOf(state, ask).filter(({ attempts }) => attempts < rowAttemptsMax);
  queueRows(state, again, now);
}

/** Puts lookups at the end of the row queue. */
export function queueRows(state: LookupState, lookups: readonly Waiting[], now: MonoUs): void {
  if (state.rowQueue.length === 0) state.rowQueueSinceUs = now;
  const queued = new Set(state.rowQueue);
  for (const { request } of lookups) if (!queued.has(request)) state.rowQueue.push(request);
}

function lookupsOf(state: LookupState, ask: RowAsk): Waiting[] {
  const found: Waiting[] = [];
  for (const { requests } of ask.macs) {
    for (const request of requests) {
      const lookup = state.waiting.get(request);
      if (lookup !== undefined && lookup.held === undefined && !lookup.missedRow)
        found.push(lookup);
    }
  }
  return found;
}

function isOnSlot({ ports }: LookupState, rows: readonly FdbRow[]): boolean {
  if (ports === undefined) return false;
  return rows.some(({ bridgePort }) => portOf(ports, bridgePort).use === "slot");
}

function toWalk(state: LookupState, lookup: Waiting): void {
  if (lookup.missedRow) return;
  lookup.missedRow = true;
  state.walkQueue.push(lookup.request);
}

function macsPerPacket(state: LookupState, fdb: FdbTable): number {
  const perMac = fdb.prefixes.length * (fdb.hasStatus ? 2 : 1);
  return Math.max(1, Math.floor(state.rowVarbinds / perMac));
}

function sendBatch(state: LookupState, fdb: FdbTable, now: MonoUs): LookupEffect {
  const room = macsPerPacket(state, fdb);
  const macs = new Map<Mac, number[]>();
  const left: number[] = [];
  let attempt = 0;
  for (const request of state.rowQueue) {
    const lookup = state.waiting.get(request);
    if (lookup === undefined) continue;
    const same = macs.get(lookup.mac);
    if (same === undefined && macs.size >= room) {
      left.push(request);
      continue;
    }
    attempt = Math.max(attempt, lookup.attempts);
    lookup.attempts++;
    if (same === undefined) macs.set(lookup.mac, [request]);
    else same.push(request);
  }
  state.rowQueue = left;
  state.rowQueueSinceUs = now;
  state.rowsSentUs = now;
  const ask = rowAsk(state, fdb, macs);
  assert(ask.macs.length > 0 && ask.oids.length > 0, "a batch asks for something");
  const content = { type: "rows", ask } as const;
  return sendPacket(state, now, { content, attempt, op: ask.op, oids: ask.oids, repetitions: 0 });
}

function rowAsk(state: LookupState, fdb: FdbTable, macs: ReadonlyMap<Mac, number[]>): RowAsk {
  const isQ = fdb.kind === "q-bridge";
  const op = state.plan.snmpVersion === 1 ? "next" : "get";
  const columns = [isQ ? qPortColumn : bridgePortColumn];
  if (fdb.hasStatus) columns.push(isQ ? qStatusColumn : bridgeStatusColumn);
  const rowOids: string[] = [];
  for (const mac of macs.keys()) {
    const index = macIndex(mac);
    for (const prefix of fdb.prefixes) {
      const tail = prefix === "" ? index : `${prefix}.${index}`;
      for (const column of columns) rowOids.push(`${column}.${tail}`);
    }
  }
  return {
    op,
    macs: [...macs].map(([mac, requests]) => ({ mac, requests })),
    prefixes: fdb.prefixes,
    isWhole: !fdb.hasMorePrefixes,
    hasStatus: fdb.hasStatus,
    oids: op === "get" ? rowOids : rowOids.map(before),
    rowOids,
    kind: fdb.kind,
  };
}

/** An OID before `oid` with no possible row between them. */
function before(oid: string): string {
  const dot = oid.lastIndexOf(".");
  const last = Number(oid.slice(dot + 1));
  // x.0 directly follows x; otherwise x.(n-1) has no MAC rows below it.
  return last === 0 ? oid.slice(0, dot) : `${oid.slice(0, dot)}.${last - 1}`;
}

function valueAt(
  ask: RowAsk,
  columns: readonly (readonly AnsweredVarbind[])[],
  at: number,
): number | undefined {
  const varbind = columns[at]?.[0];
  if (varbind === undefined || isException(varbind)) return undefined;
  return varbind.oid === ask.rowOids[at] ? uintOf(varbind.value) : undefined;
}
