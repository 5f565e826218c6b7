import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { beatKey } from "./beat-key.ts";

const hex = "0123456789abcdef".repeat(4);

test("the MAC is HMAC-SHA-256 of everything before it, cut to 16 bytes", () => {
  const bytes = new Uint8Array(80).fill(7);
  beatKey(hex).seal(bytes, 64);
  const want = createHmac("sha256", Buffer.from(hex, "hex")).update(bytes.subarray(0, 64)).digest();
  expect(Buffer.from(bytes.subarray(64)).toString("hex")).toBe(
    want.subarray(0, 16).toString("hex"),
  );
});

test("any flipped bit, a missing byte and another key are refused", () => {
  const key = beatKey(hex);
  const bytes = new Uint8Array(80).fill(7);
  key.seal(bytes, 64);
  expect(key.isSealed(bytes)).toBe(true);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const wrong = bytes.slice();
    wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(key.isSealed(wrong)).toBe(false);
  }
  expect(key.isSealed(bytes.subarray(1))).toBe(false);
  expect(key.isSealed(new Uint8Array(3))).toBe(false);
  expect(beatKey("f".repeat(64)).isSealed(bytes)).toBe(false);
});
