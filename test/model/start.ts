// The worlds that explorations begin with.

import { monoUs, slotId } from "../../src/base/index.ts";
import { type Model, type Node, type World, life, nodeOf, start } from "./world.ts";
import { flush, give, rest, suspect } from "./node.ts";
import { hear, hearPresent, takeData } from "./network.ts";
import { settle } from "./settle.ts";

export function initial(m: Model): World {
  const nodes = m.slots.map((slot): Node => {
    const disk = start(m, slot, "blank", 1).flushed;
    const state = start(m, slot, disk, 1);
    return { state, boot: 1, log: [], logEpoch: 0, echo: 0 };
  });
  const world: World = {
    nodes,
    packets: [],
    beats: [],
    said: [],
    fences: [],
    sync: {},
    dataAcks: {},
    acked: [],
    nextWrite: 1,
    crashes: 0,
    wipes: 0,
    forced: 0,
  };
  for (const { state } of nodes) {
    state.grantUntilUs = monoUs(0);
    rest(state);
  }
  if (m.bounds.start === "running") runUp(m, world);
  settle(m, world);
  return world;
}

/** Slot 1 stands, everybody promises, accepts and is in sync: the state most faults begin in. */
export function runUp(m: Model, world: World): void {
  suspect(m, world, 1, []);
  for (let round = 0; round < 12; round++) {
    for (const { from, boot, to, message } of [...world.packets]) {
      if (message.type !== "ask" || from === 1)
        give(m, world, to, {
          type: "message",
          from: slotId(from),
          incarnation: life(from, boot),
          message,
        });
    }
    for (const slot of m.slots)
      if (nodeOf(world, slot).state.writing !== undefined) flush(m, world, slot);
    settle(m, world);
    for (const beat of [...world.beats]) {
      for (const slot of m.slots) if (slot !== beat.from) hear(m, world, slot, beat);
    }
    for (const slot of m.controllers) takeData(m, world, slot, 1);
    for (const slot of m.slots) if (slot !== 1) hearPresent(m, world, 1, slot);
    settle(m, world);
  }
}
