import { expect, test } from "bun:test";
import fc from "fast-check";
import { monoUs, parseIpv4, slotId } from "../../base/index.ts";
import { type Beat, decodeServices, encodeServices } from "../../wire/index.ts";
import type { ChassisMap } from "../types.ts";
import {
  createServices,
  hearServices,
  type Services,
  setService,
  slotsOfService,
  tellServices,
} from "./services.ts";

/** Slots 0 to 2 are hubs, the rest cards; `down` are down. */
function mapOf(self: number, down: readonly number[] = []): ChassisMap {
  const address = parseIpv4("10.1.1.1");
  if (!address.ok) throw new Error("an address");
  const atUs = monoUs(0);
  return {
    self: slotId(self),
    chassis: "test",
    configVersion: 1,
    atUs,
    paths: [],
    faults: [],
    boards: [0, 1, 2, 3, 4].map((slot) => ({
      slot: slotId(slot),
      name: `b${slot}`,
      role: slot < 3 ? "controller" : "io-card",
      state: down.includes(slot) ? "down" : "up",
      sinceUs: atUs,
      network: { A: "ok", B: "ok" },
      address: { A: address.value, B: address.value },
      incarnation: undefined,
      configVersion: 1,
      degraded: undefined,
    })),
  };
}

function beat(slot: number, seq: number): Beat {
  return {
    slot: slotId(slot),
    network: "A",
    leaving: false,
    degraded: false,
    hub: slot < 3,
    outOfTurn: false,
    lostCarrier: { A: false, B: false },
    incarnationHi: 1,
    incarnationLo: 1,
    seq,
    configVersion: 1,
    latenessUs: 0,
    peers: [],
    extensions: [],
  };
}

/** Lets a board tell in so many beats; the receivers hear every one, or none of those lost. */
function tell(
  from: Services,
  to: readonly Services[],
  beats = 40,
  isLost: (seq: number) => boolean = () => false,
): void {
  for (let seq = 0; seq < beats; seq++) {
    const told = tellServices(from, beat(from.self, 1000 + seq));
    if (told === undefined || isLost(seq)) continue;
    for (const each of to) expect(hearServices(each, from.self, told.bytes)).toBe(true);
  }
}

const make = (slot: number): Services => createServices(slotId(slot));

test("a service told by a card is found on another card, over a hub", () => {
  const [hub, card, other] = [make(1), make(3), make(4)];
  setService(card, "media", true);
  tell(card, [hub]);
  tell(hub, [other]);
  expect(slotsOfService(other, "media", mapOf(4))).toEqual([slotId(3)]);
  expect(slotsOfService(other, "nothing", mapOf(4))).toEqual([]);
});

test("a change is told at once and again, so that a lost packet only delays it", () => {
  const [hub, card] = [make(1), make(3)];
  tell(card, [hub], 10);
  setService(card, "media", true);
  const first = tellServices(card, beat(3, 2001));
  expect(first).toBeDefined();
  tell(card, [hub], 40, (seq) => seq < 10);
  expect(slotsOfService(hub, "media", mapOf(1))).toEqual([slotId(3)]);
});

test("a service that went down, or whose board restarted, is not found any more", () => {
  const [hub, card] = [make(1), make(3)];
  setService(card, "media", true);
  tell(card, [hub]);
  setService(card, "media", false);
  tell(card, [hub], 3);
  expect(slotsOfService(hub, "media", mapOf(1))).toEqual([]);
  setService(card, "media", true);
  tell(card, [hub]);
  tell(make(3), [hub], 3);
  expect(slotsOfService(hub, "media", mapOf(1))).toEqual([]);
});

test("a board that is down runs nothing, and a hub that is down is not believed", () => {
  const [old, hub, card, other] = [make(0), make(1), make(3), make(4)];
  setService(card, "media", true);
  tell(card, [old]);
  tell(old, [other]);
  tell(make(3), [hub]);
  tell(hub, [other]);
  expect(slotsOfService(other, "media", mapOf(4, [3]))).toEqual([]);
  expect(slotsOfService(other, "media", mapOf(4, [0]))).toEqual([]);
  expect(slotsOfService(other, "media", mapOf(4))).toEqual([slotId(3)]);
});

test("both copies of one beat tell the same", () => {
  const card = make(3);
  setService(card, "media", true);
  expect(tellServices(card, beat(3, 7))).toBe(tellServices(card, beat(3, 7)));
});

test("the seventeenth service of a board is refused", () => {
  const card = make(3);
  for (let i = 0; i < 16; i++) expect(setService(card, `s${i}`, true)).toBe(true);
  expect(setService(card, "s16", true)).toBe(false);
  expect(setService(card, "s3", true)).toBe(true);
});

test("a list too long for one beat is told in several", () => {
  const hub = make(0);
  const card = make(4);
  for (let slot = 1; slot < 4; slot++) {
    const one = make(slot);
    for (let i = 0; i < 16; i++) setService(one, `service-${slot}-with-name-${i}`, true);
    tell(one, [hub]);
  }
  tell(hub, [card], 200);
  expect(slotsOfService(card, "service-3-with-name-15", mapOf(4))).toEqual([slotId(3)]);
});

test("any list survives the wire, and no bytes make the decoder throw", () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,24}$/), { maxLength: 16 });
  const list = fc.uniqueArray(fc.record({ slot: fc.nat(63).map(slotId), names }), {
    selector: ({ slot }) => slot,
    maxLength: 8,
  });
  fc.assert(
    fc.property(list, (given) => {
      const sorted = given.toSorted((a, b) => a.slot - b.slot);
      const { bytes, written } = encodeServices(sorted, 100_000);
      expect(written).toBe(sorted.length);
      expect(decodeServices(bytes)).toEqual({ ok: true, value: sorted });
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void decodeServices(bytes)));
});

test("a name that hearers would refuse is refused here, and the others are still told", () => {
  const services = createServices(slotId(1));
  expect(setService(services, "", true)).toBe(false);
  expect(setService(services, "é".repeat(13), true)).toBe(false);
  expect(setService(services, "é".repeat(12), true)).toBe(true);
  const told = encodeServices([{ slot: slotId(1), names: [...services.own] }], 512);
  expect(decodeServices(told.bytes)).toMatchObject({ ok: true });
});
