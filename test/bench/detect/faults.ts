// Cases `board-kill`, `cable-cut`, `switch-cut`, `one-way`: from the fault to every board's map being
// right, by heartbeats alone (the links stay up); `own-carrier`: a board's own cable loses its
// carrier, until its own map is right.

import { defined, type SlotId, slotId } from "../../../src/base/index.ts";
import type { Lab } from "../../../src/lab/index.ts";
import type { BenchContext, BenchRow } from "../bench.ts";
import { bootChassis, type Cell, pathsOf, settle, untilDown } from "./chassis.ts";

/** One way to break the chassis. */
type Case = {
  readonly name: string;
  readonly breakIt: (lab: Lab, slot: SlotId) => Promise<number>;
  readonly cell: (slot: SlotId) => Cell;
  /** Boards whose maps are asked; default all that run. */
  readonly only?: (slot: SlotId) => readonly SlotId[];
  /** What `heal` does not mend. */
  readonly mend?: (lab: Lab, slot: SlotId) => Promise<void>;
};

/** Cards take turns, so that no figure is that of one board. */
const slots = [slotId(3), slotId(4), slotId(5), slotId(6)];
/** Pause before a fault, ms. Damping is off: it would hold a path down that is cut so often. */
const calmMs = 400;

const cases: readonly Case[] = [
  {
    name: "board-kill",
    breakIt: async (lab, slot) => at(await lab.kill(nameOf(lab, slot))),
    cell: (slot) => pathsOf(slot, { way: "from" }),
    mend: async (lab, slot) => void at(await lab.start(nameOf(lab, slot))),
  },
  {
    name: "cable-cut",
    breakIt: async (lab, slot) =>
      at(await lab.cut({ name: nameOf(lab, slot), network: "A" }, { silent: true })),
    cell: (slot) => pathsOf(slot, { network: "A" }),
  },
  {
    name: "switch-cut",
    breakIt: async (lab) =>
      at(await lab.cut({ name: lab.chassis.networks.A.switchName }, { silent: true })),
    cell: () => (path) => path.network === "A",
  },
  {
    name: "one-way",
    breakIt: async (lab, slot) =>
      at(await lab.cut({ name: nameOf(lab, slot), network: "B" }, { oneway: "in" })),
    cell: (slot) => pathsOf(slot, { network: "B", way: "to" }),
  },
  {
    name: "own-carrier",
    breakIt: async (lab, slot) => at(await lab.cut({ name: nameOf(lab, slot), network: "A" })),
    cell: (slot) => pathsOf(slot, { network: "A" }),
    only: (slot) => [slot],
  },
];

/** The names of these cases. */
export const faultCases: readonly string[] = cases.map(({ name }) => name);

/** Measures the wanted cases, `trials` times each, interleaved. */
export async function measureFaults(context: BenchContext, trials: number): Promise<BenchRow[]> {
  const wanted = cases.filter(({ name }) => context.only?.has(name) ?? true);
  if (wanted.length === 0) return [];
  const lab = await bootChassis(context, "demo.yaml", "timing: { flapMax: 100 }");
  const values = new Map<string, number[]>(wanted.map(({ name }) => [name, []]));
  for (let trial = 0; trial < trials; trial++) {
    for (const each of wanted) {
      const slot = defined(slots[trial % slots.length], "a slot for every trial");
      defined(values.get(each.name), each.name).push(await tryOnce(lab, each, slot));
    }
    if ((trial + 1) % 5 === 0) context.say(`${trial + 1} of ${trials} trials of each fault`);
  }
  await lab.down();
  return [...values].map(([name, ours]) => ({ case: name, unit: "ms", ours, peers: [] }));
}

async function tryOnce(lab: Lab, each: Case, slot: SlotId): Promise<number> {
  await Bun.sleep(calmMs * (0.5 + Math.random())); // no phase with the 10 ms of the heartbeats
  const fromUs = await each.breakIt(lab, slot);
  const only = each.only?.(slot);
  const cell = each.cell(slot);
  const ms = await untilDown(lab, only === undefined ? { fromUs, cell } : { fromUs, cell, only });
  at(await lab.heal());
  await each.mend?.(lab, slot);
  await settle(lab);
  return ms;
}

function at(done: Awaited<ReturnType<Lab["heal"]>>): number {
  if (!done.ok) throw new Error(done.error.text);
  return done.value.atUs;
}

function nameOf(lab: Lab, slot: SlotId): string {
  return defined(
    lab.chassis.boards.find((board) => board.slot === slot),
    `slot ${slot}`,
  ).name;
}
