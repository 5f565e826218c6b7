// Who talks to the public addresses of a board, as the active tells its standbys: what must be known
// *before* a takeover to wake these clients within a millisecond (design paragraphs 50 and 51).
// Each message is a change of the list that the messages before it made; `isFirst` starts anew.
//
//  0 u8 version 1 | 1 u8 flags (1 = isFirst) | 2 u16 count | 4 u32 sequence
//  8 entries, 24 bytes each: u8 operation (1 add, 2 remove), u8 network (0 A, 1 B), u16 port,
//    u32 address, u32 client, u32 nextHop, u16 clientPort, 6 bytes MAC (all 0 = not known)
//
// Unknown flags are ignored when read and zero when written.

import {
  type Ipv4,
  ipv4FromBytes,
  ipv4ToBytes,
  type Mac,
  macFromBytes,
  macToBytes,
  type NetworkId,
  ok,
  type Result,
} from "../base/index.ts";
import { isUint, putU16, putU32, u16, u32, u8 } from "./bytes.ts";
import { bad, type WireError } from "./error.ts";
import { zeroMac } from "./ethernet.ts";
import { publicClientsMax } from "./limits.ts";

/** One TCP connection of a client, and how the client is reached on the cable. */
export type PublicClient = {
  /** Public address and port that the client connected to. */
  readonly address: Ipv4;
  readonly port: number;
  readonly client: Ipv4;
  readonly clientPort: number;
  /** Network its packets leave by. */
  readonly network: NetworkId;
  /** The client itself if it is on the cable, else the router towards it. */
  readonly nextHop: Ipv4;
  /** MAC of `nextHop`, if it is known. */
  readonly mac: Mac | undefined;
};

/** One change of the list. */
export type PublicClientChange = { readonly added: boolean; readonly client: PublicClient };

/** One message. */
export type PublicClients = {
  /** The list starts anew with this message. */
  readonly isFirst: boolean;
  /** One more than the message before it, modulo 2^32; a gap = ask for the list anew. */
  readonly sequence: number;
  readonly changes: readonly PublicClientChange[];
};

const headerBytes = 8;
const entryBytes = 24;

/** Reads a message. Errors: version, length, operation, network, port 0. Never throws; copies. */
export function decodePublicClients(bytes: Uint8Array): Result<PublicClients, WireError> {
  if (bytes.length < headerBytes) return bad(0, `${headerBytes} bytes`, bytes.length);
  if (u8(bytes, 0) !== 1) return bad(0, "version 1", u8(bytes, 0));
  const count = u16(bytes, 2);
  if (count > publicClientsMax) return bad(2, `${publicClientsMax} entries or less`, count);
  const length = headerBytes + count * entryBytes;
  if (bytes.length !== length) return bad(2, `a message of ${length} bytes`, bytes.length);
  const changes: PublicClientChange[] = [];
  for (let at = headerBytes; at < length; at += entryBytes) {
    const change = readEntry(bytes, at);
    if (!change.ok) return change;
    changes.push(change.value);
  }
  return ok({ isFirst: (u8(bytes, 1) & 1) !== 0, sequence: u32(bytes, 4), changes });
}

/** Writes a message and gives its length. Errors: too many entries, no room, out of range. */
export function encodePublicClients(
  message: PublicClients,
  into: Uint8Array,
): Result<number, WireError> {
  const { changes } = message;
  const length = headerBytes + changes.length * entryBytes;
  if (changes.length > publicClientsMax) {
    return bad(2, `${publicClientsMax} entries or less`, changes.length);
  }
  if (into.length < length) return bad(0, `room for ${length} bytes`, into.length);
  if (!isUint(message.sequence, 0xffffffff)) return bad(4, "32 bits", message.sequence);
  into[0] = 1;
  into[1] = message.isFirst ? 1 : 0;
  putU16(into, 2, changes.length);
  putU32(into, 4, message.sequence);
  for (const [i, change] of changes.entries()) {
    const written = writeEntry(change, into, headerBytes + i * entryBytes);
    if (!written.ok) return written;
  }
  return ok(length);
}

function readEntry(bytes: Uint8Array, at: number): Result<PublicClientChange, WireError> {
  const operation = u8(bytes, at);
  if (operation !== 1 && operation !== 2) return bad(at, "operation 1 or 2", operation);
  const network = u8(bytes, at + 1);
  if (network > 1) return bad(at + 1, "network 0 or 1", network);
  const port = u16(bytes, at + 2);
  const clientPort = u16(bytes, at + 16);
  if (port === 0) return bad(at + 2, "port 1 to 65535", port);
  if (clientPort === 0) return bad(at + 16, "port 1 to 65535", clientPort);
  const mac = macFromBytes(bytes, at + 18);
  return ok({
    added: operation === 1,
    client: {
      address: ipv4FromBytes(bytes, at + 4),
      port,
      client: ipv4FromBytes(bytes, at + 8),
      clientPort,
      network: network === 0 ? "A" : "B",
      nextHop: ipv4FromBytes(bytes, at + 12),
      mac: mac === zeroMac ? undefined : mac,
    },
  });
}

function writeEntry(
  { added, client }: PublicClientChange,
  into: Uint8Array,
  at: number,
): Result<void, WireError> {
  for (const [offset, port] of [
    [2, client.port],
    [16, client.clientPort],
  ] as const) {
    if (port === 0 || !isUint(port, 0xffff)) return bad(at + offset, "port 1 to 65535", port);
    putU16(into, at + offset, port);
  }
  into[at] = added ? 1 : 2;
  into[at + 1] = client.network === "A" ? 0 : 1;
  ipv4ToBytes(client.address, into, at + 4);
  ipv4ToBytes(client.client, into, at + 8);
  ipv4ToBytes(client.nextHop, into, at + 12);
  macToBytes(client.mac ?? zeroMac, into, at + 18);
  return ok(undefined);
}
