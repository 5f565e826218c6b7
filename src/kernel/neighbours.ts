// Neighbour (ARP) entries and the forwarding tables of bridges: both are RTM_NEWNEIGH rows
// (rtnetlink(7); linux/neighbour.h), told apart by family.

import {
  type Ipv4,
  ipv4FromBytes,
  ipv4ToBytes,
  type Mac,
  macFromBytes,
  macToBytes,
  type Result,
} from "../base/index.ts";
import { AF_BRIDGE, AF_INET } from "./constants.ts";
import type { SysError } from "./errors.ts";
import { requestChange, requestDump, type Netlink } from "./netlink.ts";
import {
  attribute,
  decodeAttributes,
  type NetlinkMessage,
  NLM_F_CREATE,
  NLM_F_REPLACE,
  numberIn,
  viewOf,
} from "./netlink-message.ts";

/** Who has an address on a link, as this machine believes. */
export type Neighbour = {
  readonly index: number;
  readonly address: Ipv4;
  /** Undefined while it is being asked for, or when nobody answered. */
  readonly mac: Mac | undefined;
};

/** A row of a bridge's forwarding table: this MAC is behind that port. */
export type Forwarding = {
  readonly mac: Mac;
  /** Interface index of the port (not the bridge's port number). */
  readonly portIndex: number;
  /** Interface index of the bridge. */
  readonly masterIndex: number;
  /** The bridge's or port's own MAC, not a learnt one. */
  readonly isLocal: boolean;
};

/** rtnetlink(7): a neighbour or forwarding row is new or changed. */
export const RTM_NEWNEIGH = 28;
/** rtnetlink(7): a neighbour or forwarding row is gone. */
export const RTM_DELNEIGH = 29;
const RTM_GETNEIGH = 30;
const NDA_DST = 1;
const NDA_LLADDR = 2;
const NDA_MASTER = 9;
const NUD_REACHABLE = 2;
const NUD_PERMANENT = 0x80;

/** Enters who has an address, as if it had just answered (NUD_REACHABLE). */
export function replaceNeighbour(
  nl: Netlink,
  of: { readonly index: number; readonly address: Ipv4; readonly mac: Mac },
): Result<void, SysError> {
  const address = new Uint8Array(4);
  ipv4ToBytes(of.address, address);
  const mac = new Uint8Array(6);
  macToBytes(of.mac, mac);
  const head = neighbourMessage(AF_INET, of.index, NUD_REACHABLE);
  return requestChange(nl, {
    op: "set neighbour",
    object: `${of.address} at ${of.mac} on link ${of.index}`,
    type: RTM_NEWNEIGH,
    flags: NLM_F_CREATE | NLM_F_REPLACE,
    parts: [head, attribute(NDA_DST, address), attribute(NDA_LLADDR, mac)],
  });
}

/** All IPv4 neighbour entries. */
export function listNeighbours(nl: Netlink): Result<Neighbour[], SysError> {
  const parts = [neighbourMessage(AF_INET, 0, 0)];
  return requestDump(
    nl,
    { op: "list", object: "neighbours", type: RTM_GETNEIGH, parts },
    readNeighbour,
  );
}

/** The forwarding tables of all bridges in the namespace. */
export function listForwarding(nl: Netlink): Result<Forwarding[], SysError> {
  const parts = [neighbourMessage(AF_BRIDGE, 0, 0)];
  const request = { op: "list", object: "forwarding tables", type: RTM_GETNEIGH, parts };
  return requestDump(nl, request, readForwarding);
}

/** Reads an IPv4 row; undefined for others. */
export function readNeighbour(message: NetlinkMessage): Neighbour | undefined {
  const { body } = message;
  if (!isNeighbour(message, AF_INET)) return undefined;
  const attributes = decodeAttributes(body, 12);
  const address = attributes.get(NDA_DST);
  const mac = attributes.get(NDA_LLADDR);
  if (address?.length !== 4) return undefined;
  return {
    index: viewOf(body).getInt32(4, true),
    address: ipv4FromBytes(address),
    mac: mac?.length === 6 ? macFromBytes(mac) : undefined,
  };
}

/** Reads a row of a bridge; undefined for others, also for a device's own multicast filter. */
export function readForwarding(message: NetlinkMessage): Forwarding | undefined {
  const { body } = message;
  if (!isNeighbour(message, AF_BRIDGE)) return undefined;
  const attributes = decodeAttributes(body, 12);
  const mac = attributes.get(NDA_LLADDR);
  const masterIndex = numberIn(attributes, NDA_MASTER);
  if (mac?.length !== 6 || masterIndex === undefined) return undefined;
  const view = viewOf(body);
  return {
    mac: macFromBytes(mac),
    portIndex: view.getInt32(4, true),
    masterIndex,
    isLocal: (view.getUint16(8, true) & NUD_PERMANENT) !== 0,
  };
}

function isNeighbour(message: NetlinkMessage, family: number): boolean {
  const right = message.type === RTM_NEWNEIGH || message.type === RTM_DELNEIGH;
  return right && message.body.length >= 12 && message.body[0] === family;
}

/** struct ndmsg, 12 bytes: family u8, pad, index i32, state u16, flags u8, type u8. */
function neighbourMessage(family: number, index: number, state: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  bytes[0] = family;
  view.setInt32(4, index, true);
  view.setUint16(8, state, true);
  return bytes;
}
