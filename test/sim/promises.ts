// What a board promises about its map, checked behind every step of every board. Each promise is a
// function whose first comment is its sentence; it throws a Violation that says what was expected.

import { monoUs, type SlotId, slotId } from "../../src/base/index.ts";
import type { MapChange, NetrackEffect } from "../../src/netrack/index.ts";
import { cellAt, indexOf } from "../../src/netrack/core/state.ts";
import {
  oneBeatUs,
  outOfTurnBudget,
  retiredLivesMax,
  settleMaxUs,
} from "../../src/netrack/limits.ts";
import { hasToldHearing, isSteady, isWayOpen, linkOf } from "./truth.ts";
import { isRunning, type Life, say, type Told, Violation, type World } from "./world.ts";

/** Time a board may take beside the configured intervals, µs: timers, the loop, the switch. */
export const spareUs = 10_000;
/** States are measured each this many steps of the world. */
const measureEvery = 256;

/** Called behind every step; `effects` are already carried out. */
export function afterStep(
  world: World,
  life: Life,
  told: Told,
  effects: readonly NetrackEffect[],
): void {
  noteReading(world, life, told);
  for (const effect of effects) {
    if (effect.type === "changed") afterChange(world, life, told, effect.change);
  }
  if (told.event.type === "beat") oneTrueLife(world, life, slotId(told.event.beat.slot));
  if (told.event.type === "carrier") carrierIsBelieved(world, life, told);
  if (told.event.type === "timer") {
    silenceIsNoticed(world, life);
    deathIsNoticed(world, life);
  }
  if (world.steps % measureEvery === 0) stateIsBounded(world, life);
}

/** A board that drains concludes only at the end; what it read meanwhile is at most this old, µs. */
const drainUs = 500;

/** Notes what a process has read just now; a drain is judged by it. */
function noteReading(world: World, life: Life, { event, body }: Told): void {
  const now = world.timeline.nowUs;
  if (event.type === "carrier" && !event.up) {
    for (const peer of life.core?.direct ?? []) {
      const link = linkOf(life, peer.slot, event.network);
      if (link !== undefined) link.ownLostUs = now;
    }
  }
  if (event.type !== "beat" || body?.kind !== "beat" || body.origin === undefined) return;
  for (const network of ["A", "B"] as const) {
    const link = linkOf(life, slotId(event.beat.slot), network);
    if (link === undefined) continue;
    if (network === event.network) link.readUs = now;
    if (event.beat.lostCarrier[network]) link.toldLostUs = now;
  }
}

function afterChange(world: World, life: Life, told: Told, change: MapChange): void {
  switch (change.type) {
    case "board": {
      const { slot, state } = change;
      say(world, `slot ${life.slot}: board ${slot} ${change.was} -> ${state}`);
      life.toldBoards[slot] = state;
      if (state === "down") noFalseDeath(world, life, slot);
      if (state === "up") noFalseLife(world, life, slot);
      return;
    }
    case "path": {
      const { from, to, network, up } = change;
      const way = `${from}>${to} on ${network}`;
      say(world, `slot ${life.slot}: path ${way} ${up ? "up" : "down"}`);
      life.toldPaths[cellAt(from, to, indexOf(network))] = up ? 1 : 0;
      if (to !== life.slot) return;
      if (up) noFalseHearing(world, life, told, change);
      else noFalseSilence(world, life, told, change);
      return;
    }
    case "fault":
      say(world, `slot ${life.slot}: ${change.cleared ? "cleared" : "fault"}: ${change.text}`);
      return;
    default:
      change satisfies never;
  }
}

type PathChange = Extract<MapChange, { type: "path" }>;

/**
 * N1 A board lets its own path from X fall only if no beat of X reached its inbox there in the last
 * silentMs, or if it lost its own carrier there, or X told it so. `oneBeatUs` less is allowed: both
 * copies of one beat leave together, and silence counts from the first of them. A silence that was
 * long enough counts even if it ended within lateMs, when the board did not look in time.
 */
export function noFalseSilence(world: World, life: Life, told: Told, change: PathChange): void {
  const { from, network } = change;
  const { event } = told;
  const now = world.timeline.nowUs;
  const link = linkOf(life, from, network);
  const last = link?.lastUs ?? 0;
  const silenceUs = world.timing.silentUs - oneBeatUs;
  if (now - last >= silenceUs) return;
  const isJustOver = now - last <= world.timing.lateUs && last - (link?.beforeUs ?? 0) >= silenceUs;
  if (isJustOver) return;
  const lostUs = Math.max(link?.toldLostUs ?? 0, link?.ownLostUs ?? 0);
  if (event.type === "drained" && now - lostUs <= drainUs) return;
  if (event.type === "carrier" && event.network === network && !event.up) return;
  if (event.type === "beat" && event.beat.slot === from && event.beat.lostCarrier[network]) return;
  const ago = ((now - last) / 1000).toFixed(3);
  const what = `slot ${life.slot} let its path from ${from} on ${network} fall (${event.type})`;
  fail(world, "N1 no false verdict on a path", `${what}, but a beat came ${ago} ms ago`);
}

/**
 * N1 A board calls X down only if X does not run or stands still, or is heard neither by the board
 * nor by any hub that the board hears. Weaker than "by no hub": what a board cannot be told, it
 * cannot know. Heard = long enough without a gap that a path is believed, and not damped; a hub must
 * have believed it as well, because after a short loss of carrier it waits for a run of beats.
 * A way that is closed at that moment is no hearing: the verdict is true, only sooner than need be.
 */
export function noFalseDeath(world: World, life: Life, slot: SlotId): void {
  const target = world.bySlot[slot];
  if (target === undefined || target.core === undefined) return;
  const now = world.timeline.nowUs;
  if (!isRunning(target, now) && now - target.pausedUs > world.timing.beatUs) return;
  for (const network of ["A", "B"] as const) {
    if (isSteady(world, life, slot, network) && isWayOpen(world, slot, life.slot, network)) {
      fail(
        world,
        "N1 no false verdict on a board",
        `slot ${life.slot} calls ${slot} down and hears it on ${network}`,
      );
    }
  }
  for (const hub of hubsHeard(world, life)) {
    if (hub.slot === slot) continue;
    for (const network of ["A", "B"] as const) {
      if (!isWayOpen(world, slot, hub.slot, network)) continue;
      if (!isSteady(world, hub, slot, network) || !hasToldHearing(world, hub, slot, network))
        continue;
      const what = `slot ${life.slot} calls ${slot} down`;
      fail(
        world,
        "N1 no false verdict on a board",
        `${what}, but hub ${hub.slot}, which it hears, hears ${slot} on ${network}`,
      );
    }
  }
}

/** N4 A path rises only by a genuine beat of its sender's newest life; a recording raises nothing. */
export function noFalseHearing(world: World, life: Life, told: Told, change: PathChange): void {
  const { body } = told;
  const link = linkOf(life, change.from, change.network);
  const isRead = world.timeline.nowUs - (link?.readUs ?? 0) <= drainUs;
  if (told.event.type === "drained" && isRead) return;
  const what = `slot ${life.slot} believes its path from ${change.from} on ${change.network}`;
  if (body?.kind !== "beat" || told.event.type !== "beat" || body.beat?.slot !== change.from) {
    fail(world, "N4 recordings raise nothing", `${what} without a beat of it (${told.event.type})`);
    return;
  }
  if (body.origin === undefined)
    fail(world, "N4 recordings raise nothing", `${what} by a recording`);
}

/** N4 A board that has been dead for longer than any detection takes is not called up again. */
export function noFalseLife(world: World, life: Life, slot: SlotId): void {
  const now = world.timeline.nowUs;
  const since = world.deadUs[slot] ?? 0;
  if (since < 0 || life.slot === slot) return;
  // Who stood still believes for a while what it heard before; unrest covers its return.
  if (now <= Math.max(since, world.unrestUs) + boardBoundUs(world)) return;
  const ms = ((now - since) / 1000).toFixed(1);
  fail(world, "N4 the dead stay dead", `slot ${life.slot} calls ${slot} up, dead for ${ms} ms`);
}

/** N4 The life a board takes for a slot's is one that slot really had, and never an older one. */
export function oneTrueLife(world: World, life: Life, slot: SlotId): void {
  const peer = life.core?.peers[slot];
  if (peer === undefined || !peer.isProven) return;
  const before = life.proven[slot] ?? 0;
  const known = world.livesBorn[before - 1];
  if (known !== undefined && known.hi === peer.hi && known.lo === peer.lo) return;
  const number = world.livesBorn.findIndex(({ hi, lo }) => hi === peer.hi && lo === peer.lo) + 1;
  const what = `slot ${life.slot} takes life ${number} for that of slot ${slot}`;
  if (number <= before) {
    fail(world, "N4 no life comes back", `${what}, after life ${before}`);
  } else if (world.livesBorn[number - 1]?.slot !== slot) {
    fail(world, "N4 no life comes back", `${what}, which it never was`);
  }
  life.proven[slot] = number;
}

/** N2 A board that loses its own carrier believes no path there from that moment. */
export function carrierIsBelieved(world: World, life: Life, told: Told): void {
  const { event } = told;
  if (event.type !== "carrier" || event.up) return;
  const believed = life.core?.direct.find((peer) => peer.paths[indexOf(event.network)].up);
  if (believed === undefined) return;
  const what = `slot ${life.slot} lost its carrier on ${event.network}, believes ${believed.slot}`;
  fail(world, "N2 a lost carrier is believed at once", what);
}

/**
 * N2 A path over which nothing comes is down at its receiver within silentMs + one beat + lateness
 * and a little; a receiver that stood still counts from when it ran again.
 */
export function silenceIsNoticed(world: World, life: Life): void {
  const { core } = life;
  if (core === undefined) return;
  const now = world.timeline.nowUs;
  const { silentUs, beatUs, lateUs } = world.timing;
  const boundUs = silentUs + beatUs + lateUs + spareUs;
  for (const peer of core.direct) {
    for (const network of ["A", "B"] as const) {
      if (!peer.paths[indexOf(network)].up) continue;
      const last = linkOf(life, peer.slot, network)?.lastUs ?? 0;
      if (now <= Math.max(last, life.listenUs) + boundUs) continue;
      const ms = ((now - Math.max(last, life.listenUs)) / 1000).toFixed(1);
      const what = `slot ${life.slot} still believes its path from ${peer.slot} on ${network}`;
      fail(
        world,
        "N2 silence is noticed in time",
        `${what} after ${ms} ms; bound ${boundUs / 1000}`,
      );
    }
  }
}

/** N2 A dead board is no longer up on any able board's map within the bound. */
export function deathIsNoticed(world: World, life: Life): void {
  const { core } = life;
  if (core === undefined) return;
  const now = world.timeline.nowUs;
  const fromUs = Math.max(life.listenUs, life.coreUs, world.unrestUs);
  for (const slot of core.slots) {
    const since = world.deadUs[slot] ?? -1;
    if (since < 0 || life.toldBoards[slot] !== "up") continue;
    const boundUs = boardBoundUs(world);
    if (now <= Math.max(since, fromUs) + boundUs) continue;
    const ms = ((now - Math.max(since, fromUs)) / 1000).toFixed(1);
    const what = `slot ${life.slot} still calls ${slot} up ${ms} ms after it ended`;
    fail(world, "N2 death is noticed in time", `${what}; bound ${boundUs / 1000}`);
  }
}

/** Longest way from the last beat of a board to every able board's map, µs. */
export function boardBoundUs(world: World): number {
  const { silentUs, beatUs, lateUs } = world.timing;
  const lostBeats = world.fabric.lossRatio > 0 ? 5 : 0;
  return silentUs + (3 + lostBeats) * beatUs + 2 * lateUs + spareUs;
}

/** Longest way from a fault to its name, or to its end, on every able board's map, µs. */
export function diagnosisBoundUs(world: World): number {
  return boardBoundUs(world) + settleMaxUs;
}

/** G5 Every state stays within its named bounds. */
export function stateIsBounded(world: World, life: Life): void {
  const { core } = life;
  if (core === undefined) return;
  const check = (what: string, value: number, max: number): void => {
    if (value > max)
      fail(world, "G5 state is bounded", `slot ${life.slot}: ${what} ${value} > ${max}`);
  };
  check("alarm times", core.alarmUs.size, 64 * 3 + 1);
  check("budget", core.budget, outOfTurnBudget);
  for (const peer of core.direct) {
    check("retired lives", peer.retired.length, retiredLivesMax);
    for (const path of peer.paths) check("falls", path.falls.length, world.timing.flapMax);
  }
  check("faults", core.picture.faults.length, 64 * 64 * 2);
}

/** Hubs whose beats reach this board steadily. */
function hubsHeard(world: World, life: Life): Life[] {
  const found: Life[] = [];
  for (const board of world.chassis.boards) {
    const hub = world.bySlot[board.slot];
    if (board.role === "io-card" || hub === undefined || hub === life || hub.core === undefined)
      continue;
    if (isSteady(world, life, board.slot, "A") || isSteady(world, life, board.slot, "B"))
      found.push(hub);
  }
  return found;
}

/** Throws the violation. */
export function fail(world: World, promise: string, what: string): void {
  throw new Violation(promise, monoUs(world.timeline.nowUs), what);
}
