// What people read: a slot in a word, evidence in sentences, every event explained.

import { expect, test } from "bun:test";
import { reportOf } from "./core/report.ts";
import { evidenceText, explanations } from "./index.ts";
import {
  empty,
  fence,
  good,
  inReset,
  pass,
  read,
  silentBoard,
  slot1,
  slotWorld,
  tell,
  theSlot,
  unpowered,
} from "./testing.ts";

test("a slot left alone is what its lines say", () => {
  const world = slotWorld();
  expect(reportOf(theSlot(world))).toMatchObject({ word: "unknown", readUs: undefined });
  const words = [good, { ...good, healthy: false }, inReset, unpowered, empty].map((lines) => {
    read(world, lines);
    return reportOf(theSlot(world)).word;
  });
  expect(words).toEqual(["in-service", "unhealthy", "in-reset", "off", "empty"]);
  expect(reportOf(theSlot(world))).toMatchObject({ readUs: world.now, lines: empty });
});

test("a slot with which something is done says what", () => {
  const world = silentBoard();
  const word = (): string => reportOf(theSlot(world)).word;
  fence(world);
  expect(word()).toBe("being-fenced");
  read(world, inReset);
  pass(world, 1);
  read(world, inReset);
  expect(word()).toBe("held");
  tell(world, { type: "committed", group: "files", epoch: 2 });
  pass(world, 300);
  tell(world, { type: "timer" });
  expect(word()).toBe("coming-back");
  read(world, good);
  expect(word()).toBe("in-service");
  const out = { id: 1, slot: slot1, action: "out", by: "ops" } as const;
  tell(world, { type: "operator", order: out });
  expect(word()).toBe("ordered");
  read(world, unpowered);
  expect(word()).toBe("out");
});

test("evidence is told in the order of time, each fact as words", () => {
  const world = silentBoard();
  fence(world);
  read(world, inReset);
  pass(world, 1);
  read(world, inReset);
  expect(theSlot(world).lastProof?.evidence.map(evidenceText)).toEqual([
    "HEALTHY# seen good between two of its heartbeats",
    "last heartbeat of that slot",
    "RST# ordered",
    "RST# read back asserted",
    "HEALTHY# read bad",
    "HEALTHY# read bad again",
  ]);
});

test("every explanation is made of sentences", () => {
  for (const [name, { meaning, action }] of Object.entries(explanations)) {
    expect([name, /[.)]$/.test(meaning), /[.)]$/.test(action)]).toEqual([name, true, true]);
  }
});
