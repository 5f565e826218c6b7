import { expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  addUs,
  type Ipv4,
  ipv4FromU32,
  macFromBytes,
  type MonoUs,
  monoUs,
} from "../../base/index.ts";
import type { PublicClient } from "../../wire/index.ts";
import { type AddressState, createAddressState, isHeld, stepAddresses } from "./core.ts";
import type { AddressEffect, AddressEvent } from "./events.ts";
import {
  announceAgainUs,
  announceRefreshUs,
  claimGraceUs,
  defendGapUs,
  destroysPerTurn,
  neighboursMax,
  wakesPerTurn,
} from "./limits.ts";
import type { PublicAddressSetting } from "./types.ts";

const first = ipv4FromU32(0xc0a80101);
const second = ipv4FromU32(0xc0a80102);
const own = macFromBytes(Uint8Array.of(2, 0, 0, 0, 1, 1));
const foreign = macFromBytes(Uint8Array.of(2, 0, 0, 0, 9, 9));
const virtual = macFromBytes(Uint8Array.of(2, 0, 0, 0, 7, 7));
const start = monoUs(1_000_000);
const plain: PublicAddressSetting = { address: first, prefix: 24, mac: undefined };
const sibling: PublicAddressSetting = { address: second, prefix: 24, mac: undefined };

const client = (i: number, address: Ipv4 = first): PublicClient => ({
  address,
  port: 7000,
  client: ipv4FromU32(0xc0a80200 + i),
  clientPort: 40_000,
  network: "A",
  nextHop: ipv4FromU32(0xc0a80200 + i),
  mac: macFromBytes(Uint8Array.of(2, 0, 0, 1, i >> 8, i & 255)),
});
const crowd = (count: number): PublicClient[] => Array.from({ length: count }, (_, i) => client(i));

function board(settings: readonly PublicAddressSetting[] = [plain]): AddressState {
  return createAddressState(settings, [own]);
}

/** What effects do, in words; steps as `step:count`. */
function words(effects: readonly AddressEffect[]): string[] {
  return effects.map((effect) => {
    if (effect.type === "step-done") return `${effect.step}:${effect.count}`;
    if (effect.type === "announce") return `announce ${effect.on.join("")}`;
    if (effect.type === "add-address" || effect.type === "remove-address") {
      return `${effect.type} ${effect.on.join("")}`;
    }
    if (effect.type === "set-route") return `set-route ${effect.network}`;
    if (effect.type === "report") return `report ${effect.report.type}`;
    return effect.type;
  });
}

function take(state: AddressState, event: AddressEvent, at: MonoUs = start): string[] {
  return words(stepAddresses(state, event, at)).filter((word) => word !== "set-timer");
}

const acquire = (address: Ipv4 = first, clients: readonly PublicClient[] = []): AddressEvent => ({
  type: "acquire",
  address,
  clients,
  untilUs: addUs(start, 60_000),
});
const release = (clients: readonly PublicClient[] = []): AddressEvent => ({
  type: "release",
  address: first,
  clients,
});
const timer: AddressEvent = { type: "timer-fired" };
const claim = (mac = foreign): AddressEvent => ({
  type: "arp-heard",
  address: first,
  network: "A",
  mac,
});

/** Fires every timer until `endUs`; what each one did, with its delay in ms. */
function runTimers(state: AddressState, effects: AddressEffect[], endUs: MonoUs): string[] {
  const told: string[] = [];
  let pending = effects;
  for (let i = 0; i < 10_000; i++) {
    const due = pending.findLast((effect) => effect.type === "set-timer");
    if (due?.type !== "set-timer" || due.atUs > endUs) return told;
    pending = stepAddresses(state, timer, due.atUs);
    for (const word of words(pending)) {
      if (word !== "set-timer") told.push(`+${(due.atUs - start) / 1000} ${word}`);
    }
  }
  throw new Error("the timers never end");
}

test("a takeover goes neighbours, address, announcement, clients, in this order", () => {
  expect(take(board(), acquire(first, crowd(2)))).toEqual([
    "open-gate",
    "set-neighbours",
    "neighbours-set:2",
    "add-address AB",
    "set-route A",
    "address-added:2",
    "announce AB",
    "announced:2",
    "ask-clients",
    "wake-clients",
    "clients-woken:2",
  ]);
});

test("the announcement is repeated, then refreshed; clients are woken three times more", () => {
  const state = board();
  const effects = stepAddresses(state, acquire(first, crowd(1)), start);
  const told = runTimers(state, effects, addUs(start, 2 * announceRefreshUs));
  const announced = told
    .filter((each) => each.includes("announce"))
    .map((each) => each.split(" ")[0]);
  expect(announced).toEqual(["+1", "+3", "+10", "+30", "+100", "+300", "+10000", "+20000"]);
  const woken = told.filter((each) => each.includes("wake-clients"));
  expect(woken).toEqual(["+1 wake-clients", "+3 wake-clients", "+10 wake-clients"]);
  expect(told.filter((each) => each.includes("ask-clients"))).toEqual([]);
});

test("a late loop sends one announcement for all that were due", () => {
  const state = board();
  stepAddresses(state, acquire(), start);
  expect(take(state, timer, addUs(start, 50_000))).toEqual(["announce AB"]);
  expect(take(state, timer, addUs(start, 100_000))).toEqual(["announce AB"]);
});

test("a crowd of clients is woken in turns, all of them once, and told when all are", () => {
  const state = board();
  const count = 1000;
  const effects = stepAddresses(state, acquire(first, crowd(count)), start);
  const neighbours = effects.find((effect) => effect.type === "set-neighbours");
  expect(neighbours?.type === "set-neighbours" && neighbours.clients.length).toBe(neighboursMax);
  const woken = new Set<string>();
  let all = effects;
  let toldAt = -1;
  for (let turn = 0; toldAt < 0 && turn < 100; turn++) {
    const size = all.reduce(
      (sum, effect) =>
        effect.type === "wake-clients" || effect.type === "ask-clients"
          ? sum + effect.clients.length
          : sum,
      0,
    );
    expect(size).toBeLessThanOrEqual(wakesPerTurn);
    for (const effect of all) {
      if (effect.type === "wake-clients") for (const c of effect.clients) woken.add(c.client);
      if (effect.type === "step-done" && effect.step === "clients-woken") toldAt = turn;
    }
    expect(toldAt >= 0).toBe(woken.size === count);
    all = stepAddresses(state, timer, start);
  }
  expect(woken.size).toBe(count);
});

test("a release shuts the gate first, ends connections in turns, and then removes the address", () => {
  const state = board();
  stepAddresses(state, acquire(), start);
  const many = destroysPerTurn * 2 + 1;
  expect(take(state, release(crowd(many)))).toEqual(["shut-gate", "end-connections"]);
  expect(isHeld(state, first)).toBe(false);
  expect(take(state, release(crowd(1)))).toEqual(["end-connections"].slice(1));
  expect(take(state, timer)).toEqual(["end-connections"]);
  expect(take(state, timer)).toEqual([
    "end-connections",
    `connections-ended:${many}`,
    "remove-address AB",
    "remove-route",
    "address-removed:1",
  ]);
  expect(stepAddresses(state, timer, start)).toEqual([]);
});

test("an address that comes back during its release stays, and nothing more of it is ended", () => {
  const state = board();
  stepAddresses(state, acquire(), start);
  stepAddresses(state, release(crowd(100)), start);
  expect(take(state, acquire())[0]).toBe("open-gate");
  expect(take(state, timer, addUs(start, 5000))).toEqual(["announce AB"]);
  expect(isHeld(state, first)).toBe(true);
});

test("a board that holds nothing removes what a predecessor may have left", () => {
  expect(take(board(), release())).toEqual([
    "shut-gate",
    "connections-ended:0",
    "remove-address AB",
    "remove-route",
    "address-removed:1",
  ]);
});

test("addresses of one subnet share a route: the last one's goes, before that it is another's", () => {
  const state = board([plain, sibling]);
  stepAddresses(state, acquire(first), start);
  take(state, { type: "network-changed", network: "A", usable: false });
  take(state, { type: "network-changed", network: "A", usable: true });
  expect(take(state, acquire(second))).toContain("set-route B"); // where its sibling is
  const told = take(state, release());
  expect(told).toContain("set-route B");
  expect(told).not.toContain("remove-route");
  expect(take(state, { type: "release", address: second, clients: [] })).toContain("remove-route");
});

test("nobody is asked through a router, nor on a network the address is not on", () => {
  const routed = { ...client(1), nextHop: ipv4FromU32(0xc0a802fe) };
  const elsewhere: PublicClient = { ...client(2), network: "B" };
  const asked = (setting: PublicAddressSetting): number => {
    const effects = stepAddresses(board([setting]), acquire(first, [routed, elsewhere]), start);
    const ask = effects.find((effect) => effect.type === "ask-clients");
    return ask?.type === "ask-clients" ? ask.clients.length : 0;
  };
  expect([asked(plain), asked({ ...plain, mac: virtual })]).toEqual([1, 0]);
});

test("an address that cannot be added is not held, and its gate is shut", () => {
  const state = board();
  stepAddresses(state, acquire(), start);
  const failed: AddressEvent = { type: "address-failed", address: first, reason: "ENODEV" };
  expect(take(state, failed)).toEqual([
    "shut-gate",
    "remove-address AB",
    "remove-route",
    "report failed",
  ]);
  expect(isHeld(state, first)).toBe(false);
  expect(take(state, failed)).toEqual([]);
});

test("a foreign claim is told and answered, both within a rate; an own MAC's is not", () => {
  const state = board();
  expect(take(state, claim())).toEqual([]); // not held: the other is right
  stepAddresses(state, acquire(), start);
  expect(take(state, claim(), addUs(start, claimGraceUs - 1))).toEqual([]); // the board's before
  const calm = addUs(start, 1_000_000);
  stepAddresses(state, timer, calm);
  expect(take(state, claim(own), calm)).toEqual([]);
  expect(take(state, claim(), calm)).toEqual(["announce AB", "report duplicate"]);
  expect(take(state, claim(), addUs(calm, defendGapUs - 1))).toEqual([]);
  expect(take(state, claim(), addUs(calm, defendGapUs))).toEqual(["announce AB"]);
  const told = stepAddresses(state, claim(), addUs(calm, 1_000_000)).find(
    (e) => e.type === "report",
  );
  expect(told?.report).toMatchObject({ type: "duplicate", mac: foreign, network: "A", claims: 3 });
});

test("figure 12, faults 1 and 2: without A the route goes over B, and B is announced", () => {
  const state = board();
  stepAddresses(state, acquire(), start);
  const lost: AddressEvent = { type: "network-changed", network: "A", usable: false };
  expect(take(state, lost)).toEqual(["set-route B", "announce B"]);
  expect(take(state, lost)).toEqual([]);
  const back: AddressEvent = { type: "network-changed", network: "A", usable: true };
  // Stays on B: no second disturbance. A's device may be another one, which has no address yet.
  expect(take(state, back)).toEqual(["add-address A", "announce AB"]);
  expect(take(state, { type: "network-changed", network: "B", usable: false })).toEqual([
    "set-route A",
    "announce A",
  ]);
});

test("without any network nothing is announced, and an address is taken all the same", () => {
  const state = board();
  for (const network of ["A", "B"] as const) {
    take(state, { type: "network-changed", network, usable: false });
  }
  const told = take(state, acquire());
  expect(told).toContain("add-address AB");
  expect(told).toContain("announce ");
  expect(told).toContain("announced:0");
});

test("an address with its own MAC is on one network, and moves to the other with its frames", () => {
  const state = board([{ ...plain, mac: virtual }]);
  expect(take(state, acquire())).toContain("add-address A");
  expect(take(state, claim(virtual), addUs(start, 200_000))).toEqual([]);
  expect(take(state, { type: "network-changed", network: "A", usable: false })).toEqual([
    "remove-address A",
    "add-address B",
    "set-route B",
    "announce B",
  ]);
});

test("after a healed split every held address is announced again, with all repeats", () => {
  const state = board([plain, sibling]);
  stepAddresses(state, acquire(first), start);
  stepAddresses(state, acquire(second), start);
  const later = addUs(start, 5_000_000);
  stepAddresses(state, timer, later);
  const effects = stepAddresses(state, { type: "announce-again" }, later);
  expect(words(effects).filter((word) => word === "announce AB")).toHaveLength(2);
  const due = effects.findLast((effect) => effect.type === "set-timer");
  expect(due?.type === "set-timer" && due.atUs - later).toBe(announceAgainUs[0] ?? 0);
});

test("verified is told for a held address only", () => {
  const state = board();
  expect(take(state, { type: "verified", address: first })).toEqual([]);
  stepAddresses(state, acquire(), start);
  expect(take(state, { type: "verified", address: first })).toEqual(["verified:1"]);
});

const anyEvent: fc.Arbitrary<AddressEvent> = fc.oneof(
  fc.record({
    type: fc.constant("acquire" as const),
    address: fc.constantFrom(first, second),
    clients: fc.nat(300).map(crowd),
    untilUs: fc.constant(addUs(start, 60_000)),
  }),
  fc.record({
    type: fc.constant("release" as const),
    address: fc.constantFrom(first, second),
    clients: fc.nat(60).map(crowd),
  }),
  fc.record({
    type: fc.constant("address-failed" as const),
    address: fc.constantFrom(first, second),
    reason: fc.constant("EPERM"),
  }),
  fc.record({
    type: fc.constant("arp-heard" as const),
    address: fc.constantFrom(first, second, ipv4FromU32(7)),
    network: fc.constantFrom("A" as const, "B" as const),
    mac: fc.constantFrom(own, foreign),
  }),
  fc.record({
    type: fc.constant("network-changed" as const),
    network: fc.constantFrom("A" as const, "B" as const),
    usable: fc.boolean(),
  }),
  fc.constant({ type: "announce-again" } as const),
  fc.constant(timer),
);

test("any order of events: only held addresses speak, and a gate is open only while one is held", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyEvent, fc.nat(20_000)), { maxLength: 60 }), (events) => {
      const state = board([plain, sibling]);
      const open = new Set<Ipv4>();
      let now = start;
      for (const [event, passedUs] of events) {
        now = addUs(now, passedUs);
        for (const effect of stepAddresses(state, event, now)) {
          if (effect.type === "open-gate") open.add(effect.address);
          if (effect.type === "shut-gate") open.delete(effect.address);
          if (effect.type === "announce") expect(open.has(effect.setting.address)).toBe(true);
          if (effect.type === "remove-address" && effect.on.length === 2) {
            expect(open.has(effect.setting.address)).toBe(false);
          }
        }
        expect([...state.held.keys()].toSorted()).toEqual([...open].toSorted());
      }
    }),
    { numRuns: 300 },
  );
});
