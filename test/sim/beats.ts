// Beats as bytes: sealed by the sender with the chassis key, opened by every receiver. The bytes
// are read once per frame, not once per receiver, because reading them is a pure function.

import {
  type Beat,
  beatBytesMax,
  beatMacBytes,
  decodeBeat,
  encodeBeat,
} from "../../src/wire/index.ts";
import type { Body, Life, World } from "./world.ts";

const buffer = new Uint8Array(beatBytesMax);
/** `digest` wants 64 bytes of room. */
const macBuffer = new Uint8Array(64);

/** The frame of a beat; throws if the codec refuses what a core wanted to send. */
export function sealBeat(world: World, beat: Beat, origin: Life): Body {
  const length = encodeBeat(beat, buffer);
  if (!length.ok) throw new Error(`a beat cannot be encoded: ${JSON.stringify(length.error)}`);
  const bytes = buffer.slice(0, length.value + beatMacBytes);
  writeMac(world, bytes);
  for (let i = 0; i < beatMacBytes; i++) bytes[length.value + i] = macBuffer[i] ?? 0;
  const decoded = decodeBeat(bytes);
  if (!decoded.ok) throw new Error(`a beat cannot be decoded: ${JSON.stringify(decoded.error)}`);
  return { kind: "beat", bytes, origin, beat: decoded.value };
}

/** A frame of any bytes, read as a board's shell reads them. */
export function openBytes(world: World, bytes: Uint8Array, origin: Life | undefined): Body {
  let isGood = bytes.length > beatMacBytes;
  if (isGood) writeMac(world, bytes);
  const macAt = bytes.length - beatMacBytes;
  for (let i = 0; i < beatMacBytes; i++) isGood = isGood && bytes[macAt + i] === macBuffer[i];
  const decoded = isGood ? decodeBeat(bytes) : undefined;
  return { kind: "beat", bytes, origin, beat: decoded?.ok === true ? decoded.value : undefined };
}

/** HMAC-SHA-256 over everything before the MAC, into `macBuffer`. */
function writeMac(world: World, bytes: Uint8Array): void {
  const hasher = keyedHasher(world).copy();
  hasher.update(bytes.subarray(0, bytes.length - beatMacBytes));
  hasher.digest(macBuffer);
}

const hashers = new WeakMap<World, Bun.CryptoHasher>();

function keyedHasher(world: World): Bun.CryptoHasher {
  const known = hashers.get(world);
  if (known !== undefined) return known;
  const hasher = new Bun.CryptoHasher("sha256", Buffer.from(world.sim.key, "hex"));
  hashers.set(world, hasher);
  return hasher;
}
