// Breadth first through every world within the bounds; the first broken promise is the shortest.

import type { Bounds } from "./bounds.ts";
import { isWithin, stepsOf, violation } from "./steps.ts";
import { copyOf, keyOf } from "./values.ts";
import { type Model, type World, model } from "./world.ts";
import { crashWhileWriting, flushAll, isWriting } from "./node.ts";
import { settle } from "./settle.ts";
import { initial } from "./start.ts";

/** What an exploration found. */
export type Found = {
  readonly states: number;
  readonly depth: number;
  /** False = `statesMax` was reached with worlds left to look at. */
  readonly isWhole: boolean;
  /** A broken promise and the steps to it. */
  readonly broken: { readonly what: string; readonly steps: readonly string[] } | undefined;
};

type Seen = { readonly from: number; readonly label: string };

/** Explores one run; `say` hears of progress. */
export function explore(bounds: Bounds, say: (line: string) => void): Found {
  const m = model(bounds);
  const known = new Set<bigint>();
  const history: Seen[] = [];
  const frontier: { world: World; id: number }[] = [];
  let next: { world: World; id: number }[] = [];
  const first = initial(m);
  // Else a run that explores nothing would say that all is well.
  if (!isWithin(m, first)) throw new Error(`${bounds.name}: begins outside its bounds`);
  known.add(hash(keyOf(first)));
  history.push({ from: -1, label: "start" });
  next.push({ world: first, id: 0 });
  let depth = 0;
  while (next.length > 0) {
    frontier.splice(0, frontier.length);
    for (const each of next) frontier.push(each);
    next = [];
    depth++;
    for (const { world: before, id } of frontier) {
      for (const { label, world } of successors(m, before)) {
        const key = hash(keyOf(world));
        if (known.has(key)) continue;
        known.add(key);
        history.push({ from: id, label });
        const what = violation(m, world);
        const reached = { states: known.size, depth, isWhole: false };
        if (what !== undefined) {
          return { ...reached, broken: { what, steps: pathTo(history, history.length - 1) } };
        }
        if (known.size >= bounds.statesMax) return { ...reached, broken: undefined };
        if (isWithin(m, world)) next.push({ world, id: history.length - 1 });
        if (known.size % 100_000 === 0) say(`${bounds.name}: ${known.size} states, depth ${depth}`);
      }
    }
  }
  return { states: known.size, depth, isWhole: true, broken: undefined };
}

/**
 * Every world one step away. What a step writes is on the disk at once, for nobody waits for a disk
 * that others could not also wait for on the network; but whoever writes may also crash, with its
 * packets already sent, before or after the disk has it.
 */
function* successors(m: Model, before: World): Generator<{ label: string; world: World }> {
  for (const { label, act } of stepsOf(m, before)) {
    const world = copyOf(before);
    act(world);
    const writers = m.slots.filter((slot) => isWriting(world, slot));
    for (const slot of world.crashes < m.bounds.crashes ? writers : []) {
      for (const isOnDisk of [false, true]) {
        const crashed = copyOf(world);
        crashWhileWriting(m, crashed, slot, isOnDisk);
        flushAll(m, crashed);
        settle(m, crashed);
        const what = `slot ${slot} crashes ${isOnDisk ? "after" : "before"} its disk has it`;
        yield { label: `${label}; ${what}`, world: crashed };
      }
    }
    flushAll(m, world);
    settle(m, world);
    yield { label, world };
  }
}

function pathTo(history: readonly Seen[], id: number): string[] {
  const steps: string[] = [];
  for (let at = history[id]; at !== undefined; at = history[at.from]) steps.unshift(at.label);
  return steps;
}

function hash(text: string): bigint {
  return BigInt(Bun.hash(text));
}
