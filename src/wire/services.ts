// Which services run where: extension 2 of a heartbeat. A board tells its own; a hub tells those of
// all boards it hears, because io-cards do not hear each other. A list of slots, each with all its
// services, that replaces what was known of these slots; slots that are not listed stay as known.
//
//   repeated: u8 slot, u8 count, count times (u8 length, length bytes of UTF-8)

import { ok, parseSlotId, type Result, type SlotId } from "../base/index.ts";
import { bad, type WireError } from "./error.ts";
import { serviceNameBytesMax, slotServicesMax } from "./limits.ts";

/** Extension type of services in a heartbeat. */
export const beatExtensionServices = 2;

/** A board's services that are up. */
export type SlotServices = { readonly slot: SlotId; readonly names: readonly string[] };

/** Reads the list; slots must ascend, so that none comes twice. Never throws; copies. */
export function decodeServices(bytes: Uint8Array): Result<SlotServices[], WireError> {
  const list: SlotServices[] = [];
  let at = 0;
  while (at < bytes.length) {
    const slot = parseSlotId(bytes[at] ?? 0);
    if (!slot.ok) return bad(at, "slot 0 to 63", bytes[at] ?? 0);
    if (slot.value <= (list.at(-1)?.slot ?? -1)) return bad(at, "ascending slots", slot.value);
    const count = bytes[at + 1];
    if (count === undefined) return bad(at + 1, "a count", "the end");
    if (count > slotServicesMax) return bad(at + 1, `at most ${slotServicesMax} services`, count);
    at += 2;
    const names: string[] = [];
    for (let i = 0; i < count; i++) {
      const name = nameAt(bytes, at);
      if (!name.ok) return name;
      names.push(name.value.text);
      at += 1 + name.value.bytes;
    }
    list.push({ slot: slot.value, names });
  }
  return ok(list);
}

/** Writes as many whole slots as fit `bytesMax`; `written` of `list` are in `bytes`. */
export function encodeServices(
  list: readonly SlotServices[],
  bytesMax: number,
): { readonly bytes: Uint8Array; readonly written: number } {
  const parts: number[] = [];
  let written = 0;
  for (const { slot, names } of list) {
    const entry = [slot, Math.min(names.length, slotServicesMax)];
    for (const name of names.slice(0, slotServicesMax)) {
      const text = encoder.encode(name).subarray(0, serviceNameBytesMax);
      entry.push(text.length, ...text);
    }
    if (parts.length + entry.length > bytesMax) break;
    parts.push(...entry);
    written++;
  }
  return { bytes: Uint8Array.from(parts), written };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false });

function nameAt(
  bytes: Uint8Array,
  at: number,
): Result<{ readonly text: string; readonly bytes: number }, WireError> {
  const length = bytes[at];
  if (length === undefined) return bad(at, "a name", "the end");
  if (length === 0 || length > serviceNameBytesMax) {
    return bad(at, `1 to ${serviceNameBytesMax} bytes of name`, length);
  }
  if (at + 1 + length > bytes.length) return bad(at + 1, `${length} bytes`, bytes.length - at - 1);
  return ok({ text: decoder.decode(bytes.subarray(at + 1, at + 1 + length)), bytes: length });
}
