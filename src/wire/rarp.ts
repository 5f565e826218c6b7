// RARP: a board that knows only its MAC asks for its address (RFC 903). ARP's layout under another
// EtherType with operations 3 and 4.

import { type Ipv4, type Mac, ok, type Result } from "../base/index.ts";
import {
  type ArpAddresses,
  arpLayoutFrame,
  checkArpShape,
  readArpAddresses,
  writeArpLayout,
  zeroIpv4,
} from "./arp.ts";
import { u16 } from "./bytes.ts";
import { bad, shifted, type WireError } from "./error.ts";
import { broadcastMac, ethernetHeaderBytes, etherTypes } from "./ethernet.ts";

/** Operation codes of RARP (ar$op). */
export const rarpOps = { request: 3, reply: 4 } as const;

/** A RARP packet. `tha` is the board that is asked about, `tpa` its address in a reply. */
export type RarpPacket = ArpAddresses & { readonly op: 3 | 4 };

/** Reads an Ethernet payload. Errors: short, not Ethernet/IPv4, another operation. */
export function decodeRarp(bytes: Uint8Array): Result<RarpPacket, WireError> {
  const shape = checkArpShape(bytes);
  if (!shape.ok) return shape;
  const op = shape.value;
  if (op !== 3 && op !== 4) return bad(6, "operation 3 or 4", op);
  return ok({ op, ...readArpAddresses(bytes) });
}

/** Writes the 28 bytes of a packet at `offset` and gives 28. Error: no room. */
export function encodeRarp(
  packet: RarpPacket,
  into: Uint8Array,
  offset = 0,
): Result<number, WireError> {
  return writeArpLayout(packet.op, packet, into, offset);
}

/** Reads a whole untagged Ethernet frame of EtherType 0x8035. */
export function decodeRarpFrame(frame: Uint8Array): Result<RarpPacket, WireError> {
  if (u16(frame, 12) !== etherTypes.rarp) return bad(12, "EtherType 0x8035", u16(frame, 12));
  const packet = decodeRarp(frame.subarray(ethernetHeaderBytes));
  return packet.ok ? packet : shifted(packet, ethernetHeaderBytes);
}

/** A whole frame, padded to 60 bytes, from `packet.sha` to `dst` (default: everybody). */
export function rarpFrame(packet: RarpPacket, dst: Mac = broadcastMac): Uint8Array {
  return arpLayoutFrame({ etherType: etherTypes.rarp, op: packet.op, addresses: packet, dst });
}

/** "What is my address?" asked by `mac` for itself. */
export function rarpRequest(mac: Mac): RarpPacket {
  return { op: rarpOps.request, sha: mac, spa: zeroIpv4, tha: mac, tpa: zeroIpv4 };
}

/** The answer to `request` from the server at `mac`, `own`: the asked board has `address`. */
export function rarpReply(
  request: RarpPacket,
  server: { readonly mac: Mac; readonly address: Ipv4 },
  address: Ipv4,
): RarpPacket {
  return {
    op: rarpOps.reply,
    sha: server.mac,
    spa: server.address,
    tha: request.tha,
    tpa: address,
  };
}
