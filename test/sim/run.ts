// One seed, from power-on to the last check: boots a random chassis, lets faults come and go, alone
// or overlapping, and ends with everything healed and every map right.

import { nextBelow, nextChance } from "../../src/base/index.ts";
import { missingAddress } from "./address-promises.ts";
import { begin, end, randomFault, randomTrouble, type SimFault } from "./faults.ts";
import { makeHosts, powerOnAll } from "./hosts.ts";
import { healBoundUs, mapsAreRight } from "./maps.ts";
import { type Move, randomMove } from "./moves.ts";
import { pause } from "./process.ts";
import { diagnosisBoundUs, fail } from "./promises.ts";
import { runUntil, schedule } from "./timeline.ts";
import { liveFailover } from "./failover/run.ts";
import { chassisOf, type Scenario, scenarioOf } from "./scenario.ts";
import { createWorld, memoryText, say, Violation, type World } from "./world.ts";

/** What came of a seed. */
export type Outcome = {
  readonly seed: number;
  readonly scenario: Scenario;
  /** Steps of all cores, and a hash over all of them: equal hashes = equal runs. */
  readonly steps: number;
  readonly hash: number;
  readonly boards: number;
  readonly virtualMs: number;
  readonly violation: Report | undefined;
};

/** A broken promise with what led to it. */
export type Report = {
  readonly promise: string;
  readonly atMs: number;
  readonly text: string;
  readonly lastEvents: readonly string[];
};

/** How to run a seed. */
export type RunOptions = {
  /** Virtual time during which faults begin; 0 = from the seed, 3 to 6 s. */
  readonly seconds: number;
  /** Left out: the seed's own (scenario.ts). */
  readonly scenario?: Scenario | undefined;
  /** Maps: only faults of boards and networks, or only what people do by hand; left out: both. */
  readonly focus?: "faults" | "moves" | undefined;
  readonly trace?: ((line: string) => void) | undefined;
};

/** Share of episodes that are moves; they are slow. */
const moveRatio = 0.08;
/** How often a recovering world is looked at, µs. */
const lookUs = 100_000;
/**
 * Longest way to addresses and document once nothing is broken any more, µs: a client asks every
 * 4.8 s at most, an answer takes 1 s with the slowest switch, a lost lookup costs another round;
 * after a DECLINE it waits 10 s, after a conflict the address is kept back for 3.2 s.
 */
const addressBoundUs = 25_000_000;

/** Runs a seed; never throws for a broken promise. */
export function runSeed(seed: number, options: RunOptions): Outcome {
  const scenario = options.scenario ?? scenarioOf(seed);
  const world = createWorld(seed, chassisOf(scenario), options.trace);
  const startUs = world.timeline.nowUs;
  let violation: Report | undefined;
  try {
    if (scenario === "maps") liveMaps(world, options);
    else liveFailover(world, lengthUsOf(world, options));
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    say(world, `VIOLATION ${error.promise}: ${error.message}`);
    violation = {
      promise: error.promise,
      atMs: (error.atUs - startUs) / 1000,
      text: error.message,
      lastEvents: world.memory.map(memoryText),
    };
  }
  return {
    seed,
    scenario,
    steps: world.steps,
    hash: world.hash,
    boards: world.chassis.boards.length,
    virtualMs: (world.timeline.nowUs - startUs) / 1000,
    violation,
  };
}

function lengthUsOf(world: World, { seconds }: RunOptions): number {
  return seconds > 0 ? seconds * 1e6 : 3_000_000 + nextBelow(world.rng, 3_000_000);
}

function liveMaps(world: World, options: RunOptions): void {
  const { focus } = options;
  const untilUs = world.timeline.nowUs + lengthUsOf(world, options);
  world.stalls = nextBelow(world.rng, 3);
  makeHosts(world);
  powerOnAll(world);
  stall(world);
  recover(world);
  while (world.timeline.nowUs < untilUs) {
    const isMove = focus === undefined ? nextChance(world.rng, moveRatio) : focus === "moves";
    if (isMove) oneMove(world, randomMove(world));
    else if (nextChance(world.rng, 0.55)) oneFault(world, randomFault(world));
    else manyFaults(world);
  }
}

/** One fault in a healthy chassis: named in time, still named later, gone when it is gone. */
function oneFault(world: World, fault: SimFault): void {
  begin(world, fault);
  pass(world, diagnosisBoundUs(world));
  mapsAreRight(world, fault);
  pass(world, nextBelow(world.rng, 300_000));
  mapsAreRight(world, fault);
  end(world, fault);
  recover(world);
}

/** Somebody does something by hand; what he needs for it is not judged, only what comes of it. */
function oneMove(world: World, move: Move): void {
  say(world, `MOVE ${move.name}`);
  world.unrestUs = Math.max(world.unrestUs, world.timeline.nowUs);
  move.begin();
  pass(world, 5_000_000);
  recover(world);
}

/** Two to five faults that overlap; only when all have ended are the maps compared with the truth. */
function manyFaults(world: World): void {
  const lengthUs = 200_000 + nextBelow(world.rng, 600_000);
  const startUs = world.timeline.nowUs;
  const count = 2 + nextBelow(world.rng, 4);
  for (let i = 0; i < count; i++) {
    const fault = randomTrouble(world);
    const beginUs = nextBelow(world.rng, lengthUs);
    const endUs = beginUs + nextBelow(world.rng, lengthUs - beginUs);
    schedule(world.timeline, startUs + beginUs, () => begin(world, fault));
    schedule(world.timeline, startUs + endUs, () => end(world, fault));
  }
  // The last stop may begin at the very end and take 0.8 s.
  pass(world, lengthUs + 800_000);
  recover(world);
}

/** All faults have ended: every board gets its address back and every map becomes right. */
function recover(world: World): void {
  const sinceUs = world.timeline.nowUs;
  pass(world, lookUs);
  for (;;) {
    const missing = missingAddress(world);
    if (missing === undefined) break;
    const waitedUs = world.timeline.nowUs - sinceUs;
    if (waitedUs > addressBoundUs) {
      fail(world, "G3 every board gets what is its slot's", `after ${waitedUs / 1e6} s ${missing}`);
    }
    pass(world, lookUs);
  }
  pass(world, healBoundUs(world));
  mapsAreRight(world, undefined);
}

/** Every now and then some loop is late by a few milliseconds, as on a busy machine. */
function stall(world: World): void {
  const { timeline, rng } = world;
  const gapUs = 5_000 + nextBelow(rng, 400_000 / Math.max(1, world.stalls));
  schedule(timeline, timeline.nowUs + gapUs, () => {
    const host = world.hosts[nextBelow(rng, world.hosts.length)];
    const isFree = host?.life !== undefined && timeline.nowUs > host.stallUs + 60_000;
    if (world.stalls > 0 && isFree && host.life !== undefined) {
      host.stallUs = timeline.nowUs;
      pause(world, host.life, 300 + nextBelow(rng, 12_000));
    }
    stall(world);
  });
}

function pass(world: World, us: number): void {
  runUntil(world.timeline, world.timeline.nowUs + us);
}
