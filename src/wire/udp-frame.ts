// One UDP datagram in one Ethernet frame, in a single pass over the bytes: what the DHCP server
// does thousands of times a second, where the layered codecs would make three objects a packet.

import {
  type Ipv4,
  ipv4FromBytes,
  ipv4ToBytes,
  type Mac,
  macFromBytes,
  macToBytes,
  ok,
  type Result,
} from "../base/index.ts";
import { isUint, putU16, u16, u8 } from "./bytes.ts";
import { bad, type WireError } from "./error.ts";
import { ethernetHeaderBytes, etherTypes } from "./ethernet.ts";
import { checkIpv4Header, foldSum, ipv4HeaderBytes, protocolUdp, sumWords } from "./ipv4.ts";
import { udpPayloadBytesMax } from "./limits.ts";
import { checkUdp, udpHeaderBytes, writeUdpHeader } from "./udp.ts";

/** Headers of an encoded frame before its payload, bytes. */
export const udpFrameHeaderBytes = ethernetHeaderBytes + ipv4HeaderBytes + udpHeaderBytes;

/** A UDP datagram with its frame's addresses; a decoded `payload` is a view of the frame. */
export type UdpFrame = {
  readonly srcMac: Mac;
  readonly dstMac: Mac;
  readonly src: Ipv4;
  readonly dst: Ipv4;
  readonly srcPort: number;
  readonly dstPort: number;
  readonly payload: Uint8Array;
};

/** Reads a frame (one 802.1Q tag allowed). Errors: not IPv4/UDP, a fragment, wrong checksums. */
export function decodeUdpFrame(frame: Uint8Array): Result<UdpFrame, WireError> {
  const ip = u16(frame, 12) === etherTypes.vlan ? ethernetHeaderBytes + 4 : ethernetHeaderBytes;
  if (frame.length < ip) return bad(0, `${ip} bytes or more`, frame.length);
  if (u16(frame, ip - 2) !== etherTypes.ipv4) {
    return bad(ip - 2, "EtherType 0x0800", u16(frame, ip - 2));
  }
  const header = checkIpv4Header(frame, ip);
  if (!header.ok) return header;
  if (u8(frame, ip + 9) !== protocolUdp) return bad(ip + 9, "protocol 17", u8(frame, ip + 9));
  const udp = ip + header.value;
  const pseudo = sumWords(frame, ip + 12, ip + 20) + protocolUdp;
  const length = checkUdp(frame, udp, ip + u16(frame, ip + 2), pseudo);
  if (!length.ok) return length;
  return ok({
    srcMac: macFromBytes(frame, 6),
    dstMac: macFromBytes(frame, 0),
    src: ipv4FromBytes(frame, ip + 12),
    dst: ipv4FromBytes(frame, ip + 16),
    srcPort: u16(frame, udp),
    dstPort: u16(frame, udp + 2),
    payload: frame.subarray(udp + udpHeaderBytes, udp + length.value),
  });
}

/**
 * Writes a frame (42 bytes of headers, then the payload) and gives its length. TTL 64, do not
 * fragment. `payload` may already lie in `into` at `udpFrameHeaderBytes`. Errors: no room, too
 * long for one frame, port range.
 */
export function encodeUdpFrame(frame: UdpFrame, into: Uint8Array): Result<number, WireError> {
  const { payload } = frame;
  if (payload.length > udpPayloadBytesMax) return bad(38, "1472 bytes or less", payload.length);
  const length = udpFrameHeaderBytes + payload.length;
  if (into.length < length) return bad(0, `room for ${length} bytes`, into.length);
  if (!isUint(frame.srcPort, 0xffff)) return bad(34, "port 0 to 65535", frame.srcPort);
  if (!isUint(frame.dstPort, 0xffff)) return bad(36, "port 0 to 65535", frame.dstPort);
  into.set(payload, udpFrameHeaderBytes);
  macToBytes(frame.dstMac, into, 0);
  macToBytes(frame.srcMac, into, 6);
  putU16(into, 12, etherTypes.ipv4);
  const ip = ethernetHeaderBytes;
  putU16(into, ip, 0x4500);
  putU16(into, ip + 2, length - ip);
  putU16(into, ip + 4, 0);
  putU16(into, ip + 6, 0x4000);
  putU16(into, ip + 8, 0x4000 | protocolUdp);
  putU16(into, ip + 10, 0);
  ipv4ToBytes(frame.src, into, ip + 12);
  ipv4ToBytes(frame.dst, into, ip + 16);
  putU16(into, ip + 10, ~foldSum(sumWords(into, ip, ip + ipv4HeaderBytes)) & 0xffff);
  writeUdpHeader(into, ip + ipv4HeaderBytes, {
    srcPort: frame.srcPort,
    dstPort: frame.dstPort,
    length: udpHeaderBytes + payload.length,
    pseudo: sumWords(into, ip + 12, ip + 20) + protocolUdp,
  });
  return ok(length);
}
