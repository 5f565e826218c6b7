// IPv4 headers (RFC 791) and the Internet checksum (RFC 1071). Options are skipped; fragments are
// refused, because nothing here needs a message longer than one frame.

import { type Ipv4, ipv4FromBytes, ipv4ToBytes, ok, type Result } from "../base/index.ts";
import { isUint, putU16, u16, u8 } from "./bytes.ts";
import { bad, type WireError } from "./error.ts";

/** Header without options, bytes. */
export const ipv4HeaderBytes = 20;
/** Protocol number of UDP. */
export const protocolUdp = 17;

/** A datagram; `payload` is a view of the decoded bytes, without padding. */
export type Ipv4Packet = {
  readonly src: Ipv4;
  readonly dst: Ipv4;
  readonly protocol: number;
  readonly ttl: number;
  /** Type of service byte (DSCP and ECN). */
  readonly tos: number;
  readonly identification: number;
  readonly dontFragment: boolean;
  readonly payload: Uint8Array;
};

/** Reads a datagram. Errors: short, another version, wrong checksum, a fragment. */
export function decodeIpv4(bytes: Uint8Array): Result<Ipv4Packet, WireError> {
  const header = checkIpv4Header(bytes, 0);
  if (!header.ok) return header;
  return ok({
    src: ipv4FromBytes(bytes, 12),
    dst: ipv4FromBytes(bytes, 16),
    protocol: u8(bytes, 9),
    ttl: u8(bytes, 8),
    tos: u8(bytes, 1),
    identification: u16(bytes, 4),
    dontFragment: (u8(bytes, 6) & 0x40) !== 0,
    payload: bytes.subarray(header.value, u16(bytes, 2)),
  });
}

/** Writes a datagram with a 20-byte header and gives its length. Errors: no room, out of range. */
export function encodeIpv4(packet: Ipv4Packet, into: Uint8Array): Result<number, WireError> {
  const length = ipv4HeaderBytes + packet.payload.length;
  if (length > 0xffff) return bad(2, "65535 bytes or less", length);
  if (into.length < length) return bad(0, `room for ${length} bytes`, into.length);
  if (!isUint(packet.protocol, 255)) return bad(9, "protocol 0 to 255", packet.protocol);
  if (!isUint(packet.ttl, 255)) return bad(8, "ttl 0 to 255", packet.ttl);
  if (!isUint(packet.tos, 255)) return bad(1, "tos 0 to 255", packet.tos);
  if (!isUint(packet.identification, 0xffff)) {
    return bad(4, "identification 0 to 65535", packet.identification);
  }
  into[0] = 0x45;
  into[1] = packet.tos;
  putU16(into, 2, length);
  putU16(into, 4, packet.identification);
  putU16(into, 6, packet.dontFragment ? 0x4000 : 0);
  into[8] = packet.ttl;
  into[9] = packet.protocol;
  putU16(into, 10, 0);
  ipv4ToBytes(packet.src, into, 12);
  ipv4ToBytes(packet.dst, into, 16);
  putU16(into, 10, ~foldSum(sumWords(into, 0, ipv4HeaderBytes)) & 0xffff);
  into.set(packet.payload, ipv4HeaderBytes);
  return ok(length);
}

/** Checks the header that starts at `start` and gives its length with options. */
export function checkIpv4Header(bytes: Uint8Array, start: number): Result<number, WireError> {
  const have = bytes.length - start;
  if (have < ipv4HeaderBytes) return bad(start, "an IPv4 header, 20 bytes", have);
  const first = u8(bytes, start);
  if (first >>> 4 !== 4) return bad(start, "version 4", first >>> 4);
  const header = (first & 15) * 4;
  if (header < ipv4HeaderBytes || header > have) return bad(start, "a whole header", header);
  const total = u16(bytes, start + 2);
  if (total < header || total > have) return bad(start + 2, `length ${header} to ${have}`, total);
  const fragment = u16(bytes, start + 6) & 0x3fff;
  if (fragment !== 0) return bad(start + 6, "no fragment", fragment);
  if (foldSum(sumWords(bytes, start, start + header)) !== 0xffff) {
    return bad(start + 10, "a right header checksum", u16(bytes, start + 10));
  }
  return ok(header);
}

/** Sum of the 16-bit words from `start` up to `end` (an odd last byte is the high half). */
export function sumWords(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  const even = end - ((end - start) & 1);
  for (let at = start; at < even; at += 2) sum += u16(bytes, at);
  if (even !== end) sum += u8(bytes, even) << 8;
  return sum;
}

/** A sum below 2^32 folded to 16 bits, one's complement. */
export function foldSum(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}
