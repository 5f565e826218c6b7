// Physical boards: made, plugged into slots, powered on and off.

import { ccnSlot, monoUs, type NetworkId, nextBelow, type SlotId } from "../../src/base/index.ts";
import { boardDocument } from "../../src/config/index.ts";
import { startAddresses } from "./addresses.ts";
import { startServices } from "./ccn.ts";
import { type Interface, plug, unplug } from "./fabric.ts";
import { arrive, endLife, startCore, startLife } from "./process.ts";
import { schedule } from "./timeline.ts";
import { type Body, cardMac, type Host, say, type World } from "./world.ts";

/** From power-on to the start of our process takes up to this, µs. */
const powerOnUs = 150_000;

/** One board per slot, plugged in, without power. */
export function makeHosts(world: World): void {
  for (const board of world.chassis.boards) {
    world.documents.set(board.slot, boardDocument(world.chassis, board.slot, world.sim.key));
    insert(world, makeHost(world, `board ${world.hosts.length + 1}`, true), board.slot);
  }
}

/** A new board on the shelf, or a stranger with two cards. */
export function makeHost(world: World, name: string, isBoard: boolean): Host {
  const number = world.hosts.length + 1;
  const card = (network: NetworkId): Interface<Body> => ({
    mac: cardMac(number, network),
    network,
    port: undefined,
    groups: new Set(),
    onFrame: (frame) => arrive(world, host, { type: "frame", network, body: frame.body }),
    onCarrier: (up) => arrive(world, host, { type: "carrier", network, up }),
  });
  const host: Host = {
    name,
    number,
    isBoard,
    cards: { A: card("A"), B: card("B") },
    slot: undefined,
    life: undefined,
    address: { A: undefined, B: undefined },
    addressUs: { A: 0, B: 0 },
    stallUs: 0,
  };
  world.hosts.push(host);
  return host;
}

/** Plugs a board into a free slot. */
export function insert(world: World, host: Host, slot: SlotId): void {
  host.slot = slot;
  plug(world.fabric, host.cards.A, portOfSlot(world, slot, "A"));
  plug(world.fabric, host.cards.B, portOfSlot(world, slot, "B"));
}

/** Takes a board out, running or not. */
export function pull(world: World, host: Host): void {
  if (host.life !== undefined) endLife(world, host.life, "is pulled out");
  unplug(world.fabric, host.cards.A);
  unplug(world.fabric, host.cards.B);
  host.slot = undefined;
}

/** Powers a board on; it boots and begins to beat. */
export function powerOn(world: World, host: Host): void {
  const { slot } = host;
  if (slot === undefined || host.life !== undefined) return;
  const life = startLife(world, host, slot);
  const bootUs = 5_000 + nextBelow(world.rng, powerOnUs);
  schedule(world.timeline, monoUs(world.timeline.nowUs + bootUs), () => {
    if (life.isEnded) return;
    const document = world.documents.get(slot);
    if (slot !== ccnSlot || document === undefined) {
      startAddresses(world, life);
      return;
    }
    startServices(world, life);
    startCore(world, life, document);
  });
}

/** Power gone or process killed: at once, without a word. */
export function powerOff(world: World, host: Host): void {
  if (host.life !== undefined) endLife(world, host.life, "is killed");
}

/** The board in a slot, running or not. */
export function hostIn(world: World, slot: SlotId): Host | undefined {
  return world.hosts.find((host) => host.slot === slot);
}

/** The fabric port of a slot on a network. */
export function portOfSlot(world: World, slot: SlotId, network: NetworkId): number {
  if (slot === 0) return world.sim.ccnPort[network];
  const board = world.chassis.boards.find((candidate) => candidate.slot === slot);
  return Number(board?.port[network]);
}

/** All boards are powered on within a third of a second. */
export function powerOnAll(world: World): void {
  for (const host of world.hosts) {
    const delayUs = nextBelow(world.rng, 300_000);
    schedule(world.timeline, world.timeline.nowUs + delayUs, () => powerOn(world, host));
  }
  say(
    world,
    `${world.hosts.length} boards: ${world.chassis.boards.map(({ name }) => name).join(" ")}`,
  );
}
