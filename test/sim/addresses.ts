// How a board comes to its addresses and its document: the product's address client on each network
// over simulated frames, the kernel's part (addresses, ARP answers), and the fetch of the document.

import {
  ccnSlot,
  type Ipv4,
  macFromBytes,
  type NetworkId,
  networkIds,
  nextBelow,
  nextU32,
  prng,
  slotId,
  type SlotId,
} from "../../src/base/index.ts";
import {
  addressClient,
  type ClientEffect,
  type ClientEvent,
  type ClientState,
  type ConfigurationSource,
  stepAddressClient,
} from "../../src/address-client/index.ts";
import { type BoardDocument, documentSha256, encodeDocument } from "../../src/config/index.ts";
import {
  arpFrame,
  arpOps,
  decodeArpFrame,
  decodeDhcp,
  decodeRarpFrame,
  decodeUdpFrame,
  dhcpBytesMax,
  dhcpPorts,
  encodeDhcp,
  encodeUdpFrame,
  rarpFrame,
  udpFrameHeaderBytes,
} from "../../src/wire/index.ts";
import { hasCarrier, isOpen, transmit } from "./fabric.ts";
import { endLife, newTimer, setTimer, startCore, startLife } from "./process.ts";
import { addressIsTaken, documentIsOfSlot } from "./address-promises.ts";
import { schedule } from "./timeline.ts";
import {
  type Body,
  fold,
  type Host,
  isRunning,
  type Item,
  type Life,
  say,
  type Timer,
  Violation,
  type World,
} from "./world.ts";

/** One network's client and its timer. */
type Client = { readonly state: ClientState; readonly timer: Timer };

/** The address client of one life. */
export type Addresses = {
  readonly clients: Readonly<Record<NetworkId, Client>>;
  readonly sources: Map<NetworkId, ConfigurationSource>;
  isFetching: boolean;
};

/** A fetch takes this long over a healthy network, µs, and is tried again after this. */
const fetchUs = 3_000;
const fetchPauseUs = 100_000;
/** The kernel answers ARP within this, µs. */
const arpAnswerUs = 200;

const buffer = new Uint8Array(udpFrameHeaderBytes + dhcpBytesMax);

/** Starts asking on both networks. */
export function startAddresses(world: World, life: Life): void {
  const client = (network: NetworkId): Client => ({
    state: addressClient({ hostName: undefined, keepExpired: true }, prng(nextU32(world.rng))),
    timer: newTimer(life, () => tellClient(world, life, network, { type: "timer-fired" })),
  });
  life.addresses = {
    clients: { A: client("A"), B: client("B") },
    sources: new Map(),
    isFetching: false,
  };
  for (const network of networkIds) {
    const card = life.host.cards[network];
    if (hasCarrier(world.fabric, card)) {
      tellClient(world, life, network, { type: "link-up", mac: card.mac });
    }
  }
}

/** A frame or a change of carrier for the address clients. */
export function onAddressItem(world: World, life: Life, item: Item): void {
  const { network } = item;
  if (item.type === "carrier") {
    const { mac } = life.host.cards[network];
    tellClient(world, life, network, item.up ? { type: "link-up", mac } : { type: "link-down" });
    return;
  }
  const event = readFrame(item.body);
  if (event !== undefined) tellClient(world, life, network, event);
}

/** What the kernel of a board does by itself, whatever its processes do: answers ARP. */
export function answerArp(world: World, host: Host, network: NetworkId, body: Body): void {
  const address = host.address[network];
  if (body.kind !== "arp" || address === undefined) return;
  const packet = decodeArpFrame(body.bytes);
  if (!packet.ok || packet.value.op !== arpOps.request || packet.value.tpa !== address) return;
  const { sha, spa } = packet.value;
  const card = host.cards[network];
  if (sha === card.mac) return;
  schedule(world.timeline, world.timeline.nowUs + 20 + nextBelow(world.rng, arpAnswerUs), () => {
    if (host.address[network] !== address) return;
    const reply = { op: arpOps.reply, sha: card.mac, spa: address, tha: sha, tpa: spa };
    sendBytes(world, host, network, "arp", arpFrame(reply, sha));
  });
}

/** Puts a whole Ethernet frame on the wire. */
export function sendBytes(
  world: World,
  host: Host,
  network: NetworkId,
  kind: "dhcp" | "arp" | "rarp",
  bytes: Uint8Array,
): void {
  const target = macFromBytes(bytes, 0);
  const destination = target === broadcast ? "everybody" : target;
  const card = host.cards[network];
  transmit(world.fabric, card, { source: card.mac, destination, body: { kind, bytes } });
}

const broadcast = macFromBytes(new Uint8Array(6).fill(255));

function tellClient(world: World, life: Life, network: NetworkId, event: ClientEvent): void {
  const client = life.addresses?.clients[network];
  if (client === undefined || life.isEnded) return;
  const now = world.timeline.nowUs;
  let effects: ClientEffect[];
  try {
    effects = stepAddressClient(client.state, event, now);
  } catch (error) {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Violation(
      "cores never throw",
      now,
      `address client of ${life.host.name}, ${event.type}: ${words}`,
    );
  }
  world.steps++;
  fold(world, now);
  fold(world, 1_000_000 + life.host.number * 256 + effects.length);
  for (const effect of effects) carryOut(world, life, network, effect);
}

function carryOut(world: World, life: Life, network: NetworkId, effect: ClientEffect): void {
  const { host } = life;
  const on = `${host.name} (slot ${host.slot}) on ${network}`;
  switch (effect.type) {
    case "send-dhcp":
      sendBytes(world, host, network, "dhcp", dhcpFrame(effect));
      return;
    case "send-arp":
      return sendBytes(world, host, network, "arp", arpFrame(effect.packet));
    case "send-rarp":
      return sendBytes(world, host, network, "rarp", rarpFrame(effect.packet));
    case "set-timer": {
      const client = life.addresses?.clients[network];
      if (client !== undefined) setTimer(world, life, client.timer, effect.atUs);
      return;
    }
    case "set-address":
      host.address[network] = effect.address;
      host.addressUs[network] = world.timeline.nowUs;
      say(world, `${on} has address ${effect.address}`);
      addressIsTaken(world, host, network, effect.address);
      return;
    case "remove-address":
      if (host.address[network] === effect.address) host.address[network] = undefined;
      say(world, `${on} gives ${effect.address} up`);
      return;
    case "configuration":
      life.addresses?.sources.set(network, effect.source);
      if (life.addresses?.isFetching === false) fetchDocument(world, life);
      return;
    case "log":
      return;
    default:
      return effect satisfies never;
  }
}

/** A request for the document over whichever network works both ways, again until it is there. */
function fetchDocument(world: World, life: Life): void {
  const { addresses } = life;
  if (addresses === undefined) return;
  addresses.isFetching = true;
  schedule(world.timeline, world.timeline.nowUs + 500 + nextBelow(world.rng, fetchUs), () => {
    if (life.isEnded) return;
    const document = isRunning(life, world.timeline.nowUs) ? documentNow(world, life) : undefined;
    if (document !== undefined) {
      addresses.isFetching = false;
      takeDocument(world, life, document);
      return;
    }
    schedule(world.timeline, world.timeline.nowUs + fetchPauseUs, () => {
      if (!life.isEnded) fetchDocument(world, life);
    });
  });
}

/** What the CCN's configuration server would answer this board now, checked as boards check it. */
function documentNow(world: World, life: Life): BoardDocument | undefined {
  for (const [network, source] of life.addresses?.sources ?? []) {
    const address = life.host.address[network];
    const ccn = world.bySlot[ccnSlot];
    if (address === undefined || ccn?.core === undefined || !isRunning(ccn, world.timeline.nowUs))
      continue;
    if (!isHostWayOpen(world, life.host, network)) continue;
    const slot =
      source.kind === "url" ? slotOfUrl(source.url) : slotOfAddress(world, network, address);
    const document = slot === undefined ? undefined : world.documents.get(slot);
    if (document === undefined) continue;
    if (source.kind === "url" && !isHash(document, source.sha256)) continue;
    return document;
  }
  return undefined;
}

function takeDocument(world: World, life: Life, document: BoardDocument): void {
  if (life.document?.slot === document.slot) return;
  documentIsOfSlot(world, life, document);
  if (life.document === undefined) {
    startCore(world, life, document);
    return;
  }
  // The board learns that it sits in another slot now: the process starts anew as that slot.
  const { host } = life;
  endLife(world, life, `learns that it is slot ${document.slot} now`);
  const next = startLife(world, host, document.slot);
  startAddresses(world, next);
}

function dhcpFrame(effect: Extract<ClientEffect, { type: "send-dhcp" }>): Uint8Array {
  const room = buffer.subarray(udpFrameHeaderBytes);
  const length = encodeDhcp(effect.message, room);
  if (!length.ok)
    throw new Error(`a client's message cannot be encoded: ${JSON.stringify(length.error)}`);
  const { src, dst, dstMac, message } = effect;
  const frame = {
    srcMac: message.chaddr,
    dstMac,
    src,
    dst,
    srcPort: dhcpPorts.client,
    dstPort: dhcpPorts.server,
    payload: room.subarray(0, length.value),
  };
  const framed = encodeUdpFrame(frame, buffer);
  if (!framed.ok)
    throw new Error(`a client's frame cannot be encoded: ${JSON.stringify(framed.error)}`);
  return buffer.slice(0, framed.value);
}

function readFrame(body: Body): ClientEvent | undefined {
  switch (body.kind) {
    case "arp": {
      const packet = decodeArpFrame(body.bytes);
      return packet.ok ? { type: "arp-received", packet: packet.value } : undefined;
    }
    case "rarp": {
      const packet = decodeRarpFrame(body.bytes);
      return packet.ok ? { type: "rarp-received", packet: packet.value } : undefined;
    }
    case "dhcp": {
      const udp = decodeUdpFrame(body.bytes);
      if (!udp.ok || udp.value.dstPort !== dhcpPorts.client) return undefined;
      const message = decodeDhcp(udp.value.payload);
      if (!message.ok) return undefined;
      return { type: "dhcp-received", message: message.value, srcMac: udp.value.srcMac };
    }
    case "beat":
    case "message":
      return undefined;
    default:
      return body satisfies never;
  }
}

function isHostWayOpen(world: World, host: Host, network: NetworkId): boolean {
  const { port } = host.cards[network];
  const ccn = world.bySlot[ccnSlot]?.host.cards[network].port;
  if (port === undefined || ccn === undefined) return false;
  return isOpen(world.fabric, network, port, ccn) && isOpen(world.fabric, network, ccn, port);
}

function slotOfUrl(url: string): SlotId | undefined {
  const found = url.match(/\/slot\/(\d+)$/);
  return found === null ? undefined : slotId(Number(found[1]));
}

function slotOfAddress(world: World, network: NetworkId, address: Ipv4): SlotId | undefined {
  return world.chassis.boards.find((board) => board.address[network] === address)?.slot;
}

const hashes = new WeakMap<BoardDocument, Uint8Array>();

/** SHA-256 of a document's bytes, worked out once. */
export function hashOf(document: BoardDocument): Uint8Array {
  const known = hashes.get(document);
  if (known !== undefined) return known;
  const hash = documentSha256(encodeDocument(document));
  hashes.set(document, hash);
  return hash;
}

function isHash(document: BoardDocument, sha256: Uint8Array): boolean {
  return hashOf(document).every((byte, i) => byte === sha256[i]);
}
