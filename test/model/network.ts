// What a board hears: beats of holders and voters, now or late, and the data of an epoch.

import { monoUs, slotId } from "../../src/base/index.ts";
import { ownerOf, tellOf } from "../../src/lease/index.ts";
import type { LeaseTell } from "../../src/wire/index.ts";
import {
  type Beat,
  type Model,
  type World,
  bootOf,
  configOf,
  leaseTicks,
  life,
  nodeOf,
  now,
  tickUs,
} from "./world.ts";
import { give, tellLog } from "./node.ts";

export function hear(m: Model, world: World, slot: number, beat: Beat): void {
  const { from, boot, tell } = beat;
  const node = nodeOf(world, slot);
  const known = node.state.peers[from]?.incarnation;
  if (known !== undefined && bootOf(known) > boot) return; // NETRACK drops former lives
  const incarnation = life(from, boot);
  give(m, world, slot, {
    type: "tell",
    from: slotId(from),
    incarnation,
    echoedUs: undefined,
    tell,
  });
  const { record, promised } = node.state;
  const isGranted = record.epoch === tell.epoch && promised === tell.epoch;
  if (isGranted) node.echo = Math.max(node.echo, beat.life);
}

/** A board's beat of this moment, heard at once by one other. */
export function hearPresent(m: Model, world: World, slot: number, from: number): void {
  const { boot } = nodeOf(world, from);
  deliverPresent(m, world, { slot, from, boot, tell: tellNow(world, from) });
}

/** A beat that a voter sent long ago: its echo is old, so it renews nothing. */
export function hearLate(m: Model, world: World, slot: number, from: number): void {
  const { state } = nodeOf(world, slot);
  const { epoch, version } = state.record;
  const { boot } = nodeOf(world, from);
  const tell = { ...tellNow(world, from), promised: epoch, epoch, version: version - 1 };
  const echoedUs = monoUs(now - leaseTicks * tickUs);
  const event = { type: "tell", from: slotId(from), incarnation: life(from, boot) } as const;
  give(m, world, slot, { ...event, echoedUs, tell: { ...tell, logEnd: { epoch: -1, seq: -1 } } });
}

export function deliverPresent(
  m: Model,
  world: World,
  beat: {
    readonly slot: number;
    readonly from: number;
    readonly boot: number;
    readonly tell: LeaseTell;
  },
): void {
  const { slot, from, boot, tell } = beat;
  const left = nodeOf(world, from).echo;
  const isOurs = ownerOf(configOf(m, slot), tell.epoch) === slot;
  const echoedUs = isOurs && left > 0 ? monoUs(now + (left - leaseTicks) * tickUs) : undefined;
  const incarnation = life(from, boot);
  give(m, world, slot, { type: "tell", from: slotId(from), incarnation, echoedUs, tell });
}

export function tellNow(world: World, slot: number): LeaseTell {
  return { ...tellOf(nodeOf(world, slot).state, now), entitled: false, record: undefined };
}

/** D7: a replica takes the holder's log of the epoch it follows. */
export function takeData(m: Model, world: World, slot: number, epoch: number): boolean {
  const node = nodeOf(world, slot);
  const log = world.sync[epoch];
  const { state } = node;
  if (log === undefined || ownerOf(configOf(m, slot), epoch) === slot) return false;
  if (state.promised !== epoch || state.flushed.record.epoch !== epoch || node.logEpoch > epoch)
    return false;
  const isPrefix = node.log.every((write, i) => log[i] === write);
  if (node.logEpoch < epoch && !isPrefix) {
    node.log = []; // a resync is not atomic: for a while the copy is neither
    return true;
  }
  if (node.logEpoch === epoch && node.log.length >= log.length) return false;
  node.log = [...log];
  node.logEpoch = epoch;
  const key = `${epoch}/${slot}`;
  world.dataAcks[key] = Math.max(world.dataAcks[key] ?? -1, log.length);
  tellLog(node);
  return true;
}
