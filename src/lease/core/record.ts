// Records: their order, and which boards they name.

import { defined, type Incarnation, parseIncarnation, type SlotId } from "../../base/index.ts";
import { type LeaseConfig, ownerOf } from "../config.ts";
import type { LeaseRecord, LogEnd } from "./types.ts";

const nobody = parseIncarnation("0000000000000000");

/** Before anybody held the group: every controller is in sync, there is nothing to have. */
export function firstRecord(config: LeaseConfig): LeaseRecord {
  const incarnation: Incarnation | undefined = nobody.ok ? nobody.value : undefined;
  return {
    epoch: 0,
    version: 0,
    incarnation: defined(incarnation, "sixteen zeros are an incarnation"),
    inSync: config.holders,
    bound: [],
    forced: undefined,
  };
}

/** Nothing written yet. */
export const noLog: LogEnd = { epoch: 0, seq: 0 };

/** Below 0 = `a` lacks something of `b`, or follows an older history. */
export function compareLogEnds(a: LogEnd, b: LogEnd): number {
  return a.epoch - b.epoch || a.seq - b.seq;
}

/** One record has one number (I3). */
export function isSameRecord(a: LeaseRecord, b: LeaseRecord): boolean {
  return a.epoch === b.epoch && a.version === b.version;
}

/** By epoch, then version: below 0 = `a` is older. */
export function compareRecords(
  a: { readonly epoch: number; readonly version: number },
  b: { readonly epoch: number; readonly version: number },
): number {
  return a.epoch - b.epoch || a.version - b.version;
}

/** Who holds a record; undefined for the first. */
export function holderOf(config: LeaseConfig, record: LeaseRecord): SlotId | undefined {
  return ownerOf(config, record.epoch);
}

/** Does it name this one board alone? */
export function isAlone(record: LeaseRecord, slot: SlotId): boolean {
  return record.inSync.length === 1 && record.inSync[0] === slot;
}

/** The list with a slot more, ascending. */
export function withSlot(list: readonly SlotId[], slot: SlotId): readonly SlotId[] {
  return list.includes(slot) ? list : [...list, slot].toSorted((a, b) => a - b);
}

/** The list without a slot. */
export function withoutSlot(list: readonly SlotId[], slot: SlotId): readonly SlotId[] {
  return list.filter((each) => each !== slot);
}
