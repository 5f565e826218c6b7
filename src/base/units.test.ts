import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  addUs,
  incarnationFromBytes,
  incarnationToBytes,
  ipv4FromBytes,
  ipv4FromU32,
  ipv4ToBytes,
  ipv4ToU32,
  macFromBytes,
  macToBytes,
  monoUs,
  parseIpv4,
  parseMac,
  parseSlotId,
} from "./units.ts";

test("a MAC is read in every usual spelling and written in one", () => {
  for (const text of ["52:54:00:AB:cd:ef", "52-54-00-ab-cd-ef", "525400abcdef"]) {
    expect(parseMac(text)).toEqual({ ok: true, value: "52:54:00:ab:cd:ef" as never });
  }
});

test("what is not a MAC is refused with the right form", () => {
  for (const text of [
    "",
    "52:54:00",
    "52:54:00:ab:cd:eg",
    "5:254:00:ab:cd:ef",
    "52:54:00:ab:cd:ef:01",
  ]) {
    const parsed = parseMac(text);
    expect(parsed.ok).toBe(false);
    expect(parsed.ok ? "" : parsed.error).toContain("52:54:00:12:34:56");
  }
});

test("an IPv4 address with leading zeros or parts over 255 is refused", () => {
  for (const text of ["010.1.1.7", "10.1.1", "10.1.1.256", "10.1.1.7 ", "a.b.c.d", ""]) {
    expect(parseIpv4(text).ok).toBe(false);
  }
  expect(parseIpv4("10.1.1.7").ok).toBe(true);
});

test("slot numbers are 0 to 63", () => {
  expect([0, 1, 63].map((n) => parseSlotId(n).ok)).toEqual([true, true, true]);
  expect([-1, 64, 1.5, Number.NaN].map((n) => parseSlotId(n).ok)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test("bytes and text of addresses are the same thing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (bytes) => {
      const copy = new Uint8Array(8);
      macToBytes(macFromBytes(bytes), copy);
      expect(copy.subarray(0, 6)).toEqual(bytes.subarray(0, 6));
      ipv4ToBytes(ipv4FromBytes(bytes), copy);
      expect(copy.subarray(0, 4)).toEqual(bytes.subarray(0, 4));
      incarnationToBytes(incarnationFromBytes(bytes), copy);
      expect(copy).toEqual(bytes);
    }),
  );
  fc.assert(fc.property(fc.nat(0xffffffff), (n) => ipv4ToU32(ipv4FromU32(n)) === n));
});

test("monotonic time never goes below zero and refuses what is no time", () => {
  expect(Number(addUs(monoUs(5), -10))).toBe(0);
  expect(() => monoUs(Number.NaN)).toThrow(RangeError);
  expect(() => monoUs(-1)).toThrow(RangeError);
});
