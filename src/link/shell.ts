// The link at work: a socket on each network's device; every packet goes out on both at once and
// counts once where it arrives. A lost network costs nothing, a lost packet is not repeated: who
// needs an answer asks again.

import type { Incarnation, Ipv4, NetworkId, Result, SlotId } from "../base/index.ts";
import { networkIds } from "../base/index.ts";
import { inNetns, openUdp, type SysError, sysErrorText, type UdpSocket } from "../kernel/index.ts";
import { linkPayloadBytesMax, linkReceiveBytes, linkRetryMs } from "./limits.ts";
import {
  decodeLinkPacket,
  encodeLinkPacket,
  type Heard,
  isFirst,
  type LinkKey,
  linkKey,
  type LinkRefusal,
} from "./packet.ts";

/** What the link needs on a board. */
export type LinkOptions = {
  /** Network namespace of the devices. */
  readonly netns: number;
  readonly devices: Readonly<Record<NetworkId, string>>;
  readonly port: number;
  /** Chassis key as 64 hex digits. */
  readonly keyHex: string;
  readonly self: SlotId;
  /** This board's own life, and the proven lives of others, as NETRACK knows them. */
  readonly ownLife: () => Incarnation | undefined;
  readonly lifeOf: (slot: number) => Incarnation | undefined;
  readonly addressOf: (slot: SlotId, network: NetworkId) => Ipv4 | undefined;
  readonly onMessage: (message: LinkMessage) => void;
  readonly onTrouble: (network: NetworkId, reason: string) => void;
};

/** A message that arrived, once, from the present life of a board. */
export type LinkMessage = {
  readonly from: SlotId;
  readonly life: Incarnation;
  /** Which module it is for. */
  readonly channel: number;
  /** A copy is the receiver's to make. */
  readonly bytes: Uint8Array;
};

/** Counted since the start. */
export type LinkCounters = Record<
  "sent" | "received" | "repeated" | "unsent" | LinkRefusal,
  number
>;

/** The open link. */
export type BoardLink = {
  /** Sends on both networks; the number of networks that took it, 0 = nobody can have heard it. */
  readonly send: (to: SlotId, channel: number, bytes: Uint8Array) => number;
  readonly counters: () => Readonly<LinkCounters>;
  readonly close: () => void;
};

type State = {
  readonly options: LinkOptions;
  readonly key: LinkKey;
  readonly sockets: Partial<Record<NetworkId, UdpSocket>>;
  readonly retries: Set<ReturnType<typeof setTimeout>>;
  readonly heard: Map<SlotId, Heard>;
  readonly counters: LinkCounters;
  number: number;
  isClosed: boolean;
};

/** Opens both sockets; one that cannot be had now is tried again until it can. */
export async function openLink(options: LinkOptions): Promise<BoardLink> {
  const state: State = {
    options,
    key: linkKey(options.keyHex),
    sockets: {},
    retries: new Set(),
    heard: new Map(),
    counters: {
      sent: 0,
      received: 0,
      repeated: 0,
      unsent: 0,
      malformed: 0,
      "not-for-us": 0,
      "other-life": 0,
      "wrong-mac": 0,
    },
    number: 0,
    isClosed: false,
  };
  await Promise.all(networkIds.map((network) => open(state, network)));
  return {
    send: (to, channel, bytes) => send(state, to, channel, bytes),
    counters: () => state.counters,
    close: () => {
      state.isClosed = true;
      for (const retry of state.retries) clearTimeout(retry);
      for (const network of networkIds) state.sockets[network]?.close();
    },
  };
}

async function open(state: State, network: NetworkId): Promise<void> {
  const { options } = state;
  const opened: Result<UdpSocket, SysError> = await inNetns(options.netns, () =>
    openUdp({
      device: options.devices[network],
      port: options.port,
      reuseAddress: true,
      receiveBytes: linkReceiveBytes,
      onDatagram: (bytes) => receive(state, bytes),
      onError: (error) => options.onTrouble(network, sysErrorText(error)),
    }),
  );
  if (opened.ok) {
    if (state.isClosed) opened.value.close();
    else state.sockets[network] = opened.value;
    return;
  }
  options.onTrouble(network, sysErrorText(opened.error));
  reopenLater(state, network);
}

function reopenLater(state: State, network: NetworkId): void {
  if (state.isClosed) return;
  const retry = setTimeout(() => {
    state.retries.delete(retry);
    if (!state.isClosed && state.sockets[network] === undefined) void open(state, network);
  }, linkRetryMs);
  state.retries.add(retry);
}

function send(state: State, to: SlotId, channel: number, bytes: Uint8Array): number {
  const { options, counters } = state;
  const [fromLife, toLife] = [options.ownLife(), options.lifeOf(to)];
  if (fromLife === undefined || toLife === undefined || bytes.length > linkPayloadBytesMax) {
    counters.unsent++;
    return 0;
  }
  state.number++;
  const { self } = options;
  const packet = { channel, from: self, to, fromLife, toLife, number: state.number };
  const sealed = encodeLinkPacket(state.key, { ...packet, payload: bytes });
  const taken = networkIds.filter((network) => sendOn(state, network, to, sealed)).length;
  if (taken > 0) counters.sent++;
  else counters.unsent++;
  return taken;
}

function sendOn(state: State, network: NetworkId, to: SlotId, bytes: Uint8Array): boolean {
  const { options, sockets } = state;
  const address = options.addressOf(to, network);
  const socket = sockets[network];
  if (address === undefined || socket === undefined) return false;
  const sent = socket.send(bytes, address, options.port);
  if (sent.ok) return true;
  if (sent.error.code === "ENODEV" || sent.error.code === "ENXIO") {
    socket.close();
    delete sockets[network];
    options.onTrouble(network, sysErrorText(sent.error));
    reopenLater(state, network);
  }
  return false;
}

function receive(state: State, bytes: Uint8Array): void {
  const { options, counters } = state;
  const ownLife = options.ownLife();
  if (state.isClosed || ownLife === undefined) return;
  const { self, lifeOf } = options;
  const packet = decodeLinkPacket(state.key, bytes, { self, ownLife, lifeOf });
  if (typeof packet === "string") {
    counters[packet]++;
    return;
  }
  const { from, fromLife: life, number, channel, payload } = packet;
  const known = state.heard.get(from);
  const heard = known?.life === life ? known : { life, newest: 0, before: 0 };
  state.heard.set(from, heard);
  if (!isFirst(heard, number)) {
    counters.repeated++;
    return;
  }
  counters.received++;
  options.onMessage({ from, life, channel, bytes: payload });
}
