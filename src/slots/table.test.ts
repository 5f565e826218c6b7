// The transition table at the head of core.ts, cell by cell.

import { expect, test } from "bun:test";
import type { Phase } from "./core/types.ts";
import {
  acts,
  fence,
  fire,
  good,
  inReset,
  life,
  pass,
  read,
  silentBoard,
  slot1,
  type SlotWorld,
  tell,
  theSlot,
  unpowered,
} from "./testing.ts";

function proven(): SlotWorld {
  const world = silentBoard();
  fence(world);
  read(world, inReset);
  pass(world, 1);
  read(world, inReset);
  return world;
}

function released(): SlotWorld {
  const world = proven();
  tell(world, { type: "committed", group: "files", epoch: 2 });
  fire(world);
  return world;
}

function keptOff(): SlotWorld {
  const world = silentBoard();
  theSlot(world).fencesUs = [world.now, world.now];
  fence(world);
  read(world, inReset);
  pass(world, 1);
  read(world, inReset);
  tell(world, { type: "committed", group: "files", epoch: 2 });
  fire(world);
  return world;
}

/** A slot in each phase. */
const worlds: Readonly<Record<Phase["kind"], () => SlotWorld>> = {
  idle: silentBoard,
  fencing: () => {
    const world = silentBoard();
    fence(world);
    return world;
  },
  held: proven,
  "kept-off": keptOff,
  releasing: released,
  ordered: () => {
    const world = silentBoard();
    tell(world, { type: "operator", order: { id: 1, slot: slot1, action: "off", by: "ops" } });
    return world;
  },
};

type Cell = { readonly acts: readonly string[]; readonly phase: Phase["kind"] };
type Row = Readonly<Record<"fence" | "sample" | "timer" | "committed" | "operator", Cell>>;

const refused = (text: string): string => `not done: slot 1 ${text}`;

const table: Readonly<Record<Phase["kind"], Row>> = {
  idle: {
    fence: { acts: ["assert-reset"], phase: "fencing" },
    sample: { acts: [], phase: "idle" },
    timer: { acts: [], phase: "idle" },
    committed: { acts: [], phase: "idle" },
    operator: { acts: ["assert-reset"], phase: "ordered" },
  },
  fencing: {
    fence: { acts: [], phase: "fencing" },
    sample: { acts: [], phase: "fencing" },
    timer: { acts: ["power-off"], phase: "fencing" },
    committed: { acts: [], phase: "fencing" },
    operator: { acts: [refused("is being fenced; ask again in a second")], phase: "fencing" },
  },
  held: {
    fence: { acts: ["proof strong F4"], phase: "held" },
    sample: { acts: ["healthy good"], phase: "held" },
    timer: { acts: ["release-reset"], phase: "releasing" },
    committed: { acts: [], phase: "held" },
    operator: {
      acts: [refused("is held after a fence, for 30 s at most; ask again then")],
      phase: "held",
    },
  },
  "kept-off": {
    fence: { acts: ["assert-reset"], phase: "fencing" },
    sample: { acts: ["healthy good"], phase: "kept-off" },
    timer: { acts: [], phase: "kept-off" },
    committed: { acts: [], phase: "kept-off" },
    operator: {
      acts: [refused('is kept off after 3 fences; "on" or "in" ends that')],
      phase: "kept-off",
    },
  },
  releasing: {
    fence: { acts: ["assert-reset"], phase: "fencing" },
    sample: { acts: ["healthy good"], phase: "idle" },
    timer: { acts: ["alarm slot-not-released", "release-reset"], phase: "releasing" },
    committed: { acts: [], phase: "releasing" },
    operator: { acts: [refused("is coming back; ask again in a second")], phase: "releasing" },
  },
  ordered: {
    fence: { acts: [refused("is being fenced"), "assert-reset"], phase: "fencing" },
    sample: { acts: [], phase: "ordered" },
    timer: { acts: ['not done: "power-off" was not read back'], phase: "idle" },
    committed: { acts: [], phase: "ordered" },
    operator: { acts: [refused('still carries out "off"')], phase: "ordered" },
  },
};

const events: Readonly<Record<keyof Row, (world: SlotWorld) => readonly string[]>> = {
  fence: (world) => acts(fence(world, { epoch: 3 })),
  sample: (world) => acts(read(world, good)),
  timer: (world) => acts(fire(world)),
  committed: (world) => acts(tell(world, { type: "committed", group: "other", epoch: 9 })),
  operator: (world) =>
    acts(
      tell(world, { type: "operator", order: { id: 2, slot: slot1, action: "reset", by: "ops" } }),
    ),
};

for (const kind of Object.keys(worlds) as Phase["kind"][]) {
  for (const event of Object.keys(events) as (keyof Row)[]) {
    test(`${event} in ${kind}`, () => {
      const world = worlds[kind]();
      expect(theSlot(world).phase.kind).toBe(kind);
      const did = events[event](world);
      expect([did, theSlot(world).phase.kind]).toEqual([
        [...table[kind][event].acts],
        table[kind][event].phase,
      ]);
    });
  }
}

test("events about slots that are not there do nothing", () => {
  const world = silentBoard();
  const slot = 9 as never;
  const at = { askedUs: world.now, atUs: world.now, edgeUs: undefined };
  expect(tell(world, { type: "sample", slot, reading: { ...unpowered, ...at } })).toEqual([]);
  expect(tell(world, { type: "sample-failed", slot, text: "?" })).toEqual([]);
  expect(tell(world, { type: "order-failed", slot, order: "power-on", text: "?" })).toEqual([]);
  const beat = { type: "beat", slot, incarnation: life(1), sentUs: world.now } as const;
  expect(tell(world, beat)).toEqual([]);
  expect(world.state.counters.strayBeats).toBe(1);
});
