import { expect, test } from "bun:test";
import { nextBelow, nextU32, prng } from "../base/index.ts";
import { readChange } from "./monitor.ts";
import {
  attribute,
  attributeText,
  attributeU16,
  attributeU32,
  attributeU8,
  decodeAttributes,
  decodeMessages,
  encodeMessage,
  nested,
  nestedIn,
  numberIn,
  textIn,
} from "./netlink-message.ts";

test("what was encoded is decoded", () => {
  const parts = [
    attributeU8(1, 200),
    attributeU16(2, 60000),
    attributeU32(3, 4000000000),
    attributeText(4, "eth-a"),
    nested(5, [attributeU32(6, 7), attribute(9, new Uint8Array(0))]),
  ];
  const one = encodeMessage({ type: 16, flags: 5, sequence: 9 }, parts);
  const padded = new Uint8Array((one.length + 3) & ~3);
  padded.set(one);
  const both = new Uint8Array([...padded, ...one]);
  const messages = decodeMessages(both);
  expect(messages.map((m) => [m.type, m.flags, m.sequence])).toEqual([
    [16, 5, 9],
    [16, 5, 9],
  ]);
  const found = decodeAttributes(messages[1]?.body ?? new Uint8Array(0));
  expect([1, 2, 3].map((type) => numberIn(found, type))).toEqual([200, 60000, 4000000000]);
  expect(textIn(found, 4)).toBe("eth-a");
  expect(numberIn(nestedIn(found, 5), 6)).toBe(7);
  expect(nestedIn(found, 5).get(9)?.length).toBe(0);
  expect([numberIn(found, 4), numberIn(found, 99), textIn(found, 99)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("lengths that lie end the reading", () => {
  expect(decodeMessages(new Uint8Array(16))).toEqual([]);
  expect(decodeMessages(new Uint8Array([17, 0, 0, 0, ...new Uint8Array(12)]))).toEqual([]);
  expect(decodeAttributes(new Uint8Array([3, 0, 1, 0])).size).toBe(0);
  expect(decodeAttributes(new Uint8Array([9, 0, 1, 0, 1, 2, 3, 4])).size).toBe(0);
  expect(decodeAttributes(new Uint8Array([4, 0, 1, 0]), 2).size).toBe(0);
});

test("no bytes make the readers throw or hang", () => {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 0xffffffff));
  const rng = prng(seed);
  const types = [16, 17, 20, 21, 24, 25, 28, 29];
  const samples = types.map((type) =>
    encodeMessage({ type, flags: 0, sequence: 1 }, [
      new Uint8Array(type < 20 ? 16 : type < 24 ? 8 : 12),
      nested(18, [nested(5, [attributeU16(18, 1)]), attributeText(4, "bridge")]),
      attributeU32(1, 1),
      attributeU32(2, 1),
      attributeText(3, "eth0"),
      attributeU32(4, 1),
    ]),
  );
  try {
    for (let run = 0; run < 50_000; run++) {
      const bytes = Uint8Array.from(samples[nextBelow(rng, samples.length)] ?? []);
      const families = [0, 2, 7];
      bytes[16] = families[nextBelow(rng, 3)] ?? 0;
      for (let i = nextBelow(rng, 6); i > 0; i--)
        bytes[nextBelow(rng, bytes.length)] = nextU32(rng);
      const cut = bytes.subarray(
        0,
        nextBelow(rng, 4) === 0 ? nextBelow(rng, bytes.length) : bytes.length,
      );
      for (const message of decodeMessages(cut)) readChange(message);
    }
  } catch (thrown) {
    throw new Error(`SEED=${seed}`, { cause: thrown });
  }
});
