// The MIB columns that name a MAC's port, and how their untrusted varbinds are read.
// Sources: RFC 4188 (BRIDGE-MIB), RFC 4363 (Q-BRIDGE-MIB), RFC 2863 (IF-MIB), RFC 3416 (types).
// Vendor tables are not read: in every known dump the standard tables hold the rows.

import { type Mac, macFromBytes, parseMac } from "../../base/index.ts";
import { indexPartsMax, indexTextMax, portNameMax } from "./limits.ts";

/** One variable of an answer; nothing in it is believed before it is read by a function here. */
export type AnsweredVarbind = {
  readonly oid: string;
  readonly type: number;
  readonly value: unknown;
};

/** dot1qTpFdbPort, index FDB id + MAC. */
export const qPortColumn = "1.3.6.1.2.1.17.7.1.2.2.1.2";
/** dot1qTpFdbStatus. */
export const qStatusColumn = "1.3.6.1.2.1.17.7.1.2.2.1.3";
/** dot1dTpFdbPort, index MAC. */
export const bridgePortColumn = "1.3.6.1.2.1.17.4.3.1.2";
/** dot1dTpFdbStatus. */
export const bridgeStatusColumn = "1.3.6.1.2.1.17.4.3.1.3";
/** dot1dBasePortIfIndex, index bridge port. */
export const basePortColumn = "1.3.6.1.2.1.17.1.4.1.2";
/** ifName, index ifIndex. */
export const ifNameColumn = "1.3.6.1.2.1.31.1.1.1.1";
/** ifDescr, index ifIndex. */
export const ifDescrColumn = "1.3.6.1.2.1.2.2.1.2";
/** dot1qVlanFdbId, index time mark + VLAN. */
export const vlanFdbColumn = "1.3.6.1.2.1.17.7.1.4.2.1.3";
/** dot1dBaseBridgeAddress; its only row has the index 0. */
export const bridgeAddressColumn = "1.3.6.1.2.1.17.1.1";

/** Status of a forwarding entry (RFC 4188 dot1dTpFdbStatus). */
export const statusInvalid = 2;
/** Learnt from traffic. */
export const statusLearned = 3;
/** The switch's own address. */
export const statusSelf = 4;

/** True for noSuchObject, noSuchInstance and endOfMibView (RFC 3416 §3). */
export function isException(varbind: AnsweredVarbind): boolean {
  return varbind.type === 128 || varbind.type === 129 || varbind.type === 130;
}

/** What follows `column.` in `oid`; undefined if the OID is elsewhere or too long. */
export function indexUnder(column: string, oid: string): string | undefined {
  const from = column.length + 1;
  if (oid.length <= from || oid.length > from + indexTextMax) return undefined;
  return oid.charCodeAt(column.length) === 46 && oid.startsWith(column)
    ? oid.slice(from)
    : undefined;
}

/** The parts of an index; undefined if they are not 1 to `indexPartsMax` 32-bit numbers. */
export function indexParts(index: string): number[] | undefined {
  if (index.length > indexTextMax) return undefined;
  const parts = index.split(".");
  if (parts.length > indexPartsMax) return undefined;
  const numbers: number[] = [];
  for (const part of parts) {
    if (!/^\d{1,10}$/.test(part)) return undefined;
    const value = Number(part);
    if (value > 0xffffffff) return undefined;
    numbers.push(value);
  }
  return numbers;
}

/** Order of two indices as agents walk them: negative if `a` comes first. */
export function compareIndex(a: readonly number[], b: readonly number[]): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** A MAC as the six decimal parts of an index. */
export function macIndex(mac: Mac): string {
  let text = "";
  for (let i = 0; i < 17; i += 3) {
    text += (i === 0 ? "" : ".") + String(Number.parseInt(mac.slice(i, i + 2), 16));
  }
  return text;
}

/** The MAC at `at` in index parts; undefined if six bytes are not there. */
export function macOfParts(parts: readonly number[], at: number): Mac | undefined {
  const bytes = new Uint8Array(6);
  for (let i = 0; i < 6; i++) {
    const part = parts[at + i];
    if (part === undefined || part > 255) return undefined;
    bytes[i] = part;
  }
  return macFromBytes(bytes);
}

/** A port, ifIndex, status or FDB id: a whole number from 0 to 2^31-1 of an integer type. */
export function uintOf(value: unknown): number | undefined {
  if (typeof value !== "number" || !Number.isInteger(value)) return undefined;
  return value >= 0 && value <= 0x7fffffff ? value : undefined;
}

/** A name: UTF-8 without control characters and outer blanks; undefined if nothing is left. */
export function nameOf(value: unknown): string | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  const text = new TextDecoder().decode(value.subarray(0, portNameMax * 4));
  // eslint-disable-next-line no-control-regex -- agents pad names with NULs
  const name = text.replace(/[\u0000-\u001f\u007f]/g, "").trim();
  return name === "" ? undefined : name.slice(0, portNameMax);
}

/** A MAC as six bytes, or as text as some agents send it (`bc:cf:4f:3e:48:2f`). */
export function macOf(value: unknown): Mac | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  if (value.length === 6) return macFromBytes(value);
  const name = nameOf(value);
  const parsed = name === undefined ? undefined : parseMac(name);
  return parsed?.ok ? parsed.value : undefined;
}
