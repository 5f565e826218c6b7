// DHCPv4 messages: writing. Message type (53) first, relay agent information (82) last (RFC 3046
// §2.1), padded to 300 bytes. Options longer than 255 bytes are split (RFC 3396 §6). What does not
// fit the options field goes into `file`, then `sname`, if those are empty (option 52).

import { ipv4ToBytes, macToBytes, ok, type Result } from "../base/index.ts";
import { isUint, putU16, putU32 } from "./bytes.ts";
import { dhcpCodes, dhcpMagic, type DhcpMessage, dhcpOffsets, type DhcpOption } from "./dhcp.ts";
import { bad, type WireError } from "./error.ts";
import { dhcpBytesDefault, dhcpBytesMax, dhcpBytesMin, dhcpPieceBytesMax } from "./limits.ts";

const messageTypeCode = 53;
const relayCode = 82;
const overloadBytes = 3;

/**
 * Writes a message of at most `bytesMax` bytes (see `dhcpReplyBytesMax`) and gives its length.
 * Errors: no room for all options, a name too long or not Latin-1, a code that is no option.
 */
export function encodeDhcp(
  message: DhcpMessage,
  into: Uint8Array,
  bytesMax: number = dhcpBytesDefault,
): Result<number, WireError> {
  const limit = Math.min(bytesMax, dhcpBytesMax, into.length);
  if (!(limit >= dhcpBytesMin)) return bad(0, `room for ${dhcpBytesMin} bytes`, limit);
  const total = optionsBytes(message.options);
  if (!total.ok) return total;
  into.fill(0, 0, dhcpBytesMin);
  const fixed = writeFixed(message, into);
  if (!fixed.ok) return fixed;
  const fits = dhcpOffsets.options + total.value + 1 <= limit;
  const end = fits ? writePlain(message.options, into) : writeOverloaded(message, into, limit);
  return end.ok ? ok(Math.max(end.value, dhcpBytesMin)) : end;
}

function writeFixed(message: DhcpMessage, into: Uint8Array): Result<void, WireError> {
  into[0] = message.op;
  into[1] = 1;
  into[2] = 6;
  into[3] = message.hops;
  putU32(into, 4, message.xid);
  putU16(into, 8, message.secs);
  putU16(into, 10, message.flags);
  ipv4ToBytes(message.ciaddr, into, 12);
  ipv4ToBytes(message.yiaddr, into, 16);
  ipv4ToBytes(message.siaddr, into, 20);
  ipv4ToBytes(message.giaddr, into, 24);
  macToBytes(message.chaddr, into, 28);
  putU32(into, dhcpOffsets.magic, dhcpMagic);
  const sname = writeName(message.sname, into, dhcpOffsets.sname, dhcpOffsets.file);
  if (!sname.ok) return sname;
  return writeName(message.file, into, dhcpOffsets.file, dhcpOffsets.magic);
}

function writeName(
  name: string,
  into: Uint8Array,
  start: number,
  end: number,
): Result<void, WireError> {
  if (name.length > end - start) return bad(start, `${end - start} bytes or less`, name.length);
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    if (unit === 0 || unit > 255) return bad(start + i, "a Latin-1 character", unit);
    into[start + i] = unit;
  }
  return ok(undefined);
}

/** Bytes of all options when none is cut by the end of a field. */
function optionsBytes(options: readonly DhcpOption[]): Result<number, WireError> {
  let total = 0;
  for (const { code, bytes } of options) {
    if (!isUint(code, 254) || code === dhcpCodes.pad || code === dhcpCodes.overload) {
      return bad(dhcpOffsets.options, "an option code 1 to 254 but 52", code);
    }
    total += optionBytes(bytes.length);
  }
  return ok(total);
}

function optionBytes(length: number): number {
  return length + 2 * Math.max(1, Math.ceil(length / dhcpPieceBytesMax));
}

/** The order on the wire: 0 message type, 1 the others as listed, 2 relay agent information. */
function rank(code: number): number {
  return code === messageTypeCode ? 0 : code === relayCode ? 2 : 1;
}

function writePlain(options: readonly DhcpOption[], into: Uint8Array): Result<number, WireError> {
  let at: number = dhcpOffsets.options;
  for (let wanted = 0; wanted <= 2; wanted++) {
    for (const option of options) {
      if (rank(option.code) === wanted) at = writePieces(option, into, at);
    }
  }
  into[at] = dhcpCodes.end;
  return ok(at + 1);
}

/** Writes an option in as many pieces as its length needs; the caller has checked the room. */
function writePieces({ code, bytes }: DhcpOption, into: Uint8Array, start: number): number {
  let at = start;
  let from = 0;
  do {
    const take = Math.min(bytes.length - from, dhcpPieceBytesMax);
    at = writePiece({ code, bytes }, { from, take }, into, at);
    from += take;
  } while (from < bytes.length);
  return at;
}

function writePiece(
  option: DhcpOption,
  part: { readonly from: number; readonly take: number },
  into: Uint8Array,
  at: number,
): number {
  into[at] = option.code;
  into[at + 1] = part.take;
  for (let i = 0; i < part.take; i++) into[at + 2 + i] = option.bytes[part.from + i] ?? 0;
  return at + 2 + part.take;
}

/** A field that carries options; one byte behind `end` is kept for END. `bit` is option 52's. */
type Field = { at: number; readonly end: number; readonly bit: 0 | 1 | 2 };

function writeOverloaded(
  message: DhcpMessage,
  into: Uint8Array,
  limit: number,
): Result<number, WireError> {
  const ofRank = (wanted: number) => message.options.filter((o) => rank(o.code) === wanted);
  const types = ofRank(0);
  const relays = ofRank(2);
  const sum = (list: readonly DhcpOption[]): number =>
    list.reduce((bytes, option) => bytes + optionBytes(option.bytes.length), 0);
  const main: Field = { at: dhcpOffsets.options, end: limit - 1 - sum(relays), bit: 0 };
  if (main.at + sum(types) + overloadBytes > main.end) return noRoom(limit, messageTypeCode);
  for (const type of types) main.at = writePieces(type, into, main.at);
  const overloadAt = main.at;
  main.at += overloadBytes;
  const fields: Field[] = [main];
  if (message.file === "")
    fields.push({ at: dhcpOffsets.file, end: dhcpOffsets.magic - 1, bit: 1 });
  if (message.sname === "")
    fields.push({ at: dhcpOffsets.sname, end: dhcpOffsets.file - 1, bit: 2 });

  const used = writeAcross(ofRank(1), fields, into, limit);
  if (!used.ok) return used;
  into[overloadAt] = dhcpCodes.overload;
  into[overloadAt + 1] = 1;
  into[overloadAt + 2] = used.value;
  for (const relay of relays) main.at = writePieces(relay, into, main.at);
  into[main.at] = dhcpCodes.end;
  for (const field of fields) {
    if ((field.bit & used.value) !== 0) into[field.at] = dhcpCodes.end;
  }
  return ok(main.at + 1);
}

/**
 * Writes options one after another through the fields; gives option 52's bits. Only an option
 * of more than 255 bytes is cut at a field's end: a client that cannot join pieces reads the rest.
 */
function writeAcross(
  options: readonly DhcpOption[],
  fields: readonly Field[],
  into: Uint8Array,
  limit: number,
): Result<number, WireError> {
  let used = 0;
  let index = 0;
  for (const option of options) {
    const { length } = option.bytes;
    let from = 0;
    for (let isWhole = false; !isWhole;) {
      const field = fields[index];
      if (field === undefined) return noRoom(limit, option.code);
      const want = Math.min(length - from, dhcpPieceBytesMax);
      const room = field.end - field.at - 2;
      const take = length > dhcpPieceBytesMax ? Math.min(want, room) : want;
      if (take > room || (take <= 0 && length > 0)) {
        index++;
        continue;
      }
      field.at = writePiece(option, { from, take }, into, field.at);
      from += take;
      used |= field.bit;
      isWhole = from === length;
    }
  }
  return ok(used);
}

function noRoom(limit: number, code: number): ReturnType<typeof bad> {
  return bad(dhcpOffsets.options, `options for ${limit} bytes`, `no room for option ${code}`);
}
