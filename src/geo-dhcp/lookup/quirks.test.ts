// Every oddity of the known switches as a small table of our own; the real dumps are in
// dumps.test.ts. Each test names the switch that taught it.

import { describe, expect, test } from "bun:test";
import { type Mac, parseMac, slotId } from "../../base/index.ts";
import { explainLookup } from "./explain.ts";
import { decodeFdb, type FdbKind } from "./forwarding.ts";
import {
  basePortColumn,
  bridgeAddressColumn,
  ifDescrColumn,
  ifNameColumn,
  macOf,
  nameOf,
  vlanFdbColumn,
} from "./mibs.ts";
import { portOf, type PortPlan, portTables } from "./ports.ts";
import { resolve, tableRow } from "./resolve.ts";
import type { LookupOutcome } from "./types.ts";
import type { Column } from "./walk.ts";

const mac = (text: string): Mac => {
  const parsed = parseMac(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};
const board = mac("52:54:00:00:00:07");
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

type Tables = Partial<
  Record<"base" | "names" | "descrs" | "vlans", Record<string, number | string>>
>;

function ports(tables: Tables, plan: Partial<PortPlan> = {}, address?: Uint8Array) {
  const column = (base: string, rows: Record<string, number | string> = {}): Column => ({
    base,
    cursor: base,
    isDone: true,
    isLost: false,
    rows: new Map(
      Object.entries(rows).map(([k, v]) => [k, typeof v === "number" ? v : text(v)] as const),
    ),
  });
  const own = column(bridgeAddressColumn);
  if (address !== undefined) own.rows.set("0", address);
  return portTables(
    [
      column(basePortColumn, tables.base),
      column(ifNameColumn, tables.names),
      column(ifDescrColumn, tables.descrs),
      column(vlanFdbColumn, tables.vlans),
      own,
    ],
    { slotOfPort: new Map(), uplinks: [], ...plan },
  );
}

function fdb(kind: FdbKind, rows: Record<string, unknown>, statuses: Record<string, unknown> = {}) {
  return decodeFdb(kind, new Map(Object.entries(rows)), new Map(Object.entries(statuses)));
}

const slot7 = { slotOfPort: new Map([["7", slotId(7)]]), uplinks: ["24"] };
const plain = ports({ base: { 7: 7, 8: 8, 24: 24 }, names: { 7: "7", 8: "8", 24: "24" } }, slot7);

function outcome(
  rows: readonly { bridgePort: number; status?: number; fdb?: number }[],
  tables = plain,
  counts: Record<number, number> = {},
): LookupOutcome {
  const full = rows.map(({ bridgePort, status, fdb: id }) => ({
    mac: board,
    bridgePort,
    status,
    fdb: id,
  }));
  const byPort = new Map(Object.entries(counts).map(([k, v]) => [Number(k), v] as const));
  return resolve(board, full, tables, byPort).outcome;
}

describe("row indices", () => {
  test("FDB id and MAC, as the standard says (JetStream)", () => {
    const table = fdb("q-bridge", { "31.82.84.0.0.0.7": 3 });
    expect(table.rows.get(board)).toEqual([
      { mac: board, fdb: 31, bridgePort: 3, status: undefined },
    ]);
    expect(table.prefixes).toEqual(["31"]);
  });

  test("the MAC's length before it is not its first byte (Cisco CBS220, Comtrol, V1600D, ZyNOS)", () => {
    const table = fdb("q-bridge", { "1.6.82.84.0.0.0.7": 4, "90.6.82.84.0.0.0.8": 5 });
    expect(table.rows.get(board)?.[0]?.fdb).toBe(1);
    expect(table.prefixes.toSorted()).toEqual(["1.6", "90.6"]);
  });

  test("the length stands before the MAC in the BRIDGE table too (ArubaOS-CX)", () => {
    const table = fdb("bridge", { "6.82.84.0.0.0.7": 10 });
    expect(table.rows.get(board)?.[0]).toEqual({
      mac: board,
      fdb: undefined,
      bridgePort: 10,
      status: undefined,
    });
    expect(table.prefixes).toEqual(["6"]);
  });

  test("parts behind the MAC are dropped, and such rows are not asked for singly", () => {
    const table = fdb("q-bridge", { "1.82.84.0.0.0.7.9": 9, "1.82.84.0.0.0.8.4": 4 });
    expect(table.rows.get(board)?.[0]).toMatchObject({ fdb: 1, bridgePort: 9 });
    expect(table.prefixes).toEqual([]);
  });

  test("parts before the FDB id are kept as prefix", () => {
    const table = fdb("q-bridge", { "0.5.82.84.0.0.0.7": 2, "0.5.82.84.0.0.1.9": 3 });
    expect(table.rows.get(board)?.[0]).toMatchObject({ fdb: 5, bridgePort: 2 });
    expect(table.prefixes).toEqual(["0.5"]);
  });

  test("a MAC that begins with 06 is no length when others don't", () => {
    const table = fdb("q-bridge", { "6.6.84.0.0.0.7": 2, "6.82.84.0.0.0.7": 3 });
    expect([...table.rows.keys()].toSorted()).toEqual([mac("06:54:00:00:00:07"), board]);
  });

  test("rows that make no sense are counted, not believed", () => {
    const rows = { "1.82.84.0.0.0.7": 3, "1.82.84.0.0.0.300": 4, "1.a": 5, "1.82.84.0.0.0.9": "x" };
    const table = fdb("q-bridge", rows);
    expect([table.rows.size, table.unreadable]).toEqual([1, 3]);
  });

  test("with many FDB ids the fullest are asked for and the rest is known to exist", () => {
    const rows: Record<string, number> = { "99.82.84.0.0.1.1": 1, "99.82.84.0.0.1.2": 1 };
    for (let id = 1; id <= 10; id++) rows[`${id}.82.84.0.0.0.7`] = 1;
    const table = fdb("q-bridge", rows);
    expect(table.prefixes[0]).toBe("99");
    expect([table.prefixes.length, table.hasMorePrefixes]).toEqual([8, true]);
  });
});

describe("port numbers", () => {
  test("a bridge port is translated to its ifIndex (AlliedWare Plus)", () => {
    const tables = ports({ base: { 10: 5110 }, names: { 10: "lo", 5110: "port1.1.10" } });
    expect(portOf(tables, 10)).toMatchObject({ ifIndex: 5110, port: "port1.1.10" });
  });

  test("a base port without an interface names no port (AlliedWare Plus)", () => {
    const tables = ports({ base: { 10: 5110, 15: 0 }, names: { 15: "x" } });
    expect(portOf(tables, 15)).toMatchObject({ port: "bridge port 15", isKnown: false });
  });

  test("without base-port table and names the number is the ifIndex (Cisco CBS220)", () => {
    const tables = ports({}, { slotOfPort: new Map([["48", slotId(48)]]) });
    expect(portOf(tables, 48)).toMatchObject({ ifIndex: 48, port: "48", use: "slot" });
  });

  test("entries counted from 1 belong to base ports counted from 49153 (JetStream)", () => {
    const names = {
      1: "Vlan-interface1",
      49153: "gigabitEthernet 1/0/1",
      49154: "gigabitEthernet 1/0/2",
    };
    const tables = ports({ base: { 49153: 49153, 49154: 49154 }, names });
    expect(portOf(tables, 1)).toMatchObject({ ifIndex: 49153, port: "gigabitEthernet 1/0/1" });
    expect(portOf(tables, 2).ifIndex).toBe(49154);
  });

  test("such counting is not believed when the names' numbers differ", () => {
    const tables = ports({ base: { 101: 101, 102: 102 }, names: { 101: "uplink", 102: "ge 8" } });
    expect(portOf(tables, 1)).toMatchObject({ ifIndex: undefined, isKnown: false });
  });

  test("a trunk that is no base port is found by its ifIndex (ERS 4950, V1600D)", () => {
    const tables = ports({ base: { 1: 1 }, names: { 1: "1/1", 8193: "11/2" } });
    expect(portOf(tables, 8193)).toMatchObject({ ifIndex: 8193, port: "11/2" });
  });

  test("a number in no table is said as such and has no slot of that name (Moxa)", () => {
    const plan = { slotOfPort: new Map([["10", slotId(10)]]) };
    const tables = ports({ base: { 4: 4 }, names: { 4: "Ethernet Port 4" } }, plan);
    expect(portOf(tables, 10)).toMatchObject({
      port: "bridge port 10",
      use: "none",
      slot: undefined,
    });
  });

  test("port 0 is no port (every second dump)", () => {
    expect(outcome([{ bridgePort: 0 }])).toEqual({ type: "self" });
  });

  test("the bridge's own address is self even where an entry says a port (RouterOS)", () => {
    const own = Uint8Array.from([0x52, 0x54, 0, 0, 0, 7]);
    const tables = ports({ base: { 7: 7 }, names: { 7: "7" } }, slot7, own);
    expect(outcome([{ bridgePort: 7 }], tables)).toEqual({ type: "self" });
  });

  test("a bridge address sent as text is read (ZyNOS)", () => {
    expect(macOf(text("bc:cf:4f:3e:48:2f"))).toBe(mac("bc:cf:4f:3e:48:2f"));
    expect(macOf(text("no address"))).toBeUndefined();
  });
});

describe("names", () => {
  test("ifDescr names a port where ifName is missing (Comtrol)", () => {
    const plan = { slotOfPort: new Map([["fastethernet1", slotId(1)]]) };
    const tables = ports({ base: { 1: 1 }, descrs: { 1: "fastethernet1" } }, plan);
    expect(portOf(tables, 1)).toMatchObject({ port: "fastethernet1", slot: slotId(1) });
  });

  test("a blank ifDescr is no name (V1600D)", () => {
    const tables = ports({ names: { 3: "GE0/3" }, descrs: { 3: " ", 4: " " } });
    expect([portOf(tables, 3).port, tables.names.has(4)]).toEqual(["GE0/3", false]);
  });

  test("an ifDescr that repeats another port's name takes no slot from it (SwOS)", () => {
    const plan = { slotOfPort: new Map([["Port5", slotId(5)]]) };
    const names = { 3: "Port3", 5: "Port5" };
    const tables = ports({ base: { 3: 3, 5: 5 }, names, descrs: { 3: "Port5", 5: "Port5" } }, plan);
    expect([portOf(tables, 3).use, portOf(tables, 5).slot]).toEqual(["none", slotId(5)]);
  });

  test("a port can be written by its ifIndex, but a name wins", () => {
    const plan = { slotOfPort: new Map([["9", slotId(9)]]) };
    expect(portOf(ports({ base: { 9: 9 }, names: { 9: "Port9" } }, plan), 9).slot).toBe(slotId(9));
    const tables = ports({ base: { 8: 8, 9: 9 }, names: { 8: "9", 9: "8" } }, plan);
    expect([portOf(tables, 8).slot, portOf(tables, 9).slot]).toEqual([slotId(9), undefined]);
  });

  test("a name that two ports have is told, and gives no slot", () => {
    const tables = ports(
      { names: { 3: "lan", 4: "lan" } },
      { slotOfPort: new Map([["lan", slotId(3)]]) },
    );
    expect(tables.unmatched).toEqual(["lan"]);
    expect(portOf(tables, 3).use).toBe("none");
  });

  test("NULs, control characters and blanks around a name are dropped", () => {
    expect(nameOf(text("VLAN1\u0000\u0000"))).toBe("VLAN1");
    expect([nameOf(text(" \u0000")), nameOf(7)]).toEqual([undefined, undefined]);
  });

  test("FDB ids are VLANs only by the table that says so (ProCurve, Moxa's time marks)", () => {
    const tables = ports({ vlans: { "0.95": 2, "3822.1": 1, "3831.1": 1 } });
    const row = { mac: board, fdb: 2, bridgePort: 3, status: undefined };
    expect(tableRow(row, tables)).toMatchObject({ fdb: 2, vlan: 95 });
    expect(tableRow({ ...row, fdb: 7 }, tables).vlan).toBeUndefined();
  });
});

describe("the most specific port wins", () => {
  test("a slot port beats an uplink", () => {
    expect(outcome([{ bridgePort: 24 }, { bridgePort: 7 }])).toEqual({
      type: "found",
      port: "7",
      slot: slotId(7),
    });
  });

  test("only on an uplink, on a port without slot, nowhere", () => {
    expect(outcome([{ bridgePort: 24 }])).toEqual({ type: "on-uplink", port: "24" });
    expect(outcome([{ bridgePort: 24 }, { bridgePort: 8 }])).toEqual({
      type: "no-slot",
      port: "8",
    });
    expect(outcome([])).toEqual({ type: "not-found" });
  });

  test("a self entry is no place, an invalid one does not exist", () => {
    expect(outcome([{ bridgePort: 7, status: 4 }])).toEqual({ type: "self" });
    expect(outcome([{ bridgePort: 7, status: 2 }])).toEqual({ type: "not-found" });
    expect(
      outcome([
        { bridgePort: 7, status: 2 },
        { bridgePort: 24, status: 3 },
      ]).type,
    ).toBe("on-uplink");
  });

  const two = {
    slotOfPort: new Map([
      ["7", slotId(7)],
      ["8", slotId(8)],
    ]),
    uplinks: [],
  };
  const both = ports({ names: { 7: "7", 8: "8" } }, two);
  test("a learnt entry beats a static one", () => {
    const rows = [
      { bridgePort: 8, status: 5 },
      { bridgePort: 7, status: 3 },
    ];
    expect(outcome(rows, both)).toMatchObject({ type: "found", port: "7" });
  });

  test("fewer MACs on the port beat more", () => {
    const rows = [
      { bridgePort: 8, fdb: 1 },
      { bridgePort: 7, fdb: 2 },
    ];
    expect(outcome(rows, both, { 7: 1, 8: 20 })).toMatchObject({ type: "found", port: "7" });
  });

  test("two equal slot ports are ambiguous", () => {
    const rows = [{ bridgePort: 8 }, { bridgePort: 7 }, { bridgePort: 7, fdb: 2 }];
    expect(outcome(rows, both)).toEqual({ type: "ambiguous", ports: ["7", "8"] });
  });
});

test("every outcome has its words", () => {
  const words = (o: LookupOutcome): string => explainLookup(board, "sw-a", o);
  expect(words({ type: "found", port: "7", slot: slotId(7) })).toBe(
    "MAC 52:54:00:00:00:07: switch sw-a, port 7, slot 7",
  );
  const others: LookupOutcome[] = [
    { type: "on-uplink", port: "24" },
    { type: "no-slot", port: "9" },
    { type: "self" },
    { type: "not-found" },
    { type: "ambiguous", ports: ["7", "8"] },
    { type: "no-answer", reason: "silence" },
  ];
  expect(new Set(others.map(words)).size).toBe(others.length);
});
