// Replies: which fields and options (RFC 2131 §4.3.1, table 3) and where to (§4.1). Options that
// depend on the slot only are built once; what the client sent is echoed (RFC 6842, RFC 3046).

import { type Ipv4, ipv4FromU32, type SlotId } from "../../base/index.ts";
import type { Board } from "../../config/index.ts";
import {
  broadcastMac,
  dhcpBroadcastFlag,
  dhcpFields,
  type DhcpMessage,
  dhcpMessageTypes,
  dhcpOps,
  dhcpOption,
  type DhcpOption,
  dhcpOptionBytes,
  dhcpReplyBytesMax,
  encodeSubOptions,
  zeroIpv4,
} from "../../wire/index.ts";
import { leaseSeconds, rebindingSeconds, renewalSeconds, textBytesMax } from "../limits.ts";
import type { BootInfo, Config, Destination, Effect, Tables } from "./types.ts";

/** Clients whose vendor class starts with this are told where their configuration is. */
export const vendorClassPrefix = "softset";
const vendorClassBytes = [...new TextEncoder().encode(vendorClassPrefix)];
/** Sub-options of option 43: URL of the board's document, its SHA-256. */
export const vendorCodes = { url: 1, sha256: 2 } as const;

/** Boot file names that fit the `file` field: 128 bytes with a NUL. */
const fitsFile = /^[\x21-\x7e]{1,127}$/;
const everybody = ipv4FromU32(0xffffffff);

/** An OFFER, ACK or answer to INFORM for the board in its place. */
export function grant(
  config: Config,
  tables: Tables,
  answer: {
    readonly request: DhcpMessage;
    readonly type: typeof dhcpMessageTypes.offer | typeof dhcpMessageTypes.ack;
    readonly slot: SlotId;
    /** Undefined for INFORM: no address and no lease times (RFC 2131 §4.3.5). */
    readonly address: Ipv4 | undefined;
  },
): Effect {
  const { request, slot, address } = answer;
  const isOffer = answer.type === dhcpMessageTypes.offer;
  const options: DhcpOption[] = [isOffer ? offerOption : ackOption];
  if (address !== undefined) options.push(...leaseOptions);
  options.push(...(tables.optionsOfSlot.get(slot) ?? []));
  const info = isSoftset(request) ? config.bootInfo(slot, config.network) : undefined;
  if (info !== undefined) options.push(...vendorOption(info));
  pushEchoes(options, request);
  const { bootFile } = config.chassis.provision;
  const message: DhcpMessage = {
    op: dhcpOps.reply,
    hops: 0,
    xid: request.xid,
    secs: 0,
    flags: request.flags,
    ciaddr: isOffer ? zeroIpv4 : request.ciaddr,
    yiaddr: address ?? zeroIpv4,
    siaddr: bootFile === undefined ? zeroIpv4 : tables.own,
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    sname: "",
    file: bootFile !== undefined && fitsFile.test(bootFile) ? bootFile : "",
    options,
  };
  const to = grantDestination(request, message.yiaddr);
  return { type: "send-dhcp", message, to, bytesMax: dhcpReplyBytesMax(request) };
}

/** The options that depend on the slot only; built once a configuration. */
export function optionsOf(config: Config, board: Board): readonly DhcpOption[] {
  const { chassis, network } = config;
  const { ccn, prefix } = chassis.networks[network];
  const options = [
    dhcpOption(dhcpFields.serverIdentifier, ccn),
    dhcpOption(dhcpFields.subnetMask, ipv4FromU32(0xffffffff << (32 - prefix))),
    dhcpOption(dhcpFields.hostName, board.name.slice(0, textBytesMax)),
    dhcpOption(dhcpFields.domainName, chassis.name.slice(0, textBytesMax)),
  ];
  const { bootFile } = chassis.provision;
  if (bootFile === undefined) return options;
  return [
    ...options,
    dhcpOption(dhcpFields.tftpServerName, ccn),
    dhcpOption(dhcpFields.bootFileName, bootFile.slice(0, textBytesMax)),
  ];
}

/** A NAK with its reason; broadcast, as the client's address is wrong here (§4.1, §4.3.2). */
export function refuse(tables: Tables, request: DhcpMessage, why: string): Effect {
  const options = [
    dhcpOption(dhcpFields.messageType, dhcpMessageTypes.nak),
    dhcpOption(dhcpFields.serverIdentifier, tables.own),
    dhcpOption(dhcpFields.message, why.slice(0, textBytesMax)),
  ];
  pushEchoes(options, request);
  const isRelayed = request.giaddr !== zeroIpv4;
  const message: DhcpMessage = {
    op: dhcpOps.reply,
    hops: 0,
    xid: request.xid,
    secs: 0,
    flags: isRelayed ? request.flags | dhcpBroadcastFlag : request.flags,
    ciaddr: zeroIpv4,
    yiaddr: zeroIpv4,
    siaddr: zeroIpv4,
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    sname: "",
    file: "",
    options,
  };
  const to: Destination = isRelayed
    ? { kind: "relay", address: request.giaddr }
    : { kind: "frame", mac: broadcastMac, address: everybody };
  return { type: "send-dhcp", message, to, bytesMax: dhcpReplyBytesMax(request) };
}

/** RFC 2131 §4.1: relay, else held address, else broadcast if asked for, else the new address. */
function grantDestination(request: DhcpMessage, yiaddr: Ipv4): Destination {
  if (request.giaddr !== zeroIpv4) return { kind: "relay", address: request.giaddr };
  const mac = request.chaddr;
  if (request.ciaddr !== zeroIpv4) return { kind: "frame", mac, address: request.ciaddr };
  if ((request.flags & dhcpBroadcastFlag) !== 0) {
    return { kind: "frame", mac: broadcastMac, address: everybody };
  }
  return { kind: "frame", mac, address: yiaddr };
}

/** Compares bytes: this is asked for every message. */
function isSoftset(request: DhcpMessage): boolean {
  const bytes = dhcpOptionBytes(request, dhcpFields.vendorClass.code);
  return bytes !== undefined && vendorClassBytes.every((byte, i) => bytes[i] === byte);
}

function vendorOption(info: BootInfo): readonly DhcpOption[] {
  const url = new TextEncoder().encode(info.url);
  const encoded = encodeSubOptions([
    { code: vendorCodes.url, bytes: url },
    { code: vendorCodes.sha256, bytes: info.sha256 },
  ]);
  return encoded.ok ? [dhcpOption(dhcpFields.vendorInformation, encoded.value)] : [];
}

/** Client identifier (RFC 6842) and relay agent information (RFC 3046) as they came. */
function pushEchoes(options: DhcpOption[], request: DhcpMessage): void {
  for (const option of request.options) if (isEchoed(option.code)) options.push(option);
}

function isEchoed(code: number): boolean {
  return (
    code === dhcpFields.clientIdentifier.code || code === dhcpFields.relayAgentInformation.code
  );
}

const offerOption = dhcpOption(dhcpFields.messageType, dhcpMessageTypes.offer);
const ackOption = dhcpOption(dhcpFields.messageType, dhcpMessageTypes.ack);
const leaseOptions: readonly DhcpOption[] = [
  dhcpOption(dhcpFields.leaseTime, leaseSeconds),
  dhcpOption(dhcpFields.renewalTime, renewalSeconds),
  dhcpOption(dhcpFields.rebindingTime, rebindingSeconds),
];
