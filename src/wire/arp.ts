// ARP on Ethernet for IPv4 (RFC 826), and the probe and announcements of address conflict
// detection (RFC 5227). Other hardware or protocols are errors. RARP has the same layout.

import {
  type Ipv4,
  ipv4FromBytes,
  ipv4FromU32,
  ipv4ToBytes,
  type Mac,
  macFromBytes,
  macToBytes,
  ok,
  type Result,
} from "../base/index.ts";
import { putU16, u16, u8 } from "./bytes.ts";
import { bad, shifted, type WireError } from "./error.ts";
import {
  broadcastMac,
  ethernetFrameBytesMin,
  ethernetHeaderBytes,
  etherTypes,
  zeroMac,
} from "./ethernet.ts";

/** One ARP packet's bytes. */
export const arpBytes = 28;
/** Operation codes of ARP (ar$op). */
export const arpOps = { request: 1, reply: 2 } as const;
/** A board that does not know its address yet, or "any". */
export const zeroIpv4: Ipv4 = ipv4FromU32(0);

/** An ARP packet; the names are RFC 826's (sender/target hardware/protocol address). */
export type ArpPacket = {
  readonly op: 1 | 2;
  readonly sha: Mac;
  readonly spa: Ipv4;
  readonly tha: Mac;
  readonly tpa: Ipv4;
};

/** The four addresses, shared with RARP. */
export type ArpAddresses = Omit<ArpPacket, "op">;

/** Reads an Ethernet payload (padding behind it is ignored). Errors: short, not Ethernet/IPv4. */
export function decodeArp(bytes: Uint8Array): Result<ArpPacket, WireError> {
  const shape = checkArpShape(bytes);
  if (!shape.ok) return shape;
  const op = shape.value;
  if (op !== 1 && op !== 2) return bad(6, "operation 1 or 2", op);
  return ok({ op, ...readArpAddresses(bytes) });
}

/** Writes the 28 bytes of a packet at `offset` and gives 28. Error: no room. */
export function encodeArp(
  packet: ArpPacket,
  into: Uint8Array,
  offset = 0,
): Result<number, WireError> {
  return writeArpLayout(packet.op, packet, into, offset);
}

/** Reads a whole untagged Ethernet frame of EtherType 0x0806. */
export function decodeArpFrame(frame: Uint8Array): Result<ArpPacket, WireError> {
  if (u16(frame, 12) !== etherTypes.arp) return bad(12, "EtherType 0x0806", u16(frame, 12));
  const packet = decodeArp(frame.subarray(ethernetHeaderBytes));
  return packet.ok ? packet : shifted(packet, ethernetHeaderBytes);
}

/** A whole frame, padded to 60 bytes, from `packet.sha` to `dst` (default: everybody). */
export function arpFrame(packet: ArpPacket, dst: Mac = broadcastMac): Uint8Array {
  return arpLayoutFrame({ etherType: etherTypes.arp, op: packet.op, addresses: packet, dst });
}

/** "Does anybody hold `address`?" asked without claiming it: sender 0.0.0.0 (RFC 5227 §1.1). */
export function arpProbe(mac: Mac, address: Ipv4): ArpPacket {
  return { op: arpOps.request, sha: mac, spa: zeroIpv4, tha: zeroMac, tpa: address };
}

/** "`address` is at `mac`" as a request, the form of RFC 5227 §2.3. */
export function arpAnnouncement(mac: Mac, address: Ipv4): ArpPacket {
  return { op: arpOps.request, sha: mac, spa: address, tha: zeroMac, tpa: address };
}

/** The announcement as a reply; Linux believes it only with the target MAC = the sender's. */
export function arpAnnouncementReply(mac: Mac, address: Ipv4): ArpPacket {
  return { op: arpOps.reply, sha: mac, spa: address, tha: mac, tpa: address };
}

/** "Who has `address`?" from a board that has one (RFC 826). */
export function arpRequest(mac: Mac, own: Ipv4, address: Ipv4): ArpPacket {
  return { op: arpOps.request, sha: mac, spa: own, tha: zeroMac, tpa: address };
}

/** Checks length, hardware and protocol; gives the operation. Shared with RARP. */
export function checkArpShape(bytes: Uint8Array): Result<number, WireError> {
  if (bytes.length < arpBytes) return bad(0, "28 bytes", bytes.length);
  if (u16(bytes, 0) !== 1) return bad(0, "hardware 1 (Ethernet)", u16(bytes, 0));
  if (u16(bytes, 2) !== etherTypes.ipv4) return bad(2, "protocol 0x0800 (IPv4)", u16(bytes, 2));
  if (u8(bytes, 4) !== 6) return bad(4, "hardware address of 6 bytes", u8(bytes, 4));
  if (u8(bytes, 5) !== 4) return bad(5, "protocol address of 4 bytes", u8(bytes, 5));
  return ok(u16(bytes, 6));
}

/** The addresses of a checked packet. Shared with RARP. */
export function readArpAddresses(bytes: Uint8Array): ArpAddresses {
  return {
    sha: macFromBytes(bytes, 8),
    spa: ipv4FromBytes(bytes, 14),
    tha: macFromBytes(bytes, 18),
    tpa: ipv4FromBytes(bytes, 24),
  };
}

/** Writes the layout that ARP and RARP share. */
export function writeArpLayout(
  op: number,
  addresses: ArpAddresses,
  into: Uint8Array,
  offset: number,
): Result<number, WireError> {
  if (into.length - offset < arpBytes) return bad(0, "room for 28 bytes", into.length - offset);
  putU16(into, offset, 1);
  putU16(into, offset + 2, etherTypes.ipv4);
  into[offset + 4] = 6;
  into[offset + 5] = 4;
  putU16(into, offset + 6, op);
  macToBytes(addresses.sha, into, offset + 8);
  ipv4ToBytes(addresses.spa, into, offset + 14);
  macToBytes(addresses.tha, into, offset + 18);
  ipv4ToBytes(addresses.tpa, into, offset + 24);
  return ok(arpBytes);
}

/** A padded frame around the layout that ARP and RARP share. */
export function arpLayoutFrame(parts: {
  readonly etherType: number;
  readonly op: number;
  readonly addresses: ArpAddresses;
  readonly dst: Mac;
}): Uint8Array {
  const frame = new Uint8Array(ethernetFrameBytesMin);
  macToBytes(parts.dst, frame, 0);
  macToBytes(parts.addresses.sha, frame, 6);
  putU16(frame, 12, parts.etherType);
  writeArpLayout(parts.op, parts.addresses, frame, ethernetHeaderBytes);
  return frame;
}
