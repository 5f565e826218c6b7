// Whole chassis of cores in virtual time: what every board says about one injected fault.

import { describe, expect, test } from "bun:test";
import { type NetworkId, nextBelow, nextOf, type Prng, prng, slotId } from "../../base/index.ts";
import {
  type ChassisShape,
  faultKeysAt,
  faultsAt,
  feed,
  healthyChassis,
  killBoard,
  pauseBoard,
  run,
  startBoard,
  startChassis,
  toldAfterMs,
  type VirtualChassis,
} from "../fixtures.ts";
import type { Fault } from "../types.ts";
import { faultKey } from "./diagnosis.ts";

const slotsOf = ({ hubs, cards }: ChassisShape): number[] =>
  Array.from({ length: hubs + cards }, (_, slot) => slot);

/** Keys of all faults any board told since `from`, cleared ones left out. */
function keysTold(chassis: VirtualChassis, from: number): Set<string> {
  const keys = new Set<string>();
  for (const { change } of chassis.told.slice(from)) {
    if (change.type === "fault" && !change.cleared) keys.add(faultKey(change.fault));
  }
  return keys;
}

/** Everybody alive names exactly `keys`. */
function expectEverywhere(chassis: VirtualChassis, keys: string[]): void {
  const said = [...chassis.cores.keys()].map((slot) => [slot, faultKeysAt(chassis, slot)]);
  expect(said).toEqual([...chassis.cores.keys()].map((slot) => [slot, keys]));
}

type Injection = { readonly fault: Fault; readonly inject: (chassis: VirtualChassis) => void };

function randomFault(rng: Prng, { hubs, cards }: ChassisShape): Injection {
  const count = hubs + cards;
  const slot = nextBelow(rng, count);
  const network = nextOf<NetworkId>(rng, ["A", "B"]);
  const port = slot === 0 ? undefined : String(slot);
  const at = { slot: slotId(slot), network, port };
  const cut = (isCut: VirtualChassis["isCut"]) => (chassis: VirtualChassis) => {
    chassis.isCut = isCut;
  };
  switch (nextBelow(rng, 7)) {
    case 0:
      return { fault: { kind: "board", slot: at.slot }, inject: (c) => killBoard(c, slot) };
    case 1:
      return {
        fault: { kind: "leaving", slot: at.slot },
        inject: (c) => {
          feed(c, slot, { type: "leaving" });
          run(c, 2);
          killBoard(c, slot);
        },
      };
    case 2:
      return {
        fault: { kind: "cable", ...at, carrier: true },
        inject: cut((from, to, n) => n === network && (from === slot || to === slot)),
      };
    case 3:
      return {
        fault: { kind: "switch", name: network === "A" ? "sw-a" : "sw-b", network },
        inject: cut((_from, _to, n) => n === network),
      };
    case 4:
      return {
        fault: { kind: "one-way", ...at, way: "deaf" },
        inject: cut((_from, to, n) => n === network && to === slot),
      };
    case 5:
      return {
        fault: { kind: "one-way", ...at, way: "mute" },
        inject: cut((from, _to, n) => n === network && from === slot),
      };
    default: {
      const hub = nextBelow(rng, hubs);
      const other = (hub + 1 + nextBelow(rng, count - 1)) % count;
      const [from, to] = nextBelow(rng, 2) === 0 ? [hub, other] : [other, hub];
      return {
        fault: { kind: "path", from: slotId(from), to: slotId(to), network },
        inject: cut((f, t, n) => n === network && f === from && t === to),
      };
    }
  }
}

describe("one fault", () => {
  const seeds = process.env["SEED"] === undefined ? 60 : 1;
  const first = Number(process.env["SEED"] ?? 1);
  test(`is named by every board, and nothing else is, and nothing stays after it (seeds ${first} to ${first + seeds - 1}; SEED=n)`, () => {
    for (let seed = first; seed < first + seeds; seed++) {
      const rng = prng(seed);
      const random = { hubs: 2 + nextBelow(rng, 2), cards: 1 + nextBelow(rng, 20) };
      const { fault, inject } = randomFault(rng, random);
      const chassis = startChassis(random, seed);
      run(chassis, 1250 + nextBelow(rng, 10_000) / 1000);
      const from = chassis.told.length;
      inject(chassis);
      run(chassis, 120);
      const story = { seed, shape: random, fault: faultKey(fault) };
      for (const slot of chassis.cores.keys()) {
        if (slot === ("slot" in fault ? fault.slot : -1) && fault.kind === "leaving") continue;
        expect({ ...story, slot, said: faultKeysAt(chassis, slot) }).toEqual({
          ...story,
          slot,
          said: [faultKey(fault)],
        });
      }
      expect({ ...story, told: [...keysTold(chassis, from)] }).toEqual({
        ...story,
        told: [faultKey(fault)],
      });
      chassis.isCut = () => false;
      if (fault.kind === "board" || fault.kind === "leaving") startBoard(chassis, fault.slot);
      run(chassis, 300);
      for (const slot of slotsOf(random)) {
        expect({ ...story, slot, after: faultKeysAt(chassis, slot) }).toEqual({
          ...story,
          slot,
          after: [],
        });
      }
      expect({ ...story, told: [...keysTold(chassis, from)] }).toEqual({
        ...story,
        told: [faultKey(fault)],
      });
    }
  }, 60_000);
});

/** Board states and faults told since `from`, as one line each. */
function storyOf(chassis: VirtualChassis, from: number): string[] {
  const lines = new Set<string>();
  for (const { change } of chassis.told.slice(from)) {
    if (change.type === "board") lines.add(`board ${change.slot} ${change.state}`);
    if (change.type === "fault")
      lines.add(`${change.cleared ? "cleared" : "found"} ${faultKey(change.fault)}`);
  }
  return [...lines];
}

describe("time", () => {
  test("a dead board is down on every map within 40 ms, and within a ms of the last hub's verdict", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const chassis = healthyChassis(seed);
      run(chassis, seed / 2);
      const since = { told: chassis.told.length, us: chassis.nowUs };
      killBoard(chassis, 4);
      run(chassis, 100);
      const ms = toldAfterMs(
        chassis,
        since,
        (c) => c.type === "board" && c.slot === 4 && c.state === "down",
      );
      expect(Math.max(...ms)).toBeLessThan(40);
      expect(Math.max(...ms) - Math.min(...ms.slice(0, 3))).toBeLessThan(1.5);
    }
  });

  test("a lost carrier is on every map within 2 ms and names the cable within 10", () => {
    const chassis = healthyChassis(3);
    const since = { told: chassis.told.length, us: chassis.nowUs };
    chassis.isCut = (from, to, network) => network === "A" && (from === 5 || to === 5);
    feed(chassis, 5, { type: "carrier", network: "A", up: false });
    run(chassis, 60);
    const paths = toldAfterMs(chassis, since, (c) => c.type === "path" && !c.up);
    const named = toldAfterMs(chassis, since, (c) => c.type === "fault");
    expect(Math.max(...paths)).toBeLessThan(2);
    expect(Math.max(...named)).toBeLessThan(10);
    expect(faultsAt(chassis, 0)).toEqual([
      "slot 5 cut from A: no carrier, cable or port sw-a/5 (works on B)",
    ]);
    chassis.isCut = () => false;
    feed(chassis, 5, { type: "carrier", network: "A", up: true });
    run(chassis, 120);
    expectEverywhere(chassis, []);
  });

  test("an orderly shutdown is known within 2 ms and never becomes a dead board", () => {
    const chassis = healthyChassis(4);
    const since = { told: chassis.told.length, us: chassis.nowUs };
    feed(chassis, 6, { type: "leaving" });
    run(chassis, 5);
    const ms = toldAfterMs(chassis, since, (c) => c.type === "board" && c.state === "leaving");
    expect(Math.max(...ms)).toBeLessThan(2);
    killBoard(chassis, 6);
    run(chassis, 500);
    expect(storyOf(chassis, since.told)).toEqual(["board 6 leaving", "found leaving 6"]);
  });
});

describe("a late observer", () => {
  test("accuses nobody after a pause, however long, whichever board it is (leases.md V8)", () => {
    for (const slot of [0, 1, 5]) {
      for (const ms of [15, 30, 60, 250, 2000]) {
        const chassis = healthyChassis(slot * 10 + 1);
        const from = chassis.told.length;
        pauseBoard(chassis, slot, ms);
        run(chassis, ms + 100);
        const accused = chassis.told
          .slice(from)
          .filter(
            ({ by, change }) => by === slot && change.type !== "fault" && change.type === "board",
          );
        expect({
          slot,
          ms,
          accused: accused.filter(({ change }) => change.type === "board" && change.slot !== slot),
        }).toEqual({ slot, ms, accused: [] });
        run(chassis, 200);
        expectEverywhere(chassis, []);
      }
    }
  });

  test("tells that it was late, and drains once per pause", () => {
    const chassis = healthyChassis(7);
    pauseBoard(chassis, 1, 50);
    run(chassis, 100);
    expect(chassis.alarms.filter(({ by }) => by === 1).map(({ alarm }) => alarm.type)).toEqual([
      "late",
    ]);
  });
});
