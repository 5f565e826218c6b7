// Reading and writing one field after the other. A read past the end gives zeros and is remembered,
// so a decoder looks once, at its end, whether all of it was there.

import {
  type Incarnation,
  incarnationFromBytes,
  incarnationToBytes,
  parseSlotId,
  type SlotId,
  slotId,
} from "../base/index.ts";
import { putU16, putU32, textFromBytes, textToBytes, u16, u32, u8 } from "./bytes.ts";

/** A place in bytes that are read. */
export type Reader = {
  readonly bytes: Uint8Array;
  at: number;
  /** First thing that was wrong: past the end, or a value that cannot be. */
  wrong: { readonly at: number; readonly want: string } | undefined;
};

/** Begins to read at `at`. */
export function reader(bytes: Uint8Array, at = 0): Reader {
  return { bytes, at, wrong: undefined };
}

function take(from: Reader, length: number, want: string): number {
  const { at } = from;
  if (at + length > from.bytes.length) from.wrong ??= { at, want };
  from.at = at + length;
  return at;
}

/** One byte, 0 to 255. */
export function readU8(from: Reader): number {
  return u8(from.bytes, take(from, 1, "a byte"));
}

/** Two bytes, big endian. */
export function readU16(from: Reader): number {
  return u16(from.bytes, take(from, 2, "two bytes"));
}

/** Four bytes, big endian, unsigned. */
export function readU32(from: Reader): number {
  return u32(from.bytes, take(from, 4, "four bytes"));
}

/** Eight bytes, big endian; a value above 2^53 - 1 is wrong. */
export function readU53(from: Reader): number {
  const { at } = from;
  const value = readU32(from) * 4_294_967_296 + readU32(from);
  if (!Number.isSafeInteger(value)) from.wrong ??= { at, want: "a number below 2^53" };
  return Number.isSafeInteger(value) ? value : 0;
}

/** A slot number. */
export function readSlot(from: Reader): SlotId {
  const { at } = from;
  const slot = parseSlotId(readU8(from));
  if (!slot.ok) from.wrong ??= { at, want: "slot 0 to 63" };
  return slot.ok ? slot.value : slotId(0);
}

/** An incarnation. */
export function readIncarnation(from: Reader): Incarnation {
  return incarnationFromBytes(from.bytes, take(from, 8, "an incarnation"));
}

/** A count of at most `max` with `each` read so often. */
export function readList<T>(from: Reader, max: number, each: (from: Reader) => T): T[] {
  const { at } = from;
  const count = readU8(from);
  if (count > max) from.wrong ??= { at, want: `at most ${max}` };
  const list: T[] = [];
  while (list.length < count && from.wrong === undefined) list.push(each(from));
  return list;
}

/** UTF-8 of 1 byte of length, `min` to `max` bytes. */
export function readText(from: Reader, min: number, max: number): string {
  const { at } = from;
  const length = readU8(from);
  if (length < min || length > max) from.wrong ??= { at, want: `${min} to ${max} bytes of text` };
  const start = take(from, length, `${length} bytes of text`);
  return textFromBytes(from.bytes.subarray(start, start + length));
}

/** A place in bytes that are written; a write past the end is dropped and remembered. */
export type Writer = { readonly bytes: Uint8Array; at: number };

/** Begins to write at `at`. */
export function writer(bytes: Uint8Array, at = 0): Writer {
  return { bytes, at };
}

/** Did all fit? */
export function isWhole(into: Writer): boolean {
  return into.at <= into.bytes.length;
}

/** One byte. */
export function writeU8(into: Writer, value: number): void {
  if (into.at < into.bytes.length) into.bytes[into.at] = value;
  into.at += 1;
}

/** Two bytes, big endian. */
export function writeU16(into: Writer, value: number): void {
  putU16(into.bytes, into.at, value);
  into.at += 2;
}

/** Four bytes, big endian. */
export function writeU32(into: Writer, value: number): void {
  putU32(into.bytes, into.at, value);
  into.at += 4;
}

/** Eight bytes, big endian, of a safe integer. */
export function writeU53(into: Writer, value: number): void {
  writeU32(into, Math.floor(value / 4_294_967_296));
  writeU32(into, value % 4_294_967_296);
}

/** An incarnation; past the end it is dropped. */
export function writeIncarnation(into: Writer, incarnation: Incarnation): void {
  if (into.at + 8 <= into.bytes.length) incarnationToBytes(incarnation, into.bytes, into.at);
  into.at += 8;
}

/** A count and each of the list. */
export function writeList<T>(
  into: Writer,
  list: readonly T[],
  each: (into: Writer, value: T) => void,
): void {
  writeU8(into, list.length);
  for (const value of list) each(into, value);
}

/** Text of at most `max` bytes, cut at a whole character. */
export function writeText(into: Writer, text: string, max: number): void {
  let cut = text;
  while (textToBytes(cut).length > max) cut = cut.slice(0, -1);
  const bytes = textToBytes(cut);
  writeU8(into, bytes.length);
  for (const byte of bytes) writeU8(into, byte);
}
