// DHCPv4 messages for Ethernet: reading (RFC 2131 §2, RFC 2132). Options are an ordered list of
// code and bytes, unknown ones included; pieces of one option are joined in the order options
// field, file, sname (RFC 3396 §5), and option 52 (overload), which only says where pieces lie,
// is not in the list. Accepted as real clients send it: PAD anywhere, no END, BOOTP padding.

import {
  type Ipv4,
  ipv4FromBytes,
  type Mac,
  macFromBytes,
  ok,
  type Result,
} from "../base/index.ts";
import { copyBytes, u16, u32, u8 } from "./bytes.ts";
import { bad, type WireError } from "./error.ts";
import { dhcpBytesMax, dhcpFixedBytes } from "./limits.ts";

/** An option, or a sub-option inside one: whole, however many pieces carried it. */
export type DhcpOption = { readonly code: number; readonly bytes: Uint8Array };

/** A message; the names are RFC 2131's. Hardware type is Ethernet, so `chaddr` is a MAC. */
export type DhcpMessage = {
  /** 1 from a client (BOOTREQUEST), 2 from a server (BOOTREPLY). */
  readonly op: 1 | 2;
  readonly hops: number;
  readonly xid: number;
  /** Seconds since the client began. */
  readonly secs: number;
  /** `dhcpBroadcastFlag` or 0; all 16 bits are kept. */
  readonly flags: number;
  readonly ciaddr: Ipv4;
  readonly yiaddr: Ipv4;
  readonly siaddr: Ipv4;
  readonly giaddr: Ipv4;
  readonly chaddr: Mac;
  /** Server host name up to its NUL, one character a byte (Latin-1); "" if absent or overloaded. */
  readonly sname: string;
  /** Boot file name, as `sname`. */
  readonly file: string;
  readonly options: readonly DhcpOption[];
};

/** BOOTREQUEST and BOOTREPLY. */
export const dhcpOps = { request: 1, reply: 2 } as const;
/** UDP ports of server and client. */
export const dhcpPorts = { server: 67, client: 68 } as const;
/** Flag of a client that cannot take unicast before it has an address (RFC 2131 §2). */
export const dhcpBroadcastFlag = 0x8000;
/** The first four bytes of the options field (RFC 2131 §3). */
export const dhcpMagic = 0x63825363;
/** Where sname and file lie and where options begin, bytes. */
export const dhcpOffsets = { sname: 44, file: 108, magic: 236, options: 240 } as const;
/** Codes that are no option: padding, end, and where file and sname carry options. */
export const dhcpCodes = { pad: 0, overload: 52, end: 255 } as const;

/** Reads a UDP payload. Errors: short, long, no Ethernet client, no cookie, an option cut off. */
export function decodeDhcp(bytes: Uint8Array): Result<DhcpMessage, WireError> {
  const { length } = bytes;
  if (length < dhcpFixedBytes || length > dhcpBytesMax) {
    return bad(0, `${dhcpFixedBytes} to ${dhcpBytesMax} bytes`, length);
  }
  const op = u8(bytes, 0);
  if (op !== 1 && op !== 2) return bad(0, "op 1 or 2", op);
  if (u8(bytes, 1) !== 1) return bad(1, "htype 1 (Ethernet)", u8(bytes, 1));
  if (u8(bytes, 2) !== 6) return bad(2, "hlen 6", u8(bytes, 2));
  const magic = u32(bytes, dhcpOffsets.magic);
  if (magic !== dhcpMagic) return bad(dhcpOffsets.magic, "magic 0x63825363", magic);
  const read = readAllOptions(bytes);
  if (!read.ok) return read;
  const { options, overload } = read.value;
  return ok({
    op,
    hops: u8(bytes, 3),
    xid: u32(bytes, 4),
    secs: u16(bytes, 8),
    flags: u16(bytes, 10),
    ciaddr: ipv4FromBytes(bytes, 12),
    yiaddr: ipv4FromBytes(bytes, 16),
    siaddr: ipv4FromBytes(bytes, 20),
    giaddr: ipv4FromBytes(bytes, 24),
    chaddr: macFromBytes(bytes, 28),
    sname: (overload & 2) === 0 ? latin1(bytes, dhcpOffsets.sname, dhcpOffsets.file) : "",
    file: (overload & 1) === 0 ? latin1(bytes, dhcpOffsets.file, dhcpOffsets.magic) : "",
    options,
  });
}

type ReadOptions = { readonly options: DhcpOption[]; readonly overload: number };

function readAllOptions(bytes: Uint8Array): Result<ReadOptions, WireError> {
  const options: DhcpOption[] = [];
  const main = readRegion(bytes, dhcpOffsets.options, bytes.length, options);
  if (!main.ok) return main;
  const overload = main.value;
  if ((overload & 1) !== 0) {
    const file = readRegion(bytes, dhcpOffsets.file, dhcpOffsets.magic, options);
    if (!file.ok) return file;
  }
  if ((overload & 2) !== 0) {
    const sname = readRegion(bytes, dhcpOffsets.sname, dhcpOffsets.file, options);
    if (!sname.ok) return sname;
  }
  return ok({ options, overload });
}

/** Adds a region's options to `options`; gives the value of option 52 in it (0 = absent). */
function readRegion(
  bytes: Uint8Array,
  start: number,
  end: number,
  options: DhcpOption[],
): Result<number, WireError> {
  let overload = 0;
  let at = start;
  while (at < end) {
    const code = u8(bytes, at);
    if (code === dhcpCodes.end) break;
    if (code === dhcpCodes.pad) {
      at++;
      continue;
    }
    const room = end - at - 2;
    if (room < 0) return bad(at + 1, `a length for option ${code}`, "the end");
    const length = u8(bytes, at + 1);
    if (length > room) return bad(at + 1, `length 0 to ${room} for option ${code}`, length);
    at += 2;
    if (code === dhcpCodes.overload) {
      overload = u8(bytes, at);
      if (length !== 1 || overload < 1 || overload > 3) return bad(at, "overload 1 to 3", overload);
    } else {
      addPiece(options, code, copyBytes(bytes, at, at + length));
    }
    at += length;
  }
  return ok(overload);
}

function addPiece(options: DhcpOption[], code: number, piece: Uint8Array): void {
  for (let i = 0; i < options.length; i++) {
    const old = options[i];
    if (old === undefined || old.code !== code) continue;
    const joined = new Uint8Array(old.bytes.length + piece.length);
    joined.set(old.bytes, 0);
    joined.set(piece, old.bytes.length);
    options[i] = { code, bytes: joined };
    return;
  }
  options.push({ code, bytes: piece });
}

/** The characters from `start` to the first NUL, or to `end`. */
function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at++) {
    const byte = u8(bytes, at);
    if (byte === 0) break;
    text += String.fromCharCode(byte);
  }
  return text;
}
