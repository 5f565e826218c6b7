import { expect, test } from "bun:test";
import fc from "fast-check";
import { incarnationFromBytes, slotId } from "../base/index.ts";
import { decodeEvidence, drainSockets, encodeEvidence } from "./evidence.ts";
import { drainTurnsMax, evidenceBytesMax } from "./limits.ts";

const life = incarnationFromBytes(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
const evidence = { slot: slotId(3), life, what: "HEALTHY# went bad, seen within 90 us" };

test("the bytes are slot, life, remark", () => {
  const bytes = encodeEvidence({ ...evidence, what: "bad" });
  expect(bytes.toHex()).toBe(`030102030405060708${Buffer.from("bad").toString("hex")}`);
});

test("evidence comes back as it was", () => {
  const anyEvidence = fc.record({
    slot: fc.integer({ min: 0, max: 63 }).map(slotId),
    life: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => incarnationFromBytes(bytes)),
    what: fc.stringMatching(/^[ -~]{0,96}$/),
  });
  fc.assert(
    fc.property(anyEvidence, (given) => {
      expect(decodeEvidence(encodeEvidence(given))).toEqual(given);
    }),
  );
});

test("a longer remark is cut, and what is no printable ASCII is shown as such", () => {
  const long = decodeEvidence(encodeEvidence({ ...evidence, what: "x".repeat(200) }));
  expect(long?.what).toBe("x".repeat(evidenceBytesMax));
  const strange = encodeEvidence({ ...evidence, what: "bad\n\u001b[2J" });
  expect(decodeEvidence(strange)?.what).toBe("bad??[2J");
  const cut = encodeEvidence({ ...evidence, what: `${"x".repeat(evidenceBytesMax - 1)}é` });
  expect(decodeEvidence(cut)?.what).toBe(`${"x".repeat(evidenceBytesMax - 1)}?`);
});

test("too few bytes, too many, or no slot: no evidence", () => {
  const whole = encodeEvidence({ ...evidence, what: "" });
  expect(decodeEvidence(whole)).toEqual({ ...evidence, what: "" });
  for (let length = 0; length < whole.length; length++) {
    expect(decodeEvidence(whole.subarray(0, length))).toBeUndefined();
  }
  const most = new Uint8Array(9 + evidenceBytesMax).fill(0x20);
  expect(decodeEvidence(most)?.slot).toBe(slotId(0x20));
  expect(decodeEvidence(new Uint8Array(10 + evidenceBytesMax).fill(0x20))).toBeUndefined();
  expect(decodeEvidence(most.fill(64, 0, 1))).toBeUndefined();
});

test("bytes of any kind give evidence or none, never an exception or a control character", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 140 }), (bytes) => {
      const read = decodeEvidence(bytes);
      expect(read?.what ?? "").toMatch(/^[ -~]*$/);
    }),
  );
});

/** Counts the turns in which packets are asked for; `arrivals` is the count at each asking. */
async function drainedAfter(arrivals: (asked: number) => number): Promise<number> {
  let asked = 0;
  await drainSockets(() => arrivals(asked++));
  return asked - 1;
}

test("sockets are drained when two turns in a row brought nothing", async () => {
  expect(await drainedAfter(() => 9)).toBe(2);
  expect(await drainedAfter((asked) => Math.min(asked, 3))).toBe(5);
  expect(await drainedAfter((asked) => (asked < 2 ? 0 : 1))).toBe(4);
});

test("packets that never end do not hold the evidence up for ever", async () => {
  expect(await drainedAfter((asked) => asked)).toBe(drainTurnsMax);
});
