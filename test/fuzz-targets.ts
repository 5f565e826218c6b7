// What is fuzzed: every decoder of bytes from outside, in one table. A room adds its decoder here
// with some valid inputs (the mutations start from them) and keeps every input that once broke it
// in `seeds`, under a name that says what was wrong.

import {
  arpAnnouncement,
  arpFrame,
  arpProbe,
  type Beat,
  beatBytesMax,
  beatMacBytes,
  beatReasonExtension,
  decodeArp,
  decodeArpFrame,
  decodeBeat,
  decodeDhcp,
  decodeEthernet,
  decodeIpv4,
  decodeLeaseMessage,
  decodeLeaseTells,
  decodePublicClients,
  decodeRarp,
  decodeRarpFrame,
  decodeRelayAgent,
  decodeServices,
  decodeSubOptions,
  decodeUdp,
  decodeUdpFrame,
  decodeUserClass,
  encodeArp,
  encodeBeat,
  encodeDhcp,
  encodeEthernet,
  encodeIpv4,
  encodeLeaseMessage,
  encodeLeaseTells,
  encodePublicClients,
  encodeRarp,
  encodeRelayAgent,
  encodeSubOptions,
  encodeUdp,
  encodeUdpFrame,
  encodeUserClass,
  rarpFrame,
  rarpRequest,
} from "../src/wire/index.ts";
import { decodeNotify, parseGuardHold, parseServiceCommand } from "../src/psrm/index.ts";
import { decodeFdb, portColumns, portOfRelay, portTables } from "../src/geo-dhcp/lookup/index.ts";
import { err, ok, parseIpv4, parseMac, type Result, slotId } from "../src/base/index.ts";
import { failoverFuzzTargets } from "./fuzz-failover.ts";
import { historyFuzzTargets } from "./fuzz-history.ts";
import { bytesOf, joined, must } from "./fixtures/wire/values.ts";

/** The bytes as rows of a switch's table: index parts and a value each, as an agent might send. */
function switchRows(bytes: Uint8Array): Map<string, unknown> {
  const rows = new Map<string, unknown>();
  for (let at = 0; at + 2 <= bytes.length && rows.size < 128;) {
    const parts = (bytes[at] ?? 0) % 20;
    const index = bytes.subarray(at + 2, at + 2 + parts);
    const high = (bytes[at + 1] ?? 0) > 200 ? 1 << 24 : 1;
    const value = (bytes[at + 1] ?? 0) % 5 === 0 ? index : (bytes[at + 1] ?? 0);
    rows.set([...index].map((part) => part * high).join("."), value);
    at += 2 + parts;
  }
  return rows;
}

const portPlan = { slotOfPort: new Map([["7", slotId(7)]]), uplinks: ["24"] };

/** One decoder. It must return (never throw) and keep nothing of the input's memory but views. */
export type FuzzTarget = {
  readonly name: string;
  /** What the decoder gives; only its being there and its size are looked at. */
  readonly decode: (bytes: Uint8Array) => Result<unknown, unknown>;
  /** Decodes and encodes again; an error where the encoder may refuse, undefined if not accepted. */
  readonly again?: (bytes: Uint8Array) => Result<Uint8Array, unknown> | undefined;
  /** Valid inputs. */
  readonly corpus: readonly Uint8Array[];
  /** Makes checksums right again, in place, so that mutations get behind them. */
  readonly repair?: (bytes: Uint8Array) => void;
  /** Inputs that once broke it, as hex, by what was wrong. */
  readonly seeds?: Readonly<Record<string, string>>;
};

const mac = must(parseMac("52:54:00:0a:01:01"));
const src = must(parseIpv4("10.1.1.7"));
const dst = must(parseIpv4("10.1.0.1"));
const addresses = { src, dst };

/** Decode and encode as one step: `encode` fills a fresh buffer and gives the length. */
function roundTrip<T>(
  decode: (bytes: Uint8Array) => Result<T, unknown>,
  encode: (value: T, into: Uint8Array) => Result<number, unknown>,
  behind = 0,
): (bytes: Uint8Array) => Result<Uint8Array, unknown> | undefined {
  return (bytes) => {
    const read = decode(bytes);
    if (!read.ok) return undefined;
    const into = new Uint8Array(2048);
    const length = encode(read.value, into);
    return length.ok ? ok(into.subarray(0, length.value + behind)) : err(length.error);
  };
}

function built(encode: (into: Uint8Array) => Result<number, unknown>, behind = 0): Uint8Array {
  const into = new Uint8Array(2048);
  return into.slice(0, must(encode(into)) + behind);
}

const peer = { flags: 257, incarnationHi: 7, incarnationLo: 9, seqA: 100, seqB: 99 };
const beat = (peers: number): Beat => ({
  slot: slotId(1),
  network: "A",
  leaving: false,
  degraded: peers > 3,
  hub: true,
  outOfTurn: false,
  lostCarrier: { A: false, B: true },
  incarnationHi: 1,
  incarnationLo: 2,
  seq: 100,
  configVersion: 7,
  latenessUs: 300,
  peers: Array.from({ length: peers }, (_, i) => ({ ...peer, slot: slotId(i + 2) })),
  extensions: peers > 3 ? [beatReasonExtension("disk"), { type: 9, bytes: bytesOf("0102") }] : [],
});
const beats = [0, 3, 23].map((peers) =>
  built((into) => encodeBeat(beat(peers), into.subarray(0, beatBytesMax)), beatMacBytes),
);

const dhcpHead = joined(
  bytesOf("01010600 20351526 00048000"),
  new Uint8Array(16),
  bytesOf("5254000a0101"),
  new Uint8Array(10 + 192),
  bytesOf("63825363"),
);
const relay = bytesOf("0104 00010203 0206 5254000a0101");
const ipxe = bytesOf("b1050180 86100eeb 03010000 170101");
const dhcps = [
  joined(dhcpHead, bytesOf("350101 3c03414243 3902 05c0 ff"), new Uint8Array(50)),
  joined(dhcpHead, bytesOf("350103 3204 0a01010f 3604 0a010102 5d020007"), new Uint8Array(40)),
  joined(dhcpHead, bytesOf("350101 4d0469505845 af0f"), ipxe, bytesOf("520e"), relay),
  joined(
    dhcpHead.subarray(0, 108),
    bytesOf("3c0142 ff"),
    dhcpHead.subarray(112),
    bytesOf("340103 350105 2bff"),
    new Uint8Array(255),
    bytesOf("2b05 0102030405 ff"),
  ),
];
const udpFrames = dhcps.map((payload) =>
  built((into) =>
    encodeUdpFrame({ srcMac: mac, dstMac: mac, src, dst, srcPort: 68, dstPort: 67, payload }, into),
  ),
);
const ips = [...udpFrames.map((frame) => frame.slice(14)), withOptions()];
const arps = [arpFrame(arpProbe(mac, src)), arpFrame(arpAnnouncement(mac, dst))];
const rarps = [rarpFrame(rarpRequest(mac))];
const tagged = joined(
  arpFrame(arpProbe(mac, src)).slice(0, 12),
  bytesOf("81000007 0806"),
  new Uint8Array(28),
);

function withOptions(): Uint8Array {
  const packet = { src, dst, protocol: 17, ttl: 64, tos: 0, identification: 1 };
  const bytes = built((into) =>
    encodeIpv4({ ...packet, dontFragment: true, payload: new Uint8Array(40).fill(1) }, into),
  );
  bytes[0] = 0x47;
  repairIpv4(bytes, 0);
  return bytes;
}

/** Sets the header checksum of the IPv4 header at `at`, as long as it lies inside. */
function repairIpv4(bytes: Uint8Array, at: number): void {
  const end = at + ((bytes[at] ?? 0) & 15) * 4;
  if (bytes.length < at + 20 || end > bytes.length) return;
  bytes.fill(0, at + 10, at + 12);
  let sum = 0;
  for (let i = at; i < end; i += 2) sum += ((bytes[i] ?? 0) << 8) + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  bytes[at + 10] = (sum >>> 8) ^ 255;
  bytes[at + 11] = (sum & 255) ^ 255;
}

/** Says "no UDP checksum" and makes the IPv4 header's right, behind an untagged Ethernet header. */
function repairFrame(bytes: Uint8Array): void {
  const udp = 14 + ((bytes[14] ?? 0) & 15) * 4;
  if (bytes.length > udp + 8) bytes.fill(0, udp + 6, udp + 8);
  repairIpv4(bytes, 14);
}

function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Every decoder of bytes from outside. */
export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "ethernet",
    decode: decodeEthernet,
    again: roundTrip(decodeEthernet, encodeEthernet),
    corpus: [...arps, ...udpFrames, tagged],
  },
  {
    name: "arp",
    decode: decodeArp,
    again: roundTrip(decodeArp, encodeArp),
    corpus: arps.map((frame) => frame.slice(14)),
  },
  { name: "arp-frame", decode: decodeArpFrame, corpus: arps },
  {
    name: "rarp",
    decode: decodeRarp,
    again: roundTrip(decodeRarp, encodeRarp),
    corpus: rarps.map((frame) => frame.slice(14)),
  },
  { name: "rarp-frame", decode: decodeRarpFrame, corpus: rarps },
  {
    name: "ipv4",
    decode: decodeIpv4,
    again: roundTrip(decodeIpv4, encodeIpv4),
    corpus: ips,
    repair: (bytes) => repairIpv4(bytes, 0),
  },
  {
    name: "udp",
    decode: (bytes) => decodeUdp(bytes, addresses),
    again: roundTrip(
      (bytes) => decodeUdp(bytes, addresses),
      (packet, into) => encodeUdp(packet, addresses, into),
    ),
    corpus: udpFrames.map((frame) => frame.slice(34)),
    repair: (bytes) => bytes.fill(0, 6, 8),
  },
  {
    name: "udp-frame",
    decode: decodeUdpFrame,
    again: roundTrip(decodeUdpFrame, encodeUdpFrame),
    corpus: udpFrames,
    repair: repairFrame,
    seeds: { "ends inside its EtherType": "ffffffffffff5254000a010108" },
  },
  {
    name: "dhcp",
    decode: decodeDhcp,
    again: roundTrip(decodeDhcp, (message, into) => encodeDhcp(message, into, 1472)),
    corpus: dhcps,
    seeds: { "overload as the last byte": joined(dhcpHead, bytesOf("34")).toHex() },
  },
  {
    name: "sub-options",
    decode: decodeSubOptions,
    again: (bytes) => {
      const read = decodeSubOptions(bytes);
      return read.ok ? encodeSubOptions(read.value) : undefined;
    },
    corpus: [ipxe, relay, bytesOf("00 0102 4142 0200 ff")],
  },
  {
    name: "relay-agent",
    decode: decodeRelayAgent,
    again: (bytes) => {
      const read = decodeRelayAgent(bytes);
      return read.ok ? encodeRelayAgent(read.value.all) : undefined;
    },
    corpus: [relay],
  },
  {
    name: "public-clients",
    decode: decodePublicClients,
    again: roundTrip(decodePublicClients, encodePublicClients),
    corpus: [
      bytesOf("01010000 00000000"),
      bytesOf("01000001 00000007 01000801 c0a80101 c0a80132 c0a80132 a001 525400000007"),
      bytesOf("01010001 ffffffff 02010801 c0a80101 0a010107 14010107 a001 000000000000"),
    ],
  },
  {
    name: "services",
    decode: decodeServices,
    corpus: [bytesOf("0301 056d65646961"), bytesOf("0000 0102 0161 026262 3f00")],
  },
  {
    name: "lease-tells",
    decode: decodeLeaseTells,
    again: (bytes) => {
      const tells = decodeLeaseTells(bytes);
      return tells.ok ? encodeLeaseTells(tells.value, 4096) : undefined;
    },
    corpus: [
      bytesOf("00"),
      bytesOf("01 0167 00000003 00000003 00000001 00000003 0000000000000009 01"),
      joined(
        bytesOf("01 0167 00000003 00000003 00000001 00000003 0000000000000009 03"),
        bytesOf("00000003 00000001 0102030405060708 020102 0102 01 026f70 0474657374"),
      ),
    ],
  },
  {
    name: "lease-message",
    decode: decodeLeaseMessage,
    again: (bytes) => {
      const packet = decodeLeaseMessage(bytes);
      return packet.ok
        ? encodeLeaseMessage(packet.value.group, packet.value.message, 4096)
        : undefined;
    },
    corpus: [
      joined(
        bytesOf("0167 01 00000002 00000001 00000000 0102030405060708 020102 00 00"),
        bytesOf("02 01 01 0102030405060708 01 02 00000001 00000001 0000000000000005"),
      ),
      bytesOf("0167 02 00000002 1112131415161718 00000001 00000000 0102030405060708 0101 00 00 00"),
      bytesOf("0167 03 00000002 03 00000004 00000001 00000000 0102030405060708 0101 00 00 00"),
      bytesOf("0167 04 00000002 00000002 0000000000000007 ff"),
      bytesOf("0167 05"),
      bytesOf(
        "0167 06 1112131415161718 01 00000002 00000000 00000000 0000000000000000 00 00 00 00000009",
      ),
    ],
  },
  {
    name: "user-class",
    decode: (bytes) => ok(decodeUserClass(bytes)),
    again: (bytes) => encodeUserClass(decodeUserClass(bytes)),
    corpus: [bytesOf("69505845"), bytesOf("0469505845 0141")],
  },
  {
    name: "beat",
    decode: decodeBeat,
    again: roundTrip(decodeBeat, encodeBeat, beatMacBytes),
    corpus: beats,
  },
  {
    name: "switch-fdb",
    decode: (bytes) => {
      const rows = switchRows(bytes);
      return ok(
        ["q-bridge", "bridge"].map(
          (kind) => decodeFdb(kind === "bridge" ? kind : "q-bridge", rows, rows).unreadable,
        ),
      );
    },
    corpus: [
      bytesOf("0705 01 525400000007 0703 01 525400000008"),
      bytesOf("0805 01 06 525400000007"),
    ],
  },
  {
    name: "switch-ports",
    decode: (bytes) => {
      const rows = switchRows(bytes);
      const columns = portColumns.map((base) => {
        return { base, cursor: base, isDone: true, isLost: false, rows };
      });
      return ok(portTables(columns, portPlan).unmatched);
    },
    corpus: [bytesOf("0105 07 0107 08 0118 18")],
  },
  {
    name: "switch-option82",
    decode: (bytes) => {
      const information = { relay: src, circuitId: bytes, remoteId: bytes };
      return ok(portOfRelay({ ...portPlan, trustOption82From: [src] }, undefined, information));
    },
    corpus: [bytesOf("37"), bytesOf("0004 0064 0107"), bytesOf("0007"), bytesOf("01 01 37")],
  },
  ...historyFuzzTargets,
  ...failoverFuzzTargets,
  {
    name: "psrm-notify",
    decode: decodeNotify,
    corpus: [
      textBytes("READY=1\nSTATUS=serving\nWATCHDOG=1"),
      textBytes("STOPPING=1\nEXTEND_TIMEOUT_USEC=2000000\nMAINPID=7"),
      textBytes("RELOADING=1\nWATCHDOG=trigger"),
    ],
  },
  {
    name: "psrm-command",
    decode: (bytes) => parseServiceCommand(new TextDecoder().decode(bytes)),
    corpus: ["trouble no memory", "move slow disk", "active", "subscribe"].map(textBytes),
  },
  {
    name: "psrm-guard-order",
    decode: (bytes) => parseGuardHold(new TextDecoder().decode(bytes)),
    corpus: [
      "cgroup /sys/fs/cgroup/softset-0123456789abcdef",
      "group 4711",
      "mark 0123456789abcdef.",
      "descendants 4711",
      "address 3 192.168.1.1 24",
    ].map(textBytes),
  },
];
