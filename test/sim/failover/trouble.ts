// What goes wrong with groups of boards, and what people order: crashes of processes, kernels and
// power, of the CCN, too; wires that stick and lie; ways cut by pair, direction and network; stops;
// planned moves; programs that are not able for a while. Cables, switches and noise are ../faults.ts.

import {
  ccnSlot,
  type NetworkId,
  networkIds,
  nextBelow,
  nextChance,
  nextOf,
  type SlotId,
} from "../../../src/base/index.ts";
import { pairKey } from "../fabric.ts";
import {
  cable,
  flapping,
  noise,
  type SimFault,
  stalls,
  standStill,
  switchOff,
  unreachable,
} from "../faults.ts";
import { portOfSlot } from "../hosts.ts";
import { pause } from "../process.ts";
import { schedule } from "../timeline.ts";
import { say, type World } from "../world.ts";
import {
  applyPower,
  boardIn,
  crashProcess,
  failoverOf,
  start,
  turnOff,
  whenRunning,
} from "./board.ts";
import { edge } from "./fence.ts";
import { give } from "./leases.ts";
import { activeOf } from "./liveness.ts";
import type { Group } from "./types.ts";

/** Something that begins and may end. */
export type Trouble = {
  readonly name: string;
  readonly begin: () => void;
  readonly end: () => void;
};

/** Any trouble; half of it hits a board that is active. */
export function randomTrouble(world: World): Trouble {
  const { rng } = world;
  const slot = victim(world);
  const network = nextOf(rng, networkIds);
  switch (nextBelow(rng, 20)) {
    case 0:
    case 1:
    case 2:
      return processDies(world, slot);
    case 3:
    case 4:
      return kernelDies(world, slot);
    case 5:
      return powerFails(world, slot);
    case 6:
      return processDies(world, ccnSlot);
    case 7:
      return powerFails(world, ccnSlot);
    case 8:
    case 9:
    case 10:
      return cutPair(world);
    case 11:
      return fault(unreachable(world, slot));
    case 12:
      return fault(switchOff(world, network));
    case 13:
      return oneWay(world, slot);
    case 14:
      return stopped(world, slot);
    case 15:
      return stopped(world, nextChance(rng, 0.5) ? ccnSlot : slot);
    case 16:
      return badWire(world, slot);
    case 17:
      return notAble(world, slot);
    default:
      return fault(trouble(world, slot, network));
  }
}

/** A wire is bad, and the board behind it fails: the fence cannot simply prove it. */
export function unfenceable(world: World): Trouble {
  const slot = victim(world);
  const isDouble = nextChance(world.rng, 0.4);
  const wire = isDouble ? badWires(world, slot) : badWire(world, slot);
  const death = nextOf(world.rng, [processDies, kernelDies, cutOff, cutOff])(world, slot);
  // Two wires must have been bad while the board was heard, or nothing could tell that they lie.
  const laterUs = (isDouble ? 300_000 : 0) + nextBelow(world.rng, 200_000);
  let isOver = false;
  return {
    name: `${wire.name}; then ${death.name}`,
    begin() {
      wire.begin();
      after(world, laterUs, () => (isOver ? undefined : death.begin()));
    },
    end() {
      isOver = true;
      wire.end();
      death.end();
    },
  };
}

/** An operator moves a group; nothing if nobody is active. */
export function handOver(world: World): void {
  const group = nextOf(world.rng, failoverOf(world).groups);
  const from = activeOf(world, group);
  const to = nextOf(world.rng, group.holders);
  const life = from === undefined ? undefined : world.bySlot[from];
  if (life === undefined || from === to) return;
  say(world, `ORDER ${group.name} from slot ${from} to slot ${to}`);
  whenRunning(world, life, () => give(world, life, group.name, { type: "hand-over", to }));
}

function victim(world: World): SlotId {
  const { rng } = world;
  const group: Group = nextOf(rng, failoverOf(world).groups);
  const active = activeOf(world, group);
  if (active !== undefined && nextChance(rng, 0.5)) return active;
  return nextOf(rng, group.holders);
}

function processDies(world: World, slot: SlotId): Trouble {
  const board = boardIn(world, slot);
  const healthyFollows = nextChance(world.rng, 0.5);
  const restarts = nextChance(world.rng, 0.5);
  const backUs = nextBelow(world.rng, 150_000);
  return {
    name: `process of slot ${slot} dies, HEALTHY# ${healthyFollows ? "follows" : "stays"}`,
    begin() {
      crashProcess(world, board, healthyFollows);
      edge(world, board);
      if (restarts) after(world, backUs, () => start(world, board));
    },
    end: () => start(world, board),
  };
}

/** The whole system hangs or panics; a watchdog shows it, or nothing does. */
function kernelDies(world: World, slot: SlotId): Trouble {
  const board = boardIn(world, slot);
  const isHidden = nextChance(world.rng, 0.2);
  return {
    name: `kernel of slot ${slot} dies, HEALTHY# ${isHidden ? "stays good" : "goes bad"}`,
    begin() {
      if (isHidden) board.wires.lies.set("healthy", true);
      turnOff(world, board, "hangs");
      edge(world, board);
    },
    end() {
      board.wires.lies.delete("healthy");
      start(world, board);
    },
  };
}

function powerFails(world: World, slot: SlotId): Trouble {
  const board = boardIn(world, slot);
  return {
    name: `power of slot ${slot} fails`,
    begin() {
      board.wires.power = false;
      applyPower(world, board);
      edge(world, board);
    },
    end() {
      board.wires.power = true;
      applyPower(world, board);
      edge(world, board);
    },
  };
}

function cutOff(world: World, slot: SlotId): Trouble {
  return fault(unreachable(world, slot));
}

/** A wire sticks, lies, or nothing of the slot can be read. */
function badWire(world: World, slot: SlotId): Trouble {
  const { wires } = boardIn(world, slot);
  const line = nextOf(world.rng, ["healthy", "powerGood"] as const);
  const value = nextChance(world.rng, 0.5);
  const kind = nextBelow(world.rng, 5);
  const names = ["RST# sticks", "RST# and power stick", "driver dead"];
  return {
    name: `wires of slot ${slot}: ${names[kind] ?? `${line} always ${value ? "good" : "bad"}`}`,
    begin() {
      if (kind <= 1) wires.stuckReset = true;
      if (kind === 1) wires.stuckPower = true;
      if (kind === 2) wires.isDriverDead = true;
      if (kind > 2) wires.lies.set(line, value);
      edge(world, boardIn(world, slot));
    },
    end: () => mend(world, slot),
  };
}

/** RST# sticks and a line lies: one wire cannot switch the board off, another says that it is. */
function badWires(world: World, slot: SlotId): Trouble {
  const board = boardIn(world, slot);
  const { wires } = board;
  const line = nextOf(world.rng, ["healthy", "powerGood"] as const);
  const isPowerStuck = nextChance(world.rng, 0.5);
  return {
    name: `wires of slot ${slot}: RST# ${isPowerStuck ? "and power stick" : "sticks"}, ${line} always bad`,
    begin() {
      wires.stuckReset = true;
      wires.stuckPower = isPowerStuck;
      wires.lies.set(line, false);
      edge(world, board);
    },
    end: () => mend(world, slot),
  };
}

function mend(world: World, slot: SlotId): void {
  const board = boardIn(world, slot);
  board.wires.stuckReset = false;
  board.wires.stuckPower = false;
  board.wires.isDriverDead = false;
  board.wires.lies.clear();
  edge(world, board);
}

/** Two boards do not reach each other: one way or both, on one network or both. */
function cutPair(world: World): Trouble {
  const { rng } = world;
  const slots = world.chassis.boards.map(({ slot }) => slot);
  const a = nextOf(rng, slots);
  const b = nextOf(
    rng,
    slots.filter((slot) => slot !== a),
  );
  const networks = nextChance(rng, 0.7) ? networkIds : [nextOf(rng, networkIds)];
  const isBoth = nextChance(rng, 0.5);
  const flip = (network: NetworkId, isCut: boolean): void => {
    const { deaf } = world.fabric.switches[network];
    const [from, to] = [portOfSlot(world, a, network), portOfSlot(world, b, network)];
    for (const key of isBoth ? [pairKey(from, to), pairKey(to, from)] : [pairKey(from, to)]) {
      if (isCut) deaf.add(key);
      else deaf.delete(key);
    }
  };
  return {
    name: `cut: ${a} ${isBoth ? "<->" : "->"} ${b} on ${networks.join(" and ")}`,
    begin: () => networks.forEach((network) => flip(network, true)),
    end: () => networks.forEach((network) => flip(network, false)),
  };
}

/** A board that only sends or only hears, on both networks. */
function oneWay(world: World, slot: SlotId): Trouble {
  const dropIn = nextChance(world.rng, 0.5);
  const both = networkIds.map((network) =>
    cable(world, slot, network, { carrier: false, dropIn, dropOut: !dropIn }),
  );
  return {
    name: `slot ${slot} is ${dropIn ? "deaf" : "mute"}`,
    begin: () => both.forEach(({ begin }) => begin()),
    end: () => both.forEach(({ end }) => end()),
  };
}

/** SIGSTOP and SIGCONT: timers and packets wait, the kernel's gate does not. */
function stopped(world: World, slot: SlotId): Trouble {
  const us = 10_000 + nextBelow(world.rng, nextChance(world.rng, 0.5) ? 120_000 : 1_500_000);
  return {
    name: `process of slot ${slot} stopped for ${(us / 1000).toFixed(0)} ms`,
    begin() {
      const life = world.bySlot[slot];
      if (life !== undefined) pause(world, life, us);
    },
    end: () => undefined,
  };
}

/** The services of a group cannot run on a board for a while; a holder there goes on. */
function notAble(world: World, slot: SlotId): Trouble {
  const tell = (is: boolean): void => {
    const life = world.bySlot[slot];
    if (life?.part === undefined) return;
    whenRunning(world, life, () => {
      for (const group of life.part?.states.keys() ?? []) {
        give(world, life, group, { type: "able", is });
      }
    });
  };
  return {
    name: `slot ${slot} is not able`,
    begin: () => tell(false),
    end: () => tell(true),
  };
}

function trouble(world: World, slot: SlotId, network: NetworkId): SimFault {
  switch (nextBelow(world.rng, 4)) {
    case 0:
      return standStill(world, slot);
    case 1:
      return flapping(world, slot, network);
    case 2:
      return noise(world);
    default:
      return stalls(world);
  }
}

function fault({ name, begin, end }: SimFault): Trouble {
  return { name, begin, end };
}

function after(world: World, us: number, run: () => void): void {
  schedule(world.timeline, world.timeline.nowUs + us, run);
}

/** Begins it; what is promised counts anew from now. */
export function begin(world: World, what: Trouble): void {
  say(world, `BEGIN ${what.name}`);
  disturb(world);
  what.begin();
}

/** Ends it. */
export function end(world: World, what: Trouble): void {
  say(world, `END ${what.name}`);
  disturb(world);
  what.end();
}

function disturb(world: World): void {
  const { nowUs } = world.timeline;
  failoverOf(world).unrestUs = nowUs;
  world.unrestUs = Math.max(world.unrestUs, nowUs);
}
