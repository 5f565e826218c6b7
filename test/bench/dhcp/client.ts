// A DHCP client by raw frames on one interface: DISCOVER, OFFER, REQUEST, ACK with the back-off of
// RFC 2131 §4.1 (4, 8, 16, 32 s, each +- 1 s). Answers no ARP: like a board before it has an address.

import { type Ipv4, type Mac, type MonoUs, parseIpv4, type Prng } from "../../../src/base/index.ts";
import { nextBelow, nextU32 } from "../../../src/base/index.ts";
import {
  filterDhcpClient,
  inNetns,
  monoNowUs,
  openPacket,
  type PacketSocket,
  sysErrorText,
} from "../../../src/kernel/index.ts";
import {
  broadcastMac,
  decodeDhcp,
  decodeUdpFrame,
  dhcpBroadcastFlag,
  dhcpFields,
  type DhcpMessage,
  dhcpMessageType,
  dhcpMessageTypes,
  dhcpOption,
  type DhcpOption,
  dhcpOps,
  dhcpPorts,
  dhcpValue,
  encodeDhcp,
  encodeEthernet,
  encodeUdpFrame,
  etherTypes,
  udpFrameHeaderBytes,
  zeroIpv4,
} from "../../../src/wire/index.ts";

/** A client on one interface of one board. */
export type DhcpClient = {
  readonly mac: Mac;
  /** Writes the DISCOVER of the next `ask`, so that many clients can ask at one moment. */
  readonly prepare: () => void;
  /** Sends the DISCOVER; resolves with the moment of the ACK and how many messages were sent. */
  readonly ask: () => Promise<{ readonly ackUs: MonoUs; readonly sent: number }>;
  /** Sends a frame that means nothing (IEEE 802 EtherType for experiments): the switch learns us. */
  readonly beSeen: () => void;
  readonly close: () => void;
};

/** One exchange under way. */
type Exchange = {
  readonly xid: number;
  readonly done: PromiseWithResolvers<{ readonly ackUs: MonoUs; readonly sent: number }>;
  request: { readonly address: Ipv4; readonly server: Ipv4 } | undefined;
  /** What is to be sent, while it is the same as before. */
  frame: Uint8Array | undefined;
  sent: number;
  /** Messages sent since the last answer: which pause comes next. */
  tries: number;
  timer: ReturnType<typeof setTimeout> | undefined;
};

const experimentType = 0x88b5;
const pausesMs = [4000, 8000, 16_000, 32_000, 64_000];
const buffer = new Uint8Array(1500);
const limitedBroadcast = ipv4("255.255.255.255");

/** Opens a client on `device` in the namespace `netns`. */
export async function openClient(netns: number, device: string, rng: Prng): Promise<DhcpClient> {
  let exchange: Exchange | undefined;
  const opened = await inNetns(netns, () =>
    openPacket({
      device,
      etherType: etherTypes.ipv4,
      filter: filterDhcpClient,
      onFrame: (frame) => hear(frame),
      onClose: () => undefined,
    }),
  );
  if (!opened.ok) throw new Error(sysErrorText(opened.error));
  const socket = opened.value;
  const hear = (frame: Uint8Array): void => {
    if (exchange === undefined) return;
    const udp = decodeUdpFrame(frame);
    const message = udp.ok ? decodeDhcp(udp.value.payload) : udp;
    if (!message.ok || message.value.xid !== exchange.xid) return;
    if (take(exchange, message.value)) exchange = undefined;
    else if (exchange.tries === 0) send(socket, exchange, rng);
  };
  const prepare = (): Exchange => {
    clearTimeout(exchange?.timer);
    exchange = {
      xid: nextU32(rng),
      done: Promise.withResolvers<{ readonly ackUs: MonoUs; readonly sent: number }>(),
      request: undefined,
      frame: undefined,
      sent: 0,
      tries: 0,
      timer: undefined,
    };
    exchange.frame = frameOf(socket.mac, exchange);
    return exchange;
  };
  return {
    mac: socket.mac,
    prepare,
    ask: () => {
      const { done } = exchange?.sent === 0 ? exchange : prepare();
      if (exchange !== undefined) send(socket, exchange, rng);
      return done.promise;
    },
    beSeen: () => {
      const written = encodeEthernet(
        {
          dst: broadcastMac,
          src: socket.mac,
          vlan: undefined,
          etherType: experimentType,
          payload: new Uint8Array(46),
        },
        buffer,
      );
      if (written.ok) socket.send(buffer.subarray(0, written.value));
    },
    close: () => {
      clearTimeout(exchange?.timer);
      exchange = undefined;
      socket.close();
    },
  };
}

/** True if the exchange is over. An OFFER sets `tries` to 0: the REQUEST is to be sent. */
function take(exchange: Exchange, message: DhcpMessage): boolean {
  const type = dhcpMessageType(message);
  if (type === dhcpMessageTypes.offer && exchange.request === undefined) {
    const server = dhcpValue(message, dhcpFields.serverIdentifier);
    if (server === undefined) return false;
    exchange.request = { address: message.yiaddr, server };
    exchange.frame = undefined;
    exchange.tries = 0;
  } else if (type === dhcpMessageTypes.ack) {
    clearTimeout(exchange.timer);
    exchange.done.resolve({ ackUs: monoNowUs(), sent: exchange.sent });
    return true;
  } else if (type === dhcpMessageTypes.nak) {
    exchange.request = undefined;
    exchange.frame = undefined;
    exchange.tries = 0;
  }
  return false;
}

/** Sends what is due and again after the pause. */
function send(socket: PacketSocket, exchange: Exchange, rng: Prng): void {
  clearTimeout(exchange.timer);
  exchange.sent++;
  const pauseMs = pausesMs[Math.min(exchange.tries++, pausesMs.length - 1)] ?? 0;
  exchange.timer = setTimeout(
    () => send(socket, exchange, rng),
    pauseMs - 1000 + nextBelow(rng, 2001),
  );
  exchange.frame ??= frameOf(socket.mac, exchange);
  const sent = socket.send(exchange.frame);
  if (!sent.ok) exchange.done.reject(new Error(sysErrorText(sent.error)));
}

function frameOf(mac: Mac, { xid, request }: Exchange): Uint8Array {
  const { discover, request: requestType } = dhcpMessageTypes;
  const options: DhcpOption[] = [
    dhcpOption(dhcpFields.messageType, request === undefined ? discover : requestType),
  ];
  if (request !== undefined) {
    options.push(
      dhcpOption(dhcpFields.requestedAddress, request.address),
      dhcpOption(dhcpFields.serverIdentifier, request.server),
    );
  }
  const message: DhcpMessage = {
    op: dhcpOps.request,
    hops: 0,
    xid,
    secs: 0,
    flags: dhcpBroadcastFlag,
    ciaddr: zeroIpv4,
    yiaddr: zeroIpv4,
    siaddr: zeroIpv4,
    giaddr: zeroIpv4,
    chaddr: mac,
    sname: "",
    file: "",
    options,
  };
  const room = buffer.subarray(udpFrameHeaderBytes);
  const length = encodeDhcp(message, room, room.length);
  if (!length.ok) throw new Error("the client's message does not fit");
  const written = encodeUdpFrame(
    {
      srcMac: mac,
      dstMac: broadcastMac,
      src: zeroIpv4,
      dst: limitedBroadcast,
      srcPort: dhcpPorts.client,
      dstPort: dhcpPorts.server,
      payload: room.subarray(0, length.value),
    },
    buffer,
  );
  if (!written.ok) throw new Error("the client's frame does not fit");
  return buffer.slice(0, written.value);
}

function ipv4(text: string): Ipv4 {
  const parsed = parseIpv4(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
