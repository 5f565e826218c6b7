import { expect, test } from "bun:test";
import fc from "fast-check";
import { networkIds, slotId } from "../base/index.ts";
import {
  type Beat,
  beatBytesMax,
  beatMacBytes,
  beatPeerFlags,
  beatReason,
  beatReasonExtension,
  decodeBeat,
  encodeBeat,
} from "./index.ts";
import { bytesOf, joined, must, u16s, u32s } from "../../test/fixtures/wire/values.ts";

const byHand = bytesOf(
  "5342" + // "SB"
    "01" + // version
    "06" + // degraded, hub
    "01" + // slot 1
    "01" + // network B
    "01" + // one peer
    "02" + // carrier lost on B
    "0011223344556677" + // incarnation
    "00000100" + // seq 256
    "00000007" + // configVersion 7
    "000001f4" + // lateness 500 us
    "0008" + // extension bytes
    "0000" + // reserved
    "05" + // peer: slot 5
    "00" + // reserved
    "0101" + // hears on A, proven
    "8899aabbccddeeff" + // its incarnation
    "ffffffff" + // seqA
    "00000000" + // seqB
    "00010004" + // extension 1, 4 bytes
    "6469736b" + // "disk"
    "00".repeat(16), // MAC, filled in by the sender
);
const beat: Beat = {
  slot: slotId(1),
  network: "B",
  leaving: false,
  degraded: true,
  hub: true,
  outOfTurn: false,
  lostCarrier: { A: false, B: true },
  incarnationHi: 0x00112233,
  incarnationLo: 0x44556677,
  seq: 256,
  configVersion: 7,
  latenessUs: 500,
  peers: [
    {
      slot: slotId(5),
      flags: beatPeerFlags.hearsA | beatPeerFlags.proven,
      incarnationHi: 0x8899aabb,
      incarnationLo: 0xccddeeff,
      seqA: 0xffffffff,
      seqB: 0,
    },
  ],
  extensions: [{ type: 1, bytes: new TextEncoder().encode("disk") }],
};
const peerLists = fc.uniqueArray(fc.nat(63), { maxLength: 64 }).chain((slots) =>
  fc.tuple(
    ...slots
      .toSorted((a, b) => a - b)
      .map((slot) =>
        fc.record({
          slot: fc.constant(slotId(slot)),
          flags: u16s,
          incarnationHi: u32s,
          incarnationLo: u32s,
          seqA: u32s,
          seqB: u32s,
        }),
      ),
  ),
);
const beats: fc.Arbitrary<Beat> = fc.record({
  slot: fc.nat(63).map(slotId),
  network: fc.constantFrom(...networkIds),
  leaving: fc.boolean(),
  degraded: fc.boolean(),
  hub: fc.boolean(),
  outOfTurn: fc.boolean(),
  lostCarrier: fc.record({ A: fc.boolean(), B: fc.boolean() }),
  incarnationHi: u32s,
  incarnationLo: u32s,
  seq: u32s,
  configVersion: u32s,
  latenessUs: u32s,
  peers: peerLists,
  extensions: fc.array(fc.record({ type: u16s, bytes: fc.uint8Array({ maxLength: 32 }) }), {
    maxLength: 4,
  }),
});

/** The packet as a sender makes it, with a MAC of zeros. */
function packet(value: Beat): Uint8Array {
  const into = new Uint8Array(beatBytesMax).fill(0xee); // a used buffer: nothing may shine through
  const length = must(encodeBeat(value, into));
  return into.fill(0, length).slice(0, length + beatMacBytes);
}

test("a beat has the bytes worked out by hand, both ways", () => {
  expect(packet(beat).toHex()).toBe(byHand.toHex());
  expect(must(decodeBeat(byHand))).toEqual(beat);
});

test("what is written is read back", () => {
  fc.assert(fc.property(beats, (value) => expect(must(decodeBeat(packet(value)))).toEqual(value)));
});

test("all 64 slots with full extensions fit one frame", () => {
  const peers = Array.from({ length: 64 }, (_, i) => ({ ...beat.peers[0], slot: slotId(i) }));
  const full = { ...beat, peers, extensions: [{ type: 9, bytes: new Uint8Array(140) }] } as Beat;
  expect(packet(full).length).toBe(1472);
  const more = { ...full, extensions: [{ type: 9, bytes: new Uint8Array(141) }] };
  expect(encodeBeat(more, new Uint8Array(3000))).toMatchObject({ error: { atByte: 28 } });
});

test("a beat cut or lengthened anywhere is refused", () => {
  for (let length = 0; length < byHand.length; length++) {
    expect(decodeBeat(byHand.subarray(0, length)).ok).toBe(false);
  }
  expect(decodeBeat(joined(byHand, new Uint8Array(1))).ok).toBe(false);
  const withMore = joined(byHand.subarray(0, 60), bytesOf("00090000"), byHand.subarray(60));
  expect(decodeBeat(withMore)).toMatchObject({ error: { atByte: 6 } });
});

test("each field out of its range is refused at its place", () => {
  for (const [at, value, want] of [
    [0, 0x54, 0], // magic
    [2, 2, 2], // version
    [4, 64, 4], // slot
    [5, 2, 5], // network
    [6, 65, 6], // peerCount
    [6, 2, 6], // peerCount against length
    [29, 9, 6], // extensionBytes against length
    [28, 1, 6], // extensionBytes far beyond the packet
    [32, 64, 32], // peer slot
    [55, 5, 54], // extension length
  ] as const) {
    const bytes = byHand.slice();
    bytes[at] = value;
    const read = decodeBeat(bytes);
    expect([at, read.ok ? -1 : read.error.atByte]).toEqual([at, want]);
  }
});

test("peers out of order or doubled are refused, reading and writing", () => {
  const [peer] = beat.peers;
  if (peer === undefined) throw new Error("the test beat has a peer");
  for (const slots of [
    [5, 5],
    [6, 5],
  ]) {
    const peers = slots.map((slot) => ({ ...peer, slot: slotId(slot) }));
    expect(encodeBeat({ ...beat, peers }, new Uint8Array(200))).toMatchObject({
      error: { atByte: 52 },
    });
    const bytes = packet({ ...beat, peers: [peer, { ...peer, slot: slotId(7) }] });
    bytes[32] = slots[0] ?? 0;
    bytes[52] = slots[1] ?? 0;
    expect(decodeBeat(bytes)).toMatchObject({ error: { atByte: 52 } });
  }
});

test("reserved bytes and unknown header flags are ignored", () => {
  const later = byHand.slice();
  later[3] = 0xf6;
  later[31] = 1;
  later[33] = 1;
  expect(must(decodeBeat(later))).toEqual(beat);
});

test("a decoded beat keeps its values when the packet's buffer is used again", () => {
  const bytes = Buffer.from(byHand); // what sockets deliver: its slice() shares memory
  const read = must(decodeBeat(bytes));
  bytes.fill(0);
  expect(read).toEqual(beat);
});

test("a reason is cut at a whole character and told back", () => {
  expect(beatReason(beat)).toBe("disk");
  expect(beatReason({ ...beat, extensions: [] })).toBeUndefined();
  const long = beatReasonExtension("x" + "ä".repeat(40));
  expect(long.bytes.length).toBe(63);
  expect(beatReason({ ...beat, extensions: [long] })).toBe("x" + "ä".repeat(31));
  const tooLong = { type: 1, bytes: new Uint8Array(65) };
  expect(encodeBeat({ ...beat, extensions: [tooLong] }, new Uint8Array(300)).ok).toBe(false);
});

test("no room for the beat and its MAC is an error", () => {
  expect(encodeBeat(beat, new Uint8Array(byHand.length - 1)).ok).toBe(false);
  expect(encodeBeat(beat, new Uint8Array(byHand.length)).ok).toBe(true);
});
