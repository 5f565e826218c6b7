// Reading and writing numbers in network byte order. Callers check lengths first; a read past the
// end gives zero bits and a write past the end is dropped, so no call can throw or reach outside.

/** One byte at `at`, 0 to 255. */
export function u8(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

/** Two bytes at `at`, big endian. */
export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** Four bytes at `at`, big endian, unsigned. */
export function u32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16);
  return (high | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;
}

/** Writes the low 16 bits of `value` at `at`, big endian. */
export function putU16(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 8;
  into[at + 1] = value;
}

/** Writes the low 32 bits of `value` at `at`, big endian. */
export function putU32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

/** A copy of `start` to `end`. (A socket's Buffer has a `slice` that shares its memory.) */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start);
  for (let i = 0; i < copy.length; i++) copy[i] = bytes[start + i] ?? 0;
  return copy;
}

/** True for a whole number from 0 to `max`. */
export function isUint(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** Bytes as UTF-8; what is no UTF-8 becomes U+FFFD. */
export function textFromBytes(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

/** Text as UTF-8. */
export function textToBytes(text: string): Uint8Array {
  return encoder.encode(text);
}
