// IPv4 addresses of interfaces (rtnetlink(7) RTM_NEWADDR; linux/if_addr.h).

import { type Ipv4, ipv4FromBytes, ipv4ToBytes, type Result } from "../base/index.ts";
import { AF_INET } from "./constants.ts";
import type { SysError } from "./errors.ts";
import { requestChange, requestDump, type Netlink } from "./netlink.ts";
import {
  attribute,
  attributeU32,
  decodeAttributes,
  type NetlinkMessage,
  NLM_F_CREATE,
  NLM_F_EXCL,
  viewOf,
} from "./netlink-message.ts";

/** An address on an interface. */
export type LinkAddress = {
  readonly index: number;
  readonly address: Ipv4;
  /** Prefix length, 0 to 32. */
  readonly prefix: number;
};

/** rtnetlink(7): an address is new or changed. */
export const RTM_NEWADDR = 20;
/** rtnetlink(7): an address is gone. */
export const RTM_DELADDR = 21;
const RTM_GETADDR = 22;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;
const IFA_F_NOPREFIXROUTE = 0x200;

/**
 * Adds an address; EEXIST if the interface has it already. The kernel makes the route to its subnet,
 * unless `route` is false: then the caller says over which interface the subnet is reached.
 */
export function addAddress(
  nl: Netlink,
  address: LinkAddress,
  route = true,
): Result<void, SysError> {
  const flags = NLM_F_CREATE | NLM_F_EXCL;
  const { op, object, parts } = about("add", address);
  const all = route ? parts : [...parts, attributeU32(IFA_FLAGS, IFA_F_NOPREFIXROUTE)];
  return requestChange(nl, { op, object, parts: all, type: RTM_NEWADDR, flags });
}

/** Removes an address; EADDRNOTAVAIL if the interface does not have it. */
export function removeAddress(nl: Netlink, address: LinkAddress): Result<void, SysError> {
  return requestChange(nl, { ...about("remove", address), type: RTM_DELADDR, flags: 0 });
}

/** All IPv4 addresses of the namespace. */
export function listAddresses(nl: Netlink): Result<LinkAddress[], SysError> {
  const parts = [new Uint8Array([AF_INET, 0, 0, 0, 0, 0, 0, 0])];
  return requestDump(
    nl,
    { op: "list", object: "addresses", type: RTM_GETADDR, parts },
    readAddress,
  );
}

/** Reads one RTM_NEWADDR or RTM_DELADDR; undefined for other families. */
export function readAddress(message: NetlinkMessage): LinkAddress | undefined {
  const { body } = message;
  if (message.type !== RTM_NEWADDR && message.type !== RTM_DELADDR) return undefined;
  if (body.length < 8 || body[0] !== AF_INET) return undefined;
  const attributes = decodeAttributes(body, 8);
  const local = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
  if (local?.length !== 4) return undefined;
  const index = viewOf(body).getUint32(4, true);
  return { index, address: ipv4FromBytes(local), prefix: body[1] ?? 0 };
}

function about(
  op: string,
  of: LinkAddress,
): { op: string; object: string; parts: readonly Uint8Array[] } {
  // struct ifaddrmsg: family, prefix length, flags, scope, index u32
  const head = new Uint8Array(8);
  head[0] = AF_INET;
  head[1] = of.prefix;
  new DataView(head.buffer).setUint32(4, of.index, true);
  const bytes = new Uint8Array(4);
  ipv4ToBytes(of.address, bytes);
  const object = `address ${of.address}/${of.prefix} on link ${of.index}`;
  return { op, object, parts: [head, attribute(IFA_LOCAL, bytes), attribute(IFA_ADDRESS, bytes)] };
}
