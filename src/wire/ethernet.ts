// Ethernet II frames without the check sequence, with at most one 802.1Q tag (a frame from a
// trunk port still tells its EtherType). Source: IEEE 802.3 §3.2, 802.1Q §9.

import { type Mac, macFromBytes, macToBytes, ok, type Result } from "../base/index.ts";
import { isUint, putU16, u16 } from "./bytes.ts";
import { bad, type WireError } from "./error.ts";

/** EtherTypes this product speaks. */
export const etherTypes = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100, rarp: 0x8035 } as const;
/** Header without a tag, bytes. */
export const ethernetHeaderBytes = 14;
/** Shortest frame on the cable without the check sequence, bytes; shorter ones are padded. */
export const ethernetFrameBytesMin = 60;
/** The address of everybody. */
export const broadcastMac: Mac = macFromBytes(new Uint8Array(6).fill(255));
/** The address of nobody: an unknown target in ARP. */
export const zeroMac: Mac = macFromBytes(new Uint8Array(6));

/** A frame; `payload` is a view of the decoded bytes, with any padding still behind it. */
export type EthernetFrame = {
  readonly dst: Mac;
  readonly src: Mac;
  /** VLAN identifier 0 to 4095, or undefined without a tag. */
  readonly vlan: number | undefined;
  readonly etherType: number;
  readonly payload: Uint8Array;
};

/** Reads a frame. Errors: too short, or an 802.3 length (below 0x0600) instead of an EtherType. */
export function decodeEthernet(frame: Uint8Array): Result<EthernetFrame, WireError> {
  if (frame.length < ethernetHeaderBytes) return bad(0, "14 bytes or more", frame.length);
  let etherType = u16(frame, 12);
  let at = ethernetHeaderBytes;
  let vlan: number | undefined;
  if (etherType === etherTypes.vlan) {
    if (frame.length < 18) return bad(14, "an 802.1Q tag, 4 bytes", frame.length - 14);
    vlan = u16(frame, 14) & 0x0fff;
    etherType = u16(frame, 16);
    at = 18;
    if (etherType === etherTypes.vlan) return bad(16, "one 802.1Q tag at most", "two");
  }
  if (etherType < 0x0600) return bad(at - 2, "EtherType >= 1536", etherType);
  return ok({
    dst: macFromBytes(frame, 0),
    src: macFromBytes(frame, 6),
    vlan,
    etherType,
    payload: frame.subarray(at),
  });
}

/** Writes a frame (not padded) and gives its length. Errors: no room, a value out of range. */
export function encodeEthernet(frame: EthernetFrame, into: Uint8Array): Result<number, WireError> {
  const { vlan, etherType, payload } = frame;
  const header = vlan === undefined ? ethernetHeaderBytes : 18;
  const length = header + payload.length;
  if (into.length < length) return bad(0, `room for ${length} bytes`, into.length);
  if (!isUint(etherType, 0xffff) || etherType < 0x0600 || etherType === etherTypes.vlan) {
    return bad(header - 2, "EtherType >= 1536 that is no tag", etherType);
  }
  macToBytes(frame.dst, into, 0);
  macToBytes(frame.src, into, 6);
  if (vlan !== undefined) {
    if (!isUint(vlan, 4095)) return bad(14, "VLAN 0 to 4095", vlan);
    putU16(into, 12, etherTypes.vlan);
    putU16(into, 14, vlan);
  }
  putU16(into, header - 2, etherType);
  into.set(payload, header);
  return ok(length);
}
