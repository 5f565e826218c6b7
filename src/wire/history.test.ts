import { expect, test } from "bun:test";
import fc from "fast-check";
import { incarnationFromBytes, slotId } from "../base/index.ts";
import { decodeSteps, encodeSteps, historyPacketBytesMax, type ToldStep } from "./index.ts";

const life = incarnationFromBytes(new Uint8Array(8).fill(7));
const fenced: ToldStep = {
  slot: slotId(0),
  life,
  number: 12,
  ageUs: 2 ** 40 + 1,
  errorUs: 300,
  about: slotId(1),
  group: "web",
  epoch: 7,
  step: "fenced",
  text: "RST# read back, HEALTHY# bad twice (F4)",
};
const bare: ToldStep = {
  ...fenced,
  about: undefined,
  group: undefined,
  epoch: undefined,
  text: "",
};

const anyStep: fc.Arbitrary<ToldStep> = fc.record({
  slot: fc.integer({ min: 0, max: 63 }).map(slotId),
  life: fc.constant(life),
  number: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  ageUs: fc.maxSafeNat(),
  errorUs: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  about: fc.option(fc.integer({ min: 0, max: 63 }).map(slotId), { nil: undefined }),
  group: fc.option(fc.stringMatching(/^[a-z]{1,32}$/), { nil: undefined }),
  epoch: fc.option(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { nil: undefined }),
  step: fc.stringMatching(/^[a-z][a-z0-9-]{0,23}$/),
  text: fc.stringMatching(/^[ -~]{0,240}$/),
});

function allOf(packets: readonly Uint8Array[]): ToldStep[] {
  return packets.flatMap((packet) => {
    const read = decodeSteps(packet);
    if (!read.ok) throw new Error(JSON.stringify(read.error));
    return read.value;
  });
}

test("steps come back as they were, in order, in packets that fit a frame", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
      const packets = encodeSteps(steps);
      for (const packet of packets)
        expect(packet.length).toBeLessThanOrEqual(historyPacketBytesMax);
      expect(allOf(packets)).toEqual(steps);
    }),
  );
});

test("many short steps fill a packet and go on in the next", () => {
  const steps = Array.from({ length: 100 }, (_, number) => ({ ...bare, number, step: "a" }));
  const packets = encodeSteps(steps);
  expect(packets.map((packet) => packet[1])).toEqual([46, 46, 8]);
  expect(allOf(packets)).toEqual(steps);
});

test("what does not fit is cut at whole characters, and numbers are held within bounds", () => {
  const wild = { ...fenced, ageUs: -5, errorUs: 1e12, text: "ü".repeat(200), step: "Not A Name" };
  const [read] = allOf(encodeSteps([wild]));
  expect(read).toMatchObject({ ageUs: 0, errorUs: 2 ** 32 - 1, step: "unnamed" });
  expect(read?.text).toBe("ü".repeat(120));
});

test("each wrong byte is refused with its place", () => {
  const [good = new Uint8Array()] = encodeSteps([fenced]);
  const changed = (at: number, value: number): Uint8Array => {
    const copy = good.slice();
    copy[at] = value;
    return copy;
  };
  // Version, no step, too many, slot 64, about 64, flags 4, an empty name, a bad letter in it.
  const nameAt = 2 + 1 + 8 + 4 + 8 + 4 + 1 + 1 + 4 + 4;
  const wrong = [
    changed(0, 2),
    changed(1, 0),
    changed(1, 47),
    changed(2, 64),
    changed(27, 64),
    changed(28, 4),
    changed(nameAt, 0),
    changed(nameAt + 1, 0x41),
    good.slice(0, -1),
    new Uint8Array([...good, 0]),
    new Uint8Array(historyPacketBytesMax + 1),
    new Uint8Array(),
  ];
  for (const bytes of wrong) expect(decodeSteps(bytes).ok).toBe(false);
  expect(decodeSteps(good).ok).toBe(true);
});
