// A seed of the failover scenario: a chassis with groups starts from new disks, faults and orders come
// alone or overlapping, and everything heals again and again. Promises are checked all along.

import { defined, msToUs, nextBelow, nextChance } from "../../../src/base/index.ts";
import { ownerOf, type LeaseConfig } from "../../../src/lease/index.ts";
import { votersOf } from "../../../src/config/index.ts";
import { releaseMs } from "../../../src/slots/limits.ts";
import { makeHosts } from "../hosts.ts";
import { fail } from "../promises.ts";
import { runUntil, schedule } from "../timeline.ts";
import { say, type World } from "../world.ts";
import { applyPower, boardIn, failoverOf, newBoard, start } from "./board.ts";
import { holdUsMax, switchOn } from "./fence.ts";
import { activeAppears, activeBoundUs, activeOf } from "./liveness.ts";
import { begin, end, handOver, randomTrouble, type Trouble, unfenceable } from "./trouble.ts";
import type { Group } from "./types.ts";

/** How often the world is looked at, µs. */
const lookUs = 10_000;
/**
 * After this, µs, a healed chassis has an active in every group and every board runs: the longest hold
 * of a fence is over, a release that a dead driver swallowed is tried again, the board has booted.
 */
const healedBoundUs = holdUsMax + msToUs(releaseMs) + 1_000_000 + activeBoundUs;
/** A candidate asks again after this, µs. */
const askAgainUs = 20_000;

/** The groups of a world's chassis; nothing runs yet. */
export function prepareFailover(world: World): void {
  world.failover = {
    boards: new Map(),
    groups: world.chassis.groups.map(({ name }) => newGroup(world, name)),
    unrestUs: world.timeline.nowUs,
    nextMessage: 1,
    fences: 0,
    hasEdges: nextChance(world.rng, 0.5),
  };
}

/** Runs faults for about `lengthUs` of virtual time. */
export function liveFailover(world: World, lengthUs: number): void {
  prepareFailover(world);
  const failover = failoverOf(world);
  const untilUs = world.timeline.nowUs + lengthUs;
  makeHosts(world);
  for (const host of world.hosts) failover.boards.set(host, newBoard(world, host));
  for (const host of world.hosts) {
    const delayUs = nextBelow(world.rng, 300_000);
    const board = defined(failover.boards.get(host), "a board for every host");
    schedule(world.timeline, world.timeline.nowUs + delayUs, () => start(world, board));
  }
  say(world, groupsText(world));
  pass(world, 500_000);
  settle(world);
  while (world.timeline.nowUs < untilUs) {
    const chance = nextBelow(world.rng, 100);
    if (chance < 20) {
      handOver(world);
      pass(world, nextBelow(world.rng, 300_000));
    } else if (chance < 55) one(world, randomTrouble(world));
    else if (chance < 65) one(world, unfenceable(world));
    else many(world);
  }
}

function groupsText(world: World): string {
  const { groups } = failoverOf(world);
  const words = groups.map(({ name, holders, voters, configs }) => {
    const { unfenced } = defined([...configs.values()][0], "a group has boards");
    return `${name} on ${holders.join(" ")}, voters ${voters.join(" ")}, unfenced ${unfenced}`;
  });
  return words.join("; ");
}

function newGroup(world: World, name: string): Group {
  const { chassis } = world;
  const group = defined(
    chassis.groups.find((each) => each.name === name),
    "a group of the chassis",
  );
  const holders = group.on.toSorted((a, b) => a - b);
  const voters = votersOf(chassis.boards, group.on);
  const { lease, silentMs } = chassis.timing;
  const timing = {
    silentUs: silentMs * 1000,
    leaseUs: lease.leaseMs * 1000,
    grantUs: lease.grantMs * 1000,
    replicaUs: lease.replMs * 1000,
    coldUs: lease.coldMs * 1000,
    askAgainUs,
  };
  const { unfenced } = group;
  const configs = new Map<Group["holders"][number], LeaseConfig>();
  for (const { slot } of chassis.boards) {
    const isPart = slot === 0 || holders.includes(slot) || voters.includes(slot);
    if (!isPart) continue;
    configs.set(slot, { group: name, self: slot, holders, voters, unfenced, timing });
  }
  const first = defined([...configs.values()][0], "the CCN takes part");
  if (ownerOf(first, 1) !== holders[0]) throw new Error("epochs belong to the holders in order");
  return {
    name,
    configs,
    holders,
    voters,
    acked: [],
    nextWrite: 1,
    waitsUs: undefined,
    tenures: 0,
  };
}

/** One trouble in a chassis at rest; what is promised with one fault is checked while it lasts. */
function one(world: World, trouble: Trouble): void {
  begin(world, trouble);
  pass(world, 100_000 + nextBelow(world.rng, 600_000));
  if (nextChance(world.rng, 0.3)) handOver(world);
  end(world, trouble);
  settle(world);
}

/** Two to four that overlap, orders among them. */
function many(world: World): void {
  const lengthUs = 150_000 + nextBelow(world.rng, 700_000);
  const startUs = world.timeline.nowUs;
  const all: Trouble[] = [];
  const count = 2 + nextBelow(world.rng, 3);
  for (let i = 0; i < count; i++) {
    const trouble = randomTrouble(world);
    all.push(trouble);
    const beginUs = nextBelow(world.rng, lengthUs);
    schedule(world.timeline, startUs + beginUs, () => begin(world, trouble));
    if (nextChance(world.rng, 0.3)) {
      schedule(world.timeline, startUs + nextBelow(world.rng, lengthUs), () => handOver(world));
    }
  }
  pass(world, lengthUs + nextBelow(world.rng, 300_000));
  for (const trouble of all) end(world, trouble);
  settle(world);
}

/**
 * Nothing is broken any more: every group gets its active, and P6: every board runs again, those that
 * were fenced, too (F6); then a little rest, mostly.
 */
function settle(world: World): void {
  const sinceUs = world.timeline.nowUs;
  const isWaiting = nextChance(world.rng, 0.8);
  for (;;) {
    pass(world, 5 * lookUs);
    const group = failoverOf(world).groups.find((each) => activeOf(world, each) === undefined);
    const off = world.chassis.boards.find(({ slot }) => world.bySlot[slot]?.core === undefined);
    if (group === undefined && (off === undefined || !isWaiting)) break;
    repair(world);
    const waitedUs = world.timeline.nowUs - sinceUs;
    if (waitedUs <= healedBoundUs) continue;
    const ago = `${waitedUs / 1000} ms after everything healed`;
    if (group !== undefined) fail(world, "P4 an active appears", `${group.name} has none ${ago}`);
    if (off !== undefined)
      fail(world, "P6 every board comes back", `slot ${off.slot} is off ${ago}`);
  }
  pass(world, nextBelow(world.rng, nextChance(world.rng, 0.7) ? 600_000 : 50_000));
  repair(world);
}

/** What a human does: switches on what the fence keeps off, and starts what does not run. */
function repair(world: World): void {
  const ccn = world.bySlot[0];
  for (const slot of ccn?.part?.slots?.state.slots.values() ?? []) {
    const isOff =
      slot.phase.kind === "kept-off" || (slot.phase.kind === "idle" && slot.isOffWished);
    if (isOff && ccn !== undefined) switchOn(world, ccn, slot.slot);
  }
  for (const { slot } of world.chassis.boards) {
    const board = boardIn(world, slot);
    if (board.host.life === undefined) applyPower(world, board);
    if (board.isUp) start(world, board);
  }
}

function pass(world: World, us: number): void {
  const untilUs = world.timeline.nowUs + us;
  while (world.timeline.nowUs < untilUs) {
    runUntil(world.timeline, Math.min(untilUs, world.timeline.nowUs + lookUs));
    activeAppears(world);
  }
}
