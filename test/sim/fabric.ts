// The two simulated Ethernets: learning switches, cables that can be cut in either direction,
// delay, loss, duplicates, reordering. A frame is whatever the boards hand in; the fabric looks
// only at addresses. A multicast group reaches the cards that have joined it.

import { type Mac, type NetworkId, nextChance, nextUnit, type Prng } from "../../src/base/index.ts";
import { schedule, type Timeline } from "./timeline.ts";

/** A card, everybody (broadcast), or one of the two heartbeat groups. */
export type Destination = Mac | "everybody" | "hubs" | "boards";

/** One Ethernet frame: `body` is the sender's own type. */
export type SimFrame<B> = {
  readonly source: Mac;
  readonly destination: Destination;
  readonly body: B;
};

/** A network card and the cable it hangs on. */
export type Interface<B> = {
  readonly mac: Mac;
  readonly network: NetworkId;
  /** Switch port, or undefined while the cable is out. */
  port: number | undefined;
  /** Groups it has joined. */
  readonly groups: Set<"hubs" | "boards">;
  readonly onFrame: (frame: SimFrame<B>) => void;
  readonly onCarrier: (up: boolean) => void;
};

/** What is broken at one port. `dropIn`: nothing reaches the board; `dropOut`: nothing leaves it. */
export type PortFault = { carrier: boolean; dropIn: boolean; dropOut: boolean };

/** One switch: its forwarding table and the faults of its ports. */
export type SimSwitch<B> = {
  on: boolean;
  readonly table: Map<Mac, number>;
  readonly faults: Map<number, PortFault>;
  readonly plugged: Map<number, Interface<B>>;
  /** Pairs that cannot reach each other, as `pairKey(from, to)`. */
  readonly deaf: Set<number>;
};

/** Both networks of a simulated chassis. */
export type Fabric<B> = {
  readonly timeline: Timeline;
  readonly rng: Prng;
  readonly switches: Readonly<Record<NetworkId, SimSwitch<B>>>;
  /** Probability that a frame is lost, doubled, or overtaken by later ones. */
  lossRatio: number;
  duplicateRatio: number;
  reorderRatio: number;
};

/** Delay through a healthy switch, µs: uniform between the two. */
const delayUsMin = 20;
const delayUsMax = 400;
/** What an overtaken frame is late by, µs: still within the default netMs. */
const reorderUs = 1200;

/** Two switches that are on, with nothing plugged in. */
export function createFabric<B>(timeline: Timeline, rng: Prng): Fabric<B> {
  const make = (): SimSwitch<B> => ({
    on: true,
    table: new Map(),
    faults: new Map(),
    plugged: new Map(),
    deaf: new Set(),
  });
  const switches = { A: make(), B: make() };
  return { timeline, rng, switches, lossRatio: 0, duplicateRatio: 0, reorderRatio: 0 };
}

/** One direction between two ports. */
export function pairKey(from: number, to: number): number {
  return from * 256 + to;
}

/** Plugs a card into a free port; the switch forgets nothing until it learns anew. */
export function plug<B>(fabric: Fabric<B>, card: Interface<B>, port: number): void {
  fabric.switches[card.network].plugged.set(port, card);
  card.port = port;
  card.onCarrier(hasCarrier(fabric, card));
}

/** Takes the cable out: the switch flushes what it learnt there, as bridges do. */
export function unplug<B>(fabric: Fabric<B>, card: Interface<B>): void {
  const { port } = card;
  if (port === undefined) return;
  const sw = fabric.switches[card.network];
  sw.plugged.delete(port);
  card.port = undefined;
  flush(sw, port);
  card.onCarrier(false);
}

/** True if the card sees a link. */
export function hasCarrier<B>(fabric: Fabric<B>, card: Interface<B>): boolean {
  const sw = fabric.switches[card.network];
  if (card.port === undefined || !sw.on) return false;
  return sw.faults.get(card.port)?.carrier !== true;
}

/** Sets or clears (undefined) a port's fault and tells the card of a changed carrier. */
export function setPortFault<B>(
  fabric: Fabric<B>,
  network: NetworkId,
  port: number,
  fault: PortFault | undefined,
): void {
  const sw = fabric.switches[network];
  const card = sw.plugged.get(port);
  const before = card !== undefined && hasCarrier(fabric, card);
  if (fault === undefined) sw.faults.delete(port);
  else sw.faults.set(port, fault);
  if (fault?.carrier === true) flush(sw, port);
  if (card !== undefined && hasCarrier(fabric, card) !== before) card.onCarrier(!before);
}

/** Switches a whole network off or on. */
export function setSwitch<B>(fabric: Fabric<B>, network: NetworkId, on: boolean): void {
  const sw = fabric.switches[network];
  if (sw.on === on) return;
  sw.on = on;
  sw.table.clear();
  for (const card of sw.plugged.values()) card.onCarrier(hasCarrier(fabric, card));
}

/** True if a frame from one port reaches the other now (loss aside). */
export function isOpen<B>(
  fabric: Fabric<B>,
  network: NetworkId,
  from: number,
  to: number,
): boolean {
  const sw = fabric.switches[network];
  if (!sw.on || (sw.deaf.size > 0 && sw.deaf.has(pairKey(from, to)))) return false;
  if (sw.faults.size === 0) return true;
  const source = sw.faults.get(from);
  const target = sw.faults.get(to);
  if (source?.carrier === true || source?.dropOut === true) return false;
  return target?.carrier !== true && target?.dropIn !== true;
}

/** Sends a frame; it arrives after the switch's delay at whoever is plugged in then. */
export function transmit<B>(fabric: Fabric<B>, card: Interface<B>, frame: SimFrame<B>): void {
  const sw = fabric.switches[card.network];
  const { port } = card;
  if (port === undefined || !hasCarrier(fabric, card)) return;
  if (sw.faults.get(port)?.dropOut === true) return;
  sw.table.set(frame.source, port);
  const { destination } = frame;
  const group = groupOf(destination);
  const isToOne = group === undefined && destination !== "everybody";
  const known = isToOne ? sw.table.get(destination as Mac) : undefined;
  if (known !== undefined) {
    if (known !== port) forward(fabric, { network: card.network, from: port, to: known }, frame);
    return;
  }
  for (const [target, other] of sw.plugged) {
    if (target === port || (group !== undefined && !other.groups.has(group))) continue;
    forward(fabric, { network: card.network, from: port, to: target }, frame);
  }
}

type Way = { readonly network: NetworkId; readonly from: number; readonly to: number };

function forward<B>(fabric: Fabric<B>, way: Way, frame: SimFrame<B>): void {
  const { rng, timeline } = fabric;
  const copies = fabric.duplicateRatio > 0 && nextChance(rng, fabric.duplicateRatio) ? 2 : 1;
  for (let i = 0; i < copies; i++) {
    if (fabric.lossRatio > 0 && nextChance(rng, fabric.lossRatio)) continue;
    let delayUs = delayUsMin + Math.floor(nextUnit(rng) * (delayUsMax - delayUsMin));
    if (fabric.reorderRatio > 0 && nextChance(rng, fabric.reorderRatio)) delayUs += reorderUs;
    schedule(timeline, timeline.nowUs + delayUs, () => {
      if (!isOpen(fabric, way.network, way.from, way.to)) return;
      const card = fabric.switches[way.network].plugged.get(way.to);
      if (card === undefined) return;
      if (isFor(card, frame.destination)) card.onFrame(frame);
    });
  }
}

function isFor<B>(card: Interface<B>, destination: Destination): boolean {
  const group = groupOf(destination);
  if (group !== undefined) return card.groups.has(group);
  return destination === "everybody" || destination === card.mac;
}

function groupOf(destination: Destination): "hubs" | "boards" | undefined {
  return destination === "hubs" ? "hubs" : destination === "boards" ? "boards" : undefined;
}

function flush<B>(sw: SimSwitch<B>, port: number): void {
  for (const [mac, at] of sw.table) if (at === port) sw.table.delete(mac);
}
