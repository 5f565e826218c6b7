// DHCPv4 options with their types: one table, `dhcpFields`, that says for each option its code and
// how its bytes are read and written (RFC 2132, 3004, 3046, 4578, 5970; iPXE for 175).

import { type Ipv4, ipv4FromBytes, ipv4ToBytes } from "../base/index.ts";
import { putU16, putU32, textFromBytes, textToBytes, u16, u32, u8 } from "./bytes.ts";
import type { DhcpMessage, DhcpOption } from "./dhcp.ts";
import { dhcpBytesDefault, dhcpBytesMax } from "./limits.ts";

/** An option's code and its two directions; `read` gives undefined for a wrong length. */
export type DhcpField<T> = {
  readonly code: number;
  readonly read: (bytes: Uint8Array) => T | undefined;
  readonly write: (value: T) => Uint8Array;
};

/** Every option this product reads or writes by name. */
export const dhcpFields = {
  subnetMask: ip(1),
  routers: ips(3),
  domainNameServers: ips(6),
  hostName: text(12),
  domainName: text(15),
  rootPath: text(17),
  interfaceMtu: uint16(26),
  broadcastAddress: ip(28),
  ntpServers: ips(42),
  /** Encapsulated: `decodeSubOptions`. */
  vendorInformation: raw(43),
  requestedAddress: ip(50),
  /** Seconds; 0xffffffff = for ever. */
  leaseTime: uint32(51),
  messageType: uint8(53),
  serverIdentifier: ip(54),
  /** One code a byte. */
  parameterRequestList: raw(55),
  message: text(56),
  /** Bytes with IPv4 and UDP headers. */
  maxMessageSize: uint16(57),
  /** Seconds. */
  renewalTime: uint32(58),
  /** Seconds. */
  rebindingTime: uint32(59),
  vendorClass: text(60),
  clientIdentifier: raw(61),
  tftpServerName: text(66),
  bootFileName: text(67),
  /** Two forms: `decodeUserClass`. */
  userClass: raw(77),
  clientFqdn: raw(81),
  /** `decodeRelayAgent`. */
  relayAgentInformation: raw(82),
  /** Architectures, the client's best first: 0 BIOS, 7 and 9 x64 UEFI, 11 ARM 64 UEFI. */
  clientArchitecture: uint16s(93),
  /** Type, major, minor. */
  clientInterface: raw(94),
  /** Type 0 and 16 bytes: `dhcpUuidText`. */
  clientUuid: raw(97),
  subnetSelection: ip(118),
  tftpServers: ips(150),
  /** Encapsulated: `decodeSubOptions`. */
  ipxe: raw(175),
} as const satisfies Readonly<Record<string, { readonly code: number }>>;

/** Message types of option 53 (RFC 2132 §9.6). */
export const dhcpMessageTypes = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;
/** A message type's number. */
export type DhcpMessageType = (typeof dhcpMessageTypes)[keyof typeof dhcpMessageTypes];

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(dhcpFields).map(([name, field]) => [field.code, name]),
);
const types: readonly DhcpMessageType[] = Object.values(dhcpMessageTypes);

/** An option's value, or undefined if it is absent or has a wrong length. */
export function dhcpValue<T>(message: DhcpMessage, field: DhcpField<T>): T | undefined {
  const bytes = dhcpOptionBytes(message, field.code);
  return bytes === undefined ? undefined : field.read(bytes);
}

/** An option to put into a message; numbers keep only the bits their type has. */
export function dhcpOption<T>(field: DhcpField<T>, value: T): DhcpOption {
  return { code: field.code, bytes: field.write(value) };
}

/** The bytes of any option by its code, or undefined if absent. */
export function dhcpOptionBytes(message: DhcpMessage, code: number): Uint8Array | undefined {
  for (const option of message.options) if (option.code === code) return option.bytes;
  return undefined;
}

/** The message type (option 53), or undefined: plain BOOTP, or a type not in RFC 2132. */
export function dhcpMessageType(message: DhcpMessage): DhcpMessageType | undefined {
  const value = dhcpValue(message, dhcpFields.messageType);
  return types.find((type) => type === value);
}

/** `option 60 (vendorClass)`: an option for people. */
export function dhcpOptionText(code: number): string {
  const name = names.get(code);
  return name === undefined ? `option ${code}` : `option ${code} (${name})`;
}

/** Longest reply the sender of `request` takes, bytes of UDP payload (option 57, RFC 2132 §9.10). */
export function dhcpReplyBytesMax(request: DhcpMessage): number {
  const size = dhcpValue(request, dhcpFields.maxMessageSize) ?? 0;
  return Math.min(Math.max(size - 28, dhcpBytesDefault), dhcpBytesMax);
}

/** A UUID (option 97) as 8-4-4-4-12 hex digits in the order on the wire; undefined if none. */
export function dhcpUuidText(bytes: Uint8Array): string | undefined {
  if (bytes.length !== 17 || u8(bytes, 0) !== 0) return undefined;
  const hex = bytes.subarray(1).toHex();
  const cut = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [...cut, hex.slice(20)].join("-");
}

function ip(code: number): DhcpField<Ipv4> {
  return {
    code,
    read: (bytes) => (bytes.length === 4 ? ipv4FromBytes(bytes) : undefined),
    write: (value) => {
      const bytes = new Uint8Array(4);
      ipv4ToBytes(value, bytes);
      return bytes;
    },
  };
}

function ips(code: number): DhcpField<readonly Ipv4[]> {
  return {
    code,
    read: (bytes) => {
      if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined;
      const list: Ipv4[] = [];
      for (let at = 0; at < bytes.length; at += 4) list.push(ipv4FromBytes(bytes, at));
      return list;
    },
    write: (list) => {
      const bytes = new Uint8Array(list.length * 4);
      list.forEach((value, i) => ipv4ToBytes(value, bytes, i * 4));
      return bytes;
    },
  };
}

function uint8(code: number): DhcpField<number> {
  return {
    code,
    read: (bytes) => (bytes.length === 1 ? u8(bytes, 0) : undefined),
    write: (value) => Uint8Array.of(value),
  };
}

function uint16(code: number): DhcpField<number> {
  return {
    code,
    read: (bytes) => (bytes.length === 2 ? u16(bytes, 0) : undefined),
    write: (value) => Uint8Array.of(value >>> 8, value),
  };
}

function uint16s(code: number): DhcpField<readonly number[]> {
  return {
    code,
    read: (bytes) => {
      if (bytes.length === 0 || bytes.length % 2 !== 0) return undefined;
      return Array.from({ length: bytes.length / 2 }, (_, i) => u16(bytes, i * 2));
    },
    write: (list) => {
      const bytes = new Uint8Array(list.length * 2);
      list.forEach((value, i) => putU16(bytes, i * 2, value));
      return bytes;
    },
  };
}

function uint32(code: number): DhcpField<number> {
  return {
    code,
    read: (bytes) => (bytes.length === 4 ? u32(bytes, 0) : undefined),
    write: (value) => {
      const bytes = new Uint8Array(4);
      putU32(bytes, 0, value);
      return bytes;
    },
  };
}

/** Text; NULs that some clients put behind it are dropped (RFC 2132 §2). */
function text(code: number): DhcpField<string> {
  return {
    code,
    read: (bytes) => {
      let end = bytes.length;
      while (end > 0 && bytes[end - 1] === 0) end--;
      return textFromBytes(bytes.subarray(0, end));
    },
    write: textToBytes,
  };
}

function raw(code: number): DhcpField<Uint8Array> {
  return { code, read: (bytes) => bytes, write: (value) => value };
}
