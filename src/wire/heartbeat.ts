// The heartbeat: what a board tells about itself and about every board it hears, in one UDP
// payload per network and tick. Structure only; freshness and the MAC's value are NETRACK's.
//
//  0 u16 magic "SB" | 2 u8 version 1 | 3 u8 flags | 4 u8 slot | 5 u8 network (0 A, 1 B)
//  6 u8 peerCount | 7 u8 lost carriers (1 A, 2 B) | 8 u64 incarnation | 16 u32 seq
// 20 u32 configVersion | 24 u32 latenessUs | 28 u16 extensionBytes | 30 u16 reserved 0
// 32 peers, 20 bytes each, ascending slot: u8 slot, u8 reserved 0, u16 flags, u64 incarnation,
//    u32 seqA, u32 seqB
// .. extensions: u16 type, u16 length, bytes
// .. 16 bytes MAC over everything before
//
// Reserved bytes and unknown header flags are ignored when read and zero when written.

import { type NetworkId, ok, type Result, type SlotId, slotId, slotMax } from "../base/index.ts";
import {
  copyBytes,
  isUint,
  putU16,
  putU32,
  textFromBytes,
  textToBytes,
  u16,
  u32,
  u8,
} from "./bytes.ts";
import { bad, type WireError } from "./error.ts";
import { beatBytesMax, beatPeersMax, beatReasonBytesMax } from "./limits.ts";

/** HMAC-SHA-256 truncated, at the end of every beat, bytes. */
export const beatMacBytes = 16;
/** Fixed part of a beat before its peers, bytes. */
export const beatHeaderBytes = 32;
/** One peer entry, bytes. */
export const beatPeerBytes = 20;
/** Extension type of the degraded reason: UTF-8, at most `beatReasonBytesMax` bytes. */
export const beatExtensionDegraded = 1;

/** Bits of `BeatPeer.flags`: what the sender knows of its link to that peer. */
export const beatPeerFlags = {
  /** The sender receives the peer's beats on this network. */
  hearsA: 1,
  hearsB: 2,
  /** The peer told the sender that it hears the sender on this network. */
  heardByA: 4,
  heardByB: 8,
  /** The peer reported its carrier lost on this network. */
  carrierLostA: 16,
  carrierLostB: 32,
  leaving: 64,
  degraded: 128,
  /** The peer echoed the sender's incarnation: its beats are of now, not replayed. */
  proven: 256,
  /** The sender holds this path down because it flapped. */
  dampedA: 512,
  dampedB: 1024,
  /** A path of this peer is about to change: whoever names culprits waits a moment. */
  unsteady: 2048,
} as const;

/** One peer as the sender knows it. */
export type BeatPeer = {
  readonly slot: SlotId;
  /** The peer's incarnation, two halves of 64 bits; 0, 0 = not known. */
  readonly incarnationHi: number;
  readonly incarnationLo: number;
  /** Newest sequence number heard on A and on B. */
  readonly seqA: number;
  readonly seqB: number;
  /** `beatPeerFlags`, or-ed; all 16 bits are kept. */
  readonly flags: number;
};

/** A type-length-value behind the peers; unknown types are kept. */
export type BeatExtension = { readonly type: number; readonly bytes: Uint8Array };

/** A whole beat without its MAC. */
export type Beat = {
  readonly slot: SlotId;
  readonly network: NetworkId;
  readonly leaving: boolean;
  readonly degraded: boolean;
  readonly hub: boolean;
  readonly outOfTurn: boolean;
  readonly lostCarrier: Readonly<Record<NetworkId, boolean>>;
  readonly incarnationHi: number;
  readonly incarnationLo: number;
  readonly seq: number;
  readonly configVersion: number;
  /** How late the sender's loop is, µs. */
  readonly latenessUs: number;
  /** Ascending by slot, each slot once. */
  readonly peers: readonly BeatPeer[];
  readonly extensions: readonly BeatExtension[];
};

const magic = 0x5342;
const version = 1;
const bits = { leaving: 1, degraded: 2, hub: 4, outOfTurn: 8 } as const;
const noExtensions: readonly BeatExtension[] = [];

/** Reads a whole packet including its MAC (not checked here). Errors: anything off its shape. */
export function decodeBeat(bytes: Uint8Array): Result<Beat, WireError> {
  const shape = checkBeatShape(bytes);
  if (!shape.ok) return shape;
  const peersEnd = beatHeaderBytes + u8(bytes, 6) * beatPeerBytes;
  const peers = readPeers(bytes, peersEnd);
  if (!peers.ok) return peers;
  const extensions = readExtensions(bytes, peersEnd, bytes.length - beatMacBytes);
  if (!extensions.ok) return extensions;
  const flags = u8(bytes, 3);
  const lost = u8(bytes, 7);
  return ok({
    slot: slotId(u8(bytes, 4)),
    network: u8(bytes, 5) === 0 ? "A" : "B",
    leaving: (flags & bits.leaving) !== 0,
    degraded: (flags & bits.degraded) !== 0,
    hub: (flags & bits.hub) !== 0,
    outOfTurn: (flags & bits.outOfTurn) !== 0,
    lostCarrier: { A: (lost & 1) !== 0, B: (lost & 2) !== 0 },
    incarnationHi: u32(bytes, 8),
    incarnationLo: u32(bytes, 12),
    seq: u32(bytes, 16),
    configVersion: u32(bytes, 20),
    latenessUs: u32(bytes, 24),
    peers: peers.value,
    extensions: extensions.value,
  });
}

/** Writes a beat and gives its length without the MAC, for which 16 bytes must be left behind. */
export function encodeBeat(beat: Beat, into: Uint8Array): Result<number, WireError> {
  const { peers, extensions } = beat;
  const peersEnd = beatHeaderBytes + peers.length * beatPeerBytes;
  if (peers.length > beatPeersMax) return bad(6, `${beatPeersMax} peers or less`, peers.length);
  let end = peersEnd;
  for (const extension of extensions) end += 4 + extension.bytes.length;
  const room = beatExtensionRoom(peers.length);
  if (end - peersEnd > room) {
    return bad(28, `${room} bytes of extensions or less`, end - peersEnd);
  }
  if (into.length < end + beatMacBytes) {
    return bad(0, `room for ${end + beatMacBytes} bytes`, into.length);
  }
  writeHeader(beat, into, end - peersEnd);
  const written = writePeers(peers, into);
  if (!written.ok) return written;
  let at = peersEnd;
  for (const extension of extensions) {
    const wrong = checkExtension(extension.type, extension.bytes.length, at);
    if (wrong !== undefined) return wrong;
    putU16(into, at, extension.type);
    putU16(into, at + 2, extension.bytes.length);
    into.set(extension.bytes, at + 4);
    at += 4 + extension.bytes.length;
  }
  return ok(end);
}

/** Bytes that all extensions of a beat with so many peers may have together. */
export function beatExtensionRoom(peerCount: number): number {
  return beatBytesMax - beatMacBytes - beatHeaderBytes - peerCount * beatPeerBytes;
}

/** The degraded reason a beat carries, or undefined; not UTF-8 = replacement characters. */
export function beatReason(beat: Beat): string | undefined {
  const found = beat.extensions.find((e) => e.type === beatExtensionDegraded);
  return found === undefined ? undefined : textFromBytes(found.bytes);
}

/** A reason as an extension, cut at a whole character to `beatReasonBytesMax` bytes. */
export function beatReasonExtension(reason: string): BeatExtension {
  const bytes = textToBytes(reason);
  let end = Math.min(bytes.length, beatReasonBytesMax);
  while (end < bytes.length && end > 0 && (u8(bytes, end) & 0xc0) === 0x80) end--;
  return { type: beatExtensionDegraded, bytes: copyBytes(bytes, 0, end) };
}

function checkBeatShape(bytes: Uint8Array): Result<void, WireError> {
  const { length } = bytes;
  if (length < beatHeaderBytes + beatMacBytes || length > beatBytesMax) {
    return bad(0, `48 to ${beatBytesMax} bytes`, length);
  }
  if (u16(bytes, 0) !== magic) return bad(0, "magic 0x5342", u16(bytes, 0));
  if (u8(bytes, 2) !== version) return bad(2, "version 1", u8(bytes, 2));
  if (u8(bytes, 4) > slotMax) return bad(4, `slot 0 to ${slotMax}`, u8(bytes, 4));
  if (u8(bytes, 5) > 1) return bad(5, "network 0 or 1", u8(bytes, 5));
  if (u8(bytes, 6) > beatPeersMax) return bad(6, `${beatPeersMax} peers or less`, u8(bytes, 6));
  const extensionBytes = u16(bytes, 28);
  const want = beatHeaderBytes + u8(bytes, 6) * beatPeerBytes + extensionBytes + beatMacBytes;
  return length === want ? ok(undefined) : bad(6, `a packet of ${want} bytes`, length);
}

function readPeers(bytes: Uint8Array, end: number): Result<BeatPeer[], WireError> {
  const peers: BeatPeer[] = [];
  let last = -1;
  for (let at = beatHeaderBytes; at < end; at += beatPeerBytes) {
    const slot = u8(bytes, at);
    if (slot <= last || slot > slotMax) return bad(at, `slot ${last + 1} to ${slotMax}`, slot);
    last = slot;
    peers.push({
      slot: slotId(slot),
      flags: u16(bytes, at + 2),
      incarnationHi: u32(bytes, at + 4),
      incarnationLo: u32(bytes, at + 8),
      seqA: u32(bytes, at + 12),
      seqB: u32(bytes, at + 16),
    });
  }
  return ok(peers);
}

function readExtensions(
  bytes: Uint8Array,
  start: number,
  end: number,
): Result<readonly BeatExtension[], WireError> {
  if (start === end) return ok(noExtensions);
  const extensions: BeatExtension[] = [];
  let at = start;
  while (at < end) {
    if (end - at < 4) return bad(at, "an extension header, 4 bytes", end - at);
    const type = u16(bytes, at);
    const length = u16(bytes, at + 2);
    if (length > end - at - 4) return bad(at + 2, `length 0 to ${end - at - 4}`, length);
    const wrong = checkExtension(type, length, at);
    if (wrong !== undefined) return wrong;
    extensions.push({ type, bytes: copyBytes(bytes, at + 4, at + 4 + length) });
    at += 4 + length;
  }
  return ok(extensions);
}

function checkExtension(
  type: number,
  length: number,
  at: number,
): ReturnType<typeof bad> | undefined {
  if (!isUint(type, 0xffff)) return bad(at, "type 0 to 65535", type);
  if (type === beatExtensionDegraded && length > beatReasonBytesMax) {
    return bad(at + 2, `a reason of ${beatReasonBytesMax} bytes or less`, length);
  }
  return undefined;
}

function writeHeader(beat: Beat, into: Uint8Array, extensionBytes: number): void {
  putU16(into, 0, magic);
  into[2] = version;
  into[3] =
    (beat.leaving ? bits.leaving : 0) |
    (beat.degraded ? bits.degraded : 0) |
    (beat.hub ? bits.hub : 0) |
    (beat.outOfTurn ? bits.outOfTurn : 0);
  into[4] = beat.slot;
  into[5] = beat.network === "A" ? 0 : 1;
  into[6] = beat.peers.length;
  into[7] = (beat.lostCarrier.A ? 1 : 0) | (beat.lostCarrier.B ? 2 : 0);
  putU32(into, 8, beat.incarnationHi);
  putU32(into, 12, beat.incarnationLo);
  putU32(into, 16, beat.seq);
  putU32(into, 20, beat.configVersion);
  putU32(into, 24, beat.latenessUs);
  putU16(into, 28, extensionBytes);
  putU16(into, 30, 0);
}

function writePeers(peers: readonly BeatPeer[], into: Uint8Array): Result<void, WireError> {
  let at = beatHeaderBytes;
  let last = -1;
  for (const peer of peers) {
    if (peer.slot <= last) return bad(at, `slot ${last + 1} to ${slotMax}`, peer.slot);
    last = peer.slot;
    into[at] = peer.slot;
    into[at + 1] = 0;
    putU16(into, at + 2, peer.flags);
    putU32(into, at + 4, peer.incarnationHi);
    putU32(into, at + 8, peer.incarnationLo);
    putU32(into, at + 12, peer.seqA);
    putU32(into, at + 16, peer.seqB);
    at += beatPeerBytes;
  }
  return ok(undefined);
}
