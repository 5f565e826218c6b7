// What goes wrong: each fault begins, may end, and has the culprits that every able board must name
// while it is the only one.

import {
  type NetworkId,
  networkIds,
  nextBelow,
  nextChance,
  nextOf,
  type SlotId,
} from "../../src/base/index.ts";
import { openBytes } from "./beats.ts";
import { pairKey, type PortFault, setPortFault, setSwitch } from "./fabric.ts";
import { hostIn, portOfSlot, powerOff, powerOn } from "./hosts.ts";
import { arrive, endLife, feed, pause } from "./process.ts";
import { schedule } from "./timeline.ts";
import { say, type World } from "./world.ts";

/** One fault; `culprits` are the keys an observer's diagnosis must consist of (see maps.ts). */
export type SimFault = {
  readonly name: string;
  /** Can its diagnosis be judged while it lasts? False for what passes by itself. */
  readonly isLasting: boolean;
  readonly begin: () => void;
  readonly end: () => void;
  readonly culprits: (observer: SlotId) => readonly string[];
};

type Cut = PortFault & { readonly network: NetworkId; readonly port: number };

const cuts = new WeakMap<World, Cut[]>();

/** Any fault of one thing. */
export function randomFault(world: World): SimFault {
  const slot = nextOf(world.rng, world.chassis.boards).slot;
  const network = nextOf(world.rng, networkIds);
  switch (nextBelow(world.rng, 11)) {
    case 0:
      return cable(world, slot, network, { carrier: true, dropIn: true, dropOut: true });
    case 1:
      return cable(world, slot, network, { carrier: false, dropIn: true, dropOut: true });
    case 2:
      return cable(world, slot, network, { carrier: false, dropIn: true, dropOut: false });
    case 3:
      return cable(world, slot, network, { carrier: false, dropIn: false, dropOut: true });
    case 4:
      return switchOff(world, network);
    case 5:
      return pair(world, network, false);
    case 6:
      return pair(world, network, true);
    case 7:
    case 8:
      return kill(world, slot);
    case 9:
      return leave(world, slot);
    default:
      return unreachable(world, slot);
  }
}

/** A fault that passes by itself or cannot be judged while it lasts: for overlapping faults. */
export function randomTrouble(world: World): SimFault {
  const slot = nextOf(world.rng, world.chassis.boards).slot;
  const network = nextOf(world.rng, networkIds);
  switch (nextBelow(world.rng, 7)) {
    case 0:
    case 1:
      return standStill(world, slot);
    case 6:
      return attack(world);
    case 2:
      return flapping(world, slot, network);
    case 3:
      return noise(world);
    case 4:
      return stalls(world);
    default:
      return randomFault(world);
  }
}

/** One cable: without carrier, silently in both directions, or one way only. */
export function cable(world: World, slot: SlotId, network: NetworkId, fault: PortFault): SimFault {
  const port = portOfSlot(world, slot, network);
  const isBoth = fault.dropIn && fault.dropOut;
  const way = fault.dropIn ? "deaf" : "mute";
  const key = isBoth
    ? `cable ${slot} ${network}${fault.carrier ? " dark" : ""}`
    : `${way} ${slot} ${network}`;
  const name = fault.carrier ? "cable out" : isBoth ? "silent cut" : way;
  const cut: Cut = { ...fault, network, port };
  return lasting(`${name}: slot ${slot} on ${network}`, key, {
    begin: () => addCut(world, cut),
    end: () => removeCut(world, cut),
  });
}

/** A whole network is gone. */
export function switchOff(world: World, network: NetworkId): SimFault {
  return lasting(`switch ${network} off`, `switch ${network}`, {
    begin: () => setSwitch(world.fabric, network, false),
    end: () => setSwitch(world.fabric, network, true),
  });
}

/** Two boards, one a hub, that do not reach each other although all others do. */
function pair(world: World, network: NetworkId, isBoth: boolean): SimFault {
  const { boards } = world.chassis;
  const hub = nextOf(
    world.rng,
    boards.filter(({ role }) => role !== "io-card"),
  );
  const other = nextOf(
    world.rng,
    boards.filter(({ slot }) => slot !== hub.slot),
  );
  const [from, to] = nextChance(world.rng, 0.5) ? [hub.slot, other.slot] : [other.slot, hub.slot];
  const a = portOfSlot(world, from, network);
  const b = portOfSlot(world, to, network);
  const keys = [pairKey(a, b), ...(isBoth ? [pairKey(b, a)] : [])];
  const { deaf } = world.fabric.switches[network];
  const expected = [
    `path ${from} ${to} ${network}`,
    ...(isBoth ? [`path ${to} ${from} ${network}`] : []),
  ];
  return {
    name: `pair: ${from} ${isBoth ? "<->" : "->"} ${to} on ${network}`,
    isLasting: true,
    begin: () => keys.forEach((key) => deaf.add(key)),
    end: () => keys.forEach((key) => deaf.delete(key)),
    culprits: () => expected,
  };
}

function kill(world: World, slot: SlotId): SimFault {
  return lasting(`kill: slot ${slot}`, `board ${slot}`, {
    begin: () => {
      const host = hostIn(world, slot);
      if (host !== undefined) powerOff(world, host);
    },
    end: () => restart(world, slot),
  });
}

/** Says that it goes down, then does. */
function leave(world: World, slot: SlotId): SimFault {
  let isOver = false;
  const speak = (): void => {
    const life = hostIn(world, slot)?.life;
    if (life?.core === undefined || life.isLeaving || isOver) return;
    const { nowUs } = world.timeline;
    if (life.pausedUntilUs > nowUs) {
      schedule(world.timeline, life.pausedUntilUs + 1, speak);
      return;
    }
    life.isLeaving = true;
    feed(world, life, { type: "leaving" });
    const lastUs = 15_000 + nextBelow(world.rng, 30_000);
    schedule(world.timeline, nowUs + lastUs, () => endLife(world, life, "has left"));
  };
  return lasting(`leave: slot ${slot}`, `leaving ${slot}`, {
    begin: speak,
    end: () => {
      isOver = true;
      const life = hostIn(world, slot)?.life;
      if (life?.isLeaving === true) endLife(world, life, "has left");
      restart(world, slot);
    },
  });
}

/** Both cables of a board are cut silently: to all others it is as good as dead. */
export function unreachable(world: World, slot: SlotId): SimFault {
  const both = networkIds.map((network): Cut => {
    const port = portOfSlot(world, slot, network);
    return { carrier: false, dropIn: true, dropOut: true, network, port };
  });
  return {
    name: `cut off: slot ${slot}`,
    isLasting: true,
    begin: () => both.forEach((cut) => addCut(world, cut)),
    end: () => both.forEach((cut) => removeCut(world, cut)),
    culprits: (observer) =>
      observer === slot ? [`cable ${slot} A`, `cable ${slot} B`] : [`board ${slot}`],
  };
}

/** A process that does not run for a while (debugger, swap, a sick kernel). */
export function standStill(world: World, slot: SlotId): SimFault {
  const us = 20_000 + nextBelow(world.rng, 780_000);
  return passing(`stand still: slot ${slot} for ${(us / 1000).toFixed(0)} ms`, {
    begin: () => {
      const life = hostIn(world, slot)?.life;
      if (life !== undefined) pause(world, life, us);
    },
    end: () => undefined,
  });
}

/** A cable with a loose contact. */
export function flapping(world: World, slot: SlotId, network: NetworkId): SimFault {
  const isDark = nextChance(world.rng, 0.5);
  const port = portOfSlot(world, slot, network);
  const cut: Cut = { carrier: isDark, dropIn: true, dropOut: true, network, port };
  let isOver = false;
  const flip = (isCut: boolean): void => {
    removeCut(world, cut);
    if (isOver) return;
    if (isCut) addCut(world, cut);
    world.unrestUs = Math.max(world.unrestUs, world.timeline.nowUs);
    const holdUs = 5_000 + nextBelow(world.rng, 120_000);
    schedule(world.timeline, world.timeline.nowUs + holdUs, () => flip(!isCut));
  };
  return passing(`flapping: slot ${slot} on ${network}`, {
    begin: () => flip(true),
    end: () => {
      isOver = true;
      removeCut(world, cut);
    },
  });
}

/** Frames get lost, doubled and overtaken on both networks. */
export function noise(world: World): SimFault {
  const { fabric } = world;
  const lossRatio = nextChance(world.rng, 0.5) ? 0.03 : 0;
  return passing(`noise: ${lossRatio * 100} % lost, some doubled and overtaken`, {
    begin: () => Object.assign(fabric, { lossRatio, duplicateRatio: 0.05, reorderRatio: 0.05 }),
    end: () => Object.assign(fabric, { lossRatio: 0, duplicateRatio: 0, reorderRatio: 0 }),
  });
}

/** Somebody on the networks plays recorded beats back, whole or changed, to whom it likes. */
function attack(world: World): SimFault {
  let isOver = false;
  const { rng, timeline } = world;
  const shoot = (): void => {
    if (isOver) return;
    if (world.captured.length > 0) replay(world);
    schedule(timeline, timeline.nowUs + 200 + nextBelow(rng, 3_000), shoot);
  };
  return passing("attack: recorded and forged beats", {
    begin: shoot,
    end: () => (isOver = true),
  });
}

/** One recording to the board it was made at, sometimes to another one, on another network. */
function replay(world: World): void {
  const { rng } = world;
  const { body, network, to } = nextOf(rng, world.captured);
  const slot = nextChance(rng, 0.8) ? to : nextOf(rng, world.chassis.boards).slot;
  const host = hostIn(world, slot);
  if (host === undefined || body.kind !== "beat") return;
  if (nextChance(rng, 0.2)) {
    const bytes = body.bytes.slice();
    const at = nextBelow(rng, bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << nextBelow(rng, 8));
    arrive(world, host, { type: "frame", network, body: openBytes(world, bytes, undefined) });
    return;
  }
  const on = nextChance(rng, 0.8) ? network : network === "A" ? "B" : "A";
  arrive(world, host, { type: "frame", network: on, body: { ...body, origin: undefined } });
}

/** Loops that are often late. */
export function stalls(world: World): SimFault {
  const before = world.stalls;
  return passing("stalls: late loops", {
    begin: () => (world.stalls = 20),
    end: () => (world.stalls = before),
  });
}

function restart(world: World, slot: SlotId): void {
  const host = hostIn(world, slot);
  if (host !== undefined) powerOn(world, host);
}

type Ways = { readonly begin: () => unknown; readonly end: () => unknown };

function lasting(name: string, key: string, ways: Ways): SimFault {
  return { name, isLasting: true, ...quiet(ways), culprits: () => [key] };
}

function passing(name: string, ways: Ways): SimFault {
  return { name, isLasting: false, ...quiet(ways), culprits: () => [] };
}

function quiet({ begin, end }: Ways): Pick<SimFault, "begin" | "end"> {
  return { begin: () => void begin(), end: () => void end() };
}

/** Begins a fault and notes that maps have something to catch up with. */
export function begin(world: World, fault: SimFault): void {
  say(world, `BEGIN ${fault.name}`);
  world.unrestUs = Math.max(world.unrestUs, world.timeline.nowUs);
  world.disturbedUs.A = world.timeline.nowUs;
  world.disturbedUs.B = world.timeline.nowUs;
  fault.begin();
}

/** Ends it. */
export function end(world: World, fault: SimFault): void {
  say(world, `END ${fault.name}`);
  world.unrestUs = Math.max(world.unrestUs, world.timeline.nowUs);
  world.disturbedUs.A = world.timeline.nowUs;
  world.disturbedUs.B = world.timeline.nowUs;
  fault.end();
}

function addCut(world: World, cut: Cut): void {
  const all = cuts.get(world) ?? [];
  cuts.set(world, all);
  if (!all.includes(cut)) all.push(cut);
  applyCuts(world, cut, all);
}

function removeCut(world: World, cut: Cut): void {
  const all = cuts.get(world) ?? [];
  const at = all.indexOf(cut);
  if (at >= 0) all.splice(at, 1);
  applyCuts(world, cut, all);
}

/** A port has the sum of all faults on it. */
function applyCuts(world: World, { network, port }: Cut, all: readonly Cut[]): void {
  const here = all.filter((cut) => cut.network === network && cut.port === port);
  const sum: PortFault = {
    carrier: here.some(({ carrier }) => carrier),
    dropIn: here.some(({ dropIn }) => dropIn),
    dropOut: here.some(({ dropOut }) => dropOut),
  };
  world.disturbedUs[network] = world.timeline.nowUs;
  setPortFault(world.fabric, network, port, here.length === 0 ? undefined : sum);
}
