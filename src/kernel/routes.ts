// IPv4 unicast routes of the main table (rtnetlink(7) RTM_NEWROUTE; linux/rtnetlink.h).

import { type Ipv4, ipv4FromBytes, ipv4FromU32, ipv4ToBytes, type Result } from "../base/index.ts";
import { AF_INET } from "./constants.ts";
import type { SysError } from "./errors.ts";
import { requestChange, requestDump, type Netlink } from "./netlink.ts";
import {
  type Attributes,
  attribute,
  attributeU32,
  decodeAttributes,
  type NetlinkMessage,
  NLM_F_CREATE,
  NLM_F_REPLACE,
  numberIn,
} from "./netlink-message.ts";

/** A route. */
export type Route = {
  /** 0.0.0.0 with prefix 0 is the default route. */
  readonly destination: Ipv4;
  readonly prefix: number;
  /** Interface it leaves by. */
  readonly index: number;
  readonly gateway?: Ipv4;
  /** Source address that local programs get if they choose none. */
  readonly source?: Ipv4;
  /** Lower wins; 0 if not given. */
  readonly metric?: number;
};

/** rtnetlink(7): a route is new or changed. */
export const RTM_NEWROUTE = 24;
/** rtnetlink(7): a route is gone. */
export const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_PREFSRC = 7;
const RT_TABLE_MAIN = 254;
const RTPROT_STATIC = 4;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RT_SCOPE_NOWHERE = 255;
const RTN_UNICAST = 1;

/** Adds the route, or replaces the one of the same destination and metric, without a gap. */
export function replaceRoute(nl: Netlink, route: Route): Result<void, SysError> {
  const scope = route.gateway === undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  const flags = NLM_F_CREATE | NLM_F_REPLACE;
  return requestChange(nl, { ...about("set", route, scope), type: RTM_NEWROUTE, flags });
}

/** Removes the route; ESRCH if there is none like it. */
export function removeRoute(nl: Netlink, route: Route): Result<void, SysError> {
  return requestChange(nl, {
    ...about("remove", route, RT_SCOPE_NOWHERE),
    type: RTM_DELROUTE,
    flags: 0,
  });
}

/** All IPv4 unicast routes of the main table. */
export function listRoutes(nl: Netlink): Result<Route[], SysError> {
  const head = new Uint8Array(12);
  head[0] = AF_INET;
  return requestDump(
    nl,
    { op: "list", object: "routes", type: RTM_GETROUTE, parts: [head] },
    readRoute,
  );
}

/** Reads one RTM_NEWROUTE or RTM_DELROUTE; undefined for other tables, families and kinds. */
export function readRoute(message: NetlinkMessage): Route | undefined {
  const { body } = message;
  if (message.type !== RTM_NEWROUTE && message.type !== RTM_DELROUTE) return undefined;
  if (body.length < 12 || body[0] !== AF_INET) return undefined;
  if (body[4] !== RT_TABLE_MAIN || body[7] !== RTN_UNICAST) return undefined;
  const attributes = decodeAttributes(body, 12);
  const index = numberIn(attributes, RTA_OIF);
  if (index === undefined) return undefined; // several next hops: none of ours
  const gateway = addressIn(attributes, RTA_GATEWAY);
  const source = addressIn(attributes, RTA_PREFSRC);
  const metric = numberIn(attributes, RTA_PRIORITY);
  return {
    destination: addressIn(attributes, RTA_DST) ?? ipv4FromU32(0),
    prefix: body[1] ?? 0,
    index,
    ...(gateway === undefined ? {} : { gateway }),
    ...(source === undefined ? {} : { source }),
    ...(metric === undefined ? {} : { metric }),
  };
}

function about(
  op: string,
  route: Route,
  scope: number,
): { op: string; object: string; parts: readonly Uint8Array[] } {
  // struct rtmsg: family, dst length, src length, tos, table, protocol, scope, type, flags u32
  const head = new Uint8Array(12);
  head.set([AF_INET, route.prefix, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, scope, RTN_UNICAST]);
  if (op === "remove") head[5] = 0; // any protocol
  const parts = [head, attributeU32(RTA_OIF, route.index)];
  if (route.prefix > 0) parts.push(addressAttribute(RTA_DST, route.destination));
  if (route.gateway !== undefined) parts.push(addressAttribute(RTA_GATEWAY, route.gateway));
  if (route.source !== undefined) parts.push(addressAttribute(RTA_PREFSRC, route.source));
  if (route.metric !== undefined) parts.push(attributeU32(RTA_PRIORITY, route.metric));
  const via = route.gateway === undefined ? "" : ` via ${route.gateway}`;
  const object = `route ${route.destination}/${route.prefix}${via} on link ${route.index}`;
  return { op, object, parts };
}

function addressAttribute(type: number, address: Ipv4): Uint8Array {
  const bytes = new Uint8Array(4);
  ipv4ToBytes(address, bytes);
  return attribute(type, bytes);
}

function addressIn(attributes: Attributes, type: number): Ipv4 | undefined {
  const value = attributes.get(type);
  return value?.length === 4 ? ipv4FromBytes(value) : undefined;
}
