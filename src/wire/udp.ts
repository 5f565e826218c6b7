// UDP over IPv4 (RFC 768) with its checksum over the pseudo header; 0 on the wire means none.
//
// A frame that a sender on the same machine gave to a driver for checksum offload reaches a packet
// socket before the checksum is filled in: the field then holds the folded pseudo-header sum.
// That value is accepted too, or clients in a namespace of this machine could not be heard.

import { type Ipv4, ipv4ToU32, ok, type Result } from "../base/index.ts";
import { isUint, putU16, u16 } from "./bytes.ts";
import { bad, type WireError } from "./error.ts";
import { foldSum, protocolUdp, sumWords } from "./ipv4.ts";

/** UDP header, bytes. */
export const udpHeaderBytes = 8;

/** A datagram; `payload` is a view of the decoded bytes. */
export type UdpPacket = {
  readonly srcPort: number;
  readonly dstPort: number;
  readonly payload: Uint8Array;
};
/** The addresses of the pseudo header. */
export type UdpAddresses = { readonly src: Ipv4; readonly dst: Ipv4 };

/** Reads an IPv4 payload. Errors: short, wrong length, wrong checksum. */
export function decodeUdp(
  bytes: Uint8Array,
  addresses: UdpAddresses,
): Result<UdpPacket, WireError> {
  const length = checkUdp(bytes, 0, bytes.length, pseudoSum(addresses));
  if (!length.ok) return length;
  return ok({
    srcPort: u16(bytes, 0),
    dstPort: u16(bytes, 2),
    payload: bytes.subarray(udpHeaderBytes, length.value),
  });
}

/** Writes a datagram with its checksum and gives its length. Errors: no room, port range. */
export function encodeUdp(
  packet: UdpPacket,
  addresses: UdpAddresses,
  into: Uint8Array,
): Result<number, WireError> {
  const length = udpHeaderBytes + packet.payload.length;
  if (length > 0xffff) return bad(4, "65535 bytes or less", length);
  if (into.length < length) return bad(0, `room for ${length} bytes`, into.length);
  if (!isUint(packet.srcPort, 0xffff)) return bad(0, "port 0 to 65535", packet.srcPort);
  if (!isUint(packet.dstPort, 0xffff)) return bad(2, "port 0 to 65535", packet.dstPort);
  into.set(packet.payload, udpHeaderBytes);
  writeUdpHeader(into, 0, { ...packet, length, pseudo: pseudoSum(addresses) });
  return ok(length);
}

/** Sum of the pseudo header's addresses and protocol, without the length. */
export function pseudoSum(addresses: UdpAddresses): number {
  const src = ipv4ToU32(addresses.src);
  const dst = ipv4ToU32(addresses.dst);
  return (src >>> 16) + (src & 0xffff) + (dst >>> 16) + (dst & 0xffff) + protocolUdp;
}

/** Checks the datagram between `start` and `end` and gives its length from its header. */
export function checkUdp(
  bytes: Uint8Array,
  start: number,
  end: number,
  pseudo: number,
): Result<number, WireError> {
  const have = end - start;
  if (have < udpHeaderBytes) return bad(start, "a UDP header, 8 bytes", have);
  const length = u16(bytes, start + 4);
  if (length < udpHeaderBytes || length > have) {
    return bad(start + 4, `length 8 to ${have}`, length);
  }
  const checksum = u16(bytes, start + 6);
  if (checksum === 0 || checksum === foldSum(pseudo + length)) return ok(length);
  if (foldSum(pseudo + length + sumWords(bytes, start, start + length)) !== 0xffff) {
    return bad(start + 6, "a right UDP checksum", checksum);
  }
  return ok(length);
}

/** Writes the header at `at` over a payload that is already in its place. */
export function writeUdpHeader(
  into: Uint8Array,
  at: number,
  header: { srcPort: number; dstPort: number; length: number; pseudo: number },
): void {
  putU16(into, at, header.srcPort);
  putU16(into, at + 2, header.dstPort);
  putU16(into, at + 4, header.length);
  putU16(into, at + 6, 0);
  const sum = foldSum(header.pseudo + header.length + sumWords(into, at, at + header.length));
  putU16(into, at + 6, sum === 0xffff ? 0xffff : ~sum & 0xffff);
}
