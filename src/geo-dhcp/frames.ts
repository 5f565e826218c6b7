// Between frames and the core: received bytes become events, replies become bytes. Pure; the shell,
// the fuzzer and the cost measurement share it.

import { err, type Ipv4, type Mac, macFromBytes, ok, type Result } from "../base/index.ts";
import {
  decodeArpFrame,
  decodeDhcp,
  decodeRarpFrame,
  decodeUdpFrame,
  dhcpBytesMax,
  dhcpPorts,
  encodeDhcp,
  encodeUdpFrame,
  udpFrameHeaderBytes,
  type WireError,
  wireErrorText,
} from "../wire/index.ts";
import type { Effect, Event } from "./core/types.ts";

/** An order to send a DHCP message. */
export type SendDhcp = Extract<Effect, { type: "send-dhcp" }>;

/** Room for the longest reply with its headers, bytes. */
export const replyFrameBytesMax = udpFrameHeaderBytes + dhcpBytesMax;

/** A frame with UDP to port 67. */
export function readDhcpFrame(frame: Uint8Array): Event {
  const udp = decodeUdpFrame(frame);
  if (!udp.ok) return refused("dhcp", udp.error);
  const message = decodeDhcp(udp.value.payload);
  if (!message.ok) return refused("dhcp", message.error);
  const { src, srcMac } = udp.value;
  return { type: "dhcp-received", message: message.value, from: src, sender: srcMac };
}

/** A frame of EtherType 0x8035. */
export function readRarpFrame(frame: Uint8Array): Event {
  const packet = decodeRarpFrame(frame);
  if (!packet.ok) return refused("rarp", packet.error);
  return { type: "rarp-received", packet: packet.value, sender: macFromBytes(frame, 6) };
}

/** A frame of EtherType 0x0806. */
export function readArpFrame(frame: Uint8Array): Event {
  const packet = decodeArpFrame(frame);
  if (!packet.ok) return refused("arp", packet.error);
  return { type: "arp-received", packet: packet.value };
}

/** Writes a reply as UDP payload for a relay, at `udpFrameHeaderBytes`; a view of `into`. */
export function writeReplyPayload(
  order: SendDhcp,
  into: Uint8Array,
): Result<Uint8Array, WireError> {
  const room = into.subarray(udpFrameHeaderBytes);
  const length = encodeDhcp(order.message, room, order.bytesMax);
  return length.ok ? ok(room.subarray(0, length.value)) : length;
}

/** Writes a reply as a whole frame from the server; a view of `into`. */
export function writeReplyFrame(
  order: SendDhcp,
  server: { readonly mac: Mac; readonly address: Ipv4 },
  into: Uint8Array,
): Result<Uint8Array, WireError> {
  const { to } = order;
  if (to.kind !== "frame") return err({ atByte: 0, want: "a client on the wire", got: to.kind });
  const payload = writeReplyPayload(order, into);
  if (!payload.ok) return payload;
  const frame = {
    srcMac: server.mac,
    dstMac: to.mac,
    src: server.address,
    dst: to.address,
    srcPort: dhcpPorts.server,
    dstPort: dhcpPorts.client,
    payload: payload.value,
  };
  const length = encodeUdpFrame(frame, into);
  return length.ok ? ok(into.subarray(0, length.value)) : length;
}

function refused(protocol: "dhcp" | "rarp" | "arp", error: WireError): Event {
  return { type: "bytes-refused", protocol, why: wireErrorText(error) };
}
