// What follows a fence: F6, F7, F8, by their names in leases.md §3.

import { describe, expect, test } from "bun:test";
import {
  acts,
  beatAndRead,
  empty,
  fence,
  fire,
  good,
  inReset,
  life,
  pass,
  read,
  silentBoard,
  slot1,
  slotWorld,
  tell,
  theSlot,
  unpowered,
  proofIn,
} from "./testing.ts";

describe("F6: held until committed", () => {
  function heldBoard() {
    const world = silentBoard();
    fence(world);
    read(world, inReset);
    pass(world, 1);
    expect(acts(read(world, inReset))).toEqual(["proof strong F4"]);
    return world;
  }

  test("released T_HOLD after the order when the record is committed at once", () => {
    const world = heldBoard();
    const { phaseUs } = theSlot(world);
    tell(world, { type: "committed", group: "files", epoch: 2 });
    expect(acts(fire(world))).toEqual(["release-reset"]);
    expect(world.now - phaseUs).toBeLessThanOrEqual(250_000);
    expect(world.now - phaseUs).toBeGreaterThan(245_000);
    read(world, good);
    expect(theSlot(world).phase.kind).toBe("idle");
  });

  test("an older epoch or another group releases nothing", () => {
    const world = heldBoard();
    tell(world, { type: "committed", group: "files", epoch: 1 });
    tell(world, { type: "committed", group: "other", epoch: 9 });
    pass(world, 300);
    expect(acts(tell(world, { type: "timer" }))).toEqual([]);
    tell(world, { type: "committed", group: "files", epoch: 3 });
    expect(acts(tell(world, { type: "timer" }))).toEqual(["release-reset"]);
  });

  test("released after T_HOLD_MAX if no record is ever committed", () => {
    const world = heldBoard();
    const startUs = world.now;
    expect(acts(fire(world))).toEqual(["release-reset"]);
    expect((world.now - startUs) / 1000).toBeGreaterThan(29_990);
  });

  test("power comes back before RST# is released", () => {
    const world = silentBoard();
    fence(world);
    read(world, good);
    fire(world);
    read(world, unpowered);
    pass(world, 1);
    read(world, { ...unpowered, resetAsserted: true });
    tell(world, { type: "committed", group: "files", epoch: 2 });
    expect(acts(fire(world))).toEqual(["power-on"]);
    expect(acts(read(world, { ...unpowered, resetAsserted: true }))).toEqual([]);
    expect(acts(read(world, inReset))).toEqual(["powerGood good", "release-reset"]);
    read(world, good);
    expect(theSlot(world).phase.kind).toBe("idle");
  });

  test("power that was cut is given back even if power-good never showed the cut", () => {
    const world = silentBoard();
    fence(world);
    read(world, good);
    fire(world);
    read(world, good);
    fire(world);
    tell(world, { type: "committed", group: "files", epoch: 2 });
    expect(acts(fire(world))).toEqual(["power-on"]);
    expect(acts(read(world, good))).toEqual(["release-reset"]);
  });

  test("a release that is not read back raises an alarm and is tried again", () => {
    const world = heldBoard();
    tell(world, { type: "committed", group: "files", epoch: 2 });
    fire(world);
    read(world, inReset);
    expect(acts(fire(world))).toEqual(["alarm slot-not-released", "release-reset"]);
    read(world, inReset);
    expect(acts(fire(world))).toEqual(["release-reset"]);
    expect(acts(read(world, good))).toEqual(["healthy good", "over slot-not-released"]);
  });

  test("two groups share one fence; the board waits for both records", () => {
    const world = silentBoard();
    fence(world);
    expect(acts(fence(world, { group: "mail", epoch: 7 }))).toEqual([]);
    read(world, inReset);
    pass(world, 1);
    const proof = proofIn(read(world, inReset));
    expect(proof.orders.map(({ group }) => group)).toEqual(["files", "mail"]);
    expect(acts(fence(world, { group: "web", epoch: 3 }))).toEqual(["proof strong F4"]);
    for (const [group, epoch] of [
      ["files", 2],
      ["mail", 7],
    ] as const) {
      tell(world, { type: "committed", group, epoch });
    }
    pass(world, 300);
    expect(acts(tell(world, { type: "timer" }))).toEqual([]);
    tell(world, { type: "committed", group: "web", epoch: 3 });
    expect(acts(tell(world, { type: "timer" }))).toEqual(["release-reset"]);
  });
});

describe("F7: a starting CCN", () => {
  test("touches no line, whatever it finds", () => {
    for (const lines of [good, inReset, unpowered, empty, { ...unpowered, resetAsserted: true }]) {
      const world = slotWorld();
      for (let i = 0; i < 10; i++) {
        read(world, lines);
        pass(world, 100);
      }
      tell(world, { type: "timer" });
      expect(acts(world.effects)).toEqual([]);
    }
  });

  test("ends a reset that nobody claimed after T_HOLD_MAX, power cut included", () => {
    for (const [lines, expected] of [
      [inReset, "release-reset"],
      [{ ...unpowered, resetAsserted: true }, "power-on"],
    ] as const) {
      const world = slotWorld();
      read(world, lines);
      const foundUs = world.now;
      expect(acts(fire(world))).toEqual([expected]);
      expect(world.now - foundUs).toBe(30_000_000);
    }
  });

  test("leaves a slot off that was switched off", () => {
    const world = slotWorld();
    read(world, unpowered);
    pass(world, 60_000);
    read(world, unpowered);
    expect(acts(tell(world, { type: "timer" }))).toEqual([]);
  });

  test("an interrupted fence is asked again and answered by F5, weakly", () => {
    const world = slotWorld();
    read(world, inReset);
    pass(world, 25);
    expect(acts(fence(world))).toEqual(["assert-reset"]);
    expect(acts(read(world, inReset))).toEqual(["proof weak F5"]);
  });

  test("the same order asked again is answered, not refused as old", () => {
    const world = silentBoard();
    fence(world);
    expect(acts(fence(world))).toEqual([]);
    read(world, inReset);
    pass(world, 1);
    read(world, inReset);
    expect(acts(fence(world))).toEqual(["proof strong F4"]);
    expect(world.state.counters.fences).toBe(1);
  });
});

describe("F8: the third fence in 10 minutes", () => {
  function fencedTimes(times: number, pauseMs: number) {
    const world = silentBoard();
    for (let n = 1; n <= times; n++) {
      expect(acts(fence(world, { epoch: n, incarnation: life(n) }))).toEqual(["assert-reset"]);
      read(world, inReset);
      pass(world, 1);
      read(world, inReset);
      tell(world, { type: "committed", group: "files", epoch: n });
      fire(world);
      if (n === times) break;
      read(world, good);
      pass(world, pauseMs);
      beatAndRead(world, good, n + 1);
      pass(world, 40);
    }
    return world;
  }

  test("keeps the board off with an alarm; RST# is released once power is off", () => {
    const world = fencedTimes(3, 1000);
    expect(theSlot(world).phase.kind).toBe("kept-off");
    expect(acts(world.effects.slice(-6))).toEqual(["power-off", "alarm slot-kept-off"]);
    expect(acts(read(world, inReset))).toEqual([]);
    const off = { ...unpowered, resetAsserted: true };
    expect(acts(read(world, off))).toEqual(["powerGood bad", "release-reset"]);
    pass(world, 3_600_000);
    expect(acts(read(world, unpowered))).toEqual([]);
    expect(acts(tell(world, { type: "timer" }))).toEqual([]);
  });

  test("does not count fences that are long over", () => {
    expect(theSlot(fencedTimes(3, 301_000)).phase.kind).toBe("releasing");
  });

  test("an operator or a new board ends it", () => {
    const byHand = fencedTimes(3, 1000);
    read(byHand, unpowered);
    const on = { id: 1, slot: slot1, action: "on", by: "ops" } as const;
    expect(acts(tell(byHand, { type: "operator", order: on }))).toEqual([
      "over slot-kept-off",
      "power-on",
    ]);
    const swapped = fencedTimes(3, 1000);
    read(swapped, unpowered);
    read(swapped, empty);
    pass(swapped, 60);
    read(swapped, empty);
    expect(acts(read(swapped, unpowered))).toEqual([
      "present good",
      "over slot-kept-off",
      "power-on",
    ]);
  });
});
