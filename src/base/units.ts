// Brands: values that must not be swapped carry their meaning in the type. The constructors
// here check their argument and are the only casts in the product (STYLE "Names").

import { err, ok, type Result } from "./result.ts";

declare const brand: unique symbol;

/** Monotonic microseconds (CLOCK_BOOTTIME) as a number: exact for 285 years, allocates nothing. */
export type MonoUs = number & { readonly [brand]: "MonoUs" };
/** Ethernet address as lower-case hex with colons: `52:54:00:12:34:56`. */
export type Mac = string & { readonly [brand]: "Mac" };
/** IPv4 address in dotted decimal, no leading zeros: `10.1.1.7`. */
export type Ipv4 = string & { readonly [brand]: "Ipv4" };
/** Slot number of a board: 0 is the CCN, 1 to 63 are the slots of the chassis. */
export type SlotId = number & { readonly [brand]: "SlotId" };
/** Random 64 bits per process start, as 16 hex digits; tells two lives of one slot apart. */
export type Incarnation = string & { readonly [brand]: "Incarnation" };
/** One of the two independent Ethernets. */
export type NetworkId = "A" | "B";

/** Both networks, in order. */
export const networkIds: readonly NetworkId[] = ["A", "B"];
/** Highest slot number: a board's view of all slots fits the bit masks of one heartbeat. */
export const slotMax = 63;
/** The CCN's slot number; it has no switch-port address but takes part in heartbeats. */
export const ccnSlot: SlotId = 0 as SlotId;

/** Monotonic microseconds from a non-negative finite number; throws RangeError (our mistake). */
export function monoUs(value: number): MonoUs {
  if (!(value >= 0 && value < Number.MAX_SAFE_INTEGER)) throw new RangeError(`MonoUs ${value}`);
  return value as MonoUs;
}

/** `at + deltaUs`, never before zero. */
export function addUs(at: MonoUs, deltaUs: number): MonoUs {
  return Math.max(0, at + deltaUs) as MonoUs;
}

/** Milliseconds as microseconds. */
export function msToUs(ms: number): number {
  return ms * 1000;
}

/** Reads `aa:bb:cc:dd:ee:ff`, `aa-bb-..` or `aabbccddeeff`, any case. */
export function parseMac(text: string): Result<Mac, string> {
  const hex = text.toLowerCase().replace(/[:-]/g, "");
  const shape = /^([0-9a-f]{2}([:-]?)){5}[0-9a-f]{2}$/i;
  if (hex.length !== 12 || !shape.test(text)) {
    return err(`"${text.slice(0, 40)}" is not a MAC address; write it as 52:54:00:12:34:56`);
  }
  return ok((hex.match(/../g) ?? []).join(":") as Mac);
}

/** The MAC in six bytes at `offset`; the caller has checked that they are there. */
export function macFromBytes(bytes: Uint8Array, offset = 0): Mac {
  let text = "";
  for (let i = 0; i < 6; i++) {
    text += (i === 0 ? "" : ":") + hexByte(bytes[offset + i] ?? 0);
  }
  return text as Mac;
}

/** Writes a MAC's six bytes at `offset`. */
export function macToBytes(mac: Mac, into: Uint8Array, offset = 0): void {
  for (let i = 0; i < 6; i++) {
    into[offset + i] = hexDigit(mac.charCodeAt(i * 3)) * 16 + hexDigit(mac.charCodeAt(i * 3 + 1));
  }
}

/** Reads dotted decimal; rejects leading zeros, which some resolvers read as octal. */
export function parseIpv4(text: string): Result<Ipv4, string> {
  const parts = text.split(".");
  const good = parts.length === 4 && parts.every((p) => /^(0|[1-9]\d{0,2})$/.test(p) && +p <= 255);
  if (!good) return err(`"${text.slice(0, 40)}" is not an IPv4 address; write it as 10.1.1.7`);
  return ok(text as Ipv4);
}

/** The address as an unsigned 32-bit number, 10.1.1.7 = 0x0a010107. */
export function ipv4ToU32(address: Ipv4): number {
  let value = 0;
  let part = 0;
  for (let i = 0; i < address.length; i++) {
    const code = address.charCodeAt(i);
    if (code === dot) {
      value = value * 256 + part;
      part = 0;
    } else {
      part = part * 10 + code - zero;
    }
  }
  return value * 256 + part;
}

/** The address of an unsigned 32-bit number. */
export function ipv4FromU32(value: number): Ipv4 {
  const v = value >>> 0;
  return `${v >>> 24}.${(v >>> 16) & 255}.${(v >>> 8) & 255}.${v & 255}` as Ipv4;
}

/** The address in four bytes at `offset`; the caller has checked that they are there. */
export function ipv4FromBytes(bytes: Uint8Array, offset = 0): Ipv4 {
  const at = (i: number): number => bytes[offset + i] ?? 0;
  return `${at(0)}.${at(1)}.${at(2)}.${at(3)}` as Ipv4;
}

/** Writes an address's four bytes at `offset`, network order. */
export function ipv4ToBytes(address: Ipv4, into: Uint8Array, offset = 0): void {
  const value = ipv4ToU32(address);
  for (let i = 0; i < 4; i++) into[offset + i] = (value >>> (24 - 8 * i)) & 255;
}

/** A slot number from 0 (the CCN) to `slotMax`. */
export function parseSlotId(value: number): Result<SlotId, string> {
  if (!Number.isInteger(value) || value < 0 || value > slotMax) {
    return err(`${value} is not a slot number; slots are 1 to ${slotMax}, the CCN is 0`);
  }
  return ok(value as SlotId);
}

/** A slot number our own code knows to be one; throws RangeError (our mistake) if not. */
export function slotId(value: number): SlotId {
  const parsed = parseSlotId(value);
  if (!parsed.ok) throw new RangeError(parsed.error);
  return parsed.value;
}

/** Reads 16 hex digits. */
export function parseIncarnation(text: string): Result<Incarnation, string> {
  if (!/^[0-9a-f]{16}$/.test(text)) return err(`"${text.slice(0, 40)}" is not 16 hex digits`);
  return ok(text as Incarnation);
}

/** The incarnation in eight bytes at `offset`; the caller has checked that they are there. */
export function incarnationFromBytes(bytes: Uint8Array, offset = 0): Incarnation {
  let text = "";
  for (let i = 0; i < 8; i++) text += hexByte(bytes[offset + i] ?? 0);
  return text as Incarnation;
}

/** Writes an incarnation's eight bytes at `offset`. */
export function incarnationToBytes(incarnation: Incarnation, into: Uint8Array, offset = 0): void {
  for (let i = 0; i < 8; i++) {
    const high = hexDigit(incarnation.charCodeAt(i * 2));
    into[offset + i] = high * 16 + hexDigit(incarnation.charCodeAt(i * 2 + 1));
  }
}

const hexBytes: readonly string[] = Array.from({ length: 256 }, (_, i) =>
  i.toString(16).padStart(2, "0"),
);

/** Character codes; a brand holds nothing but digits, lower-case hex and its separator. */
const dot = 46;
const zero = 48;
const lowerA = 97;

function hexDigit(code: number): number {
  return code >= lowerA ? code - lowerA + 10 : code - zero;
}

function hexByte(value: number): string {
  return hexBytes[value & 255] ?? "00";
}
