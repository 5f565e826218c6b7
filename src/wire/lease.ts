// The lease between boards: what every beat tells of each group (extension 3 of a heartbeat), and
// the packets beside the beats. Structure only; freshness and MACs are those of the beat and of the
// link that carry it. Numbers are big endian.
//
// LOG END  u32 epoch, u64 seq
// RECORD   u32 epoch, u32 version, 8 incarnation, u8 count + slots in sync, u8 count + slots bound,
//          u8 1 = forced: text who (0 to 32), text reason (0 to 96)
// TELL     text group (1 to 32), u32 promised, u32 epoch, u32 version, LOG END,
//          u8 flags (1 entitled, 2 a RECORD follows)
// PROOF    u8 kind: 1 off: u8 slot, 8 incarnation, u8 strong | 2 released: u32 epoch, LOG END
// MESSAGE  text group, u8 type, then by type:
//   1 ask      u32 epoch, RECORD, PROOFs           2 promise  u32 epoch, 8 to, RECORD, PROOFs
//   3 refuse   u32 epoch, u8 reason, u32 promised, RECORD, PROOFs
//   4 release  u32 epoch, LOG END, u8 successor (255 = nobody)
//   5 state?   nothing                             6 state    8 to, u8 blank, u32 promised, RECORD,
//                                                             u32 asked
// A text is u8 length and UTF-8. Lists of PROOFs are u8 count and so many.

import { ok, type Result, type SlotId } from "../base/index.ts";
import {
  isWhole,
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
  writeList,
  writer,
  type Writer,
  writeText,
  writeU32,
  writeU53,
  writeU8,
} from "./cursor.ts";
import { bad, type WireError } from "./error.ts";
import type {
  GroupTell,
  LeaseMessage,
  LeaseProof,
  LeaseRecord,
  LogEnd,
  RefuseReason,
} from "./lease-types.ts";
import { groupNameBytesMax, leaseProofsMax, leaseSlotsMax, leaseTellsMax } from "./limits.ts";

/** Extension type of the leases' tells in a heartbeat. */
export const beatExtensionLease = 3;

const refuseReasons = [
  "promised-higher",
  "holder-not-proven-off",
  "holder-claims-to-act",
  "not-in-sync",
  "voter-blank",
  "voter-late",
  "maintenance",
] as const satisfies readonly RefuseReason[];

const whoBytesMax = 32;
const reasonBytesMax = 96;
const nobody = 255;
const types = ["ask", "promise", "refuse", "release", "state-question", "state"] as const;

/** Writes what a beat tells; the error says that `bytesMax` are too few. */
export function encodeLeaseTells(
  tells: readonly GroupTell[],
  bytesMax: number,
): Result<Uint8Array, WireError> {
  const into = writer(new Uint8Array(bytesMax));
  writeList(into, tells, writeTell);
  return whole(into);
}

/** Reads what a beat tells. Errors: length, counts, slots, numbers. Never throws; copies. */
export function decodeLeaseTells(bytes: Uint8Array): Result<GroupTell[], WireError> {
  const from = reader(bytes);
  return read(from, readList(from, leaseTellsMax, readTell));
}

/** Writes a packet about one group. */
export function encodeLeaseMessage(
  group: string,
  message: LeaseMessage,
  bytesMax: number,
): Result<Uint8Array, WireError> {
  const into = writer(new Uint8Array(bytesMax));
  writeText(into, group, groupNameBytesMax);
  writeU8(into, types.indexOf(message.type) + 1);
  writeMessage(into, message);
  return whole(into);
}

/** Reads a packet. Errors: length, type, counts, slots, numbers. Never throws; copies. */
export function decodeLeaseMessage(
  bytes: Uint8Array,
): Result<{ readonly group: string; readonly message: LeaseMessage }, WireError> {
  const from = reader(bytes);
  const group = readText(from, 1, groupNameBytesMax);
  const type = types[readU8(from) - 1];
  if (type === undefined) return bad(from.at - 1, "type 1 to 6", bytes[from.at - 1] ?? "the end");
  return read(from, { group, message: readMessage(from, type) });
}

/** One record's bytes, for the disk; ends with nothing behind it. */
export function encodeLeaseRecord(record: LeaseRecord): Uint8Array {
  const into = writer(new Uint8Array(recordBytesMax));
  writeRecord(into, record);
  return into.bytes.subarray(0, into.at);
}

/** Reads `encodeLeaseRecord`'s bytes. */
export function decodeLeaseRecord(bytes: Uint8Array): Result<LeaseRecord, WireError> {
  const from = reader(bytes);
  return read(from, readRecord(from));
}

/** Two full lists, both texts and the fixed part. */
const recordBytesMax = 16 + 2 * (1 + leaseSlotsMax) + 1 + 2 + whoBytesMax + reasonBytesMax;

function whole(into: Writer): Result<Uint8Array, WireError> {
  if (!isWhole(into)) return bad(into.bytes.length, "more room", into.at);
  return ok(into.bytes.subarray(0, into.at));
}

function read<T>(from: Reader, value: T): Result<T, WireError> {
  const { wrong, bytes, at } = from;
  if (wrong !== undefined) return bad(wrong.at, wrong.want, bytes[wrong.at] ?? "the end");
  if (at !== bytes.length) return bad(at, "the end", bytes[at] ?? 0);
  return ok(value);
}

function writeLogEnd(into: Writer, end: LogEnd): void {
  writeU32(into, end.epoch);
  writeU53(into, end.seq);
}

function readLogEnd(from: Reader): LogEnd {
  return { epoch: readU32(from), seq: readU53(from) };
}

function writeRecord(into: Writer, record: LeaseRecord): void {
  writeU32(into, record.epoch);
  writeU32(into, record.version);
  writeIncarnation(into, record.incarnation);
  writeList(into, record.inSync, writeU8);
  writeList(into, record.bound, writeU8);
  writeU8(into, record.forced === undefined ? 0 : 1);
  if (record.forced === undefined) return;
  writeText(into, record.forced.who, whoBytesMax);
  writeText(into, record.forced.reason, reasonBytesMax);
}

function readRecord(from: Reader): LeaseRecord {
  const epoch = readU32(from);
  const version = readU32(from);
  const incarnation = readIncarnation(from);
  const inSync = readSlots(from);
  const bound = readSlots(from);
  const forced =
    readFlag(from) === false
      ? undefined
      : { who: readText(from, 0, whoBytesMax), reason: readText(from, 0, reasonBytesMax) };
  return { epoch, version, incarnation, inSync, bound, forced };
}

/** Slots that ascend, so that one set has one spelling. */
function readSlots(from: Reader): SlotId[] {
  const { at } = from;
  const slots = readList(from, leaseSlotsMax, readSlot);
  const ascends = slots.every((slot, i) => i === 0 || slot > (slots[i - 1] ?? slot));
  if (!ascends) from.wrong ??= { at, want: "ascending slots" };
  return slots;
}

function readFlag(from: Reader): boolean {
  const { at } = from;
  const value = readU8(from);
  if (value > 1) from.wrong ??= { at, want: "0 or 1" };
  return value === 1;
}

function writeTell(into: Writer, tell: GroupTell): void {
  writeText(into, tell.group, groupNameBytesMax);
  writeU32(into, tell.promised);
  writeU32(into, tell.epoch);
  writeU32(into, tell.version);
  writeLogEnd(into, tell.logEnd);
  writeU8(into, (tell.entitled ? 1 : 0) | (tell.record === undefined ? 0 : 2));
  if (tell.record !== undefined) writeRecord(into, tell.record);
}

function readTell(from: Reader): GroupTell {
  const group = readText(from, 1, groupNameBytesMax);
  const promised = readU32(from);
  const epoch = readU32(from);
  const version = readU32(from);
  const logEnd = readLogEnd(from);
  const flags = readU8(from);
  if (flags > 3) from.wrong ??= { at: from.at - 1, want: "flags 0 to 3" };
  const record = (flags & 2) === 0 ? undefined : readRecord(from);
  return { group, promised, epoch, version, entitled: (flags & 1) !== 0, logEnd, record };
}

function writeProof(into: Writer, proof: LeaseProof): void {
  if (proof.kind === "off") {
    writeU8(into, 1);
    writeU8(into, proof.slot);
    writeIncarnation(into, proof.incarnation);
    writeU8(into, proof.strong ? 1 : 0);
  } else {
    writeU8(into, 2);
    writeU32(into, proof.epoch);
    writeLogEnd(into, proof.logEnd);
  }
}

function readProof(from: Reader): LeaseProof {
  const { at } = from;
  const kind = readU8(from);
  if (kind === 2) return { kind: "released", epoch: readU32(from), logEnd: readLogEnd(from) };
  if (kind !== 1) from.wrong ??= { at, want: "proof 1 or 2" };
  const slot = readSlot(from);
  return { kind: "off", slot, incarnation: readIncarnation(from), strong: readFlag(from) };
}

const readProofs = (from: Reader): LeaseProof[] => readList(from, leaseProofsMax, readProof);

function writeMessage(into: Writer, message: LeaseMessage): void {
  switch (message.type) {
    case "state-question":
      return;
    case "release":
      writeU32(into, message.epoch);
      writeLogEnd(into, message.logEnd);
      return writeU8(into, message.successor ?? nobody);
    case "state":
      writeIncarnation(into, message.to);
      writeU8(into, message.isBlank ? 1 : 0);
      writeU32(into, message.promised);
      writeRecord(into, message.record);
      return writeU32(into, message.asked);
    case "ask":
    case "promise":
    case "refuse":
      writeU32(into, message.epoch);
      if (message.type === "promise") writeIncarnation(into, message.to);
      if (message.type === "refuse") {
        writeU8(into, refuseReasons.indexOf(message.reason) + 1);
        writeU32(into, message.promised);
      }
      writeRecord(into, message.record);
      return writeList(into, message.proofs, writeProof);
    default:
      return message satisfies never;
  }
}

function readMessage(from: Reader, type: (typeof types)[number]): LeaseMessage {
  switch (type) {
    case "state-question":
      return { type };
    case "release":
      return {
        type,
        epoch: readU32(from),
        logEnd: readLogEnd(from),
        successor: readSuccessor(from),
      };
    case "state": {
      const to = readIncarnation(from);
      const isBlank = readFlag(from);
      const promised = readU32(from);
      return { type, to, isBlank, promised, record: readRecord(from), asked: readU32(from) };
    }
    case "ask":
      return { type, epoch: readU32(from), record: readRecord(from), proofs: readProofs(from) };
    case "promise": {
      const epoch = readU32(from);
      const to = readIncarnation(from);
      return { type, epoch, to, record: readRecord(from), proofs: readProofs(from) };
    }
    case "refuse": {
      const epoch = readU32(from);
      const reason = refuseReasons[readU8(from) - 1];
      if (reason === undefined) from.wrong ??= { at: from.at - 1, want: "reason 1 to 7" };
      const promised = readU32(from);
      const why = reason ?? "promised-higher";
      return {
        type,
        epoch,
        reason: why,
        promised,
        record: readRecord(from),
        proofs: readProofs(from),
      };
    }
    default:
      return type satisfies never;
  }
}

function readSuccessor(from: Reader): SlotId | undefined {
  if (from.bytes[from.at] !== nobody) return readSlot(from);
  from.at += 1;
  return undefined;
}
