// P4: an active appears. The simulator knows all disks, wires and ways, so it can say when the faults
// leave one board that must become active; from then on, while nothing changes, time is counted.

import type { SlotId } from "../../../src/base/index.ts";
import { ownerOf } from "../../../src/lease/index.ts";
import type { LeaseRecord } from "../../../src/wire/index.ts";
import { fail } from "../promises.ts";
import { isRunning, type Life, type World } from "../world.ts";
import { boardIn, failoverOf, isGateOpen, isReached } from "./board.ts";
import type { Group } from "./types.ts";

/**
 * Longest time without an active while the faults allow one, µs. A take-over takes 47 to 100 ms; but
 * a board that lost its votes waits 2 T_GRANT before it releases, then everybody waits for whoever
 * was named (4 T_SILENT), and a fence that could not prove anything is asked for again. After a start
 * T_COLD comes before that, while missing members are waited for.
 */
export const activeBoundUs = 500_000;

/** Looks at every group; called every few milliseconds of virtual time. */
export function activeAppears(world: World): void {
  for (const group of failoverOf(world).groups) {
    if (activeOf(world, group) !== undefined || !isAllowed(world, group)) {
      group.waitsUs = undefined;
      continue;
    }
    const { nowUs } = world.timeline;
    group.waitsUs ??= nowUs;
    const able = candidates(world, group);
    const fromUs = Math.max(
      group.waitsUs,
      failoverOf(world).unrestUs,
      Math.min(...able.map((slot) => grownUs(world, slot))),
    );
    if (nowUs - fromUs <= activeBoundUs) continue;
    const could = able.join(", ");
    const what = `${group.name} has no active for ${(nowUs - fromUs) / 1000} ms; slots ${could} could`;
    fail(world, "P4 an active appears", what);
  }
}

/** Until when a board that started waits for missing members (E5); one that was stopped listens. */
function grownUs(world: World, slot: SlotId): number {
  const { lease } = world.chassis.timing;
  const { coreUs = 0, listenUs = 0 } = lifeAt(world, slot) ?? {};
  return Math.max(listenUs, coreUs + lease.coldMs * 1000);
}

/** The board that may act, by its gate. */
export function activeOf(world: World, group: Group): SlotId | undefined {
  return group.holders.find((slot) => isGateOpen(world, boardIn(world, slot), group.name));
}

function isAllowed(world: World, group: Group): boolean {
  return candidates(world, group).length > 0;
}

/** Boards that nothing keeps from becoming active; fewer than there may be, never more. */
function candidates(world: World, group: Group): SlotId[] {
  const records = newestRecords(world, group);
  return group.holders.filter((slot) => {
    const life = lifeAt(world, slot);
    const state = life?.part?.states.get(group.name);
    if (life === undefined || state === undefined || state.blank !== undefined) return false;
    if (!state.isAble) return false;
    const heard = group.voters.filter(
      (voter) => voter === slot || isHeardBothWays(world, slot, voter),
    );
    const votes = heard.filter((voter) => {
      const other = lifeAt(world, voter)?.part?.states.get(group.name);
      return other !== undefined && other.blank === undefined;
    });
    if (votes.length <= group.voters.length / 2) return false;
    return records.every(
      (record) => record.inSync.includes(slot) && isFreed(world, group, slot, record),
    );
  });
}

/** Every record that a voter could still name: from the newest that a majority has on disk upwards. */
function newestRecords(world: World, group: Group): LeaseRecord[] {
  const all = group.voters.flatMap((slot) => boardIn(world, slot).memory?.get(group.name) ?? []);
  const records = all.map(({ record }) => record);
  const newer = (a: LeaseRecord, b: LeaseRecord): number =>
    b.epoch - a.epoch || b.version - a.version;
  records.sort(newer);
  const committed = records[Math.floor(group.voters.length / 2)];
  return committed === undefined ? [] : records.filter((record) => newer(record, committed) <= 0);
}

/** Nothing of the record's holder stands in the way of `slot`. */
function isFreed(world: World, group: Group, slot: SlotId, record: LeaseRecord): boolean {
  const config = group.configs.get(slot);
  const holder = config === undefined ? undefined : ownerOf(config, record.epoch);
  if (holder === undefined || holder === slot) return true;
  const life = lifeAt(world, holder);
  const { wires } = boardIn(world, holder);
  const isOther = life?.part !== undefined && life.part.incarnation !== record.incarnation;
  const voters = group.voters.filter((voter) => lifeAt(world, voter) !== undefined);
  if (isOther) return voters.every((voter) => isHeardBothWays(world, voter, holder));
  if (record.bound.length > 0) return false;
  // It runs, or is off: the fence must work, and a board that the CCN hears is not fenced.
  const isBroken =
    wires.stuckReset || wires.stuckPower || wires.isDriverDead || wires.lies.size > 0;
  if (isBroken || !isHeardBothWays(world, slot, 0 as SlotId)) return false;
  return life === undefined || !isReached(world, holder, 0 as SlotId);
}

function isHeardBothWays(world: World, a: SlotId, b: SlotId): boolean {
  if (a === b) return lifeAt(world, a) !== undefined;
  if (lifeAt(world, a) === undefined || lifeAt(world, b) === undefined) return false;
  return isReached(world, a, b) && isReached(world, b, a);
}

/** The process in a slot, if it runs now with its leases. */
function lifeAt(world: World, slot: SlotId): Life | undefined {
  const life = world.bySlot[slot];
  if (life?.core === undefined || !isRunning(life, world.timeline.nowUs)) return undefined;
  return life.isLeaving ? undefined : life;
}
