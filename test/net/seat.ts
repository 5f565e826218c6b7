// A program on a board that runs nothing else: raw frames in and out of its interface, and DHCP as
// a client would speak it. Opens in the board's network namespace; `closeSeats` comes before the chassis' end.

import type { Ipv4, Mac, NetworkId } from "../../src/base/index.ts";
import { inNetns, openPacket } from "../../src/kernel/index.ts";
import { deviceOf, type Lab } from "../../src/lab/index.ts";
import {
  broadcastMac,
  decodeDhcp,
  decodeUdpFrame,
  dhcpFields,
  type DhcpMessage,
  dhcpMessageType,
  dhcpMessageTypes,
  type DhcpMessageType,
  dhcpOps,
  dhcpOption,
  type DhcpOption,
  dhcpPorts,
  encodeDhcp,
  encodeUdpFrame,
  zeroIpv4,
} from "../../src/wire/index.ts";
import { soonMs, valueOf } from "./chassis.ts";

/** Frames kept for `next`; a test that lets more pile up has lost its way. */
const framesMax = 20_000;

/** An interface of a board that runs nothing. */
export type Seat = {
  readonly mac: Mac;
  readonly send: (frame: Uint8Array) => void;
  /** True if the kernel took it, false if its queue is full. */
  readonly trySend: (frame: Uint8Array) => boolean;
  /** The first frame, heard already or to come, that `read` makes something of; it and all before it are gone then. */
  readonly next: <T>(read: (frame: Uint8Array) => T | undefined, timeoutMs?: number) => Promise<T>;
  /** What `read` makes of the frames heard and not yet taken. */
  readonly heard: <T>(read: (frame: Uint8Array) => T | undefined) => T[];
  /** Forgets what was heard. */
  readonly forget: () => void;
  readonly close: () => void;
};

const seats = new Set<Seat>();

/** Closes all seats that were taken; for `afterEach`, so that a failed test leaves none. */
export function closeSeats(): void {
  for (const seat of seats) seat.close();
  seats.clear();
}

/** Takes a seat at the interface of a slot's board. */
export async function takeSeat(lab: Lab, slot: number, network: NetworkId = "A"): Promise<Seat> {
  let frames: Uint8Array[] = [];
  let look: (() => void) | undefined;
  const opening = inNetns(valueOf(lab.netnsOf(`${slot}`)), () =>
    openPacket({
      device: deviceOf[network],
      etherType: 0x0003,
      onFrame: (frame) => {
        if (frames.length < framesMax) frames.push(frame);
        look?.();
      },
      onClose: () => {},
    }),
  );
  const socket = valueOf(await opening);
  const seat: Seat = {
    mac: socket.mac,
    send: (frame) => valueOf(socket.send(frame)),
    trySend: (frame) => socket.send(frame).ok,
    next: (read, timeoutMs = soonMs) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          look = undefined;
          reject(new Error(`slot ${slot} heard no such frame on ${network} in ${timeoutMs} ms`));
        }, timeoutMs);
        look = () => {
          while (frames.length > 0) {
            const value = read(frames[0] ?? new Uint8Array(0));
            frames = frames.slice(1);
            if (value === undefined) continue;
            look = undefined;
            clearTimeout(timer);
            return resolve(value);
          }
        };
        look();
      }),
    heard: (read) => frames.map(read).filter((value) => value !== undefined),
    forget: () => {
      frames = [];
    },
    close: () => socket.close(),
  };
  seats.add(seat);
  return seat;
}

/** A DHCP reply in a frame, or undefined. */
export function dhcpReply(frame: Uint8Array): DhcpMessage | undefined {
  const udp = decodeUdpFrame(frame);
  if (!udp.ok || udp.value.dstPort !== dhcpPorts.client) return undefined;
  const message = decodeDhcp(udp.value.payload);
  return message.ok && message.value.op === dhcpOps.reply ? message.value : undefined;
}

/** A reader of the replies to one exchange. */
export function replyTo(xid: number): (frame: Uint8Array) => DhcpMessage | undefined {
  return (frame) => {
    const reply = dhcpReply(frame);
    return reply?.xid === xid ? reply : undefined;
  };
}

/** What a client sends: everything zero but what is given. */
export function dhcpRequest(given: {
  readonly type: DhcpMessageType;
  readonly chaddr: Mac;
  readonly xid: number;
  readonly options?: readonly DhcpOption[];
  readonly ciaddr?: Ipv4;
  readonly giaddr?: Ipv4;
}): DhcpMessage {
  const { type, chaddr, xid, options = [], ciaddr = zeroIpv4, giaddr = zeroIpv4 } = given;
  return {
    op: dhcpOps.request,
    hops: giaddr === zeroIpv4 ? 0 : 1,
    xid,
    secs: 0,
    flags: 0,
    ciaddr,
    yiaddr: zeroIpv4,
    siaddr: zeroIpv4,
    giaddr,
    chaddr,
    sname: "",
    file: "",
    options: [dhcpOption(dhcpFields.messageType, type), ...options],
  };
}

/** A message's bytes. */
export function dhcpBytes(message: DhcpMessage): Uint8Array {
  const bytes = new Uint8Array(1472);
  return bytes.subarray(0, valueOf(encodeDhcp(message, bytes)));
}

/** A client's message as the broadcast it is sent by. */
export function dhcpFrame(message: DhcpMessage): Uint8Array {
  const frame = new Uint8Array(1514);
  const length = encodeUdpFrame(
    {
      srcMac: message.chaddr,
      dstMac: broadcastMac,
      src: message.ciaddr,
      dst: "255.255.255.255" as Ipv4,
      srcPort: dhcpPorts.client,
      dstPort: dhcpPorts.server,
      payload: dhcpBytes(message),
    },
    frame,
  );
  return frame.subarray(0, valueOf(length));
}

/** Sends a message from its client's seat and waits for the answer to its xid. */
export async function exchange(seat: Seat, message: DhcpMessage): Promise<DhcpMessage> {
  seat.send(dhcpFrame(message));
  return seat.next(replyTo(message.xid));
}

/** A message's type in words. */
export function typeOf(message: DhcpMessage): string {
  const type = dhcpMessageType(message);
  const found = Object.entries(dhcpMessageTypes).find(([, value]) => value === type);
  return found?.[0] ?? `type ${type}`;
}
