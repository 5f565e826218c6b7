// A fast SNMPv2c agent with fixed tables, for measuring the server that asks it and not the agent
// (the lab's agent reads the kernel's tables for every packet: 4 ms at 60 ports; a switch's is
// hardly faster, but it does not share our core). Knows GET, GETNEXT and GETBULK; no checks: its
// only client is ours. Answers are glued together from varbinds that were encoded once.

import { type Ipv4, type Mac, macToBytes } from "../../../src/base/index.ts";
import { inNetns, openUdp, sysErrorText, type UdpSocket } from "../../../src/kernel/index.ts";

/** A learnt MAC and the number of its port: bridge port, ifIndex and ifName are the same here. */
export type LearntMac = { readonly mac: Mac; readonly port: number };

const tag = { integer: 2, octets: 4, oid: 6, sequence: 0x30, response: 0xa2 } as const;
const pdu = { get: 0xa0, bulk: 0xa5 } as const;
const noSuchInstance = new Uint8Array([0x81, 0]);
const endOfMibView = new Uint8Array([0x82, 0]);
const nothing = new Uint8Array();
/** Of one answer; as much as fits an Ethernet frame with our rows. */
const answerVarbindsMax = 60;

/** Opens the agent on `address`:`port` in the namespace `netns`. */
export async function startStandIn(options: {
  readonly netns: number;
  readonly address: Ipv4;
  readonly port: number;
  readonly learnt: readonly LearntMac[];
}): Promise<UdpSocket> {
  const rows = encodedRows(options.learnt);
  let socket: UdpSocket | undefined;
  const opened = await inNetns(options.netns, () =>
    openUdp({
      address: options.address,
      port: options.port,
      onDatagram: (bytes, from, fromPort) => socket?.send(answer(rows, bytes), from, fromPort),
      onError: () => undefined,
    }),
  );
  if (!opened.ok) throw new Error(sysErrorText(opened.error));
  socket = opened.value;
  return socket;
}

/** Rows in OID order, and where each OID is. Keys are an OID's bytes as Latin-1 text. */
type Rows = {
  readonly keys: readonly string[];
  readonly varbinds: readonly Uint8Array[];
  readonly at: ReadonlyMap<string, number>;
};

function answer(rows: Rows, request: Uint8Array): Uint8Array {
  const message = contentOf(request, 0);
  const version = contentOf(request, message.start);
  const community = contentOf(request, version.end);
  const order = contentOf(request, community.end);
  const op = request[community.end] ?? 0;
  const id = contentOf(request, order.start);
  const second = contentOf(request, id.end);
  const third = contentOf(request, second.end);
  const repetitions = op === pdu.bulk ? numberAt(request, third) : 1;
  const list = contentOf(request, third.end);
  const columns: Uint8Array[][] = [];
  for (let at = list.start; at < list.end; at = contentOf(request, at).end) {
    const oid = contentOf(request, contentOf(request, at).start);
    const bytes = request.subarray(oid.start, oid.end);
    columns.push(op === pdu.get ? [getOne(rows, bytes)] : getNext(rows, bytes, repetitions));
  }
  // GETBULK answers row by row: the first of every column, then the second (RFC 3416 §4.2.3).
  const varbinds: Uint8Array[] = [];
  for (let i = 0; i < repetitions; i++) {
    for (const column of columns) varbinds.push(column[Math.min(i, column.length - 1)] ?? nothing);
  }
  const zero = new Uint8Array([tag.integer, 1, 0]);
  const idBytes = request.subarray(order.start, id.end);
  const bound = tlv(tag.sequence, varbinds.slice(0, answerVarbindsMax));
  const head = request.subarray(message.start, community.end);
  return tlv(tag.sequence, [head, tlv(tag.response, [idBytes, zero, zero, bound])]);
}

function getOne(rows: Rows, oid: Uint8Array): Uint8Array {
  const at = rows.at.get(keyOf(oid));
  const found = at === undefined ? undefined : rows.varbinds[at];
  return found ?? tlv(tag.sequence, [tlv(tag.oid, [oid]), noSuchInstance]);
}

function getNext(rows: Rows, oid: Uint8Array, repetitions: number): Uint8Array[] {
  const key = keyOf(oid);
  const known = rows.at.get(key);
  const after = known === undefined ? rows.keys.findIndex((each) => each > key) : known + 1;
  const found = after < 0 ? [] : rows.varbinds.slice(after, after + repetitions);
  if (found.length === repetitions) return [...found];
  return [...found, tlv(tag.sequence, [tlv(tag.oid, [oid]), endOfMibView])];
}

/** BRIDGE-MIB, Q-BRIDGE-MIB (one FDB, number 1) and IF-MIB columns as a lookup reads them. */
function encodedRows(learnt: readonly LearntMac[]): Rows {
  const mib2 = [1, 3, 6, 1, 2, 1];
  const all = new Map<string, Uint8Array>();
  const add = (oid: readonly number[], value: number | string): void => {
    const bytes = oidBytes(oid);
    const encoded =
      typeof value === "number"
        ? new Uint8Array([tag.integer, 1, value])
        : tlv(tag.octets, [Buffer.from(value)]);
    const varbind = tlv(tag.sequence, [tlv(tag.oid, [bytes]), encoded]);
    all.set(keyOf(bytes), varbind);
  };
  const learned = 3; // dot1dTpFdbStatus
  for (const { mac, port } of learnt) {
    const bytes = new Uint8Array(6);
    macToBytes(mac, bytes);
    add([...mib2, 2, 2, 1, 2, port], `${port}`); // ifDescr
    add([...mib2, 17, 1, 4, 1, 2, port], port); // dot1dBasePortIfIndex
    add([...mib2, 17, 4, 3, 1, 2, ...bytes], port); // dot1dTpFdbPort
    add([...mib2, 17, 4, 3, 1, 3, ...bytes], learned);
    add([...mib2, 17, 7, 1, 2, 2, 1, 2, 1, ...bytes], port); // dot1qTpFdbPort
    add([...mib2, 17, 7, 1, 2, 2, 1, 3, 1, ...bytes], learned);
    add([...mib2, 31, 1, 1, 1, 1, port], `${port}`); // ifName
  }
  add([...mib2, 17, 7, 1, 4, 2, 1, 3, 0, 1], 1); // dot1qVlanFdbId of VLAN 1
  // Byte order is OID order while every part is below 16384.
  const keys = [...all.keys()].toSorted((a, b) => (a < b ? -1 : 1));
  return {
    keys,
    varbinds: keys.map((key) => all.get(key) ?? new Uint8Array()),
    at: new Map(keys.map((key, i) => [key, i])),
  };
}

function keyOf(oid: Uint8Array): string {
  return Buffer.from(oid).toString("latin1");
}

function oidBytes(parts: readonly number[]): Uint8Array {
  const [first = 0, second = 0, ...rest] = parts;
  const bytes = [first * 40 + second];
  for (const part of rest) {
    if (part >= 128) bytes.push(0x80 | (part >> 7));
    bytes.push(part & 0x7f);
  }
  return new Uint8Array(bytes);
}

function tlv(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = length < 128 ? [type, length] : [type, 0x82, length >> 8, length & 255];
  const out = new Uint8Array(head.length + length);
  out.set(head);
  let at = head.length;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Where the content of the TLV at `at` begins and ends. */
function contentOf(bytes: Uint8Array, at: number): { start: number; end: number } {
  const first = bytes[at + 1] ?? 0;
  if (first < 128) return { start: at + 2, end: at + 2 + first };
  let length = 0;
  const start = at + 2 + (first & 0x7f);
  for (let i = at + 2; i < start; i++) length = length * 256 + (bytes[i] ?? 0);
  return { start, end: start + length };
}

function numberAt(bytes: Uint8Array, { start, end }: { start: number; end: number }): number {
  let value = 0;
  for (let i = start; i < end; i++) value = value * 256 + (bytes[i] ?? 0);
  return value;
}
