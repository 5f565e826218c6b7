// F5, F9, S4 and what else is refused; fast evidence.

import { describe, expect, test } from "bun:test";
import { slotId } from "../base/index.ts";
import {
  acts,
  beat,
  beatAndRead,
  empty,
  fence,
  fire,
  good,
  inReset,
  life,
  order,
  pass,
  read,
  silentBoard,
  slot1,
  slotWorld,
  tell,
  theSlot,
  unpowered,
} from "./testing.ts";

describe("F5: empty or off already", () => {
  test("an empty slot counts as done; strong if presence was seen to work", () => {
    const world = silentBoard();
    read(world, empty);
    pass(world, 40);
    fence(world);
    expect(acts(read(world, empty))).toEqual(["proof strong F5"]);
  });

  test("an empty slot whose presence line was never seen good is weak", () => {
    const world = slotWorld();
    read(world, empty);
    pass(world, 1);
    fence(world);
    expect(acts(read(world, empty))).toEqual(["proof weak F5"]);
  });

  test("presence alone does not make a slot empty", () => {
    const world = silentBoard();
    read(world, { ...good, present: false });
    pass(world, 40);
    fence(world);
    expect(acts(read(world, { ...good, present: false }))).toEqual([]);
  });

  test("off for T_OFF counts as done, off for less does not", () => {
    for (const [ms, expected] of [
      [19, []],
      [20, ["proof strong F5"]],
    ] as const) {
      const world = silentBoard();
      read(world, unpowered);
      pass(world, ms);
      fence(world);
      expect(acts(read(world, unpowered))).toEqual([...expected]);
    }
  });

  test("only unhealthy is not off", () => {
    const world = silentBoard();
    read(world, { ...good, healthy: false });
    pass(world, 100);
    fence(world);
    expect(acts(read(world, { ...good, healthy: false }))).toEqual([]);
  });

  test("a power-good that was heard to lie and a HEALTHY# that follows the process are weak", () => {
    const world = slotWorld();
    beatAndRead(world, good);
    beatAndRead(world, { ...good, powerGood: false });
    pass(world, 40);
    read(world, unpowered);
    pass(world, 30);
    fence(world);
    // RST# is stuck as well: it is not read back, and the kernel lives with its gate open.
    expect(acts(read(world, unpowered))).toEqual(["proof weak F5"]);
  });

  test("what was heard since it looked off makes it weak", () => {
    const world = silentBoard();
    read(world, unpowered);
    pass(world, 3);
    beat(world);
    pass(world, 40);
    fence(world);
    expect(acts(read(world, unpowered))).toEqual(["proof weak F5"]);
  });

  test("a fence of a board that was off is no fence for F8", () => {
    const world = silentBoard();
    read(world, unpowered);
    for (let epoch = 2; epoch < 8; epoch++) {
      pass(world, 300);
      fence(world, { epoch });
      read(world, { ...unpowered, resetAsserted: true });
      tell(world, { type: "committed", group: "files", epoch });
      fire(world);
      read(world, unpowered);
      expect(theSlot(world).alarms.has("slot-kept-off")).toBe(false);
    }
  });
});

describe("F9 and what else is refused", () => {
  test("only silent boards are fenced", () => {
    const world = silentBoard();
    beat(world);
    pass(world, 36);
    expect(acts(fence(world))).toEqual(["refused not-silent"]);
    pass(world, 1);
    expect(acts(fence(world, { epoch: 4 }))).toEqual(["assert-reset"]);
  });

  test("an epoch that is not newer than the newest seen of its group", () => {
    const world = silentBoard();
    tell(world, { type: "committed", group: "mail", epoch: 4 });
    expect(acts(fence(world, { group: "mail", epoch: 4 }))).toEqual(["refused old-epoch"]);
    fence(world, { epoch: 4 });
    for (const epoch of [4, 3]) {
      expect(acts(fence(world, { epoch, by: slotId(5) }))).toEqual(["refused old-epoch"]);
    }
    expect(acts(fence(world, { group: "mail", epoch: 9 }))).toEqual([]);
    tell(world, { type: "committed", group: "mail", epoch: 10 });
    expect(acts(fence(world, { group: "mail", epoch: 10 }))).toEqual(["refused old-epoch"]);
  });

  test("a life that another one has followed already", () => {
    const world = silentBoard();
    beatAndRead(world, good, 2);
    pass(world, 40);
    expect(acts(fence(world))).toEqual(["refused another-incarnation"]);
  });

  test("orders that make no sense", () => {
    const world = silentBoard();
    expect(acts(fence(world, { slot: slotId(9) }))).toEqual(["refused no-such-slot"]);
    expect(acts(fence(world, { slot: slotId(0) }))).toEqual(["refused no-such-slot"]);
    for (const epoch of [0, -1, 1.5, Number.NaN]) {
      expect(acts(fence(world, { epoch }))).toEqual(["refused bad-order"]);
    }
    expect(acts(fence(world, { group: "g".repeat(81) }))).toEqual(["refused bad-order"]);
    for (let i = 0; i < 256; i++) tell(world, { type: "fence", order: order({ group: `g${i}` }) });
    expect(acts(fence(world, { group: "one more" }))).toEqual(["refused too-many-groups"]);
  });

  test("S4: two lives that speak in turn raise an alarm, and none proves anything strong", () => {
    const world = silentBoard();
    beatAndRead(world, good, 2);
    expect(acts(beat(world, 1))).toEqual(["alarm slot-two-incarnations"]);
    pass(world, 40);
    expect(acts(fence(world, { incarnation: life(2) }))).toEqual(["assert-reset"]);
    read(world, inReset);
    pass(world, 1);
    expect(acts(read(world, inReset))).toEqual([]);
  });
});

describe("fast evidence", () => {
  test("a line that goes bad is told with the longest time since it did", () => {
    const world = silentBoard();
    const before = theSlot(world).reading?.askedUs ?? 0;
    const effects = read(world, unpowered);
    const changes = effects.flatMap((e) => (e.type === "line-changed" ? [e.change] : []));
    expect(changes.map(({ line, good: isGood }) => [line, isGood])).toEqual([
      ["powerGood", false],
      ["healthy", false],
    ]);
    expect(changes[0]?.delayUsMax).toBe(world.now - before);
  });

  test("an edge of the hardware makes the delay exact", () => {
    const world = silentBoard();
    const edgeUs = world.now;
    pass(world, 0.3);
    const reading = { ...unpowered, askedUs: world.now, atUs: world.now, edgeUs };
    const effects = tell(world, { type: "sample", slot: slot1, reading });
    const change = effects.find((effect) => effect.type === "line-changed");
    expect(change?.type === "line-changed" && change.change.delayUsMax).toBe(300);
  });

  test("an answer that a newer one has overtaken is no news", () => {
    const world = silentBoard();
    const askedUs = world.now;
    pass(world, 1);
    read(world, good);
    const late = { ...unpowered, askedUs, atUs: world.now, edgeUs: undefined };
    expect(tell(world, { type: "sample", slot: slot1, reading: late })).toEqual([]);
    expect(theSlot(world).reading).toMatchObject(good);
    expect(world.state.counters.samplesStale).toBe(1);
  });

  test("lines that cannot be read raise an alarm, which ends with the next reading", () => {
    const world = silentBoard();
    for (let i = 1; i <= 3; i++) {
      const effects = tell(world, { type: "sample-failed", slot: slot1, text: "gone" });
      expect(acts(effects)).toEqual(i < 3 ? [] : ["alarm slot-lines-unread"]);
    }
    expect(acts(read(world, good))).toEqual(["over slot-lines-unread"]);
  });
});
