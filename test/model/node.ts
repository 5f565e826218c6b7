// One board of the model: its core takes events, its disk writes, its lives end.

import { monoUs, slotId } from "../../src/base/index.ts";
import {
  type Durable,
  type LeaseEffect,
  type LeaseEvent,
  type LeaseState,
  stepLease,
} from "../../src/lease/index.ts";
import { textOf } from "./values.ts";
import {
  type Model,
  type Node,
  type Packet,
  type World,
  bootOf,
  far,
  nodeOf,
  now,
  start,
} from "./world.ts";

/** Gives a core one event; what it sends is on the network for good. */
export function give(m: Model, world: World, slot: number, event: LeaseEvent): void {
  const node = nodeOf(world, slot);
  for (const effect of stepLease(node.state, event, now)) carryOut(m, world, slot, effect);
  noticeTenure(world, slot);
  rest(node.state);
}

export function carryOut(m: Model, world: World, slot: number, effect: LeaseEffect): void {
  const { boot } = nodeOf(world, slot);
  if (effect.type === "fence") {
    const order = { slot: effect.slot, boot: bootOf(effect.incarnation) };
    if (!world.fences.some((f) => f.slot === order.slot && f.boot === order.boot))
      world.fences.push(order);
  }
  if (effect.type !== "send") return;
  const packet: Packet = { from: slot, boot, to: effect.to, message: effect.message };
  if (packet.message.type === "refuse" && m.bounds.controllers === 2) return; // says nothing new here
  const text = textOf(packet);
  if (!world.packets.some((known) => textOf(known) === text)) world.packets.push(packet);
}

/** A holder whose first record is committed goes on with the history it has (leases' log end). */
export function noticeTenure(world: World, slot: number): void {
  const node = nodeOf(world, slot);
  const { acting } = node.state;
  if (acting?.isTold !== true || node.logEpoch === acting.epoch) return;
  node.logEpoch = acting.epoch;
  world.sync[acting.epoch] = [...node.log];
  tellLog(node);
}

export function tellLog(node: Node): void {
  stepLease(node.state, { type: "log", end: { epoch: node.logEpoch, seq: node.log.length } }, now);
  rest(node.state);
}

/** Between steps nobody tries anything by itself. */
export function rest(state: LeaseState): void {
  state.isAble = false;
  state.timerUs = monoUs(0);
  state.listenUntilUs = monoUs(0);
  state.coldUntilUs = monoUs(0);
  state.standUntilUs = monoUs(0);
  if (state.grantUntilUs < now) state.grantUntilUs = monoUs(0);
  if (state.blank !== undefined) state.blank.askAgainUs = monoUs(far);
  if (state.asking !== undefined) state.asking.askAgainUs = monoUs(far);
  state.writes = 1;
  if (state.writing !== undefined) state.writing = { ...state.writing, write: 1 };
  if (state.acting !== undefined) {
    state.acting.lapsedUntilUs = monoUs(0);
    state.acting.outbidUntilUs = monoUs(0);
    state.acting.shortUntilUs = monoUs(0);
    for (const [slot, untilUs] of Object.entries(state.acting.leases)) {
      if (untilUs <= now) delete state.acting.leases[Number(slot)];
    }
  }
  for (const peer of Object.values(state.peers)) {
    peer.heardUntilUs = monoUs(far);
    peer.claimUntilUs = monoUs(0);
    peer.stallsUs = monoUs(0);
    peer.evidence = undefined;
    // Used in the step that hears it; may be heard again at any moment.
    peer.promised = 0;
    peer.epoch = 0;
    peer.version = 0;
    peer.logEnd = { epoch: -1, seq: -1 };
  }
  if (state.acting === undefined || state.record.bound.length === 0) return;
  // Votes stay short until a step of its own says otherwise.
  state.acting.shortUntilUs = monoUs(1);
  for (const [slot, peer] of Object.entries(state.peers)) {
    if (!state.record.bound.includes(slotId(Number(slot)))) peer.heardUntilUs = monoUs(0);
  }
}

export function flush(m: Model, world: World, slot: number): void {
  const { writing } = nodeOf(world, slot).state;
  if (writing !== undefined) give(m, world, slot, { type: "persisted", write: writing.write });
}

/** Is a write of this board under way? */
export function isWriting(world: World, slot: number): boolean {
  return nodeOf(world, slot).state.writing !== undefined;
}

/** All disks have what was written, and what followed from that. */
export function flushAll(m: Model, world: World): void {
  for (let turn = 0; turn < 10; turn++) {
    const writers = m.slots.filter((slot) => isWriting(world, slot));
    if (writers.length === 0) return;
    for (const slot of writers) flush(m, world, slot);
  }
  throw new Error("a core writes without end");
}

/** What was sent is sent; the disk has the last write or not. */
export function crashWhileWriting(m: Model, world: World, slot: number, isOnDisk: boolean): void {
  const { writing, flushed } = nodeOf(world, slot).state;
  const disk = isOnDisk && writing !== undefined ? writing : flushed;
  world.crashes += 1;
  crash(m, world, slot, { promised: disk.promised, record: disk.record });
}

/** A life ends; the next one begins with what the disk has. */
export function crash(m: Model, world: World, slot: number, disk: Durable | "blank"): void {
  const node = nodeOf(world, slot);
  node.boot += 1;
  node.state = start(m, slot, disk, node.boot);
  node.echo = 0;
  rest(node.state);
  tellLog(node);
}

/** Believes these peers silent for a moment, and may stand. */
export function suspect(m: Model, world: World, slot: number, heard: readonly number[]): void {
  const node = nodeOf(world, slot);
  for (const [peer, known] of Object.entries(node.state.peers)) {
    known.heardUntilUs = monoUs(heard.includes(Number(peer)) ? far : 0);
  }
  node.state.isAble = true;
  if (node.state.acting !== undefined && m.bounds.binds) node.state.acting.shortUntilUs = monoUs(1);
  give(m, world, slot, { type: "timer" });
}
