// Evidence that a board is gone (leases.md F2): from a death watch of this board's own, or told by the
// CCN whose lines went bad. It holds for one life only, and only after the sockets were read to their
// end: a beat that waited there speaks against it.

import {
  type Incarnation,
  incarnationFromBytes,
  incarnationToBytes,
  parseSlotId,
  type SlotId,
} from "../base/index.ts";
import { drainTurnsMax, evidenceBytesMax } from "./limits.ts";

/** Something that says that a board is gone. */
export type Evidence = {
  readonly slot: SlotId;
  readonly life: Incarnation;
  readonly what: string;
};

/** u8 slot | 8 bytes life | UTF-8 remark. */
export function encodeEvidence({ slot, life, what }: Evidence): Uint8Array {
  const text = new TextEncoder().encode(what).subarray(0, evidenceBytesMax);
  const bytes = new Uint8Array(9 + text.length);
  bytes[0] = slot;
  incarnationToBytes(life, bytes, 1);
  bytes.set(text, 9);
  return bytes;
}

/** Undefined: no evidence can be read from these bytes. */
export function decodeEvidence(bytes: Uint8Array): Evidence | undefined {
  if (bytes.length < 9 || bytes.length > 9 + evidenceBytesMax) return undefined;
  const slot = parseSlotId(bytes[0] ?? 255);
  if (!slot.ok) return undefined;
  const what = new TextDecoder().decode(bytes.subarray(9)).replaceAll(/[^\x20-\x7e]/g, "?");
  return { slot: slot.value, life: incarnationFromBytes(bytes, 1), what };
}

/** Resolves when two turns of the loop brought no packet, or after `drainTurnsMax` turns. */
export async function drainSockets(packets: () => number): Promise<void> {
  let quiet = 0;
  let seen = packets();
  for (let turn = 0; turn < drainTurnsMax && quiet < 2; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    const now = packets();
    quiet = now === seen ? quiet + 1 : 0;
    seen = now;
  }
}
