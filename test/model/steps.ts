// Every step a world can take, and what must hold after each.

import { monoUs, slotId } from "../../src/base/index.ts";
import { type Model, type Node, type World, bootOf, isEntitled, life, nodeOf } from "./world.ts";
import { crash, give, suspect } from "./node.ts";
import { hear, hearLate, hearPresent, takeData } from "./network.ts";
import { tick } from "./settle.ts";

/** A name for people, and what happens. */
export type Step = { readonly label: string; readonly act: (world: World) => void };

/** Everything that may happen next; some of it changes nothing. */
export function stepsOf(m: Model, world: World): Step[] {
  return [
    { label: "time passes", act: (w) => tick(w) },
    ...packetSteps(m, world),
    ...beatSteps(m, world),
    ...m.slots.flatMap((slot) => nodeSteps(m, world, slot)),
    ...fenceSteps(m, world),
    ...dataSteps(m, world),
  ];
}

function packetSteps(m: Model, world: World): Step[] {
  return world.packets.flatMap(({ from, boot, to, message }) => {
    const known = nodeOf(world, to).state.peers[from]?.incarnation;
    if (known !== undefined && bootOf(known) > boot) return [];
    const event = {
      type: "message",
      from: slotId(from),
      incarnation: life(from, boot),
      message,
    } as const;
    return [
      {
        label: `${name(to)} gets ${message.type} of ${name(from)}`,
        act: (w: World) => give(m, w, to, event),
      },
    ];
  });
}

function beatSteps(m: Model, world: World): Step[] {
  const told = world.beats.flatMap((beat) =>
    m.slots
      .filter((slot) => slot !== beat.from)
      .map((slot) => ({
        label: `${name(slot)} hears record ${beat.tell.epoch}.${beat.tell.version}, lease left ${beat.life}`,
        act: (w: World) => hear(m, w, slot, beat),
      })),
  );
  const present = m.slots.flatMap((slot) =>
    m.slots
      .filter((from) => from !== slot && isNews(world, slot, from))
      .map((from) => ({
        label: `${name(slot)} hears how ${name(from)} is`,
        act: (w: World) => hearPresent(m, w, slot, from),
      })),
  );
  const late = world.said.flatMap((words) => {
    const [from = 0, epoch = 0] = words.split("/").map(Number);
    const holder = m.controllers.find((slot) => nodeOf(world, slot).state.acting?.epoch === epoch);
    if (holder === undefined) return [];
    const label = `${name(holder)} gets a late beat of ${name(from)}`;
    return [{ label, act: (w: World) => hearLate(m, w, holder, from) }];
  });
  return [...told, ...present, ...late];
}

/** A beat without a record is news to a holder (D4, H6) and to who does not know that life yet. */
function isNews(world: World, slot: number, from: number): boolean {
  const { state } = nodeOf(world, slot);
  const known = state.peers[from]?.incarnation;
  const isOther = known !== undefined && bootOf(known) < nodeOf(world, from).boot;
  return state.acting !== undefined || isOther;
}

function nodeSteps(m: Model, world: World, slot: number): Step[] {
  const steps: Step[] = [];
  const { bounds } = m;
  const { state } = nodeOf(world, slot);
  for (const heard of hearings(m, slot, state.acting !== undefined)) {
    const label = `${name(slot)} hears only ${heard.map(name).join(", ") || "nobody"}`;
    steps.push({ label, act: (w) => suspect(m, w, slot, heard) });
  }
  if (world.crashes < bounds.crashes) {
    steps.push({ label: `${name(slot)} restarts`, act: (w) => restart(m, w, slot) });
  }
  if (world.wipes < bounds.wipes && state.blank === undefined) {
    const label = `${name(slot)} restarts with an empty disk`;
    steps.push({ label, act: (w) => wipe(m, w, slot) });
  }
  if (world.forced < bounds.forced && m.controllers.includes(slotId(slot))) {
    steps.push({ label: `an operator promotes ${name(slot)}`, act: (w) => promote(m, w, slot) });
  }
  if (state.acting?.isTold === true) steps.push(...tenureSteps(m, world, slot));
  return steps;
}

function tenureSteps(m: Model, world: World, slot: number): Step[] {
  const steps: Step[] = [];
  if (!isEntitled(nodeOf(world, slot))) {
    steps.push({ label: `${name(slot)} gives up`, act: (w) => giveUp(m, w, slot) });
  }
  steps.push({ label: `${name(slot)} was outbid`, act: (w) => standAgain(m, w, slot) });
  if (!m.bounds.moves) return steps;
  for (const to of m.controllers) {
    if (to === slot) continue;
    const label = `${name(slot)} hands over to ${name(to)}`;
    steps.push({
      label,
      act: (w) => {
        give(m, w, slot, { type: "hand-over", to });
        give(m, w, slot, { type: "drained" });
      },
    });
  }
  return steps;
}

function restart(m: Model, world: World, slot: number): void {
  world.crashes += 1;
  const { blank, flushed } = nodeOf(world, slot).state;
  crash(m, world, slot, blank === undefined ? flushed : "blank");
}

function wipe(m: Model, world: World, slot: number): void {
  world.wipes += 1;
  // What only that disk had is not lost by the protocol: an acknowledged write was elsewhere too.
  const node = nodeOf(world, slot);
  node.log = [];
  node.logEpoch = 0;
  crash(m, world, slot, "blank");
  give(m, world, slot, { type: "timer" });
}

function promote(m: Model, world: World, slot: number): void {
  world.forced += 1;
  give(m, world, slot, { type: "promote", forced: { who: "op", reason: "test" } });
}

function giveUp(m: Model, world: World, slot: number): void {
  const { acting } = nodeOf(world, slot).state;
  if (acting === undefined) return;
  acting.lapsedUntilUs = monoUs(1);
  give(m, world, slot, { type: "timer" });
}

function standAgain(m: Model, world: World, slot: number): void {
  const { acting } = nodeOf(world, slot).state;
  if (acting === undefined) return;
  for (const from of m.slots) {
    if (nodeOf(world, from).state.promised <= acting.epoch) continue;
    acting.outbidUntilUs = monoUs(1);
    return hearPresent(m, world, slot, from);
  }
}

/** The fence: the board is off for good and the CCN knows; or it only seems to be (F4). */
function fenceSteps(m: Model, world: World): Step[] {
  return world.fences.flatMap(({ slot, boot }) => {
    const off = (strong: boolean) =>
      ({
        type: "proof",
        proof: { kind: "off", slot: slotId(slot), incarnation: life(slot, boot), strong },
      }) as const;
    const steps: Step[] = [];
    const isOver = nodeOf(world, slot).boot > boot;
    if (isOver || world.crashes < m.bounds.crashes) {
      steps.push({
        label: `the CCN turns ${name(slot)} off`,
        act: (w) => {
          if (!isOver) restart(m, w, slot);
          give(m, w, 0, off(true));
        },
      });
    }
    if (m.bounds.lies) {
      const label = `the lines of ${name(slot)} lie`;
      steps.push({ label, act: (w) => give(m, w, 0, off(false)) });
    }
    return steps;
  });
}

function dataSteps(m: Model, world: World): Step[] {
  const steps: Step[] = [];
  for (const slot of m.controllers) {
    const node = nodeOf(world, slot);
    for (const epoch of Object.keys(world.sync).map(Number)) {
      steps.push({
        label: `${name(slot)} takes data of epoch ${epoch}`,
        act: (w) => void takeData(m, w, slot, epoch),
      });
    }
    if (!isEntitled(node) || node.logEpoch !== node.state.acting?.epoch) continue;
    if (world.nextWrite <= m.bounds.writes) {
      steps.push({ label: `${name(slot)} applies a write`, act: (w) => write(m, w, slot) });
    }
    for (const each of node.log) {
      if (world.acked.includes(each) || !mayAcknowledge(world, slot, node, each)) continue;
      const label = `${name(slot)} acknowledges write ${each}`;
      steps.push({ label, act: (w) => void w.acked.push(each) });
    }
  }
  return steps;
}

function write(m: Model, world: World, slot: number): void {
  const node = nodeOf(world, slot);
  node.log = [...node.log, world.nextWrite];
  world.nextWrite += 1;
  world.sync[node.logEpoch] = [...node.log];
  give(m, world, slot, { type: "log", end: { epoch: node.logEpoch, seq: node.log.length } });
}

/** D1: everybody in sync by the committed and by the newest record has it. */
function mayAcknowledge(world: World, slot: number, node: Node, each: number): boolean {
  const { record, acting } = node.state;
  const needed = new Set([...(acting?.committed?.inSync ?? []), ...record.inSync]);
  needed.delete(slotId(slot));
  const position = node.log.indexOf(each) + 1;
  return [...needed].every(
    (other) => (world.dataAcks[`${node.logEpoch}/${other}`] ?? -1) >= position,
  );
}

/** Two actives (I1), a lost write (I2), two records of one number (I3); undefined = all is well. */
export function violation(m: Model, world: World): string | undefined {
  const acting = m.controllers.filter((slot) => isEntitled(nodeOf(world, slot)));
  if (acting.length > 1) return `slots ${acting.join(" and ")} may both act`;
  for (const slot of acting) {
    const { log } = nodeOf(world, slot);
    const lost = world.acked.find((each) => !log.includes(each));
    if (lost !== undefined && world.forced === 0) return `slot ${slot} acts without write ${lost}`;
  }
  const records = new Map<string, string>();
  for (const { state } of world.nodes) {
    for (const record of [state.record, state.flushed.record]) {
      const number = `${record.epoch}.${record.version}`;
      const text = JSON.stringify(record);
      if ((records.get(number) ?? text) !== text) return `two records numbered ${number}`;
      records.set(number, text);
    }
  }
  return undefined;
}

/** Is a world within the bounds of epochs and versions? */
export function isWithin(m: Model, world: World): boolean {
  return world.nodes.every(({ state }) => {
    const { epoch, version } = state.record;
    const asked = Math.max(epoch, state.promised, state.asking?.epoch ?? 0);
    return asked <= m.bounds.epochs && version < m.bounds.versions;
  });
}

/** Which peers it may still hear: a holder's choice matters, a candidate hears nobody, others wait. */
function hearings(m: Model, slot: number, isHolder: boolean): number[][] {
  if (!m.controllers.includes(slotId(slot))) return [];
  const peers = m.slots.filter((other) => other !== slot);
  return isHolder ? subsets(peers) : [[]];
}

function subsets(list: readonly number[]): number[][] {
  return list.reduce<number[][]>((all, each) => [...all, ...all.map((s) => [...s, each])], [[]]);
}

const name = (slot: number): string => (slot === 0 ? "CCN" : `C${slot}`);
