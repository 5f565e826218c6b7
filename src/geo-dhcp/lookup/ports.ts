// From the number a forwarding entry carries to a port name and its slot. Carries the tables that
// change rarely: base ports, names, VLANs, the switch's own address. The rules and the switches
// that taught them are in the tests.

import type { Mac, SlotId } from "../../base/index.ts";
import {
  basePortColumn,
  bridgeAddressColumn,
  ifDescrColumn,
  ifNameColumn,
  indexParts,
  macOf,
  nameOf,
  uintOf,
  vlanFdbColumn,
} from "./mibs.ts";
import type { PortUse } from "./types.ts";
import type { Column } from "./walk.ts";

/** What the chassis file says about a switch's ports; a part of `Switch`. */
export type PortPlan = {
  readonly slotOfPort: ReadonlyMap<string, SlotId>;
  readonly uplinks: readonly string[];
};

/** Columns that `portTables` wants. */
export const portColumns: readonly string[] = [
  basePortColumn,
  ifNameColumn,
  ifDescrColumn,
  vlanFdbColumn,
  bridgeAddressColumn,
];

/** A port with what it is for. `isKnown` false: the tables do not name it, a newer read might. */
export type PortOf = {
  readonly port: string;
  readonly ifIndex: number | undefined;
  readonly use: PortUse;
  readonly slot: SlotId | undefined;
  readonly isKnown: boolean;
};

/** The slow tables of one switch, ready for questions. */
export type PortTables = {
  /** Bridge port -> ifIndex; 0 = the agent lists the port without an interface. */
  readonly basePorts: ReadonlyMap<number, number>;
  readonly names: ReadonlyMap<number, string>;
  /** FDB id -> VLAN. */
  readonly vlanOfFdb: ReadonlyMap<number, number>;
  readonly bridgeAddress: Mac | undefined;
  readonly planOfIfIndex: ReadonlyMap<number, PlannedPort>;
  /** First base port of a switch that counts entries from 1 but base ports from a high number. */
  readonly offsetFrom: number | undefined;
  /** Ports of the chassis file that this switch does not have, or has twice. */
  readonly unmatched: readonly string[];
};

type PlannedPort = { readonly port: string; readonly slot: SlotId | undefined };

/** Reads the walked `portColumns`; rows that make no sense are left out. */
export function portTables(columns: readonly Column[], plan: PortPlan): PortTables {
  const rows = (base: string): ReadonlyMap<string, unknown> =>
    columns.find((column) => column.base === base)?.rows ?? new Map<string, unknown>();
  const basePorts = numbered(rows(basePortColumn), uintOf);
  const ifNames = numbered(rows(ifNameColumn), nameOf);
  const ifDescrs = numbered(rows(ifDescrColumn), nameOf);
  const names = new Map([...ifDescrs, ...ifNames]);
  const vlanOfFdb = new Map<number, number>();
  for (const [index, value] of rows(vlanFdbColumn)) {
    const vlan = indexParts(index)?.at(-1);
    const fdb = uintOf(value);
    if (vlan !== undefined && fdb !== undefined && !vlanOfFdb.has(fdb)) vlanOfFdb.set(fdb, vlan);
  }
  const [address] = rows(bridgeAddressColumn).values();
  const { planOfIfIndex, unmatched } = planPorts(plan, { ifNames, ifDescrs });
  return {
    basePorts,
    names,
    vlanOfFdb,
    bridgeAddress: macOf(address),
    planOfIfIndex,
    offsetFrom: offsetOf(basePorts),
    unmatched,
  };
}

/**
 * The port behind the number of a forwarding entry. Port 0 is `self`. In turn: the base-port
 * table; the n-th base port where base ports start at a high number and the name ends with n;
 * the ifIndex itself if it has a name or if there is no base-port table at all.
 */
export function portOf(tables: PortTables, bridgePort: number): PortOf {
  if (bridgePort === 0) return named("port 0", undefined, "self", true);
  const ifIndex = ifIndexOf(tables, bridgePort);
  if (ifIndex === undefined) return named(`bridge port ${bridgePort}`, undefined, "none", false);
  const planned = tables.planOfIfIndex.get(ifIndex);
  if (planned === undefined) {
    const isKnown = tables.names.size === 0 || tables.names.has(ifIndex);
    return named(nameOfIfIndex(tables, ifIndex), ifIndex, "none", isKnown);
  }
  const use = planned.slot === undefined ? "uplink" : "slot";
  return { port: planned.port, ifIndex, use, slot: planned.slot, isKnown: true };
}

/** The port of an interface number, as a relay tells it; undefined if there is no such one. */
export function portOfIfIndex(tables: PortTables, ifIndex: number): PortOf | undefined {
  const planned = tables.planOfIfIndex.get(ifIndex);
  if (planned !== undefined) {
    const use = planned.slot === undefined ? "uplink" : "slot";
    return { port: planned.port, ifIndex, use, slot: planned.slot, isKnown: true };
  }
  const name = tables.names.get(ifIndex);
  return name === undefined ? undefined : named(name, ifIndex, "none", true);
}

function named(port: string, ifIndex: number | undefined, use: PortUse, isKnown: boolean): PortOf {
  return { port, ifIndex, use, slot: undefined, isKnown };
}

function nameOfIfIndex(tables: PortTables, ifIndex: number): string {
  return tables.names.get(ifIndex) ?? String(ifIndex);
}

function ifIndexOf(tables: PortTables, bridgePort: number): number | undefined {
  const direct = tables.basePorts.get(bridgePort);
  if (direct !== undefined) return direct === 0 ? undefined : direct;
  if (tables.offsetFrom !== undefined) {
    const shifted = tables.basePorts.get(tables.offsetFrom + bridgePort - 1);
    const name = shifted === undefined ? undefined : tables.names.get(shifted);
    if (shifted !== undefined && endsWithNumber(name, bridgePort)) return shifted;
  }
  if (tables.basePorts.size === 0 || tables.names.has(bridgePort)) return bridgePort;
  return undefined;
}

function endsWithNumber(name: string | undefined, n: number): boolean {
  const digits = /(\d{1,9})$/.exec(name ?? "")?.[1];
  return digits !== undefined && Number(digits) === n;
}

/** Base ports in one run that starts above its own length, each equal to its ifIndex. */
function offsetOf(basePorts: ReadonlyMap<number, number>): number | undefined {
  if (basePorts.size === 0) return undefined;
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const [port, ifIndex] of basePorts) {
    if (port !== ifIndex) return undefined;
    first = Math.min(first, port);
    last = Math.max(last, port);
  }
  return first > basePorts.size && last - first + 1 === basePorts.size ? first : undefined;
}

function numbered<T>(
  rows: ReadonlyMap<string, unknown>,
  read: (value: unknown) => T | undefined,
): Map<number, T> {
  const found = new Map<number, T>();
  for (const [index, raw] of rows) {
    const parts = indexParts(index);
    const value = read(raw);
    const key = parts?.length === 1 ? parts[0] : undefined;
    if (key !== undefined && value !== undefined) found.set(key, value);
  }
  return found;
}

/** Each port of the chassis file by ifName, else ifDescr, else ifIndex; twice = not at all. */
function planPorts(
  plan: PortPlan,
  tables: { ifNames: ReadonlyMap<number, string>; ifDescrs: ReadonlyMap<number, string> },
): { planOfIfIndex: Map<number, PlannedPort>; unmatched: string[] } {
  const byName = inverted(tables.ifNames);
  const byDescr = inverted(tables.ifDescrs);
  const planOfIfIndex = new Map<number, PlannedPort>();
  const unmatched: string[] = [];
  const place = (port: string, slot: SlotId | undefined): void => {
    const matches = byName.get(port) ?? byDescr.get(port) ?? [];
    const number = /^\d{1,9}$/.test(port) ? Number(port) : undefined;
    const ifIndex = matches.length === 0 ? number : matches.length === 1 ? matches[0] : undefined;
    if (ifIndex === undefined || planOfIfIndex.has(ifIndex)) unmatched.push(port);
    else planOfIfIndex.set(ifIndex, { port, slot });
  };
  // Uplinks first: a port that is both is an uplink, the safe reading.
  for (const port of plan.uplinks) place(port, undefined);
  for (const [port, slot] of plan.slotOfPort) place(port, slot);
  return { planOfIfIndex, unmatched };
}

function inverted(names: ReadonlyMap<number, string>): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const [ifIndex, name] of names) {
    const list = found.get(name);
    if (list === undefined) found.set(name, [ifIndex]);
    else list.push(ifIndex);
  }
  return found;
}
