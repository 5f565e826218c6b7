// The promises about whole maps, checked when the world has come to rest: with one fault active,
// every able board names exactly that culprit; with none, it names nothing and everything is up.

import type { NetworkId, SlotId } from "../../src/base/index.ts";
import { mapOf } from "../../src/netrack/core/map.ts";
import { cellAt, indexOf } from "../../src/netrack/core/state.ts";
import { faultKey } from "../../src/netrack/core/diagnosis.ts";
import type { ChassisMap, Fault } from "../../src/netrack/index.ts";
import { boardBoundUs, diagnosisBoundUs, fail } from "./promises.ts";
import type { SimFault } from "./faults.ts";
import { isWayOpen, youthUs } from "./truth.ts";
import { type Life, type World } from "./world.ts";

/** Checks the map of every able board; `fault` is the only one there is, or there is none. */
export function mapsAreRight(world: World, fault: SimFault | undefined): void {
  for (const { slot } of world.chassis.boards) {
    const life = world.bySlot[slot];
    if (life === undefined || !isAble(world, life) || life.core === undefined) continue;
    const map = mapOf(life.core, world.timeline.nowUs);
    culpritIsNamed(world, life, map, fault);
    const isAlone =
      fault !== undefined && fault.culprits(slot).length === 2 && isCutOff(world, slot);
    if (!isAlone) {
      pathsAreTrue(world, life, map);
      livesAreTrue(world, life, map);
    }
    changesAddUp(world, life, map);
  }
}

/** Has it run for long enough, without a stop, to know what all know? */
function isAble(world: World, life: Life): boolean {
  const now = world.timeline.nowUs;
  if (life.core === undefined || life.isLeaving || life.pausedUntilUs > now) return false;
  if (now < life.coreUs + youthUs(world) + diagnosisBoundUs(world)) return false;
  return now >= life.listenUs + diagnosisBoundUs(world);
}

/** N3 With one fault every able board names exactly that culprit, with none it names nothing. */
export function culpritIsNamed(
  world: World,
  life: Life,
  map: ChassisMap,
  fault: SimFault | undefined,
): void {
  const expected = [...(fault?.culprits(life.slot) ?? [])].toSorted().join(", ");
  const named = map.faults
    .map((diagnosis) => keyOf(diagnosis.fault))
    .toSorted()
    .join(", ");
  if (named === expected) return;
  const cause = fault === undefined ? "nothing is broken" : `fault is "${fault.name}"`;
  const what = `slot ${life.slot} names [${named}], expected [${expected}]; ${cause}`;
  fail(world, "N3 the culprit is named", what);
}

/** N5 At rest every path on every able board's map is what it really is. */
export function pathsAreTrue(world: World, life: Life, map: ChassisMap): void {
  const up = new Set(map.paths.filter((path) => path.up).map(wayKey));
  for (const from of map.boards) {
    for (const to of map.boards) {
      if (from === to || world.bySlot[to.slot]?.isLeaving === true) continue;
      for (const network of ["A", "B"] as const) {
        const isUp = up.has(wayKey({ from: from.slot, to: to.slot, network }));
        const isTrue =
          isAlive(world, from.slot) &&
          isAlive(world, to.slot) &&
          isWayOpen(world, from.slot, to.slot, network);
        if (isUp === isTrue) continue;
        const what = `on slot ${life.slot}'s map ${from.slot}>${to.slot} on ${network} is ${isUp ? "up" : "not up"}`;
        fail(
          world,
          "N5 the map is right at rest",
          `${what}, in truth ${isTrue ? "open" : "closed"}`,
        );
      }
    }
  }
}

/** N5 At rest every running, reachable board is up, under its true incarnation. */
export function livesAreTrue(world: World, life: Life, map: ChassisMap): void {
  for (const board of map.boards) {
    const target = world.bySlot[board.slot];
    if (target === undefined || target.isLeaving || target.core === undefined) continue;
    if (board.slot !== life.slot && isCutOff(world, board.slot)) continue;
    const text = [target.hi, target.lo].map((half) => half.toString(16).padStart(8, "0")).join("");
    if (board.state === "up" && board.incarnation === text) continue;
    const what = `on slot ${life.slot}'s map board ${board.slot} is ${board.state} as ${board.incarnation}`;
    fail(world, "N5 the map is right at rest", `${what}, in truth it runs as ${text}`);
  }
}

/** N6 What subscribers were told adds up to the map. */
export function changesAddUp(world: World, life: Life, map: ChassisMap): void {
  for (const { slot, state } of map.boards) {
    const told =
      slot === life.slot && life.toldBoards[slot] === "unknown" ? "up" : life.toldBoards[slot];
    if (told !== state)
      fail(world, "N6 changes add up", `slot ${life.slot} told ${told} of ${slot}, has ${state}`);
  }
  for (const { from, to, network, up, source } of map.paths) {
    if (source === "derived") continue;
    const told = life.toldPaths[cellAt(from, to, indexOf(network))] === 1;
    if (told === up) continue;
    fail(
      world,
      "N6 changes add up",
      `slot ${life.slot} told ${told} of ${from}>${to} on ${network}, has ${up}`,
    );
  }
}

function isCutOff(world: World, slot: SlotId): boolean {
  return !world.chassis.boards.some(
    (other) =>
      other.slot !== slot &&
      (["A", "B"] as const).some((network) => isWayOpen(world, slot, other.slot, network)),
  );
}

function isAlive(world: World, slot: SlotId): boolean {
  return world.bySlot[slot]?.core !== undefined;
}

function wayKey({ from, to, network }: { from: SlotId; to: SlotId; network: NetworkId }): string {
  return `${from}>${to} ${network}`;
}

function keyOf(fault: Fault): string {
  return fault.kind === "cable" && !fault.carrier ? `${faultKey(fault)} dark` : faultKey(fault);
}

/** Longest way from a heal to a map without faults on every able board, µs. */
export function healBoundUs(world: World): number {
  const { upAfterUs, beatUs, flapHoldUs } = world.timing;
  return boardBoundUs(world) + diagnosisBoundUs(world) + upAfterUs + 3 * beatUs + flapHoldUs;
}
