// Bytes of netlink messages (netlink(7), rtnetlink(7)): a 16-byte header {length u32, type u16,
// flags u16, sequence u32, port u32}, a fixed struct, then attributes {length u16, type u16, bytes}
// padded to 4. Little-endian. Reading checks every length and always advances.

/** netlink(7): a request. */
export const NLM_F_REQUEST = 1;
/** netlink(7): answer with yes or no. */
export const NLM_F_ACK = 4;
/** netlink(7): the table changed while it was read. */
export const NLM_F_DUMP_INTR = 0x10;
/** netlink(7): replace what is there. */
export const NLM_F_REPLACE = 0x100;
/** netlink(7): refuse if it is there. */
export const NLM_F_EXCL = 0x200;
/** netlink(7): the whole table. */
export const NLM_F_DUMP = 0x300;
/** netlink(7): make it if it is not there. */
export const NLM_F_CREATE = 0x400;
/** netlink(7): yes (0) or no (negative errno). */
export const NLMSG_ERROR = 2;
/** netlink(7): end of a table. */
export const NLMSG_DONE = 3;
/** netlink(7): marks an attribute whose value is attributes. */
export const NLA_F_NESTED = 0x8000;

/** One received message: `body` is what follows the header. */
export type NetlinkMessage = {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Uint8Array;
};

/** Attributes by type; of doubled ones the last. */
export type Attributes = ReadonlyMap<number, Uint8Array>;

/** A whole message; the kernel fills in the port. */
export function encodeMessage(
  header: { type: number; flags: number; sequence: number },
  parts: readonly Uint8Array[],
): Uint8Array {
  const bytes = join(parts, 16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, header.type, true);
  view.setUint16(6, header.flags, true);
  view.setUint32(8, header.sequence, true);
  return bytes;
}

/** An attribute, padded. */
export function attribute(type: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array((4 + value.length + 3) & ~3);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 4 + value.length, true);
  view.setUint16(2, type, true);
  bytes.set(value, 4);
  return bytes;
}

/** An attribute whose value is the attributes `parts`. */
export function nested(type: number, parts: readonly Uint8Array[]): Uint8Array {
  return attribute(type, join(parts, 0));
}

/** An attribute with 8 bits. */
export function attributeU8(type: number, value: number): Uint8Array {
  return attribute(type, new Uint8Array([value]));
}

/** An attribute with 16 bits. */
export function attributeU16(type: number, value: number): Uint8Array {
  return attribute(type, new Uint8Array(new Uint16Array([value]).buffer));
}

/** An attribute with 32 bits. */
export function attributeU32(type: number, value: number): Uint8Array {
  return attribute(type, new Uint8Array(new Uint32Array([value]).buffer));
}

/** An attribute with NUL-terminated text. */
export function attributeText(type: number, text: string): Uint8Array {
  return attribute(type, new TextEncoder().encode(`${text}\0`));
}

/** The messages of one datagram; stops at the first that does not fit. Bodies are views. */
export function decodeMessages(bytes: Uint8Array): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  const view = viewOf(bytes);
  for (let at = 0; at + 16 <= bytes.length;) {
    const length = view.getUint32(at, true);
    if (length < 16 || length > bytes.length - at) break;
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      body: bytes.subarray(at + 16, at + length),
    });
    at += (length + 3) & ~3;
  }
  return messages;
}

/** The attributes from `offset` on; stops at the first that does not fit. Values are views. */
export function decodeAttributes(bytes: Uint8Array, offset = 0): Attributes {
  const found = new Map<number, Uint8Array>();
  const view = viewOf(bytes);
  for (let at = offset; at + 4 <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < 4 || length > bytes.length - at) break;
    found.set(view.getUint16(at + 2, true) & 0x3fff, bytes.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return found;
}

/** The attributes inside an attribute; none if it is missing. */
export function nestedIn(attributes: Attributes, type: number): Attributes {
  const value = attributes.get(type);
  return value === undefined ? new Map() : decodeAttributes(value);
}

/** An 8-, 16- or 32-bit attribute, unsigned; undefined if missing or of another size. */
export function numberIn(attributes: Attributes, type: number): number | undefined {
  const value = attributes.get(type);
  if (value === undefined) return undefined;
  if (value.length === 1) return value[0];
  if (value.length === 2) return viewOf(value).getUint16(0, true);
  return value.length === 4 ? viewOf(value).getUint32(0, true) : undefined;
}

/** A text attribute up to its NUL; undefined if missing. */
export function textIn(attributes: Attributes, type: number): string | undefined {
  const value = attributes.get(type);
  if (value === undefined) return undefined;
  const end = value.indexOf(0);
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
}

/** A view of the bytes' own part of their buffer. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function join(parts: readonly Uint8Array[], headBytes: number): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, headBytes));
  let at = headBytes;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
