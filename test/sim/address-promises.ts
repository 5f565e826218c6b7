// What the CCN and the boards promise about addresses, checked at every answer, at every address
// that is taken into use, and at rest.

import type { Ipv4, Mac, NetworkId } from "../../src/base/index.ts";
import { networkIds } from "../../src/base/index.ts";
import type { BoardDocument } from "../../src/config/index.ts";
import type {
  GeoDhcpEffect,
  GeoDhcpEvent,
  GeoDhcpState,
  LookupOutcome,
} from "../../src/geo-dhcp/index.ts";
import {
  clientsMax,
  evidenceUs,
  givenMax,
  holdersMax,
  offerLookupUs,
  pendingMax,
  probeGraceUs,
  probeSilentUs,
} from "../../src/geo-dhcp/limits.ts";
import { dhcpFields, dhcpMessageType, dhcpMessageTypes, dhcpValue } from "../../src/wire/index.ts";
import { isOpen } from "./fabric.ts";
import { fail } from "./promises.ts";
import { type Host, type Life, say, type World } from "./world.ts";

/** A simulated switch answers within this, µs; what it read is at most that much older. */
export const lookupUsMax = 900_000;

/** What was read of a MAC in a switch, and when. */
export type Reading = { readonly readUs: number; readonly outcome: LookupOutcome };

/** What is known of one MAC's requests on one network. */
type Asked = {
  /** Arrival of the oldest message that is not answered yet. */
  sinceUs: number;
  isSelecting: boolean;
  readonly readings: Reading[];
};

const asked = new WeakMap<World, Map<string, Asked>>();

function askedOf(world: World, network: NetworkId, mac: Mac): Asked {
  const all = asked.get(world) ?? new Map<string, Asked>();
  asked.set(world, all);
  const key = `${network} ${mac}`;
  const known = all.get(key);
  if (known !== undefined) return known;
  const fresh = { sinceUs: 0, isSelecting: false, readings: [] };
  all.set(key, fresh);
  return fresh;
}

/** A DHCP message reached the server. */
export function noteRequest(
  world: World,
  state: GeoDhcpState,
  network: NetworkId,
  event: GeoDhcpEvent,
): void {
  if (event.type !== "dhcp-received") return;
  const { message } = event;
  const page = askedOf(world, network, message.chaddr);
  const now = world.timeline.nowUs;
  if (!state.pending.has(message.chaddr)) page.sinceUs = now;
  const type = dhcpMessageType(message);
  page.isSelecting =
    type === dhcpMessageTypes.request &&
    dhcpValue(message, dhcpFields.serverIdentifier) !== undefined;
}

/** A lookup has ended. */
export function noteLookup(world: World, network: NetworkId, mac: Mac, reading: Reading): void {
  const { readings } = askedOf(world, network, mac);
  readings.push(reading);
  if (readings.length > 8) readings.shift();
}

/** Called for every answer of the servers. */
export function afterAnswer(world: World, network: NetworkId, effect: GeoDhcpEffect): void {
  if (effect.type !== "send-dhcp") return;
  const { message } = effect;
  const type = dhcpMessageType(message);
  const mac = message.chaddr;
  const what =
    type === dhcpMessageTypes.ack ? "ACK" : type === dhcpMessageTypes.nak ? "NAK" : "OFFER";
  say(world, `ccn on ${network}: ${what} ${message.yiaddr} to ${mac}`);
  if (what !== "ACK" || message.yiaddr === "0.0.0.0") return;
  ackFollowsThePort(world, network, mac, message.yiaddr);
  ackDoublesNobody(world, network, mac, message.yiaddr);
}

/**
 * G1 An ACK is given only for the slot on whose port the MAC sat, by data read after the request
 * (or a message it repeats) arrived. A REQUEST that takes an offer may use the offer's data, at most
 * `offerLookupUs` old: not "read after its DISCOVER", because a DISCOVER repeated meanwhile joins.
 */
export function ackFollowsThePort(world: World, network: NetworkId, mac: Mac, address: Ipv4): void {
  const page = askedOf(world, network, mac);
  const slot = world.chassis.boards.find((board) => board.address[network] === address)?.slot;
  const fromUs = page.isSelecting ? page.sinceUs - offerLookupUs - lookupUsMax : page.sinceUs;
  const isRead = page.readings.some(
    ({ readUs, outcome }) => readUs >= fromUs && outcome.type === "found" && outcome.slot === slot,
  );
  if (isRead) return;
  const last = page.readings.at(-1);
  const found = last === undefined ? "nothing" : JSON.stringify(last.outcome);
  const what = `${address} (slot ${slot}) acknowledged to ${mac} on ${network}, but read was ${found}`;
  fail(world, "G1 the address follows the port", what);
}

/**
 * G2 An ACK is never given for an address that another host holds, if the CCN could have heard it:
 * it held the address and was reachable both ways for longer than evidence of silence is believed.
 * The asking MAC itself holding it is no conflict (design: its own address is given again).
 */
export function ackDoublesNobody(world: World, network: NetworkId, mac: Mac, address: Ipv4): void {
  const now = world.timeline.nowUs;
  for (const host of world.hosts) {
    const card = host.cards[network];
    if (host.address[network] !== address) continue;
    if (card.mac === mac) return;
  }
  for (const host of world.hosts) {
    if (host.address[network] !== address) continue;
    const heldUs = Math.max(host.addressUs[network], world.disturbedUs[network]);
    if (now - heldUs < evidenceUs + probeSilentUs + probeGraceUs + 20_000) continue;
    if (!isReachable(world, host, network)) continue;
    const what = `${address} acknowledged to ${mac} on ${network} while ${host.name} holds it`;
    fail(world, "G2 no address is given twice", what);
  }
}

/** G2 Nobody takes an address into use that another live, reachable board has been using. */
export function addressIsTaken(world: World, host: Host, network: NetworkId, address: Ipv4): void {
  const now = world.timeline.nowUs;
  for (const other of world.hosts) {
    if (other === host || other.address[network] !== address) continue;
    const sinceUs = Math.max(other.addressUs[network], world.disturbedUs[network]);
    if (now - sinceUs < 2 * evidenceUs || !isReachable(world, other, network)) continue;
    const what = `${host.name} and ${other.name} both use ${address} on ${network}`;
    fail(world, "G2 no address is used twice", what);
  }
}

/** G3 The document a board takes is that of the slot it sits in. */
export function documentIsOfSlot(world: World, life: Life, document: BoardDocument): void {
  // On its way to another slot a board may still take the old one's; at rest it must not.
  if (life.host.slot === document.slot || world.timeline.nowUs < world.movedUs + settledUs) return;
  fail(
    world,
    "G3 the document is the slot's",
    `${life.host.name} in slot ${life.host.slot} takes that of ${document.slot}`,
  );
}

/** A moved board may act on what it was told before for this long, µs. */
const settledUs = 3_000_000;

/**
 * G3 At rest every board has its slot's addresses and document, and G4: also what a restarted CCN
 * gave, which knows nothing of its earlier life. The first thing that is missing, in words.
 */
export function missingAddress(world: World): string | undefined {
  for (const host of world.hosts) {
    const { slot, life } = host;
    if (slot === undefined || !host.isBoard) continue;
    if (life === undefined || life.core === undefined)
      return `${host.name} in slot ${slot} does not run`;
    if (life.slot !== slot) return `${host.name} runs as slot ${life.slot} in slot ${slot}`;
    const board = world.chassis.boards.find((candidate) => candidate.slot === slot);
    for (const network of networkIds) {
      const want = board?.address[network];
      const has = host.address[network];
      if (has !== want) return `${host.name} in slot ${slot} has ${has} on ${network}, not ${want}`;
    }
  }
  return undefined;
}

/** G5 The servers' states stay within their named bounds. */
export function serverIsBounded(world: World, state: GeoDhcpState): void {
  const check = (what: string, value: number, max: number): void => {
    if (value > max) fail(world, "G5 state is bounded", `geo-dhcp: ${what} ${value} > ${max}`);
  };
  check("pending", state.pending.size, pendingMax);
  check("clients", state.clients.size, clientsMax);
  check("given", state.given.size, givenMax);
  check("senders", state.senders.size, pendingMax);
  for (const page of state.addresses.values()) check("holders", page.holders.length, holdersMax);
}

function isReachable(world: World, host: Host, network: NetworkId): boolean {
  const ccn = world.services?.life.host.cards[network].port;
  const { port } = host.cards[network];
  if (ccn === undefined || port === undefined || world.services?.life.isEnded === true)
    return false;
  return isOpen(world.fabric, network, ccn, port) && isOpen(world.fabric, network, port, ccn);
}
