// One network's interface: packets and link changes become events of the client core, its orders
// become packets, a timer and addresses. Decides nothing but when the packet socket must be opened
// again. Carrier loss does not close the socket: closing blocks the loop for 15-20 ms.

import type { Ipv4, Log, NetworkId, Prng } from "../base/index.ts";
import { isHostOf } from "../config/index.ts";
import {
  addAddress,
  type BpfInstruction,
  filterArp,
  filterDhcpClient,
  filterRarp,
  type Link,
  listAddresses,
  monoNowUs,
  type Netlink,
  openPacket,
  type PacketSocket,
  removeAddress,
  type SysError,
  sysErrorText,
} from "../kernel/index.ts";
import {
  arpFrame,
  decodeArpFrame,
  decodeDhcp,
  decodeRarpFrame,
  decodeUdpFrame,
  dhcpBytesMax,
  dhcpPorts,
  encodeDhcp,
  encodeUdpFrame,
  etherTypes,
  rarpFrame,
  udpFrameHeaderBytes,
} from "../wire/index.ts";
import { addressClient, step } from "./core/client.ts";
import type {
  ClientEffect,
  ClientEvent,
  ClientOptions,
  ClientState,
  ConfigurationSource,
} from "./core/types.ts";
import { packetReopenMs, timerMsMax } from "./limits.ts";

/** What an interface needs. */
export type InterfaceOptions = {
  readonly network: NetworkId;
  readonly device: string;
  readonly netlink: Netlink;
  readonly log: Log;
  readonly client: ClientOptions;
  readonly rng: Prng;
  /** Called after the kernel has (or no longer has) the address. */
  readonly onAddress: (network: NetworkId, address: Ipv4 | undefined) => void;
  readonly onConfiguration: (network: NetworkId, source: ConfigurationSource) => void;
};

/** One network's running client. */
export type Interface = {
  /** The device as the kernel sees it now; undefined = it is not there. */
  linkChanged(link: Link | undefined): void;
  /** The carrier count of the link it knows; undefined = the device is not there. */
  carrierChanges(): number | undefined;
  prefixKnown(prefix: number): void;
  readonly state: Readonly<ClientState>;
  close(): void;
};

type Running = InterfaceOptions & {
  readonly state: ClientState;
  socket: PacketSocket | undefined;
  opening: boolean;
  link: Link | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
  closed: boolean;
};

/** A client on one interface; tell it about the link to start it. */
export function startInterface(options: InterfaceOptions): Interface {
  const state = addressClient(options.client, options.rng);
  const at: Running = {
    ...options,
    state,
    socket: undefined,
    opening: false,
    link: undefined,
    timer: undefined,
    closed: false,
  };
  return {
    state,
    linkChanged: (link) => onLink(at, link),
    carrierChanges: () => at.link?.carrierChanges,
    prefixKnown: (prefix) => deliver(at, { type: "prefix-known", prefix }),
    close() {
      at.closed = true;
      clearTimeout(at.timer);
      at.socket?.close();
    },
  };
}

const isLive = (link: Link | undefined): boolean => link !== undefined && link.up && link.carrier;

function onLink(at: Running, link: Link | undefined): void {
  if (at.closed) return;
  const replaced = at.socket !== undefined && link?.index !== at.link?.index;
  // Away and back so quickly that the kernel told nothing between: the board may have been moved.
  const wasAway = isLive(at.link) && link?.carrierChanges !== at.link?.carrierChanges;
  at.link = link;
  if (replaced) {
    at.socket?.close();
    at.socket = undefined;
  }
  if (!isLive(link) || replaced || wasAway) deliver(at, { type: "link-down" });
  if (isLive(link)) void comeUp(at);
}

/** Opens the socket if it is not open, then tells the client that the link is there. */
async function comeUp(at: Running): Promise<void> {
  if (at.socket === undefined) {
    if (at.opening) return;
    at.opening = true;
    const opened = await openPacket({
      device: at.device,
      etherType: everyEtherType,
      filter: anyOfThree,
      onFrame: (frame) => onFrame(at, frame),
      onClose: (reason) => onClosed(at, reason),
    });
    at.opening = false;
    if (at.closed) {
      if (opened.ok) opened.value.close();
      return;
    }
    if (!opened.ok) return onClosed(at, opened.error);
    at.socket = opened.value;
  }
  const mac = at.link?.mac;
  if (!isLive(at.link) || mac === undefined) return;
  // A device that was replaced lost its addresses; the client still holds one.
  const { held } = at.state;
  if (held !== undefined) setAddress(at, held.address, held.prefix);
  deliver(at, { type: "link-up", mac });
}

function onClosed(at: Running, reason: SysError | undefined): void {
  at.socket = undefined;
  if (at.closed) return;
  deliver(at, { type: "link-down" });
  if (!isLive(at.link)) return; // the link's return opens it again
  const text = reason === undefined ? "closed" : sysErrorText(reason);
  at.log.warn("address-socket-lost", { net: at.network, reason: text });
  setTimeout(() => {
    if (!at.closed && isLive(at.link)) void comeUp(at);
  }, packetReopenMs);
}

const everyEtherType = 0x0003;
/** One filter for three protocols: a filter that says no falls into the next one. */
const anyOfThree: readonly BpfInstruction[] = [
  ...filterDhcpClient.slice(0, -1),
  ...filterArp.slice(0, -1),
  ...filterRarp,
];

function onFrame(at: Running, frame: Uint8Array): void {
  switch (((frame[12] ?? 0) << 8) | (frame[13] ?? 0)) {
    case etherTypes.arp: {
      const packet = decodeArpFrame(frame);
      if (packet.ok) deliver(at, { type: "arp-received", packet: packet.value });
      return;
    }
    case etherTypes.rarp: {
      const packet = decodeRarpFrame(frame);
      if (packet.ok) deliver(at, { type: "rarp-received", packet: packet.value });
      return;
    }
    default: {
      const udp = decodeUdpFrame(frame);
      const message = udp.ok ? decodeDhcp(udp.value.payload) : udp;
      if (!udp.ok || !message.ok) return;
      deliver(at, { type: "dhcp-received", message: message.value, srcMac: udp.value.srcMac });
    }
  }
}

function deliver(at: Running, event: ClientEvent): void {
  if (at.closed) return;
  for (const effect of step(at.state, event, monoNowUs())) carryOut(at, effect);
}

function carryOut(at: Running, effect: ClientEffect): void {
  switch (effect.type) {
    case "send-dhcp":
      return sendDhcp(at, effect);
    case "send-arp":
      return sendFrame(at, arpFrame(effect.packet));
    case "send-rarp":
      return sendFrame(at, rarpFrame(effect.packet));
    case "set-timer":
      return setTimer(at, effect.atUs);
    case "set-address":
      setAddress(at, effect.address, effect.prefix);
      return at.onAddress(at.network, effect.address);
    case "remove-address":
      takeAway(at, effect.address, effect.prefix);
      return at.onAddress(at.network, undefined);
    case "configuration":
      return at.onConfiguration(at.network, effect.source);
    case "log":
      return at.log[effect.level](effect.event, { net: at.network, ...effect.fields });
  }
}

function setTimer(at: Running, atUs: number | undefined): void {
  clearTimeout(at.timer);
  at.timer = undefined;
  if (atUs === undefined) return;
  // Rounded up and cut: a timer that fires early only sets itself again.
  const ms = Math.min(Math.ceil((atUs - monoNowUs()) / 1000), timerMsMax);
  at.timer = setTimeout(() => deliver(at, { type: "timer-fired" }), Math.max(ms, 0));
}

function sendDhcp(at: Running, effect: Extract<ClientEffect, { type: "send-dhcp" }>): void {
  const { src, dst, dstMac } = effect;
  const payload = new Uint8Array(dhcpBytesMax);
  const length = encodeDhcp(effect.message, payload);
  if (!length.ok) return at.log.error("address-message-too-long", { net: at.network });
  const frame = new Uint8Array(udpFrameHeaderBytes + length.value);
  const ports = { srcPort: dhcpPorts.client, dstPort: dhcpPorts.server };
  const srcMac = effect.message.chaddr;
  const parts = { srcMac, dstMac, src, dst, ...ports, payload: payload.subarray(0, length.value) };
  const framed = encodeUdpFrame(parts, frame);
  if (framed.ok) sendFrame(at, frame);
  else at.log.error("address-message-too-long", { net: at.network });
}

function sendFrame(at: Running, frame: Uint8Array): void {
  const sent = at.socket?.send(frame);
  if (sent === undefined || sent.ok) return;
  at.log.warn("address-send-failed", { net: at.network, reason: sysErrorText(sent.error) });
}

/** Puts the address on the interface; what a former life left in the same subnet goes. */
function setAddress(at: Running, address: Ipv4, prefix: number): void {
  const index = at.link?.index;
  if (index === undefined) return;
  const listed = listAddresses(at.netlink);
  let there = false;
  for (const each of listed.ok ? listed.value : []) {
    if (each.index !== index) continue;
    if (each.address === address && each.prefix === prefix) there = true;
    else if (isHostOf({ subnet: address, prefix }, each.address)) {
      takeAway(at, each.address, each.prefix);
    }
  }
  if (there) return;
  const added = addAddress(at.netlink, { index, address, prefix });
  if (added.ok || added.error.code === "EEXIST") return;
  at.log.error("address-set-failed", { net: at.network, reason: sysErrorText(added.error) });
}

function takeAway(at: Running, address: Ipv4, prefix: number): void {
  const index = at.link?.index;
  if (index === undefined) return;
  const removed = removeAddress(at.netlink, { index, address, prefix });
  if (removed.ok || ["EADDRNOTAVAIL", "ENODEV"].includes(removed.error.code)) return;
  at.log.warn("address-remove-failed", { net: at.network, reason: sysErrorText(removed.error) });
}
