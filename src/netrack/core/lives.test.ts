// Whole chassis of cores in virtual time: lives, replays, flapping, and what cannot be known.

import { describe, expect, test } from "bun:test";
import { monoUs, type NetworkId, slotId } from "../../base/index.ts";
import type { Beat } from "../../wire/index.ts";
import { step } from "../core.ts";
import {
  faultKeysAt,
  faultsAt,
  feed,
  healthyChassis,
  killBoard,
  mapAt,
  run,
  schedule,
  startBoard,
  startChassis,
  testDocument,
  testShape,
  toldAfterMs,
  type VirtualChassis,
} from "../fixtures.ts";
import { bestAddress } from "./best.ts";

function expectHealthy(chassis: VirtualChassis): void {
  expect([...chassis.cores.keys()].flatMap((slot) => faultsAt(chassis, slot))).toEqual([]);
}

describe("lives", () => {
  test("a restarted board is up again within two beats, without a word of faults", () => {
    const chassis = healthyChassis(11);
    const from = chassis.told.length;
    const before = mapAt(chassis, 0)?.boards[4]?.incarnation;
    killBoard(chassis, 4);
    run(chassis, 8);
    startBoard(chassis, 4);
    run(chassis, 300);
    expect(
      chassis.told
        .slice(from)
        .filter(
          ({ change }) =>
            change.type === "fault" || (change.type === "board" && change.state !== "up"),
        ),
    ).toEqual([]);
    expect(mapAt(chassis, 0)?.boards[4]?.incarnation).not.toBe(before);
    expectHealthy(chassis);
  });

  test("a quick restart, of a hub too, takes no path down on any other board's map", () => {
    for (const slot of [0, 1, 4]) {
      const chassis = healthyChassis(60 + slot);
      const from = chassis.told.length;
      killBoard(chassis, slot);
      run(chassis, 8);
      startBoard(chassis, slot);
      run(chassis, 300);
      const lost = chassis.told
        .slice(from)
        .filter(({ by, change }) => by !== slot && change.type === "path" && !change.up);
      expect({ slot, lost }).toEqual({ slot, lost: [] });
    }
  });

  test("beats recorded before the receiver restarted don't count as alive", () => {
    const chassis = healthyChassis(12);
    const recorded: [NetworkId, Beat][] = [];
    chassis.onArrival = (to, network, beat) => {
      if (to === 0 && beat.slot === 4) recorded.push([network, beat]);
    };
    run(chassis, 200);
    chassis.onArrival = undefined;
    killBoard(chassis, 4);
    run(chassis, 60);
    killBoard(chassis, 0);
    startBoard(chassis, 0);
    for (const [at, [network, beat]] of recorded.entries()) {
      schedule(chassis, at * 5000, () => feed(chassis, 0, { type: "beat", network, beat }));
    }
    run(chassis, 300);
    expect(mapAt(chassis, 0)?.boards[4]?.state).toBe("down");
    expect(chassis.cores.get(0)?.counters.unproven).toBeGreaterThan(0);
  });

  test("beats of a life that is over don't bring it back, nor hide the new one", () => {
    const chassis = healthyChassis(13);
    const recorded: [NetworkId, Beat][] = [];
    chassis.onArrival = (to, network, beat) => {
      if (to === 0 && beat.slot === 4) recorded.push([network, beat]);
    };
    run(chassis, 100);
    chassis.onArrival = undefined;
    killBoard(chassis, 4);
    startBoard(chassis, 4);
    run(chassis, 100);
    const life = mapAt(chassis, 0)?.boards[4]?.incarnation;
    for (const [network, beat] of recorded) feed(chassis, 0, { type: "beat", network, beat });
    run(chassis, 20);
    expect(mapAt(chassis, 0)?.boards[4]?.incarnation).toBe(life);
    expect(chassis.alarms.some(({ alarm }) => alarm.type === "two-incarnations")).toBe(false);
    expectHealthy(chassis);
  });

  test("two living boards of one slot raise an alarm", () => {
    const chassis = healthyChassis(14);
    const twin = startChassis(testShape, 99);
    twin.lives = 50;
    const other = startBoard(twin, 4);
    // The twin hears what slot 4 of the first chassis hears, and answers into the first chassis.
    chassis.onArrival = (to, network, beat) => {
      if (to !== 4) return;
      twin.nowUs = chassis.nowUs;
      for (const effect of step(other, { type: "beat", network, beat }, monoUs(chassis.nowUs))) {
        if (effect.type !== "send-beat") continue;
        for (const hub of [0, 1, 2])
          feed(chassis, hub, { type: "beat", network: effect.beat.network, beat: effect.beat });
      }
    };
    run(chassis, 100);
    expect(
      chassis.alarms.some(({ alarm }) => alarm.type === "two-incarnations" && alarm.slot === 4),
    ).toBe(true);
  });
});

describe("numbers that wrap", () => {
  /** As if every board had sent so many more beats, all of them heard; beats on their way are old. */
  function age(chassis: VirtualChassis, total: number): void {
    const beats = Math.min(total, 2 ** 30);
    const older = (seq: number): number => (seq + beats) >>> 0;
    for (const state of chassis.cores.values()) {
      state.seq = older(state.seq);
      for (const peer of state.direct) {
        peer.seq = older(peer.seq);
        for (const network of [0, 1] as const) {
          peer.paths[network].seq = older(peer.paths[network].seq);
          peer.echoSeqs[network] = older(peer.echoSeqs[network]);
        }
      }
    }
    run(chassis, 30);
    if (total > beats) age(chassis, total - beats);
  }

  test("nobody notices that the numbers begin again at 0", () => {
    const chassis = healthyChassis(71);
    age(chassis, 2 ** 32 - 400);
    const from = chassis.told.length;
    run(chassis, 3000);
    expect(chassis.cores.get(0)?.seq).toBeLessThan(1000);
    expect(chassis.told.slice(from)).toEqual([]);
  });

  test("after 248 days a swapped board is up although only one network works", () => {
    const chassis = healthyChassis(72);
    age(chassis, 3_000_000_000);
    chassis.isCut = (from, to, network) => network === "A" && (from === 4 || to === 4);
    killBoard(chassis, 4);
    run(chassis, 100);
    startBoard(chassis, 4);
    run(chassis, 100);
    expect(mapAt(chassis, 0)?.boards[4]).toMatchObject({ state: "up", network: { B: "ok" } });
  });

  test("a recording of 248 days ago does not silence the board that sent it", () => {
    const chassis = healthyChassis(73);
    const recorded: [NetworkId, Beat][] = [];
    chassis.onArrival = (to, network, beat) => {
      if (to === 0 && beat.slot === 4 && recorded.length < 4) recorded.push([network, beat]);
    };
    run(chassis, 30);
    age(chassis, 2 ** 31 + 100_000);
    const from = chassis.told.length;
    for (const [network, beat] of recorded) feed(chassis, 0, { type: "beat", network, beat });
    run(chassis, 200);
    expect(chassis.told.slice(from)).toEqual([]);
  });
});

describe("a newer configuration", () => {
  test("a board that becomes a hub is not called down until it is heard as one", () => {
    const shape = { hubs: 1, cards: 3 };
    const chassis = healthyChassis(81, shape);
    const from = chassis.told.length;
    for (let slot = 0; slot < 4; slot++) {
      const document = testDocument(shape, slot, 2);
      const boards = document.boards.map((board) =>
        board.slot === 1 ? { ...board, role: "controller" as const } : board,
      );
      feed(chassis, slot, { type: "document", document: { ...document, boards } });
    }
    run(chassis, 3000);
    const down = chassis.told
      .slice(from)
      .filter(({ change }) => change.type === "board" && change.state === "down");
    expect(down).toEqual([]);
  });

  test("a dead board that is taken out of it is no fault any more, and unknown if it comes back", () => {
    const chassis = healthyChassis(82);
    killBoard(chassis, 6);
    run(chassis, 200);
    expect(faultKeysAt(chassis, 0)).toEqual(["board 6"]);
    const whole = testDocument(testShape, 0, 2);
    const boards = whole.boards.filter(({ slot }) => slot !== 6);
    feed(chassis, 0, { type: "document", document: { ...whole, boards } });
    run(chassis, 100);
    expect(faultKeysAt(chassis, 0)).toEqual([]);
    feed(chassis, 0, { type: "document", document: { ...whole, version: 3 } });
    expect(mapAt(chassis, 0)?.boards[6]?.state).not.toBe("up");
    run(chassis, 1500);
    expect(faultKeysAt(chassis, 0)).toEqual(["board 6"]);
  });
});

describe("flapping", () => {
  test("a cable that falls three times in the window is held down and says damped", () => {
    const chassis = healthyChassis(21);
    for (let i = 0; i < 3; i++) {
      chassis.isCut = (from, to, network) => network === "A" && (from === 5 || to === 5);
      run(chassis, 60);
      chassis.isCut = () => false;
      run(chassis, 100);
    }
    const path = mapAt(chassis, 6)?.paths.find(
      (p) => p.from === 5 && p.to === 0 && p.network === "A",
    );
    expect(path).toMatchObject({ up: false, damped: true });
    expect(
      chassis.alarms.some(({ alarm }) => alarm.type === "path-damped" && alarm.slot === 5),
    ).toBe(true);
    run(chassis, 6000);
    expectHealthy(chassis);
  });

  test("a path that came back is believed only after upAfterMs", () => {
    const chassis = healthyChassis(22);
    const cut = (from: number, to: number, network: NetworkId): boolean =>
      network === "B" && (from === 2 || to === 2);
    chassis.isCut = cut;
    run(chassis, 100);
    chassis.isCut = () => false;
    run(chassis, 22);
    chassis.isCut = cut;
    run(chassis, 20);
    chassis.isCut = () => false;
    const since = { told: chassis.told.length, us: chassis.nowUs };
    run(chassis, 100);
    const ms = toldAfterMs(chassis, since, (c) => c.type === "path" && c.up);
    expect(Math.min(...ms)).toBeGreaterThan(26);
  });
});

describe("what a board cannot know", () => {
  test("a board that hears nobody blames its own cables and calls the others unknown", () => {
    const chassis = healthyChassis(31);
    const from = chassis.told.length;
    chassis.isCut = (a, b) => a === 1 || b === 1;
    run(chassis, 150);
    expect(faultKeysAt(chassis, 1)).toEqual(["cable 1 A", "cable 1 B"]);
    expect(
      mapAt(chassis, 1)
        ?.boards.filter(({ slot }) => slot !== 1)
        .map(({ state }) => state),
    ).toEqual(Array.from({ length: 6 }, () => "unknown"));
    expect(faultKeysAt(chassis, 0)).toEqual(["board 1"]);
    expect(
      chassis.told
        .slice(from)
        .some(({ by, change }) => by === 1 && change.type === "board" && change.state === "down"),
    ).toBe(false);
    chassis.isCut = () => false;
    run(chassis, 300);
    expectHealthy(chassis);
  });

  test("with one hub only, its death is its own and the other cards are unknown", () => {
    const chassis = healthyChassis(32, { hubs: 1, cards: 3 });
    killBoard(chassis, 0);
    run(chassis, 150);
    expect(faultKeysAt(chassis, 1)).toEqual(["board 0"]);
    expect(mapAt(chassis, 1)?.boards.map(({ state }) => state)).toEqual([
      "down",
      "up",
      "unknown",
      "unknown",
    ]);
  });
});

test("the best address changes with the path and comes back with it", () => {
  const chassis = healthyChassis(41);
  const best = (by: number, slot: number): string | undefined => {
    const map = mapAt(chassis, by);
    return map === undefined ? undefined : bestAddress(map, slotId(slot))?.address;
  };
  expect([best(0, 5), best(3, 5), best(5, 5)]).toEqual(["10.1.1.5", "10.1.1.5", "10.1.1.5"]);
  chassis.isCut = (from, _to, network) => network === "A" && from === 5;
  run(chassis, 100);
  expect([best(0, 5), best(3, 5), best(5, 3)]).toEqual(["20.1.1.5", "20.1.1.5", "20.1.1.3"]);
  killBoard(chassis, 5);
  run(chassis, 100);
  expect([best(0, 5), best(3, 5)]).toEqual([undefined, undefined]);
});

test("a degraded board says why to hubs, and that it is so to cards", () => {
  const chassis = healthyChassis(42);
  feed(chassis, 5, { type: "degraded", reason: "fan 2 stopped" });
  run(chassis, 3);
  expect([0, 2, 3].map((slot) => mapAt(chassis, slot)?.boards[5]?.degraded)).toEqual([
    "fan 2 stopped",
    "fan 2 stopped",
    "the hubs know why",
  ]);
  feed(chassis, 5, { type: "well" });
  run(chassis, 3);
  expect([0, 2, 3].map((slot) => mapAt(chassis, slot)?.boards[5]?.degraded)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
