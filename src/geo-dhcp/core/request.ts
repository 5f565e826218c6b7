// What a DHCP message asks for, by the fields it has (RFC 2131 §4.3, table 4). RENEWING and
// REBINDING look alike but for unicast and broadcast, and get the same answer.

import { type Ipv4 } from "../../base/index.ts";
import {
  dhcpFields,
  type DhcpMessage,
  dhcpMessageType,
  dhcpMessageTypes,
  dhcpOptionBytes,
  dhcpOps,
  dhcpValue,
  zeroIpv4,
} from "../../wire/index.ts";
import type { DhcpKind } from "./types.ts";

/** A message after reading: something to work on, something to note, or nothing for a server. */
export type Reading =
  | { readonly type: "request"; readonly kind: DhcpKind; readonly wanted: Ipv4 | undefined }
  | { readonly type: "release"; readonly address: Ipv4 }
  | { readonly type: "other-server"; readonly server: Ipv4 }
  | { readonly type: "without-address" }
  | { readonly type: "bootp" }
  | { readonly type: "not-for-servers" };

/** Reads a message for the server at `own`. */
export function readRequest(message: DhcpMessage, own: Ipv4): Reading {
  if (message.op !== dhcpOps.request) return { type: "not-for-servers" };
  switch (dhcpMessageType(message)) {
    case dhcpMessageTypes.discover:
      // The address in a DISCOVER is a wish (RFC 2131 §4.3.1); it only tells what to probe.
      return { type: "request", kind: "discover", wanted: requested(message) };
    case dhcpMessageTypes.request:
      return readDhcpRequest(message, own);
    case dhcpMessageTypes.decline:
      return forUs(message, own) ?? withAddress("decline", requested(message));
    case dhcpMessageTypes.release:
      return forUs(message, own) ?? { type: "release", address: message.ciaddr };
    case dhcpMessageTypes.inform:
      return withAddress("inform", nonZero(message.ciaddr));
    case dhcpMessageTypes.offer:
    case dhcpMessageTypes.ack:
    case dhcpMessageTypes.nak:
      return { type: "not-for-servers" };
    case undefined:
      return hasMessageType(message) ? { type: "not-for-servers" } : { type: "bootp" };
  }
}

/** SELECTING names its server; INIT-REBOOT names an address; RENEWING has one (§4.3.2). */
function readDhcpRequest(message: DhcpMessage, own: Ipv4): Reading {
  const wish = requested(message);
  const held = nonZero(message.ciaddr);
  if (dhcpValue(message, dhcpFields.serverIdentifier) !== undefined) {
    return forUs(message, own) ?? withAddress("selecting", wish ?? held);
  }
  return held === undefined ? withAddress("init-reboot", wish) : withAddress("renewing", held);
}

/** Undefined if the message is for the server at `own`; no server identifier counts as us. */
function forUs(message: DhcpMessage, own: Ipv4): Reading | undefined {
  const server = dhcpValue(message, dhcpFields.serverIdentifier);
  if (server === undefined || server === own) return undefined;
  return { type: "other-server", server };
}

function withAddress(kind: DhcpKind, wanted: Ipv4 | undefined): Reading {
  return wanted === undefined ? { type: "without-address" } : { type: "request", kind, wanted };
}

function requested(message: DhcpMessage): Ipv4 | undefined {
  return nonZero(dhcpValue(message, dhcpFields.requestedAddress));
}

function nonZero(address: Ipv4 | undefined): Ipv4 | undefined {
  return address === zeroIpv4 ? undefined : address;
}

function hasMessageType(message: DhcpMessage): boolean {
  return dhcpOptionBytes(message, dhcpFields.messageType.code) !== undefined;
}
