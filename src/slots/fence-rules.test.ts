// The rules of fencing, by their names in leases.md §3.

import { describe, expect, test } from "bun:test";
import { addUs } from "../base/index.ts";
import {
  acts,
  beat,
  beatAndRead,
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

describe("F3: reset first, power after T_RST", () => {
  test("RST# is asserted at once, power is cut 10 ms later without a proof", () => {
    const world = silentBoard();
    expect(acts(fence(world))).toEqual(["assert-reset"]);
    const startUs = world.now;
    read(world, good);
    expect(acts(fire(world))).toEqual(["power-off"]);
    expect(world.now).toBe(addUs(startUs, 10_000));
  });

  test("a late timer gives the power cut its T_RST all the same", () => {
    const world = silentBoard();
    fence(world);
    pass(world, 50);
    expect(acts(fire(world))).toEqual(["power-off"]);
    const cutUs = world.now;
    read(world, good);
    fire(world);
    expect(world.now).toBe(addUs(cutUs, 10_000));
  });

  test("a timer that fires early does nothing", () => {
    const world = silentBoard();
    fence(world);
    pass(world, 9);
    expect(acts(tell(world, { type: "timer" }))).toEqual([]);
  });
});

describe("F4: strong proof", () => {
  test("RST# read back and HEALTHY# bad in two readings 1 ms apart", () => {
    const world = silentBoard();
    fence(world);
    expect(acts(read(world, inReset))).toEqual(["healthy bad"]);
    pass(world, 1);
    const proof = proofIn(read(world, inReset));
    expect([proof.strength, proof.rule, proof.incarnation]).toEqual(["strong", "F4", life(1)]);
    expect(proof.evidence.map(({ what }) => what)).toEqual([
      "seen-good",
      "last-beat",
      "reset-ordered",
      "reset-read-back",
      "line-bad",
      "line-still-bad",
    ]);
    const stamps = proof.evidence.map(({ atUs }) => atUs);
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
  });

  test("two readings less than 1 ms apart are one", () => {
    const world = silentBoard();
    fence(world);
    read(world, inReset);
    pass(world, 0.9);
    expect(acts(read(world, inReset))).toEqual([]);
    expect(acts(read(world, inReset))).toEqual(["proof strong F4"]);
  });

  test("a reading that was asked for before the order counts for nothing", () => {
    const world = silentBoard();
    const askedUs = world.now;
    pass(world, 0.1);
    fence(world);
    pass(world, 0.1);
    const reading = { ...inReset, askedUs, atUs: world.now, edgeUs: undefined };
    tell(world, { type: "sample", slot: slot1, reading });
    pass(world, 1);
    expect(acts(read(world, inReset))).toEqual([]);
    pass(world, 1);
    expect(acts(read(world, inReset))).toEqual(["proof strong F4"]);
  });

  test("a good reading between two bad ones begins the count anew", () => {
    const world = silentBoard();
    fence(world);
    read(world, inReset);
    pass(world, 1);
    read(world, { ...inReset, healthy: true });
    pass(world, 1);
    expect(acts(read(world, inReset))).toEqual(["healthy bad"]);
    pass(world, 1);
    expect(acts(read(world, inReset))).toEqual(["proof strong F4"]);
  });

  test("a line never seen good while this incarnation beat proves nothing strong", () => {
    for (const seen of [{ ...good, healthy: false }, undefined]) {
      const world = slotWorld();
      beat(world);
      pass(world, 1);
      if (seen !== undefined) read(world, seen);
      pass(world, 40);
      fence(world);
      read(world, inReset);
      pass(world, 1);
      expect(acts(read(world, inReset))).toEqual([]);
    }
  });

  test("what was seen good of the incarnation before does not count", () => {
    const world = silentBoard();
    beat(world, 2);
    pass(world, 40);
    fence(world, { incarnation: life(2) });
    read(world, inReset);
    pass(world, 1);
    expect(acts(read(world, inReset))).toEqual([]);
  });

  test("a BEAT sent after RST# was asserted spoils that proof, not the one by power", () => {
    const world = silentBoard();
    fence(world);
    pass(world, 1);
    beat(world);
    read(world, inReset);
    pass(world, 1);
    expect(acts(read(world, inReset))).toEqual([]);
    expect(acts(fire(world))).toEqual(["power-off"]);
    read(world, { ...unpowered, resetAsserted: true });
    pass(world, 1);
    expect(acts(read(world, { ...unpowered, resetAsserted: true }))).toEqual(["proof strong F4"]);
  });

  test("a stuck RST# is overcome by the power cut", () => {
    const world = silentBoard();
    fence(world);
    read(world, good);
    fire(world);
    expect(acts(read(world, unpowered))).toEqual(["powerGood bad", "healthy bad"]);
    pass(world, 1);
    const proof = proofIn(read(world, unpowered));
    expect([proof.strength, proof.evidence.at(-1)?.line]).toEqual(["strong", "powerGood"]);
  });

  test("power-good alone decides nothing: RST# not read back and HEALTHY# not trusted", () => {
    const world = silentBoard();
    beatAndRead(world, { ...good, healthy: false });
    pass(world, 40);
    fence(world);
    read(world, { ...good, healthy: false });
    fire(world);
    for (let i = 0; i < 5; i++) {
      expect(acts(read(world, unpowered))).not.toContain("proof strong F4");
      pass(world, 1);
    }
    expect(acts(fire(world))).toEqual(["proof weak F4"]);
  });

  test("one life is fenced at a time", () => {
    const world = silentBoard();
    fence(world);
    beat(world, 2);
    expect(acts(fence(world, { incarnation: life(2), epoch: 3 }))).toEqual([
      "refused another-incarnation",
    ]);
  });

  test("HEALTHY# bad alone is no read-back", () => {
    const world = silentBoard();
    fence(world);
    fire(world);
    read(world, { ...good, healthy: false });
    expect(acts(fire(world))).toEqual(["refused lines-stuck", "alarm slot-fence-failed"]);
  });

  test("RST# and power both stuck: refused with an alarm, never a proof", () => {
    const world = silentBoard();
    fence(world);
    read(world, good);
    fire(world);
    read(world, good);
    expect(acts(fire(world))).toEqual(["refused lines-stuck", "alarm slot-fence-failed"]);
    expect(theSlot(world).lastProof).toBeUndefined();
  });

  test("HEALTHY# stuck at good: weak, although power-good went off", () => {
    const world = silentBoard();
    fence(world);
    read(world, { ...inReset, healthy: true });
    fire(world);
    const off = { ...good, resetAsserted: true, powerGood: false };
    for (let i = 0; i < 5; i++) {
      expect(acts(read(world, off))).not.toContain("proof strong F4");
      pass(world, 1);
    }
    expect(acts(fire(world))).toEqual(["proof weak F4"]);
  });

  test("RST# and power-good both lying: HEALTHY# tells that the board runs", () => {
    const world = silentBoard();
    fence(world);
    const lying = { ...good, resetAsserted: true };
    read(world, lying);
    fire(world);
    for (let i = 0; i < 5; i++) {
      read(world, { ...lying, powerGood: false });
      pass(world, 1);
    }
    expect(proofIn(fire(world)).strength).toBe("weak");
  });

  test("a board that goes on beating is refused, whatever the lines say", () => {
    const world = silentBoard();
    fence(world);
    read(world, inReset);
    fire(world);
    pass(world, 8);
    beat(world);
    read(world, unpowered);
    expect(acts(fire(world))).toContain("refused still-beats");
  });

  test("a driver that says nothing is told, and power is cut blindly", () => {
    const world = silentBoard();
    fence(world);
    const failed = { type: "order-failed", slot: slot1, order: "assert-reset", text: "?" } as const;
    expect(acts(tell(world, failed))).toEqual([]);
    expect(acts(fire(world))).toEqual(["power-off"]);
    expect(acts(fire(world))).toEqual(["refused driver-silent", "alarm slot-fence-failed"]);
  });

  test("a fence that proved nothing is tried again when it is asked for again", () => {
    const world = silentBoard();
    fence(world);
    fire(world);
    expect(acts(fire(world))).toEqual(["refused driver-silent", "alarm slot-fence-failed"]);
    pass(world, 100);
    expect(acts(fence(world))).toEqual(["assert-reset"]);
    expect(acts(fence(world, { group: "mail" }))).toEqual([]);
    read(world, inReset);
    pass(world, 1);
    const again = read(world, inReset);
    expect(acts(again)).toEqual(["proof strong F4", "over slot-fence-failed"]);
    expect(proofIn(again).orders.map(({ group }) => group)).toEqual(["files", "mail"]);
    expect(theSlot(world).fencesUs).toHaveLength(1); // F8: one fence
  });

  test("a supply that falls slowly makes a weak proof strong later", () => {
    const world = silentBoard();
    fence(world);
    const slow = { ...good, healthy: true, powerGood: true, resetAsserted: true };
    read(world, slow);
    fire(world);
    read(world, slow);
    expect(acts(fire(world))).toEqual(["proof weak F4"]);
    pass(world, 30);
    read(world, { ...unpowered, resetAsserted: true });
    pass(world, 1);
    expect(acts(read(world, { ...unpowered, resetAsserted: true }))).toEqual(["proof strong F4"]);
    expect(acts(read(world, unpowered))).toEqual([]);
  });
});

describe("F4: a line that contradicts heartbeats", () => {
  test("raises an alarm at once and is not believed", () => {
    const world = silentBoard();
    beatAndRead(world, { ...good, healthy: false });
    expect(theSlot(world).alarms.has("slot-line-contradicts")).toBe(true);
    pass(world, 40);
    fence(world);
    read(world, inReset);
    pass(world, 1);
    expect(acts(read(world, inReset))).toEqual([]);
  });

  test("is no liar if the heartbeat was on its way before the line went bad", () => {
    const world = silentBoard();
    beat(world);
    pass(world, 1);
    read(world, { ...good, healthy: false });
    pass(world, 5);
    expect(acts(beat(world))).toEqual([]);
    pass(world, 3);
    expect(acts(beat(world))).toEqual(["alarm slot-line-contradicts"]);
  });

  test("is believed again, and the alarm ends, once it is good among heartbeats", () => {
    const world = silentBoard();
    beatAndRead(world, { ...good, healthy: false });
    beatAndRead(world, good);
    expect(theSlot(world).alarms.size).toBe(0);
    pass(world, 40);
    fence(world);
    read(world, inReset);
    pass(world, 1);
    expect(acts(read(world, inReset))).toEqual(["proof strong F4"]);
  });

  test("a held board that beats raises an alarm and loses its power", () => {
    const world = silentBoard();
    fence(world);
    read(world, inReset);
    pass(world, 1);
    read(world, inReset);
    pass(world, 8);
    expect(acts(beat(world))).toEqual([
      "alarm slot-line-contradicts",
      "alarm slot-fence-failed",
      "power-off",
    ]);
    expect(acts(fence(world, { group: "mail" }))).toEqual(["refused not-silent"]);
    read(world, { ...unpowered, resetAsserted: true });
    pass(world, 1);
    expect(acts(read(world, { ...unpowered, resetAsserted: true }))).toEqual([]);
  });

  test("power-good off on a board that beats is no operator's wish: power comes back", () => {
    const world = slotWorld();
    const lying = { ...good, powerGood: false };
    read(world, lying);
    for (let i = 0; i < 3; i++) beatAndRead(world, lying);
    pass(world, 40);
    fence(world);
    read(world, { ...lying, resetAsserted: true });
    expect(acts(fire(world))).toEqual(["power-off"]);
    expect(acts(fire(world))).toEqual(["proof weak F4"]);
    tell(world, { type: "committed", group: "files", epoch: 2 });
    expect(acts(fire(world))).toEqual(["power-on"]);
  });
});
