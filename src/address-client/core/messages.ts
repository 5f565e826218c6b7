// The DHCP messages a client sends (RFC 2131 table 5) and what it takes from answers. Every value
// of an answer is checked before it becomes a lease.

import {
  addUs,
  type Ipv4,
  ipv4FromU32,
  ipv4ToU32,
  type Mac,
  macToBytes,
  type MonoUs,
  parseIpv4,
} from "../../base/index.ts";
import {
  decodeSubOptions,
  dhcpBroadcastFlag,
  dhcpFields,
  type DhcpMessage,
  type DhcpMessageType,
  dhcpMessageTypes,
  type DhcpOption,
  dhcpOption,
  dhcpOps,
  dhcpValue,
  zeroIpv4,
} from "../../wire/index.ts";
import { leaseSecondsDefault, leaseSecondsMin, urlCharsMax } from "../limits.ts";
import type { ConfigurationSource, Lease } from "./types.ts";

/** Vendor class (option 60) by which the server knows that we understand option 43. */
export const vendorClass = "softset";
/** Broadcast address of whatever network. */
export const everybody: Ipv4 = ipv4FromU32(0xffffffff);

/** What is common to all messages of a client. */
export type Sender = {
  readonly mac: Mac;
  readonly hostName: string | undefined;
  readonly xid: number;
  readonly secs: number;
  /** Ask for answers by broadcast. */
  readonly broadcast: boolean;
};

/** What differs between them. */
export type Request = {
  readonly type: DhcpMessageType;
  readonly ciaddr?: Ipv4;
  readonly requested?: Ipv4 | undefined;
  readonly server?: Ipv4;
  readonly message?: string;
};

// Mask, routers, DNS, host name, domain, broadcast, NTP, vendor, lease, server, T1, T2, TFTP, file.
const asked = Uint8Array.of(1, 3, 6, 12, 15, 28, 42, 43, 51, 54, 58, 59, 66, 67);

/** Builds DISCOVER, REQUEST or DECLINE. */
export function clientMessage(sender: Sender, request: Request): DhcpMessage {
  const { mac } = sender;
  const clientIdentifier = new Uint8Array(7);
  clientIdentifier[0] = 1;
  macToBytes(mac, clientIdentifier, 1);
  const options: DhcpOption[] = [
    dhcpOption(dhcpFields.messageType, request.type),
    dhcpOption(dhcpFields.clientIdentifier, clientIdentifier),
  ];
  const { requested, server, message } = request;
  if (requested !== undefined) options.push(dhcpOption(dhcpFields.requestedAddress, requested));
  if (server !== undefined) options.push(dhcpOption(dhcpFields.serverIdentifier, server));
  if (message !== undefined) options.push(dhcpOption(dhcpFields.message, message));
  if (request.type !== dhcpMessageTypes.decline) {
    const hostName = sender.hostName ?? `softset-${mac.replaceAll(":", "")}`;
    options.push(
      dhcpOption(dhcpFields.maxMessageSize, 1500),
      dhcpOption(dhcpFields.vendorClass, vendorClass),
      dhcpOption(dhcpFields.hostName, hostName),
      dhcpOption(dhcpFields.parameterRequestList, asked),
    );
  }
  return {
    op: dhcpOps.request,
    hops: 0,
    xid: sender.xid,
    secs: sender.secs,
    flags: sender.broadcast ? dhcpBroadcastFlag : 0,
    ciaddr: request.ciaddr ?? zeroIpv4,
    yiaddr: zeroIpv4,
    siaddr: zeroIpv4,
    giaddr: zeroIpv4,
    chaddr: mac,
    sname: "",
    file: "",
    options,
  };
}

/** True for an address a board can have: not 0/8, 127/8, multicast or above. */
export function isUsable(address: Ipv4): boolean {
  const first = ipv4ToU32(address) >>> 24;
  return first > 0 && first < 224 && first !== 127;
}

/** The lease an ACK gives; undefined if it gives none that can be used. */
export function leaseOfAck(
  message: DhcpMessage,
  from: { readonly srcMac: Mac; readonly sentUs: MonoUs },
): Lease | undefined {
  const address = message.yiaddr;
  const server = dhcpValue(message, dhcpFields.serverIdentifier) ?? message.siaddr;
  if (!isUsable(address) || !isUsable(server)) return undefined;
  const seconds = dhcpValue(message, dhcpFields.leaseTime) ?? leaseSecondsDefault;
  const lease = Math.max(seconds, leaseSecondsMin);
  const t1 = dhcpValue(message, dhcpFields.renewalTime) ?? lease / 2;
  const t2 = dhcpValue(message, dhcpFields.rebindingTime) ?? lease * 0.875;
  const sound = t1 >= leaseSecondsMin / 2 && t1 < t2 && t2 < lease;
  // Counted from when the request left (RFC 2131 §4.4.1).
  const after = (s: number): MonoUs => addUs(from.sentUs, Math.round(s * 1_000_000));
  return {
    address,
    prefix: prefixOf(dhcpValue(message, dhcpFields.subnetMask)) ?? commonPrefix(address, server),
    source: "dhcp",
    server,
    serverMac: from.srcMac,
    renewUs: after(sound ? t1 : lease / 2),
    rebindUs: after(sound ? t2 : lease * 0.875),
    expireUs: after(lease),
    configuration: configurationOf(message) ?? { kind: "server", server },
  };
}

/** Where option 43 says the configuration is: sub-option 1 URL, 2 SHA-256. */
export function configurationOf(message: DhcpMessage): ConfigurationSource | undefined {
  const bytes = dhcpValue(message, dhcpFields.vendorInformation);
  const read = bytes === undefined ? undefined : decodeSubOptions(bytes);
  if (read === undefined || !read.ok) return undefined;
  const urlBytes = read.value.find((option) => option.code === 1)?.bytes;
  const sha256 = read.value.find((option) => option.code === 2)?.bytes;
  if (urlBytes === undefined || sha256?.length !== 32) return undefined;
  const url = String.fromCharCode(...urlBytes.subarray(0, urlCharsMax + 1));
  if (url.length > urlCharsMax || !isPlainUrl(url)) return undefined;
  return { kind: "url", url, sha256 };
}

/** Plain HTTP to an address: a board has no name service yet. */
function isPlainUrl(url: string): boolean {
  const [whole, host = "", port = "80"] = urlShape.exec(url) ?? [];
  if (whole === undefined || !parseIpv4(host).ok) return false;
  return Number(port) >= 1 && Number(port) <= 65_535;
}

const urlShape = /^http:\/\/([0-9.]{7,15})(?::([0-9]{1,5}))?\/[\x21-\x7e]*$/;

/** Prefix length of a mask of ones then zeros, 1 to 30. */
function prefixOf(mask: Ipv4 | undefined): number | undefined {
  if (mask === undefined) return undefined;
  const prefix = Math.clz32(~ipv4ToU32(mask));
  const whole = ipv4ToU32(ipv4FromU32((0xffffffff << (32 - prefix)) >>> 0));
  return prefix >= 1 && prefix <= 30 && whole === ipv4ToU32(mask) ? prefix : undefined;
}

/** The longest prefix, 8 to 30, that has both as hosts: the best guess without a mask. */
export function commonPrefix(a: Ipv4, b: Ipv4): number {
  return Math.min(30, Math.max(8, Math.clz32(ipv4ToU32(a) ^ ipv4ToU32(b)) - 1));
}
