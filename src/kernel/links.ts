// Network interfaces (rtnetlink(7) RTM_NEWLINK; linux/if_link.h): reading them, changing them,
// making virtual ones. All in the namespace of the request socket.

import { type Mac, macFromBytes, macToBytes, ok, type Result } from "../base/index.ts";
import { AF_BRIDGE } from "./constants.ts";
import { refusal, type SysError } from "./errors.ts";
import { interfaceNameBytesMax } from "./limits.ts";
import { requestRows, requestChange, requestDump, type Netlink } from "./netlink.ts";
import {
  attribute,
  attributeText,
  attributeU32,
  attributeU8,
  decodeAttributes,
  nested,
  nestedIn,
  type NetlinkMessage,
  NLA_F_NESTED,
  NLM_F_CREATE,
  NLM_F_EXCL,
  numberIn,
  textIn,
  viewOf,
} from "./netlink-message.ts";

/** A network interface. */
export type Link = {
  readonly index: number;
  readonly name: string;
  /** Undefined for interfaces without a 6-byte address. */
  readonly mac: Mac | undefined;
  /** Administratively up (IFF_UP). */
  readonly up: boolean;
  /** Up and frames can pass (IFF_LOWER_UP and IFF_RUNNING): the cable has a living other end. */
  readonly carrier: boolean;
  /** Times the carrier came or went since the device exists: quick changes make no event of their own. */
  readonly carrierChanges: number;
  /** `veth`, `bridge`, `macvlan`; undefined for physical interfaces and lo. */
  readonly kind: string | undefined;
  /** Index of the bridge (or bond) it belongs to. */
  readonly master: number | undefined;
  /** For ports of a bridge: the bridge's own number of it, and its state. */
  readonly bridgePort: BridgePort | undefined;
};

/** A port as the bridge numbers it (the index of BRIDGE-MIB tables). */
export type BridgePort = { readonly number: number; readonly state: BridgePortState };
/** IEEE 802.1D port states as the kernel numbers them (linux/if_bridge.h). */
export type BridgePortState = "disabled" | "listening" | "learning" | "forwarding" | "blocking";

const portStates: readonly BridgePortState[] = [
  "disabled",
  "listening",
  "learning",
  "forwarding",
  "blocking",
];

/** rtnetlink(7): a link is new or changed. */
export const RTM_NEWLINK = 16;
/** rtnetlink(7): a link is gone. */
export const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_SETLINK = 19;
const IFF_UP = 1;
const IFF_RUNNING = 0x40;
const IFF_LOWER_UP = 0x10000;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_PROTINFO = 12;
const IFLA_LINKINFO = 18;
const IFLA_NET_NS_FD = 28;
const IFLA_CARRIER_CHANGES = 35;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5;
const IFLA_BR_FORWARD_DELAY = 1;
const IFLA_BR_AGEING_TIME = 4;
const IFLA_BR_STP_STATE = 5;
const IFLA_BR_MCAST_SNOOPING = 23;
const IFLA_BRPORT_STATE = 1;
const IFLA_BRPORT_NO = 18;
const IFLA_BRPORT_ISOLATED = 33;
const VETH_INFO_PEER = 1;
const IFLA_MACVLAN_MODE = 1;
const MACVLAN_MODE_BRIDGE = 4;

/** All interfaces of the namespace. */
export function listLinks(nl: Netlink): Result<Link[], SysError> {
  const request = { op: "list", object: "links", type: RTM_GETLINK, parts: [infoMessage({})] };
  return requestDump(nl, request, readLink);
}

/** One interface by name; ENODEV if there is none. */
export function findLink(nl: Netlink, name: string): Result<Link, SysError> {
  const bad = badName(name);
  if (bad !== undefined) return bad;
  const request = {
    op: "find link",
    object: name,
    type: RTM_GETLINK,
    flags: 0,
    parts: [infoMessage({}), attributeText(IFLA_IFNAME, name)],
  };
  const found = requestRows(nl, request, readLink);
  if (!found.ok) return found;
  const link = found.value[0];
  return link === undefined ? refusal("find link", name, "ENODEV") : ok(link);
}

/** What of an interface is to change; what is not named stays. */
export type LinkChange = {
  readonly up?: boolean;
  /** Index of the bridge to join; 0 = leave it. */
  readonly master?: number;
  readonly mac?: Mac;
  readonly name?: string;
  /** Descriptor of the network namespace to move to. */
  readonly netnsFd?: number;
};

/** Changes an interface, all in one request. Setting a macvlan down blocks 15-20 ms. */
export function setLink(nl: Netlink, index: number, to: LinkChange): Result<void, SysError> {
  const bad = to.name === undefined ? undefined : badName(to.name);
  if (bad !== undefined) return bad;
  const parts = [infoMessage(to.up === undefined ? { index } : { index, up: to.up })];
  if (to.master !== undefined) parts.push(attributeU32(IFLA_MASTER, to.master));
  if (to.mac !== undefined) parts.push(macAttribute(to.mac));
  if (to.name !== undefined) parts.push(attributeText(IFLA_IFNAME, to.name));
  if (to.netnsFd !== undefined) parts.push(attributeU32(IFLA_NET_NS_FD, to.netnsFd));
  const object = `link ${index} (${Object.keys(to).join(", ")})`;
  return requestChange(nl, { op: "change", object, type: RTM_NEWLINK, flags: 0, parts });
}

/**
 * A pair of interfaces joined by a cable; the peer may be in another namespace. EEXIST: taken.
 * Ends with *equal* indexes in two namespaces look like one physical link to the kernel, which
 * then reports a returning carrier only once a second (linkwatch_urgent_event, measured 1.04 s);
 * give one end an index of its own where that matters.
 */
export function createVeth(
  nl: Netlink,
  veth: {
    readonly name: string;
    readonly mac?: Mac;
    /** Interface index; the kernel's next free one if not given. */
    readonly index?: number;
    readonly peerName: string;
    readonly peerMac?: Mac;
    readonly peerIndex?: number;
    /** Descriptor of the peer's namespace; this one's own if not given. */
    readonly peerNetns?: number;
  },
): Result<void, SysError> {
  const bad = badName(veth.peerName);
  if (bad !== undefined) return bad;
  const peer = [
    infoMessage(veth.peerIndex === undefined ? {} : { index: veth.peerIndex }),
    attributeText(IFLA_IFNAME, veth.peerName),
  ];
  if (veth.peerMac !== undefined) peer.push(macAttribute(veth.peerMac));
  if (veth.peerNetns !== undefined) peer.push(attributeU32(IFLA_NET_NS_FD, veth.peerNetns));
  return create(nl, { ...veth, kind: "veth", data: [nested(VETH_INFO_PEER, peer)] });
}

/**
 * A learning switch without spanning tree: ports forward at once (forward_delay 0, STP off), and
 * multicast reaches every port (no snooping, as on a switch without a querier).
 */
export function createBridge(
  nl: Netlink,
  bridge: {
    readonly name: string;
    readonly mac?: Mac;
    /** Seconds after which a silent MAC is forgotten; the kernel's 300 if not given. */
    readonly ageingSeconds?: number;
  },
): Result<void, SysError> {
  const data = [
    attributeU32(IFLA_BR_FORWARD_DELAY, 0),
    attributeU32(IFLA_BR_STP_STATE, 0),
    attributeU8(IFLA_BR_MCAST_SNOOPING, 0),
  ];
  const { ageingSeconds } = bridge;
  if (ageingSeconds !== undefined) {
    data.push(attributeU32(IFLA_BR_AGEING_TIME, Math.round(ageingSeconds * 100))); // USER_HZ
  }
  return create(nl, { ...bridge, kind: "bridge", data });
}

/** A second interface with a MAC of its own on top of `lower` (mode bridge). */
export function createMacvlan(
  nl: Netlink,
  macvlan: { readonly name: string; readonly mac?: Mac; readonly lower: number },
): Result<void, SysError> {
  const data = [attributeU32(IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE)];
  return create(nl, { ...macvlan, kind: "macvlan", data });
}

/** Deletes a virtual interface (with a veth its peer, too). */
export function deleteLink(nl: Netlink, index: number): Result<void, SysError> {
  const parts = [infoMessage({ index })];
  return requestChange(nl, {
    op: "delete",
    object: `link ${index}`,
    type: RTM_DELLINK,
    flags: 0,
    parts,
  });
}

/**
 * Opens or closes a bridge port by hand; its link must be up. Only these two: without spanning tree
 * the kernel turns every other state into forwarding at once (net/bridge/br_stp.c).
 */
export function setBridgePortState(
  nl: Netlink,
  index: number,
  state: "disabled" | "forwarding",
): Result<void, SysError> {
  const value = attributeU8(IFLA_BRPORT_STATE, portStates.indexOf(state));
  return setBridgePort(nl, index, { words: state, value });
}

/** Isolated ports of a bridge reach the bridge itself and its other ports, never each other. */
export function isolateBridgePort(nl: Netlink, index: number): Result<void, SysError> {
  const value = attributeU8(IFLA_BRPORT_ISOLATED, 1);
  return setBridgePort(nl, index, { words: "isolated", value });
}

function setBridgePort(
  nl: Netlink,
  index: number,
  to: { readonly words: string; readonly value: Uint8Array },
): Result<void, SysError> {
  return requestChange(nl, {
    op: "set bridge port",
    object: `${index} ${to.words}`,
    type: RTM_SETLINK,
    flags: 0,
    parts: [
      infoMessage({ index, family: AF_BRIDGE }),
      nested(IFLA_PROTINFO | NLA_F_NESTED, [to.value]),
    ],
  });
}

/** Reads one RTM_NEWLINK or RTM_DELLINK; undefined for other families' views of a link. */
export function readLink(message: NetlinkMessage): Link | undefined {
  const { body } = message;
  if (body.length < 16 || body[0] !== 0) return undefined;
  if (message.type !== RTM_NEWLINK && message.type !== RTM_DELLINK) return undefined;
  const view = viewOf(body);
  const flags = view.getUint32(8, true);
  const attributes = decodeAttributes(body, 16);
  const address = attributes.get(IFLA_ADDRESS);
  const info = nestedIn(attributes, IFLA_LINKINFO);
  return {
    index: view.getInt32(4, true),
    name: textIn(attributes, IFLA_IFNAME) ?? "",
    mac: address?.length === 6 ? macFromBytes(address) : undefined,
    up: (flags & IFF_UP) !== 0,
    carrier: (flags & IFF_LOWER_UP) !== 0 && (flags & IFF_RUNNING) !== 0,
    carrierChanges: numberIn(attributes, IFLA_CARRIER_CHANGES) ?? 0,
    kind: textIn(info, IFLA_INFO_KIND),
    master: numberIn(attributes, IFLA_MASTER),
    bridgePort: readBridgePort(info),
  };
}

function readBridgePort(info: ReadonlyMap<number, Uint8Array>): BridgePort | undefined {
  if (textIn(info, IFLA_INFO_SLAVE_KIND) !== "bridge") return undefined;
  const data = nestedIn(info, IFLA_INFO_SLAVE_DATA);
  const number = numberIn(data, IFLA_BRPORT_NO);
  const state = portStates[numberIn(data, IFLA_BRPORT_STATE) ?? 0];
  return number === undefined || state === undefined ? undefined : { number, state };
}

function create(
  nl: Netlink,
  link: {
    readonly name: string;
    readonly mac?: Mac;
    readonly index?: number;
    readonly lower?: number;
    readonly kind: string;
    readonly data: readonly Uint8Array[];
  },
): Result<void, SysError> {
  const bad = badName(link.name);
  if (bad !== undefined) return bad;
  const parts = [
    infoMessage(link.index === undefined ? {} : { index: link.index }),
    attributeText(IFLA_IFNAME, link.name),
  ];
  if (link.mac !== undefined) parts.push(macAttribute(link.mac));
  if (link.lower !== undefined) parts.push(attributeU32(IFLA_LINK, link.lower));
  const info = [attributeText(IFLA_INFO_KIND, link.kind), nested(IFLA_INFO_DATA, link.data)];
  parts.push(nested(IFLA_LINKINFO, info));
  const flags = NLM_F_CREATE | NLM_F_EXCL;
  return requestChange(nl, {
    op: "create",
    object: `${link.kind} ${link.name}`,
    type: RTM_NEWLINK,
    flags,
    parts,
  });
}

/** struct ifinfomsg, 16 bytes: family u8, type u16, index i32, flags u32, change mask u32. */
function infoMessage(info: { index?: number; up?: boolean; family?: number }): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  bytes[0] = info.family ?? 0;
  view.setInt32(4, info.index ?? 0, true);
  if (info.up !== undefined) {
    view.setUint32(8, info.up ? IFF_UP : 0, true);
    view.setUint32(12, IFF_UP, true);
  }
  return bytes;
}

function macAttribute(mac: Mac): Uint8Array {
  const bytes = new Uint8Array(6);
  macToBytes(mac, bytes);
  return attribute(IFLA_ADDRESS, bytes);
}

function badName(name: string): ReturnType<typeof refusal> | undefined {
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > 0 && bytes <= interfaceNameBytesMax && !/[\s/\0]/.test(name)) return undefined;
  return refusal("use link name", JSON.stringify(name.slice(0, 40)), "EINVAL");
}
