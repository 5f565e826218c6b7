// Between two steps: what is learnt at once, what is on the network, what nobody can read any more.

import { type MonoUs, monoUs } from "../../src/base/index.ts";
import { ownerOf, tellOf } from "../../src/lease/index.ts";
import type { LeaseTell } from "../../src/wire/index.ts";
import { byText } from "./values.ts";
import {
  type Model,
  type Packet,
  type World,
  bootOf,
  leaseTicks,
  life,
  nodeOf,
  now,
  tickUs,
} from "./world.ts";
import { flushAll, rest } from "./node.ts";
import { deliverPresent, tellNow } from "./network.ts";

/**
 * Whoever holds an epoch learns every acceptance and every lease at once: nothing entitles it more.
 * That another board's data are whole it learns in a step of its own (D4).
 */
export function learnGrants(m: Model, world: World): void {
  for (const slot of m.controllers) {
    const { acting } = nodeOf(world, slot).state;
    if (acting === undefined) continue;
    for (const from of m.slots) {
      if (from === slot) continue;
      const voter = nodeOf(world, from);
      const told = tellNow(world, from);
      if (told.epoch !== acting.epoch || told.promised !== acting.epoch) continue;
      const tell = { ...told, logEnd: { epoch: -1, seq: -1 } };
      const known = nodeOf(world, slot).state.peers[from]?.incarnation;
      if (known !== undefined && bootOf(known) > voter.boot) continue;
      deliverPresent(m, world, { slot, from, boot: voter.boot, tell });
      const words = `${from}/${acting.epoch}`;
      if (!world.said.includes(words)) world.said.push(words);
    }
  }
  for (const node of world.nodes) node.echo = 0; // learnt, and nobody else reads it
}

/** Beats of those that act are on the network, and what nobody can use any more is not. */
export function settle(m: Model, world: World): void {
  if (!m.bounds.learnsLate) learnGrants(m, world);
  flushAll(m, world);
  for (const slot of m.controllers) addBeat(world, slot);
  const lowest = Math.min(...world.nodes.map(({ state }) => state.promised));
  world.beats = world.beats.filter(({ tell }) => tell.epoch >= lowest);
  world.packets = world.packets.filter((packet) => isUseful(world, packet, lowest));
  world.beats.sort(
    (a, b) => a.from - b.from || a.tell.epoch - b.tell.epoch || a.tell.version - b.tell.version,
  );
  world.packets.sort(byText);
  world.fences.sort(byText);
  forget(m, world);
}

export function isHeld(world: World, epoch: number): boolean {
  return world.nodes.some(({ state }) => state.acting?.epoch === epoch);
}

/** What no later step can read, told by nobody: fewer spellings of one state. */
export function forget(m: Model, world: World): void {
  const records = world.nodes.flatMap(({ state }) => [
    state.record,
    state.flushed.record,
    ...Object.values(state.asking?.promises ?? {}),
  ]);
  for (const { message } of world.packets) if ("record" in message) records.push(message.record);
  for (const { tell } of world.beats) if (tell.record !== undefined) records.push(tell.record);
  const isNamed = (slot: number, boot: number): boolean =>
    records.some((record) => record.incarnation === life(slot, boot));
  world.fences = world.fences.filter(({ slot, boot }) => isNamed(slot, boot));
  const lowest = Math.min(...world.nodes.map(({ state }) => state.promised));
  world.sync = Object.fromEntries(
    Object.entries(world.sync).filter(([epoch]) => Number(epoch) >= lowest),
  );
  world.dataAcks = Object.fromEntries(
    Object.entries(world.dataAcks).filter(([key]) => isHeld(world, Number(key.split("/")[0]))),
  );
  world.said = world.said.filter((words) => isHeld(world, Number(words.split("/")[1]))).sort();
  for (const { state } of world.nodes) {
    state.proofs = state.proofs
      .filter((proof) =>
        records.some((record) =>
          proof.kind === "released"
            ? proof.epoch === record.epoch
            : proof.incarnation === record.incarnation,
        ),
      )
      .toSorted(byText);
    if (m.bounds.wipes === 0) state.asked = 0;
    state.fencing = undefined; // `fences` remembers the order
    state.pending = undefined; // the question is still on the network
    if (m.bounds.unfenced === "never" && !m.bounds.lies) state.grantUntilUs = monoUs(0);
    const holder = ownerOf(state.config, state.record.epoch);
    if (holder === undefined || holder === state.config.self) state.grantUntilUs = monoUs(0);
    const { acting, record } = state;
    const isCommitted =
      acting?.committed?.epoch === record.epoch && acting.committed.version === record.version;
    if (acting !== undefined && isCommitted && !m.bounds.binds) acting.accepted = [];
  }
}

export function isUseful(
  world: World,
  { from, boot, to, message }: Packet,
  lowest: number,
): boolean {
  const receiver = nodeOf(world, to).state;
  switch (message.type) {
    case "ask":
      return message.epoch >= receiver.promised && message.epoch > receiver.record.epoch;
    case "promise":
      return receiver.asking?.epoch === message.epoch && message.to === receiver.incarnation;
    case "release":
      return message.epoch >= lowest;
    case "state-question":
      return nodeOf(world, from).boot === boot && nodeOf(world, from).state.blank !== undefined;
    case "state":
      return receiver.blank !== undefined && message.to === receiver.incarnation;
    case "refuse":
      return receiver.asking !== undefined;
    default:
      return message satisfies never;
  }
}

export function addBeat(world: World, slot: number): void {
  const { state, boot } = nodeOf(world, slot);
  const told = tellOf(state, now);
  if (told.record === undefined) return;
  const tell: LeaseTell = { ...told, entitled: false };
  const { epoch, version } = told.record;
  world.beats = world.beats.filter(
    ({ from, tell: old }) => from !== slot || old.epoch !== epoch || old.version !== version,
  );
  world.beats.push({ from: slot, boot, tell, life: leaseTicks });
}

export function tick(world: World): void {
  for (const node of world.nodes) {
    const { state } = node;
    node.echo = Math.max(0, node.echo - 1);
    state.grantUntilUs = sooner(state.grantUntilUs);
    for (const [slot, untilUs] of Object.entries(state.acting?.leases ?? {})) {
      if (state.acting !== undefined) state.acting.leases[Number(slot)] = sooner(untilUs);
    }
    rest(state);
  }
  world.beats = world.beats.map((beat) => ({ ...beat, life: Math.max(0, beat.life - 1) }));
}

function sooner(untilUs: number): MonoUs {
  return monoUs(untilUs === 0 ? 0 : Math.max(0, untilUs - tickUs) <= now ? 0 : untilUs - tickUs);
}
