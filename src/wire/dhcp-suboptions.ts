// What lies inside options: encapsulated options (43 and iPXE's 175, RFC 2132 §8.4), the relay
// agent's sub-options (82, RFC 3046) and the user class in both of its forms (77).

import { ok, type Result } from "../base/index.ts";
import { copyBytes, isUint, u8 } from "./bytes.ts";
import type { DhcpOption } from "./dhcp.ts";
import { bad, type WireError } from "./error.ts";
import { dhcpBytesMax, dhcpPieceBytesMax } from "./limits.ts";

/** Option 82 with its two common sub-options taken out; all of them, in order, in `all`. */
export type RelayAgent = {
  /** Sub-option 1: port or circuit the request came in by; the switch decides its form. */
  readonly circuitId: Uint8Array | undefined;
  /** Sub-option 2: the switch or the far end, often its MAC. */
  readonly remoteId: Uint8Array | undefined;
  readonly all: readonly DhcpOption[];
};

/** Option 77: RFC 3004 has a length before each class, iPXE and others send one raw text. */
export type UserClass = {
  readonly form: "rfc3004" | "raw";
  readonly classes: readonly Uint8Array[];
};

/** Reads encapsulated options: PAD skipped, END (255) ends. Error: one is cut off. */
export function decodeSubOptions(bytes: Uint8Array): Result<DhcpOption[], WireError> {
  return readList(bytes, true);
}

/** Writes encapsulated options without END. Errors: a code but 1 to 254, too long. */
export function encodeSubOptions(options: readonly DhcpOption[]): Result<Uint8Array, WireError> {
  return writeList(options, 1, 254);
}

/** Reads option 82, which has neither PAD nor END (RFC 3046 §2.0). Error: one is cut off. */
export function decodeRelayAgent(bytes: Uint8Array): Result<RelayAgent, WireError> {
  const all = readList(bytes, false);
  if (!all.ok) return all;
  const of = (code: number): Uint8Array | undefined =>
    all.value.find((option) => option.code === code)?.bytes;
  return ok({ circuitId: of(1), remoteId: of(2), all: all.value });
}

/** Writes the sub-options of option 82. Errors: a code but 0 to 255, too long. */
export function encodeRelayAgent(all: readonly DhcpOption[]): Result<Uint8Array, WireError> {
  return writeList(all, 0, 255);
}

/** Reads option 77: RFC 3004 if the lengths fill it exactly, else one raw class. */
export function decodeUserClass(bytes: Uint8Array): UserClass {
  const classes: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const length = u8(bytes, at);
    if (length === 0 || length > bytes.length - at - 1) {
      return { form: "raw", classes: [copyBytes(bytes, 0, bytes.length)] };
    }
    classes.push(copyBytes(bytes, at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { form: "rfc3004", classes };
}

/** Writes option 77. Errors: a class without a length of 1 to 255, raw with more than one. */
export function encodeUserClass(userClass: UserClass): Result<Uint8Array, WireError> {
  const { form, classes } = userClass;
  if (form === "raw") {
    const [only] = classes;
    if (only === undefined || classes.length !== 1) return bad(0, "one raw class", classes.length);
    return ok(copyBytes(only, 0, only.length));
  }
  let at = 0;
  for (const { length } of classes) {
    if (length < 1 || length > dhcpPieceBytesMax) return bad(at, "length 1 to 255", length);
    at += 1 + length;
  }
  if (at > dhcpBytesMax) return bad(0, `${dhcpBytesMax} bytes or less`, at);
  const bytes = new Uint8Array(at);
  at = 0;
  for (const one of classes) {
    bytes[at] = one.length;
    bytes.set(one, at + 1);
    at += 1 + one.length;
  }
  return ok(bytes);
}

function readList(bytes: Uint8Array, hasPadAndEnd: boolean): Result<DhcpOption[], WireError> {
  const options: DhcpOption[] = [];
  let at = 0;
  while (at < bytes.length) {
    const code = u8(bytes, at);
    if (hasPadAndEnd && code === 255) break;
    if (hasPadAndEnd && code === 0) {
      at++;
      continue;
    }
    const room = bytes.length - at - 2;
    if (room < 0) return bad(at + 1, `a length for sub-option ${code}`, "the end");
    const length = u8(bytes, at + 1);
    if (length > room) return bad(at + 1, `length 0 to ${room} for sub-option ${code}`, length);
    options.push({ code, bytes: copyBytes(bytes, at + 2, at + 2 + length) });
    at += 2 + length;
  }
  return ok(options);
}

function writeList(
  options: readonly DhcpOption[],
  codeMin: number,
  codeMax: number,
): Result<Uint8Array, WireError> {
  let total = 0;
  for (const { code, bytes } of options) {
    if (!isUint(code, codeMax) || code < codeMin) {
      return bad(total, `a code ${codeMin} to ${codeMax}`, code);
    }
    if (bytes.length > dhcpPieceBytesMax) return bad(total + 1, "length 0 to 255", bytes.length);
    total += 2 + bytes.length;
  }
  if (total > dhcpBytesMax) return bad(0, `${dhcpBytesMax} bytes or less`, total);
  const into = new Uint8Array(total);
  let at = 0;
  for (const { code, bytes } of options) {
    into[at] = code;
    into[at + 1] = bytes.length;
    into.set(bytes, at + 2);
    at += 2 + bytes.length;
  }
  return ok(into);
}
