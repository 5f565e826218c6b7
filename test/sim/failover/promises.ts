// What the leases, the fence and the data promise, checked when it could break: at every opening of a
// gate, every act, every order to fence. Judged by true time and by what really happened, never by
// the state of the board that is judged.

import type { Incarnation, SlotId } from "../../../src/base/index.ts";
import type { LeaseTell } from "../../../src/wire/index.ts";
import { fail } from "../promises.ts";
import type { Life, World } from "../world.ts";
import { boardIn, clockUs, failoverOf, isGateOpen } from "./board.ts";
import type { Group, Part } from "./types.ts";

/** Clocks are read in whole µs, and a lease may begin with the beat before. */
const roundUs = 50;

/**
 * P1 At any instant of true time at most one board may act for a group: its kernel's gate is open, by
 * the deadline on its own clock, whatever its process does. Gates open only when they are set, so two
 * intervals that overlap are seen where the second begins.
 */
export function gateIsAlone(world: World, life: Life, group: string, wasOpen: boolean): void {
  for (const { host } of failoverOf(world).boards.values()) {
    const { slot } = host;
    if (slot === undefined || slot === life.slot) continue;
    const other = boardIn(world, slot);
    if (!isGateOpen(world, other, group)) continue;
    const leftUs = (other.gates.get(group) ?? 0) - clockUs(other, world.timeline.nowUs);
    const how = `slots ${life.slot} and ${slot} may both act for ${group}`;
    fail(world, "P1 one board acts", `${how}; slot ${slot} for another ${leftUs / 1000} ms`);
  }
  if (!wasOpen) hasEveryWrite(world, life, group);
}

/** P3 Whoever may act has every write that was ever acknowledged, in its order. */
export function hasEveryWrite(world: World, life: Life, group: string): void {
  const log = life.part?.replicas.get(group)?.entries ?? [];
  let at = 0;
  for (const id of groupOf(world, group).acked) {
    while (at < log.length && log[at] !== id) at++;
    if (at < log.length) continue;
    const what = `slot ${life.slot} may act for ${group} without acknowledged write ${id}`;
    fail(world, "P3 no acknowledged write is lost", what);
  }
}

/** A voter echoed a beat of ours as one that follows our epoch: when that was sent, in true time. */
export function noteEcho(
  part: Part,
  group: string,
  from: SlotId,
  tell: LeaseTell,
  sentUs: number,
): void {
  const epoch = part.states.get(group)?.acting?.epoch;
  if (epoch === undefined || tell.epoch !== epoch || tell.promised !== epoch) return;
  const key = `${group}/${epoch}/${from}`;
  part.echoes.set(key, Math.max(part.echoes.get(key) ?? 0, sentUs));
}

/**
 * P2 No act without a valid lease: the gate of the board's own kernel is open, and either the board
 * is alone in sync, or a majority of voters (itself among them) granted by a beat that left at most
 * one lease ago, or is bound. Committed = really on disk at a majority.
 */
export function actIsValid(world: World, life: Life, group: string, act: string): void {
  const { part } = life;
  const state = part?.states.get(group);
  const acting = state?.acting;
  const broken = (why: string): void =>
    fail(world, "P2 no act without a lease", `slot ${life.slot} ${act} in ${group} ${why}`);
  if (part === undefined || acting === undefined || state === undefined) return broken("as nobody");
  if (!isGateOpen(world, part.board, group)) return broken("behind a gate that is shut");
  const { epoch, committed } = acting;
  const { voters } = groupOf(world, group);
  const majority = Math.floor(voters.length / 2) + 1;
  if (committed === undefined || promisedOnDisk(part, group) < epoch) return broken("uncommitted");
  const names = [committed.inSync, state.record.inSync];
  if (names.every((list) => list.length === 1 && list[0] === life.slot)) return;
  const { leaseUs } = state.config.timing;
  const slack = (leaseUs * world.chassis.timing.lease.driftPpm) / 500_000 + roundUs;
  const granting = voters.filter((slot) => {
    if (slot === life.slot || committed.bound.includes(slot)) return true;
    const sentUs = part.echoes.get(`${group}/${epoch}/${slot}`) ?? 0;
    return world.timeline.nowUs <= sentUs + leaseUs + slack;
  });
  if (granting.length < majority) broken(`with ${granting.length} votes of ${voters.length}`);
}

function promisedOnDisk(part: Part, group: string): number {
  return part.board.memory?.get(group)?.record.epoch ?? 0;
}

/**
 * P5 The CCN orders no fence of a board that it heard, within the time of silence, claim to act, if
 * that board's lines are good and its death watch is open.
 */
export function fenceIsNeeded(
  world: World,
  ccn: Life,
  group: string,
  order: { readonly slot: SlotId; readonly incarnation: Incarnation },
): void {
  const { slot, incarnation } = order;
  const claim = ccn.part?.claims.get(`${group}/${slot}`);
  if (claim === undefined || claim.incarnation !== incarnation) return;
  const agoUs = world.timeline.nowUs - claim.atUs;
  const { silentUs } = world.timing;
  if (agoUs >= silentUs * 0.995 || (ccn.part?.evidenceUs.get(slot) ?? 0) > claim.atUs) return;
  const what = `slot ${slot} is to be fenced for ${group}, which it claimed ${agoUs / 1000} ms ago`;
  fail(world, "P5 no needless fence", what);
}

/** A group's truth by its name. */
export function groupOf(world: World, name: string): Group {
  const found = failoverOf(world).groups.find((group) => group.name === name);
  if (found === undefined) throw new Error(`no group ${name}`);
  return found;
}
