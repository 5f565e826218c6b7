// Passes: one walk at a time reads the port tables or the whole forwarding table, and answers
// everybody who waited for it. A lookup joins a running pass only if every row that can concern
// it lies ahead of the next packet; otherwise it takes the next pass, because an answer must rest
// on data read after the question (a board moved just before would get its old slot).

import { addUs, assert, err, type MonoUs, ok } from "../../base/index.ts";
import { decodeFdb, type FdbRow, type FdbTable } from "./forwarding.ts";
import {
  passAttemptsMax,
  passPauseUs,
  passUsMax,
  portsRefreshUs,
  portsRefreshUsMin,
  rowMissesMax,
} from "./limits.ts";
import {
  basePortColumn,
  bridgePortColumn,
  bridgeStatusColumn,
  compareIndex,
  ifDescrColumn,
  ifNameColumn,
  indexParts,
  macIndex,
  qPortColumn,
  qStatusColumn,
  type AnsweredVarbind,
} from "./mibs.ts";
import { portColumns, portTables } from "./ports.ts";
import { tableRow } from "./resolve.ts";
import { giveUp, finish, settleLookup, settleHeld } from "./settle.ts";
import { raiseAlarm, type LookupEffect, type LookupState, type Pass, sendPacket } from "./state.ts";
import { createWalk, endBroken, nextAsk, takeAnswer, takeFailure } from "./walk.ts";

/** Port columns without which a port could be mistaken for another. */
const neededColumns: ReadonlySet<string> = new Set([basePortColumn, ifNameColumn, ifDescrColumn]);

/** Starts the pass that is wanted, if none runs and the pause after a failed one is over. */
export function startPass(state: LookupState, now: MonoUs): LookupEffect[] {
  if (state.pass !== undefined || now < state.nextPassUs) return [];
  state.walkQueue = state.walkQueue.filter((request) => state.waiting.has(request));
  const isOld = now >= addUs(state.portsReadUs, portsRefreshUs);
  if (state.ports === undefined || state.arePortsWanted || isOld) return begin(state, "ports", now);
  const isWanted = state.walkQueue.length > 0 || state.tables.length > 0;
  return isWanted || state.fdb === undefined ? begin(state, "q-bridge", now) : [];
}

/** When `startPass` has something to do later. */
export function passDueUs(state: LookupState, now: MonoUs): MonoUs | undefined {
  if (state.pass !== undefined) return undefined;
  return state.nextPassUs > now ? state.nextPassUs : addUs(state.portsReadUs, portsRefreshUs);
}

/** Takes the answer to question `serial`. */
export function takePass(
  state: LookupState,
  serial: number,
  columns: readonly (readonly AnsweredVarbind[])[],
  now: MonoUs,
): LookupEffect[] {
  const { pass } = state;
  if (pass === undefined || pass.serial !== serial) return [];
  takeAnswer(pass.walk, columns);
  if (now > addUs(pass.startedUs, passUsMax)) {
    endBroken(pass.walk, `the walk took longer than ${passUsMax / 1000} ms`);
  }
  return proceed(state, pass, now);
}

/** Takes an error answer to question `serial`. */
export function failPass(
  state: LookupState,
  serial: number,
  failure: { readonly isEnd: boolean; readonly text: string },
  now: MonoUs,
): LookupEffect[] {
  const { pass } = state;
  if (pass === undefined || pass.serial !== serial) return [];
  takeFailure(pass.walk, failure);
  return proceed(state, pass, now);
}

/** The packet of question `serial` is overdue: asks again, or gives the pass up. */
export function retryPass(state: LookupState, serial: number, now: MonoUs): LookupEffect[] {
  const { pass } = state;
  if (pass === undefined || pass.serial !== serial) return [];
  pass.attempts++;
  if (pass.attempts < passAttemptsMax) return [ask(state, pass, now)];
  return abandon(state, pass, `it did not answer ${pass.attempts} packets of a walk`, now);
}

function begin(state: LookupState, kind: "ports" | "q-bridge", now: MonoUs): LookupEffect[] {
  const walk = createWalk(kind === "ports" ? portColumns : [qPortColumn, qStatusColumn]);
  const tables = kind === "ports" ? [] : state.tables;
  if (kind !== "ports") state.tables = [];
  const members = new Set<number>();
  const shared = { startedUs: now, serial: 0, attempts: 0, first: undefined };
  state.pass = { kind, walk, members, tables, ...shared };
  return proceed(state, state.pass, now);
}

/** Asks the next question, or ends the part that is complete. */
function proceed(state: LookupState, pass: Pass, now: MonoUs): LookupEffect[] {
  assert(state.pass === pass, "only the running pass proceeds");
  if (pass.kind === "q-bridge") admit(state, pass);
  const next = pass.walk.columns.some((column) => !column.isDone);
  if (next) {
    pass.attempts = 0;
    pass.serial++;
    return [ask(state, pass, now)];
  }
  return pass.kind === "ports" ? endPorts(state, pass, now) : endPart(state, pass, now);
}

function ask(state: LookupState, pass: Pass, now: MonoUs): LookupEffect {
  const next = nextAsk(pass.walk);
  assert(next !== undefined, "an unfinished walk has a question");
  const content = { type: "pass", serial: pass.serial } as const;
  const op = state.plan.snmpVersion === 1 ? "next" : "bulk";
  return sendPacket(state, now, { content, attempt: pass.attempts, op, ...next });
}

/** Lets those waiting lookups join whose rows all lie ahead of the walk. */
function admit(state: LookupState, pass: Pass): void {
  const [column] = pass.walk.columns;
  if (state.walkQueue.length === 0 || column === undefined) return;
  const isAtStart = column.rows.size === 0 && !column.isDone;
  const stay: number[] = [];
  for (const request of state.walkQueue) {
    const lookup = state.waiting.get(request);
    if (lookup === undefined) continue;
    const mayJoin = isAtStart || (!column.isDone && isAhead(state, pass, macIndex(lookup.mac)));
    if (mayJoin) pass.members.add(request);
    else stay.push(request);
  }
  state.walkQueue = stay;
}

/** True while the walk is still among the rows of its first FDB id and before this MAC. */
function isAhead(state: LookupState, { walk }: Pass, mac: string): boolean {
  const [column] = walk.columns;
  const [firstIndex] = column?.rows.keys() ?? [];
  if (column === undefined || firstIndex === undefined || walk.backwards > 0) return false;
  if (state.fdb?.kind !== "q-bridge" || state.fdb.prefixes.length === 0) return false;
  const prefix = firstIndex.split(".").slice(0, -6).join(".");
  const wanted = indexParts(prefix === "" ? mac : `${prefix}.${mac}`);
  const reached = indexParts(column.cursor.slice(column.base.length + 1));
  return wanted !== undefined && reached !== undefined && compareIndex(reached, wanted) < 0;
}

function endPorts(state: LookupState, pass: Pass, now: MonoUs): LookupEffect[] {
  // With half a table a number would be taken for an ifIndex, or a name for another port's.
  const lost = pass.walk.columns.find(({ isLost, base }) => isLost && neededColumns.has(base));
  if (lost !== undefined) {
    return abandon(state, pass, `${pass.walk.broken ?? "no end"} (under ${lost.base})`, now);
  }
  state.pass = undefined;
  state.portsReadUs = now;
  state.arePortsWanted = false;
  state.areRowsRefused = false;
  state.ports = portTables(pass.walk.columns, state.plan);
  const effects: LookupEffect[] = [];
  if (pass.walk.broken !== undefined) effects.push(...broken(state, pass.walk.broken));
  const { unmatched } = state.ports;
  if (unmatched.length > 0) {
    const list = unmatched.slice(0, 8).join(", ");
    const text = `switch ${state.plan.switchName} has no single port "${list}"; write port names as its ifName, ifDescr or ifIndex`;
    effects.push(...raiseAlarm(state, "switch-ports-unmatched", text));
  } else state.alarmed.delete("switch-ports-unmatched");
  return [...effects, ...settleHeld(state, now), ...startPass(state, now)];
}

/** One forwarding table is read; the BRIDGE one follows if the Q-BRIDGE one can't answer all. */
function endPart(state: LookupState, pass: Pass, now: MonoUs): LookupEffect[] {
  const rowsOf = (at: number): ReadonlyMap<string, unknown> =>
    pass.walk.columns[at]?.rows ?? new Map<string, unknown>();
  if (pass.kind === "bridge") {
    const table = decodeFdb("bridge", rowsOf(0), rowsOf(1));
    return endPass(state, pass, table, now);
  }
  if (pass.walk.backwards > 0) rejoin(state, pass);
  const table = decodeFdb("q-bridge", rowsOf(0), rowsOf(1));
  const isAnswered = (request: number): boolean => {
    const lookup = state.waiting.get(request);
    return lookup === undefined || table.rows.has(lookup.mac);
  };
  const isEnough = table.rows.size > 0 && pass.tables.length === 0;
  if (isEnough && [...pass.members].every(isAnswered))
    return endPass(state, pass, undefined, now, table);
  const { broken: reason } = pass.walk;
  const walk = createWalk([bridgePortColumn, bridgeStatusColumn]);
  walk.broken = reason;
  const next: Pass = { ...pass, kind: "bridge", walk, first: table };
  state.pass = next;
  return proceed(state, next, now);
}

/** The order was not kept after all: who joined on its strength takes the next pass. */
function rejoin(state: LookupState, pass: Pass): void {
  for (const request of pass.members) {
    const lookup = state.waiting.get(request);
    if (lookup === undefined || lookup.askedUs <= pass.startedUs) continue;
    pass.members.delete(request);
    state.walkQueue.push(request);
  }
}

function endPass(
  state: LookupState,
  pass: Pass,
  bridge: FdbTable | undefined,
  now: MonoUs,
  q: FdbTable | undefined = pass.first,
): LookupEffect[] {
  state.pass = undefined;
  const effects: LookupEffect[] = [];
  const { broken: reason } = pass.walk;
  if (reason === undefined) {
    state.counters.walks++;
    state.alarmed.delete("switch-table-broken");
  } else effects.push(...broken(state, reason));
  const main = q !== undefined && q.rows.size > 0 ? q : (bridge ?? q);
  const known = state.fdb;
  if (reason === undefined || known === undefined) state.fdb = main;
  for (const request of pass.members) {
    const lookup = state.waiting.get(request);
    if (lookup === undefined || lookup.held !== undefined) continue;
    const rows = q?.rows.get(lookup.mac) ?? bridge?.rows.get(lookup.mac);
    if (rows !== undefined) {
      if (lookup.missedRow && isKnownRow(known, rows)) effects.push(...countMiss(state));
      effects.push(...settleLookup(state, lookup, { rows, by: "walk" }, now));
    } else if (reason === undefined) {
      state.counters.byWalk++;
      effects.push(...finish(state, lookup, { type: "not-found" }, now));
    } else effects.push(...giveUp(state, lookup, refusal(state, reason), now));
  }
  const all = [...rowsOfTable(q), ...rowsOfTable(bridge).filter(({ mac }) => !q?.rows.has(mac))];
  for (const { request } of pass.tables) {
    const { ports } = state;
    const table =
      reason !== undefined || ports === undefined
        ? err(refusal(state, reason ?? "its port names are not read yet"))
        : ok(all.map((row) => tableRow(row, ports)));
    effects.push({ type: "answer-table", request, table });
  }
  return [...effects, ...startPass(state, now)];
}

function rowsOfTable(table: FdbTable | undefined): FdbRow[] {
  return table === undefined ? [] : [...table.rows.values()].flat();
}

/** True if the row GET asked for this very row. */
function isKnownRow(known: FdbTable | undefined, rows: readonly FdbRow[]): boolean {
  const asked = new Set(known?.prefixes.map((prefix) => Number(prefix.split(".")[0])));
  return rows.some(({ fdb }) => (fdb === undefined ? known?.kind === "bridge" : asked.has(fdb)));
}

function countMiss(state: LookupState): LookupEffect[] {
  state.rowMisses++;
  if (state.rowMisses < rowMissesMax || state.areRowsRefused) return [];
  state.areRowsRefused = true;
  state.rowMisses = 0;
  const text = `switch ${state.plan.switchName} does not answer for single rows; its table is walked for every lookup`;
  return raiseAlarm(state, "switch-rows-refused", text);
}

/** Nothing came back: members and table requests end, and the next pass waits a little. */
function abandon(state: LookupState, pass: Pass, reason: string, now: MonoUs): LookupEffect[] {
  state.pass = undefined;
  state.nextPassUs = addUs(now, passPauseUs);
  const effects = broken(state, reason);
  if (pass.kind === "ports" && state.ports !== undefined) {
    // The old tables go on serving; the next try is not at once.
    state.portsReadUs = addUs(now, portsRefreshUsMin - portsRefreshUs);
    state.arePortsWanted = false;
    effects.push(...settleHeld(state, now));
  }
  for (const request of pass.members) {
    const lookup = state.waiting.get(request);
    if (lookup !== undefined) effects.push(...giveUp(state, lookup, refusal(state, reason), now));
  }
  for (const { request } of pass.tables) {
    effects.push({ type: "answer-table", request, table: err(refusal(state, reason)) });
  }
  return effects;
}

function broken(state: LookupState, reason: string): LookupEffect[] {
  state.counters.walksBroken++;
  return raiseAlarm(state, "switch-table-broken", refusal(state, reason));
}

function refusal(state: LookupState, reason: string): string {
  return `switch ${state.plan.switchName} was asked for its table: ${reason}; check its SNMP agent`;
}
