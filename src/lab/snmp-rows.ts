// The MIB tables of a learning switch, built from what the kernel says. Pure.
// SNMPv2-MIB system and sysORTable (RFC 3418), IF-MIB (RFC 2863), BRIDGE-MIB (RFC 4188) base and
// transparent groups, Q-BRIDGE-MIB (RFC 4363) with one VLAN. Index parts follow SMIv2: a MacAddress
// is six sub-identifiers without a length; not-accessible columns are not served. The forwarding
// database of VLAN 1 has the id 7, because a reader that takes one for the other must be seen.

import { type Mac, macToBytes } from "../base/index.ts";
import { type LabPort, type LabSwitch, managementIfIndex } from "./plan.ts";

/** ASN.1 tags of SNMP values (RFC 3416). */
export const snmpTypes = {
  integer: 2,
  octets: 4,
  oid: 6,
  counter32: 65,
  gauge32: 66,
  timeTicks: 67,
  counter64: 70,
  noSuchObject: 128,
  noSuchInstance: 129,
  endOfMibView: 130,
} as const;

/** One variable: its OID also as numbers, for ordering. */
export type SnmpRow = {
  readonly oid: string;
  readonly parts: readonly number[];
  readonly type: number;
  readonly value: number | string | Uint8Array;
};

/** Traffic of one port, as the switch sees it. */
export type PortCounters = {
  readonly inOctets: number;
  readonly inPackets: number;
  readonly inMulticasts: number;
  readonly inErrors: number;
  readonly inDiscards: number;
  readonly outOctets: number;
  readonly outPackets: number;
  readonly outErrors: number;
  readonly outDiscards: number;
};

/** A port at one moment; one without a cable is down and has counted nothing. */
export type PortState = {
  readonly up: boolean;
  readonly mac: Mac;
  readonly counters: PortCounters;
};

/** A learnt MAC and the port it is behind. */
export type LearntMac = { readonly mac: Mac; readonly port: LabPort };

/** Centi-seconds since the agent started, and the switch itself. */
export type SystemState = { readonly plan: LabSwitch; readonly upTime: number };

/** Database id of the one VLAN; not the VLAN's number. */
export const forwardingDatabaseId = 7;
const vlan = 1;
/** 1 Gbit/s. */
const speed = 1_000_000_000;
const mib2 = [1, 3, 6, 1, 2, 1];
const bridge = [...mib2, 17];
const qBridge = [...bridge, 7, 1];
/** Private number 32473 is set aside for examples (RFC 5612). */
const ownObjectId = "1.3.6.1.4.1.32473.83.1";
/** The modules in sysORTable: SNMPv2-MIB, IF-MIB, BRIDGE-MIB, Q-BRIDGE-MIB. */
const modules = [
  ["1.3.6.1.6.3.1", "SNMPv2-MIB"],
  ["1.3.6.1.2.1.31", "IF-MIB"],
  ["1.3.6.1.2.1.17", "BRIDGE-MIB"],
  ["1.3.6.1.2.1.17.7", "Q-BRIDGE-MIB"],
] as const;

/** 1.3.6.1.2.1.1: who this switch is. */
export function systemRows({ plan, upTime }: SystemState): SnmpRow[] {
  const group = [...mib2, 1];
  const rows = [
    octets([...group, 1, 0], `softset virtual switch, network ${plan.network}`),
    row([...group, 2, 0], snmpTypes.oid, ownObjectId),
    row([...group, 3, 0], snmpTypes.timeTicks, upTime),
    octets([...group, 4, 0], ""),
    octets([...group, 5, 0], plan.name),
    octets([...group, 6, 0], "lab"),
    integer([...group, 7, 0], 2), // a layer 2 device: 2^(2-1)
    row([...group, 8, 0], snmpTypes.timeTicks, 0),
  ];
  for (const [i, [id, text]] of modules.entries()) {
    rows.push(row([...group, 9, 1, 2, i + 1], snmpTypes.oid, id));
    rows.push(octets([...group, 9, 1, 3, i + 1], text));
    rows.push(row([...group, 9, 1, 4, i + 1], snmpTypes.timeTicks, 0));
  }
  return sorted(rows);
}

/** 1.3.6.1.2.1.2: ifTable, the management interface and every port. */
export function interfaceRows(
  plan: LabSwitch,
  stateOf: (port: LabPort) => PortState,
  own: Mac,
): SnmpRow[] {
  const entry = [...mib2, 2, 2, 1];
  const rows = [integer([...mib2, 2, 1, 0], plan.ports.length + 1)];
  const add = (ifIndex: number, is: InterfaceState): void => {
    const { counters: c } = is;
    const at = (column: number): number[] => [...entry, column, ifIndex];
    const counter = (column: number, value: number) =>
      rows.push(row(at(column), snmpTypes.counter32, value % 2 ** 32));
    rows.push(integer(at(1), ifIndex));
    rows.push(octets(at(2), is.name));
    rows.push(integer(at(3), is.type));
    rows.push(integer(at(4), 1500));
    rows.push(row(at(5), snmpTypes.gauge32, speed));
    rows.push(row(at(6), snmpTypes.octets, macBytes(is.mac)));
    rows.push(integer(at(7), 1)); // up is what is wished; a cut cable is not the switch's wish
    rows.push(integer(at(8), is.up ? 1 : 2));
    rows.push(row(at(9), snmpTypes.timeTicks, 0));
    counter(10, c.inOctets);
    counter(11, Math.max(0, c.inPackets - c.inMulticasts));
    counter(13, c.inDiscards);
    counter(14, c.inErrors);
    counter(15, 0);
    counter(16, c.outOctets);
    counter(17, c.outPackets);
    counter(19, c.outDiscards);
    counter(20, c.outErrors);
  };
  for (const [ifIndex, is] of interfaces(plan, stateOf, own)) add(ifIndex, is);
  return sorted(rows);
}

/** 1.3.6.1.2.1.31: ifXTable, the names and the wide counters. */
export function interfaceNameRows(
  plan: LabSwitch,
  stateOf: (port: LabPort) => PortState,
  own: Mac,
): SnmpRow[] {
  const entry = [...mib2, 31, 1, 1, 1];
  const rows: SnmpRow[] = [];
  for (const [ifIndex, is] of interfaces(plan, stateOf, own)) {
    const { counters: c } = is;
    const at = (column: number): number[] => [...entry, column, ifIndex];
    const wide = (column: number, value: number) =>
      rows.push(row(at(column), snmpTypes.counter64, counter64(value)));
    rows.push(octets(at(1), is.name));
    rows.push(row(at(2), snmpTypes.counter32, c.inMulticasts % 2 ** 32));
    for (const column of [3, 4, 5]) rows.push(row(at(column), snmpTypes.counter32, 0));
    wide(6, c.inOctets);
    wide(7, Math.max(0, c.inPackets - c.inMulticasts));
    wide(10, c.outOctets);
    wide(11, c.outPackets);
    rows.push(integer(at(14), 2));
    rows.push(row(at(15), snmpTypes.gauge32, speed / 1_000_000));
    rows.push(integer(at(16), 2));
    rows.push(integer(at(17), ifIndex === managementIfIndex ? 2 : 1));
    rows.push(octets(at(18), ""));
    rows.push(row(at(19), snmpTypes.timeTicks, 0));
  }
  rows.push(row([...mib2, 31, 1, 5, 0], snmpTypes.timeTicks, 0));
  return sorted(rows);
}

/** 1.3.6.1.2.1.17.1: the bridge and which ifIndex each of its ports is. */
export function bridgeRows(plan: LabSwitch, own: Mac): SnmpRow[] {
  const group = [...bridge, 1];
  const rows = [
    row([...group, 1, 0], snmpTypes.octets, macBytes(own)),
    integer([...group, 2, 0], plan.ports.length),
    integer([...group, 3, 0], 2), // transparent-only
  ];
  for (const { bridgePort, ifIndex } of plan.ports) {
    const at = (column: number): number[] => [...group, 4, 1, column, bridgePort];
    rows.push(integer(at(1), bridgePort));
    rows.push(integer(at(2), ifIndex));
    rows.push(row(at(3), snmpTypes.oid, "0.0"));
    rows.push(row(at(4), snmpTypes.counter32, 0));
    rows.push(row(at(5), snmpTypes.counter32, 0));
  }
  return sorted(rows);
}

/** 1.3.6.1.2.1.17.4: dot1dTpFdbTable; the switch's own MAC is on port 0, status self. */
export function forwardingRows(learnt: readonly LearntMac[], own: Mac): SnmpRow[] {
  const group = [...bridge, 4];
  const rows = [row([...group, 1, 0], snmpTypes.counter32, 0), integer([...group, 2, 0], 300)];
  for (const { mac, bridgePort, status } of entries(learnt, own)) {
    const bytes = macBytes(mac);
    const at = (column: number): number[] => [...group, 3, 1, column, ...bytes];
    rows.push(row(at(1), snmpTypes.octets, bytes));
    rows.push(integer(at(2), bridgePort));
    rows.push(integer(at(3), status));
  }
  return sorted(rows);
}

/** 1.3.6.1.2.1.17.7: dot1qTpFdbTable and the tables of the one VLAN. */
export function vlanRows(plan: LabSwitch, learnt: readonly LearntMac[], own: Mac): SnmpRow[] {
  const members = portList(plan.ports);
  const none = new Uint8Array(members.length);
  const unsigned = (parts: readonly number[], value: number) =>
    row(parts, snmpTypes.gauge32, value);
  const rows = [
    integer([...qBridge, 1, 1, 0], 1),
    integer([...qBridge, 1, 2, 0], 4094),
    unsigned([...qBridge, 1, 3, 0], 1),
    unsigned([...qBridge, 1, 4, 0], 1),
    integer([...qBridge, 1, 5, 0], 2),
    row([...qBridge, 2, 1, 1, 2, forwardingDatabaseId], snmpTypes.counter32, learnt.length),
    row([...qBridge, 4, 1, 0], snmpTypes.counter32, 0),
  ];
  for (const { mac, bridgePort, status } of entries(learnt, own)) {
    const at = (column: number): number[] => [
      ...[...qBridge, 2, 2, 1, column, forwardingDatabaseId],
      ...macBytes(mac),
    ];
    rows.push(integer(at(2), bridgePort));
    rows.push(integer(at(3), status));
  }
  const current = (column: number): number[] => [...qBridge, 4, 2, 1, column, 0, vlan];
  rows.push(unsigned(current(3), forwardingDatabaseId));
  rows.push(row(current(4), snmpTypes.octets, members));
  rows.push(row(current(5), snmpTypes.octets, members));
  rows.push(integer(current(6), 2)); // permanent
  rows.push(row(current(7), snmpTypes.timeTicks, 0));
  const fixed = (column: number): number[] => [...qBridge, 4, 3, 1, column, vlan];
  rows.push(octets(fixed(1), "default"));
  rows.push(row(fixed(2), snmpTypes.octets, members));
  rows.push(row(fixed(3), snmpTypes.octets, none));
  rows.push(row(fixed(4), snmpTypes.octets, members));
  rows.push(integer(fixed(5), 1));
  for (const { bridgePort } of plan.ports) {
    rows.push(unsigned([...qBridge, 4, 5, 1, 1, bridgePort], vlan));
  }
  return sorted(rows);
}

/** Dotted text of an OID. */
export function oidText(parts: readonly number[]): string {
  return parts.join(".");
}

/** Order of two OIDs: negative, 0 or positive. */
export function compareOids(a: readonly number[], b: readonly number[]): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

type InterfaceState = PortState & { readonly name: string; readonly type: number };

const noCounters: PortCounters = {
  inOctets: 0,
  inPackets: 0,
  inMulticasts: 0,
  inErrors: 0,
  inDiscards: 0,
  outOctets: 0,
  outPackets: 0,
  outErrors: 0,
  outDiscards: 0,
};

/** A port that has no cable. */
export function emptyPort(own: Mac): PortState {
  return { up: false, mac: own, counters: noCounters };
}

/** Types: propVirtual 53 for management, ethernetCsmacd 6 for ports (IANAifType-MIB). */
function interfaces(
  plan: LabSwitch,
  stateOf: (port: LabPort) => PortState,
  own: Mac,
): [number, InterfaceState][] {
  const management = { up: true, mac: own, counters: noCounters, name: "mgmt", type: 53 };
  return [
    [managementIfIndex, management],
    ...plan.ports.map((port): [number, InterfaceState] => [
      port.ifIndex,
      { ...stateOf(port), name: port.name, type: 6 },
    ]),
  ];
}

/** Status: learned 3, self 4 (RFC 4188 dot1dTpFdbStatus, RFC 4363 dot1qTpFdbStatus). */
function entries(
  learnt: readonly LearntMac[],
  own: Mac,
): { mac: Mac; bridgePort: number; status: number }[] {
  const rows = learnt.map(({ mac, port }) => ({ mac, bridgePort: port.bridgePort, status: 3 }));
  return [{ mac: own, bridgePort: 0, status: 4 }, ...rows];
}

/** PortList (RFC 4363): a bit for each bridge port, port 1 is the highest bit of the first byte. */
function portList(ports: readonly LabPort[]): Uint8Array {
  const highest = Math.max(0, ...ports.map((port) => port.bridgePort));
  const bytes = new Uint8Array(Math.ceil(highest / 8));
  for (const { bridgePort } of ports) {
    const at = (bridgePort - 1) >> 3;
    bytes[at] = (bytes[at] ?? 0) | (0x80 >> ((bridgePort - 1) & 7));
  }
  return bytes;
}

function macBytes(mac: Mac): Uint8Array {
  const bytes = new Uint8Array(6);
  macToBytes(mac, bytes);
  return bytes;
}

function counter64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.floor(value)));
  return bytes;
}

function row(parts: readonly number[], type: number, value: SnmpRow["value"]): SnmpRow {
  return { oid: oidText(parts), parts, type, value };
}

function integer(parts: readonly number[], value: number): SnmpRow {
  return row(parts, snmpTypes.integer, value);
}

function octets(parts: readonly number[], text: string): SnmpRow {
  return row(parts, snmpTypes.octets, new TextEncoder().encode(text));
}

function sorted(rows: SnmpRow[]): SnmpRow[] {
  return rows.sort((a, b) => compareOids(a.parts, b.parts));
}
