// Orders of people and fences do not fight.

import { expect, test } from "bun:test";
import type { SlotAction } from "./core/types.ts";
import {
  acts,
  fence,
  fire,
  good,
  inReset,
  pass,
  read,
  silentBoard,
  slot1,
  type SlotWorld,
  tell,
  theSlot,
  unpowered,
} from "./testing.ts";

function operate(world: SlotWorld, action: SlotAction, id = 1): string[] {
  return acts(tell(world, { type: "operator", order: { id, slot: slot1, action, by: "ops" } }));
}

test("a reset is a pulse that is read back at both ends", () => {
  const world = silentBoard();
  expect(operate(world, "reset")).toEqual(["assert-reset"]);
  expect(acts(read(world, good))).toEqual([]);
  read(world, inReset);
  pass(world, 99);
  expect(acts(read(world, inReset))).toEqual([]);
  pass(world, 1);
  expect(acts(read(world, inReset))).toEqual(["release-reset"]);
  expect(acts(read(world, good))).toEqual(["healthy good", "done"]);
});

test("a power cycle waits for the supplies to fall and to come back", () => {
  const world = silentBoard();
  expect(operate(world, "cycle")).toEqual(["power-off"]);
  read(world, unpowered);
  pass(world, 1999);
  expect(acts(read(world, unpowered))).toEqual([]);
  pass(world, 1);
  expect(acts(read(world, unpowered))).toEqual(["power-on"]);
  expect(acts(read(world, good))).toEqual(["powerGood good", "healthy good", "release-reset"]);
  expect(acts(read(world, good))).toEqual(["done"]);
});

test("an order that is never read back fails in 10 s and leaves no reset behind", () => {
  const world = silentBoard();
  operate(world, "reset");
  const startUs = world.now;
  read(world, good);
  expect(acts(fire(world))).toEqual([
    'not done: "assert-reset" was not read back',
    "release-reset",
  ]);
  expect(world.now - startUs).toBe(10_000_000);
});

test("while a board is fenced or held, people are refused and told until when", () => {
  const world = silentBoard();
  fence(world);
  for (const action of ["on", "off", "cycle", "reset", "out", "in"] as const) {
    expect(operate(world, action)[0]).toContain("is being fenced");
  }
  read(world, inReset);
  pass(world, 1);
  read(world, inReset);
  expect(operate(world, "on")[0]).toContain("held after a fence, for 30 s at most");
  tell(world, { type: "committed", group: "files", epoch: 2 });
  expect(operate(world, "on")[0]).toContain("for 1 s at most");
  fire(world);
  expect(operate(world, "off")[0]).toContain("coming back");
  expect(theSlot(world).phase.kind).toBe("releasing");
});

test("a fence takes over from an order under way, which is answered as not done", () => {
  const world = silentBoard();
  operate(world, "cycle");
  read(world, unpowered);
  pass(world, 30);
  expect(acts(fence(world))).toEqual(["not done: slot 1 is being fenced", "assert-reset"]);
  expect(acts(read(world, { ...unpowered, resetAsserted: true }))).toEqual(["proof strong F5"]);
});

test("a board that people switched off stays off after a fence", () => {
  const world = silentBoard();
  operate(world, "off");
  read(world, unpowered);
  pass(world, 100);
  fence(world);
  read(world, { ...unpowered, resetAsserted: true });
  tell(world, { type: "committed", group: "files", epoch: 2 });
  expect(acts(fire(world))).toEqual(["release-reset"]);
  read(world, unpowered);
  expect(theSlot(world).phase.kind).toBe("idle");
  pass(world, 60_000);
  read(world, unpowered);
  expect(acts(tell(world, { type: "timer" }))).toEqual([]);
});

test("a reset is no wish for power: what was off stays off after a fence", () => {
  const world = silentBoard();
  operate(world, "off");
  read(world, unpowered);
  operate(world, "reset");
  fire(world);
  read(world, unpowered);
  pass(world, 100);
  fence(world);
  read(world, { ...unpowered, resetAsserted: true });
  tell(world, { type: "committed", group: "files", epoch: 2 });
  expect(acts(fire(world))).toEqual(["release-reset"]);
});

test("a slot that is out answers to in only", () => {
  const world = silentBoard();
  operate(world, "out");
  read(world, unpowered);
  for (const action of ["on", "off", "cycle", "reset"] as const) {
    expect(operate(world, action)[0]).toContain('"in" takes it back');
  }
  expect(operate(world, "in")).toEqual(["power-on"]);
});

test("a release that hangs lets people try", () => {
  const world = silentBoard();
  fence(world);
  read(world, inReset);
  pass(world, 1);
  read(world, inReset);
  fire(world);
  read(world, inReset);
  expect(acts(fire(world))).toEqual(["alarm slot-not-released", "release-reset"]);
  expect(operate(world, "cycle")).toEqual(["over slot-not-released", "power-off"]);
});
