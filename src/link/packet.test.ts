import { describe, expect, test } from "bun:test";
import { type Incarnation, parseIncarnation, slotId } from "../base/index.ts";
import { linkPayloadBytesMax, replayWindow } from "./limits.ts";
import {
  decodeLinkPacket,
  encodeLinkPacket,
  type Heard,
  isFirst,
  linkHeaderBytes,
  linkKey,
  linkMacBytes,
} from "./packet.ts";

function life(digit: string): Incarnation {
  const parsed = parseIncarnation(digit.repeat(16));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

const key = linkKey("0a".repeat(32));
const [c1, c2] = [slotId(1), slotId(2)];
const packet = {
  channel: 3,
  from: c1,
  to: c2,
  fromLife: life("1"),
  toLife: life("2"),
  number: 2 ** 40 + 7,
  payload: new Uint8Array([1, 2, 3]),
};
const expected = {
  self: c2,
  ownLife: life("2"),
  lifeOf: (slot: number) => (slot === 1 ? life("1") : undefined),
};
const sealed = encodeLinkPacket(key, packet);

describe("a packet", () => {
  test("arrives as it was sent", () => {
    expect(decodeLinkPacket(key, sealed, expected)).toEqual(packet);
  });

  test("counts only with the chassis key, unchanged to the last bit", () => {
    expect(decodeLinkPacket(linkKey("0b".repeat(32)), sealed, expected)).toBe("wrong-mac");
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Uint8Array.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(typeof decodeLinkPacket(key, changed, expected)).toBe("string");
    }
  });

  test("counts only between the lives it was sent between", () => {
    const later = { ...expected, ownLife: life("3") };
    expect(decodeLinkPacket(key, sealed, later)).toBe("other-life");
    const other = { ...expected, lifeOf: () => life("9") };
    expect(decodeLinkPacket(key, sealed, other)).toBe("other-life");
    expect(decodeLinkPacket(key, sealed, { ...expected, lifeOf: () => undefined })).toBe(
      "other-life",
    );
    expect(decodeLinkPacket(key, sealed, { ...expected, self: slotId(4) })).toBe("not-for-us");
  });

  test("of any length and content is refused without harm", () => {
    for (let length = 0; length < linkHeaderBytes + linkMacBytes; length++) {
      expect(decodeLinkPacket(key, sealed.subarray(0, length), expected)).toBe("malformed");
    }
    const long = new Uint8Array(linkHeaderBytes + linkPayloadBytesMax + linkMacBytes + 1);
    expect(decodeLinkPacket(key, long, expected)).toBe("malformed");
    const full = { ...packet, payload: new Uint8Array(linkPayloadBytesMax) };
    expect(decodeLinkPacket(key, encodeLinkPacket(key, full), expected)).toEqual(full);
  });
});

describe("a number", () => {
  test("counts once, in whatever order the networks bring it", () => {
    const heard: Heard = { life: life("1"), newest: 0, before: 0 };
    const seen = new Set<number>();
    let state = 12_345;
    for (let i = 0; i < 20_000; i++) {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      const number = Math.max(1, Math.floor(i / 4) + (state % 40) - 20);
      const isNear = heard.newest - number <= replayWindow;
      expect([number, isFirst(heard, number)]).toEqual([number, isNear && !seen.has(number)]);
      seen.add(number);
    }
  });

  test("far ahead is taken, and what it left far behind never again", () => {
    const heard: Heard = { life: life("1"), newest: 0, before: 0 };
    expect(isFirst(heard, 5)).toBe(true);
    for (const ahead of [replayWindow, replayWindow + 1, 64, 1_000_000]) {
      const before = heard.newest;
      expect(isFirst(heard, before + ahead)).toBe(true);
      expect(isFirst(heard, before)).toBe(false);
    }
  });
});
