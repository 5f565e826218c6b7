// Boards beside their processes: clocks that drift, power, reset, kernel and its gate. A board runs
// while it has power and is not in reset; whatever ends that ends its process and shuts its gate.

import {
  defined,
  monoUs,
  type MonoUs,
  networkIds,
  nextBelow,
  nextUnit,
  nextChance,
  type SlotId,
} from "../../../src/base/index.ts";
import { isOpen } from "../fabric.ts";
import { hostIn, portOfSlot } from "../hosts.ts";
import { endLife, startCore, startLife } from "../process.ts";
import { schedule } from "../timeline.ts";
import { type Host, isRunning, type Life, say, type World } from "../world.ts";
import { hearEvidence, startPart } from "./leases.ts";
import type { Board, Failover } from "./types.ts";

/** Where all clocks would agree, true µs. */
const beginUs = 3_600_000_000;
/** From reset or power-on to our process takes up to this, µs; a process alone is faster. */
const bootUs = 150_000;
const restartUs = 20_000;

/** The failover part of a world that has one. */
export function failoverOf(world: World): Failover {
  return defined(world.failover, "a world with groups");
}

/** A board's state beside its process. */
export function boardOf(world: World, host: Host): Board {
  return defined(failoverOf(world).boards.get(host), "every host is a board");
}

/** The board in a slot. */
export function boardIn(world: World, slot: SlotId): Board {
  return boardOf(world, defined(hostIn(world, slot), "every slot has its board"));
}

/** A board on the shelf: clock, empty disk, good wires. */
export function newBoard(world: World, host: Host): Board {
  const { driftPpm } = world.chassis.timing.lease;
  const extreme = nextChance(world.rng, 0.5) ? driftPpm : -driftPpm;
  const between = (2 * nextUnit(world.rng) - 1) * driftPpm;
  return {
    host,
    ppm: nextChance(world.rng, 0.5) ? extreme : between,
    zeroUs: nextBelow(world.rng, 1_000_000_000),
    isUp: false,
    gates: new Map(),
    memory: undefined,
    logs: new Map(),
    wires: {
      power: true,
      reset: false,
      isWell: false,
      stuckReset: false,
      stuckPower: false,
      isDriverDead: false,
      busyUs: 0,
      lies: new Map(),
    },
  };
}

/** What a board's clock says at a true time (CLOCK_BOOTTIME). */
export function clockUs(board: Board, trueUs: number): MonoUs {
  const sinceUs = (trueUs - beginUs) * (1 + board.ppm / 1e6);
  return monoUs(Math.floor(beginUs + sinceUs) + board.zeroUs);
}

/** When a board's clock says so, in true time; never earlier. */
export function trueUs(board: Board, localUs: number): number {
  return Math.ceil(beginUs + (localUs - board.zeroUs - beginUs) / (1 + board.ppm / 1e6)) + 1;
}

/** May packets of the group's public addresses leave this board now? */
export function isGateOpen(world: World, board: Board, group: string): boolean {
  const deadlineUs = board.gates.get(group) ?? 0;
  return board.isUp && deadlineUs > clockUs(board, world.timeline.nowUs);
}

/** Power and reset are as they are now: the board boots, or it is off. */
export function applyPower(world: World, board: Board): void {
  const { wires, host } = board;
  if (wires.power && !wires.reset) {
    if (!board.isUp && host.life === undefined) boot(world, board, nextBelow(world.rng, bootUs));
    return;
  }
  turnOff(world, board, wires.power ? "is in reset" : "has no power");
}

/** The kernel is gone, its gate with it; the process has no time for a word. */
export function turnOff(world: World, board: Board, how: string): void {
  board.isUp = false;
  board.wires.isWell = false;
  board.gates.clear();
  if (board.host.life !== undefined) endLife(world, board.host.life, how);
}

/** Starts the process of a board that has power; the kernel first if it is not up. */
export function start(world: World, board: Board): void {
  const { host, wires } = board;
  if (host.life !== undefined || !wires.power || wires.reset) return;
  boot(world, board, nextBelow(world.rng, board.isUp ? restartUs : bootUs));
}

function boot(world: World, board: Board, us: number): void {
  const { host } = board;
  const { slot } = host;
  if (slot === undefined) return;
  const life = startLife(world, host, slot);
  schedule(world.timeline, world.timeline.nowUs + 1000 + us, () => {
    if (life.isEnded) return;
    board.isUp = true;
    board.wires.isWell = true;
    board.gates.clear(); // S1: before its first packet
    startPart(world, life, board);
    startCore(world, life, defined(world.documents.get(slot), "a document for every slot"));
  });
}

/** The process dies and its kernel lives: connections close, the gate goes by its deadline. */
export function crashProcess(world: World, board: Board, healthyFollows: boolean): void {
  const { life } = board.host;
  if (life === undefined) return;
  const { slot } = life;
  const wasUp = board.isUp;
  endLife(world, life, "crashes");
  if (!wasUp) return;
  if (healthyFollows) board.wires.isWell = false;
  for (const other of world.bySlot) if (other !== undefined) closeWatch(world, slot, other);
}

/** The dead process's kernel ends its connections: what still reaches the other end is evidence. */
function closeWatch(world: World, slot: SlotId, other: Life): void {
  const delayUs = 100 + nextBelow(world.rng, 1_500);
  schedule(world.timeline, world.timeline.nowUs + delayUs, () => {
    if (!isReached(world, slot, other.slot)) return;
    hearEvidence(world, other, slot, "its death watch closed");
  });
}

/** Is there a way from one slot's board to another's on any network now? */
export function isReached(world: World, from: SlotId, to: SlotId): boolean {
  return networkIds.some((network) =>
    isOpen(world.fabric, network, portOfSlot(world, from, network), portOfSlot(world, to, network)),
  );
}

/** Calls `run` in this process, when it runs; never if it has ended. */
export function whenRunning(world: World, life: Life, run: () => void): void {
  if (life.isEnded) return;
  if (isRunning(life, world.timeline.nowUs)) return run();
  // Behind what its sockets and timers had waiting.
  schedule(world.timeline, life.pausedUntilUs + 2, () => whenRunning(world, life, run));
}

/** A word about a group in the timeline of a replay. */
export function tellStory(world: World, slot: SlotId, group: string, text: string): void {
  say(world, `slot ${slot} ${group}: ${text}`);
}
