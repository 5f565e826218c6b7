// Steps of a board's history as other boards are told them: what happened, how long ago, who says
// so. An age instead of a time, because no two boards share a clock. Numbers are big endian.
//
// PACKET  u8 1 (version), u8 count (1 to 46), so many STEPs; at most `historyPacketBytesMax`
// STEP    u8 slot, 8 life, u32 number, u64 age us, u32 error us, u8 about (255 = nobody),
//         u8 flags (1 a group follows, 2 an epoch follows), text group (1 to 32), u32 epoch,
//         text step (1 to 24, a-z 0-9 -), text sentence (0 to 240)
// A text is u8 length and UTF-8.

import { type Incarnation, ok, type Result, type SlotId } from "../base/index.ts";
import {
  readIncarnation,
  type Reader,
  reader,
  readList,
  readSlot,
  readText,
  readU32,
  readU53,
  readU8,
  writeIncarnation,
  writer,
  type Writer,
  writeText,
  writeU32,
  writeU53,
  writeU8,
} from "./cursor.ts";
import { bad, type WireError } from "./error.ts";
import {
  groupNameBytesMax,
  historyNameBytesMax,
  historyPacketBytesMax,
  historyStepsMax,
  historyTextBytesMax,
} from "./limits.ts";

/** One step as it travels; (slot, life, number) names it for ever. */
export type ToldStep = {
  /** Who says it, in which of its lives, and the how manieth step of that life it is. */
  readonly slot: SlotId;
  readonly life: Incarnation;
  readonly number: number;
  /** How long ago it was when the packet left, us. */
  readonly ageUs: number;
  /** How wrong the sender's own placing may be, us: 0 for its own steps. */
  readonly errorUs: number;
  /** The board it is about, if that is not (only) the one who says it. */
  readonly about: SlotId | undefined;
  readonly group: string | undefined;
  readonly epoch: number | undefined;
  /** Its constant name, `fenced`. */
  readonly step: string;
  /** One sentence with the evidence. */
  readonly text: string;
};

const version = 1;
const nobody = 255;
const flagGroup = 1;
const flagEpoch = 2;
const u32Max = 0xffff_ffff;

/**
 * Writes steps into as few packets as they need, in order. Texts are cut at their bounds, ages and
 * errors held within theirs; a step whose name is not one is our mistake and is written as `unnamed`.
 */
export function encodeSteps(steps: readonly ToldStep[]): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let into = begin();
  let count = 0;
  for (const step of steps) {
    const start = into.at;
    writeStep(into, step);
    if (into.at > historyPacketBytesMax) {
      packets.push(finish(into.bytes, start, count));
      into = begin();
      count = 0;
      writeStep(into, step);
    }
    count += 1;
  }
  return count === 0 ? packets : [...packets, finish(into.bytes, into.at, count)];
}

/** Reads a packet. Errors: length, version, count, names, slots, numbers. Never throws; copies. */
export function decodeSteps(bytes: Uint8Array): Result<ToldStep[], WireError> {
  if (bytes.length > historyPacketBytesMax) {
    return bad(historyPacketBytesMax, "the end", bytes[historyPacketBytesMax] ?? 0);
  }
  const from = reader(bytes);
  const which = readU8(from);
  if (which !== version) return bad(0, `version ${version}`, which);
  const steps = readList(from, historyStepsMax, readStep);
  const { wrong } = from;
  if (wrong !== undefined) return bad(wrong.at, wrong.want, bytes[wrong.at] ?? "the end");
  if (steps.length === 0) return bad(1, "at least one step", 0);
  if (from.at !== bytes.length) return bad(from.at, "the end", bytes[from.at] ?? 0);
  return ok(steps);
}

/** A packet without steps. What does not fit is not written but counted, and begins the next one. */
function begin(): Writer {
  const into = writer(new Uint8Array(historyPacketBytesMax));
  writeU8(into, version);
  writeU8(into, 0);
  return into;
}

function finish(bytes: Uint8Array, length: number, count: number): Uint8Array {
  bytes[1] = count;
  return bytes.slice(0, length);
}

function within(value: number, max: number): number {
  return Math.round(Math.min(max, Math.max(0, value)));
}

function writeStep(into: Writer, step: ToldStep): void {
  const { group, epoch } = step;
  writeU8(into, step.slot);
  writeIncarnation(into, step.life);
  writeU32(into, within(step.number, u32Max));
  writeU53(into, within(step.ageUs, Number.MAX_SAFE_INTEGER));
  writeU32(into, within(step.errorUs, u32Max));
  writeU8(into, step.about ?? nobody);
  const hasGroup = group !== undefined && group !== "";
  writeU8(into, (hasGroup ? flagGroup : 0) | (epoch === undefined ? 0 : flagEpoch));
  if (hasGroup) writeText(into, group, groupNameBytesMax);
  if (epoch !== undefined) writeU32(into, within(epoch, u32Max));
  writeText(into, isStepName(step.step) ? step.step : "unnamed", historyNameBytesMax);
  writeText(into, step.text, historyTextBytesMax);
}

function readStep(from: Reader): ToldStep {
  const slot = readSlot(from);
  const life = readIncarnation(from);
  const number = readU32(from);
  const ageUs = readU53(from);
  const errorUs = readU32(from);
  const about = readAbout(from);
  const flags = readU8(from);
  if (flags > (flagGroup | flagEpoch)) from.wrong ??= { at: from.at - 1, want: "flags 0 to 3" };
  const group = (flags & flagGroup) === 0 ? undefined : readText(from, 1, groupNameBytesMax);
  const epoch = (flags & flagEpoch) === 0 ? undefined : readU32(from);
  const { at } = from;
  const step = readText(from, 1, historyNameBytesMax);
  if (!isStepName(step)) from.wrong ??= { at, want: "a name of a-z, 0-9 and -" };
  const text = readText(from, 0, historyTextBytesMax);
  return { slot, life, number, ageUs, errorUs, about, group, epoch, step, text };
}

function readAbout(from: Reader): SlotId | undefined {
  if (from.bytes[from.at] !== nobody) return readSlot(from);
  from.at += 1;
  return undefined;
}

function isStepName(name: string): boolean {
  return name.length <= historyNameBytesMax && /^[a-z][a-z0-9-]*$/.test(name);
}
