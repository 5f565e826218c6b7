// Pictures and their culprits: each row is a map and the faults it must be explained by.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type NetworkId, slotId } from "../../base/index.ts";
import type { BoardState } from "../types.ts";
import { diagnose, type DiagnosisView, faultKey } from "./diagnosis.ts";
import { faultText } from "./fault-text.ts";

type Picture = {
  readonly hubs: number;
  readonly boards: number;
  readonly self?: number;
  readonly states?: Readonly<Record<number, BoardState>>;
  /** `A 1>2` = slot 2 does not hear slot 1 on A; `*` = anybody. */
  readonly down?: readonly string[];
  /** `A 3` = slot 3 has no carrier on A. */
  readonly dark?: readonly string[];
  readonly isolated?: boolean;
};

function viewOf(picture: Picture): DiagnosisView {
  const { down = [], dark = [], states = {} } = picture;
  const isDown = (network: NetworkId, from: number, to: number): boolean =>
    down.some((text) => {
      const [net, pair = ""] = text.split(" ");
      const [a, b] = pair.split(">");
      return (
        net === network && (a === "*" || Number(a) === from) && (b === "*" || Number(b) === to)
      );
    });
  return {
    self: slotId(picture.self ?? 0),
    boards: Array.from({ length: picture.boards }, (_, slot) => ({
      slot: slotId(slot),
      isHub: slot < picture.hubs,
      state: states[slot] ?? "up",
      port: { A: slot === 0 ? undefined : String(slot), B: slot === 0 ? undefined : String(slot) },
    })),
    switchName: { A: "sw-a", B: "sw-b" },
    isIsolated: picture.isolated ?? false,
    path: (from, to, network) => (isDown(network, from, to) ? 1 : 2),
    isCarrierLost: (slot, network) => dark.includes(`${network} ${slot}`),
  };
}

const both = (network: string, slot: number): string[] => [
  `${network} ${slot}>*`,
  `${network} *>${slot}`,
];

const pictures: readonly (readonly [string, Picture, readonly string[]])[] = [
  ["all is well", { hubs: 2, boards: 4 }, []],
  [
    "a dead board is one fault, not eight paths",
    { hubs: 3, boards: 7, states: { 4: "down" }, down: [...both("A", 4), ...both("B", 4)] },
    ["board 4"],
  ],
  [
    "a leaving board is no fault of a cable",
    { hubs: 3, boards: 7, states: { 4: "leaving" }, down: [...both("A", 4), ...both("B", 4)] },
    ["leaving 4"],
  ],
  [
    "an unknown board is no culprit",
    { hubs: 2, boards: 4, states: { 3: "unknown" }, down: both("A", 3) },
    [],
  ],
  ["a card's cable", { hubs: 2, boards: 5, down: both("A", 3) }, ["cable 3 A"]],
  [
    "a hub's cable, though it touches every card",
    { hubs: 2, boards: 5, down: both("B", 1) },
    ["cable 1 B"],
  ],
  ["the observer's own cable", { hubs: 2, boards: 5, self: 3, down: both("A", 3) }, ["cable 3 A"]],
  [
    "two cables of a big chassis",
    { hubs: 3, boards: 9, down: [...both("A", 4), ...both("A", 7)] },
    ["cable 4 A", "cable 7 A"],
  ],
  [
    "the same board's cables on both networks, still heard by nobody: down",
    { hubs: 2, boards: 5, states: { 3: "down" } },
    ["board 3"],
  ],
  ["a switch", { hubs: 2, boards: 5, down: ["A *>*"] }, ["switch A"]],
  [
    "a switch with a dead board",
    { hubs: 3, boards: 6, states: { 5: "down" }, down: ["A *>*", ...both("B", 5)] },
    ["board 5", "switch A"],
  ],
  [
    "most of a switch",
    { hubs: 3, boards: 7, down: [2, 3, 4, 5].flatMap((slot) => both("B", slot)) },
    ["switch B"],
  ],
  ["both switches", { hubs: 2, boards: 5, down: ["A *>*", "B *>*"] }, ["switch A", "switch B"]],
  [
    "a switch off, seen by a card whose own kernel has not noticed",
    {
      hubs: 3,
      boards: 7,
      self: 3,
      down: ["A *>*"],
      dark: ["A 0", "A 1", "A 2", "A 4", "A 5", "A 6"],
    },
    ["switch A"],
  ],
  [
    "all carriers gone: the switch, even with one hub",
    { hubs: 1, boards: 4, down: ["A *>*"], dark: ["A 0", "A 1", "A 2", "A 3"] },
    ["switch A"],
  ],
  [
    "three dark cables of many are cables",
    {
      hubs: 2,
      boards: 5,
      down: [...both("A", 2), ...both("A", 3), ...both("A", 4)],
      dark: ["A 2", "A 3", "A 4"],
    },
    ["cable 2 A", "cable 3 A", "cable 4 A"],
  ],
  ["a deaf card", { hubs: 3, boards: 8, down: ["B *>7"] }, ["deaf 7 B"]],
  ["a mute hub", { hubs: 2, boards: 5, down: ["A 0>*"] }, ["mute 0 A"]],
  ["a deaf card of a lone hub", { hubs: 1, boards: 4, down: ["A 0>2"] }, ["deaf 2 A"]],
  ["one direction between two", { hubs: 2, boards: 5, down: ["A 1>3"] }, ["path 1 3 A"]],
  [
    "both directions between two",
    { hubs: 2, boards: 5, down: ["A 0>1", "A 1>0"] },
    ["path 0 1 A", "path 1 0 A"],
  ],
  [
    "a cable on A and a deaf board on B",
    { hubs: 3, boards: 6, down: [...both("A", 4), "B *>5"] },
    ["cable 4 A", "deaf 5 B"],
  ],
  [
    "deaf and mute on different networks",
    { hubs: 3, boards: 6, down: ["A *>4", "B 4>*"] },
    ["deaf 4 A", "mute 4 B"],
  ],
  [
    "hearing nobody is one's own fault",
    {
      hubs: 2,
      boards: 5,
      self: 3,
      isolated: true,
      states: { 0: "unknown", 1: "unknown", 2: "unknown", 4: "unknown" },
      down: ["A *>*", "B *>*"],
    },
    ["cable 3 A", "cable 3 B"],
  ],
  ["ambiguous: two boards, no carrier lost", { hubs: 1, boards: 2, down: ["A *>*"] }, ["switch A"]],
  [
    "two boards, one dark: its cable",
    { hubs: 1, boards: 2, down: ["A *>*"], dark: ["A 1"] },
    ["cable 1 A"],
  ],
  [
    "two boards, both dark: the switch",
    { hubs: 1, boards: 2, down: ["A *>*"], dark: ["A 0", "A 1"] },
    ["switch A"],
  ],
  ["ambiguous: two boards, one direction", { hubs: 1, boards: 2, down: ["A 0>1"] }, ["path 0 1 A"]],
  [
    "ambiguous: a lone hub lost all its cards",
    { hubs: 1, boards: 4, down: ["A *>*"] },
    ["cable 0 A"],
  ],
  [
    "a lone hub with carrier whose cards are all dark",
    { hubs: 1, boards: 4, down: ["A *>*"], dark: ["A 1", "A 2", "A 3"] },
    ["switch A"],
  ],
];

describe("the smallest explanation", () => {
  for (const [name, picture, keys] of pictures) {
    test(name, () => {
      expect(diagnose(viewOf(picture)).map(faultKey)).toEqual([...keys]);
    });
  }

  test("a single cable, direction or switch is always named alone, whoever looks", () => {
    const chassis = fc.record({
      hubs: fc.integer({ min: 2, max: 3 }),
      cards: fc.integer({ min: 1, max: 20 }),
      slot: fc.nat(22),
      self: fc.nat(22),
      network: fc.constantFrom("A", "B"),
      kind: fc.constantFrom("cable", "deaf", "mute", "switch"),
    });
    fc.assert(
      fc.property(chassis, ({ hubs, cards, slot, self, network, kind }) => {
        const boards = hubs + cards;
        const at = slot % boards;
        const down = {
          cable: both(network, at),
          deaf: [`${network} *>${at}`],
          mute: [`${network} ${at}>*`],
          switch: [`${network} *>*`],
        };
        const picture = {
          hubs,
          boards,
          self: self % boards,
          down: down[kind as keyof typeof down],
        };
        const key = kind === "switch" ? `switch ${network}` : `${kind} ${at} ${network}`;
        expect(diagnose(viewOf(picture)).map(faultKey)).toEqual([key]);
      }),
    );
  });

  test("any picture at all gets an explanation for every broken path, without an endless loop", () => {
    const edges = fc.array(fc.tuple(fc.constantFrom("A", "B"), fc.nat(6), fc.nat(6)), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(edges, fc.integer({ min: 1, max: 3 }), (list, hubs) => {
        const down = list.map(([n, a, b]) => `${n} ${a}>${b}`);
        const faults = diagnose(viewOf({ hubs, boards: 7, down }));
        const isBroken = list.some(([, a, b]) => a !== b && (a < hubs || b < hubs));
        expect(faults.length > 0).toBe(isBroken);
      }),
    );
  });
});

describe("the sentence", () => {
  const words = {
    self: slotId(3),
    switchName: { A: "sw-a", B: "sw-b" },
    workOf: (slot: number, network: NetworkId) => (slot === 6 && network === "A" ? "down" : "ok"),
  };
  const cable = { kind: "cable", network: "B", carrier: true } as const;
  test("names board, way, port and what still works", () => {
    const texts = [
      faultText({ kind: "one-way", slot: slotId(7), network: "B", port: "7", way: "deaf" }, words),
      faultText({ kind: "one-way", slot: slotId(7), network: "B", port: "7", way: "mute" }, words),
      faultText({ ...cable, slot: slotId(3), port: "1/0/3" }, words),
      faultText({ ...cable, slot: slotId(0), port: undefined, carrier: false }, words),
      faultText({ ...cable, slot: slotId(6), port: "6" }, words),
      faultText({ kind: "switch", name: "sw-a", network: "A" }, words),
      faultText({ kind: "board", slot: slotId(5) }, words),
      faultText({ kind: "leaving", slot: slotId(5) }, words),
      faultText({ kind: "path", from: slotId(1), to: slotId(3), network: "A" }, words),
    ];
    expect(texts).toEqual([
      "slot 7 deaf on B: cable or port sw-b/7 (hears A)",
      "slot 7 mute on B: cable or port sw-b/7 (heard on A)",
      "slot 3 (this board) cut from B: cable or port sw-b/1/0/3 (works on A)",
      "the ccn cut from B: no carrier, cable or its port on sw-b (works on A)",
      "slot 6 cut from B: cable or port sw-b/6 (down on A too)",
      "switch sw-a down: nobody hears anybody on A",
      "slot 5 down: silent on A and B",
      "slot 5 leaving: goes down in order",
      "slot 3 (this board) does not hear slot 1 on A: only this path, the rest works",
    ]);
  });
});
