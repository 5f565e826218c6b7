// One packet of the link: who to whom, in which lives, which number, sealed with the chassis key.
//
//  0 u16 magic "SL" | 2 u8 version 1 | 3 u8 channel | 4 u8 from | 5 u8 to | 6 u16 reserved 0
//  8 8 incarnation of the sender | 16 8 incarnation of the receiver | 24 u64 number
// 32 payload | .. 16 MAC: HMAC-SHA-256 truncated (RFC 2104 section 5) over everything before
//
// The receiver's incarnation is the nonce: nobody can have recorded a packet for a life that has
// just begun, so nothing survives a restart. Within a life every number counts once.

import { assert, type Incarnation, type SlotId, slotId } from "../base/index.ts";
import {
  isWhole,
  readIncarnation,
  reader,
  readU16,
  readU53,
  readU8,
  writeIncarnation,
  writer,
  writeU16,
  writeU53,
  writeU8,
} from "../wire/index.ts";
import { linkPayloadBytesMax, replayWindow } from "./limits.ts";

/** Fixed part, bytes. */
export const linkHeaderBytes = 32;
/** The MAC at the end, bytes. */
export const linkMacBytes = 16;
const magic = 0x534c;

/** A packet without its payload's meaning. */
export type LinkPacket = {
  readonly channel: number;
  readonly from: SlotId;
  readonly to: SlotId;
  readonly fromLife: Incarnation;
  readonly toLife: Incarnation;
  readonly number: number;
  readonly payload: Uint8Array;
};

/** Seals and checks; made from the chassis key. */
export type LinkKey = { readonly macOf: (bytes: Uint8Array) => Uint8Array };

/** The key of the link: derived, so that a beat is never a packet of the link. */
export function linkKey(hex: string): LinkKey {
  assert(/^[0-9a-f]{64}$/i.test(hex), "the chassis key is 64 hex digits");
  const derived = new Bun.CryptoHasher("sha256", Uint8Array.fromHex(hex)).update("softset link");
  const keyed = new Bun.CryptoHasher("sha256", derived.digest());
  return { macOf: (bytes) => keyed.copy().update(bytes).digest().subarray(0, linkMacBytes) };
}

/** The packet as it is sent; the caller has bounded the payload. */
export function encodeLinkPacket(key: LinkKey, packet: LinkPacket): Uint8Array {
  const { payload } = packet;
  assert(payload.length <= linkPayloadBytesMax, "a payload fits one frame");
  const bytes = new Uint8Array(linkHeaderBytes + payload.length + linkMacBytes);
  const into = writer(bytes);
  writeU16(into, magic);
  writeU8(into, 1);
  writeU8(into, packet.channel);
  writeU8(into, packet.from);
  writeU8(into, packet.to);
  writeU16(into, 0);
  writeIncarnation(into, packet.fromLife);
  writeIncarnation(into, packet.toLife);
  writeU53(into, packet.number);
  assert(isWhole(into), "the header has its place");
  bytes.set(payload, linkHeaderBytes);
  const end = linkHeaderBytes + payload.length;
  bytes.set(key.macOf(bytes.subarray(0, end)), end);
  return bytes;
}

/** Whom a packet must come from and go to, to be looked at. */
export type LinkExpectation = {
  readonly self: SlotId;
  readonly ownLife: Incarnation;
  /** The proven life of a slot, undefined if it has none. */
  readonly lifeOf: (slot: number) => Incarnation | undefined;
};

/** Why a packet was dropped. */
export type LinkRefusal = "malformed" | "not-for-us" | "other-life" | "wrong-mac";

/** Reads a packet; the cheap checks come before the MAC. Never throws; the payload is a view. */
export function decodeLinkPacket(
  key: LinkKey,
  bytes: Uint8Array,
  expected: LinkExpectation,
): LinkPacket | LinkRefusal {
  const end = bytes.length - linkMacBytes;
  if (end < linkHeaderBytes || end > linkHeaderBytes + linkPayloadBytesMax) return "malformed";
  const from = reader(bytes);
  if (readU16(from) !== magic || readU8(from) !== 1) return "malformed";
  const channel = readU8(from);
  const sender = readU8(from);
  if (readU8(from) !== expected.self) return "not-for-us";
  readU16(from);
  const fromLife = readIncarnation(from);
  const toLife = readIncarnation(from);
  if (toLife !== expected.ownLife || fromLife !== expected.lifeOf(sender)) return "other-life";
  const number = readU53(from);
  if (!isSame(key.macOf(bytes.subarray(0, end)), bytes.subarray(end))) return "wrong-mac";
  const payload = bytes.subarray(linkHeaderBytes, end);
  return { channel, from: slotId(sender), to: expected.self, fromLife, toLife, number, payload };
}

/** Numbers heard of one life: each counts once, those far behind never. */
export type Heard = { readonly life: Incarnation; newest: number; before: number };

/** True the first time a number is heard (RFC 6479's window in one word). */
export function isFirst(heard: Heard, number: number): boolean {
  const ahead = number - heard.newest;
  if (ahead > 0) {
    const isFar = ahead > replayWindow;
    heard.before = isFar ? 0 : ((heard.before << ahead) | (1 << (ahead - 1))) >>> 0;
    heard.newest = number;
    return true;
  }
  if (ahead === 0 || -ahead > replayWindow) return false;
  const bit = (1 << (-ahead - 1)) >>> 0;
  if ((heard.before & bit) !== 0) return false;
  heard.before = (heard.before | bit) >>> 0;
  return true;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
