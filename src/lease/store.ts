// What the leases must not forget, on disk: promises and records of all groups of a board, in one
// small file with two slots that are written in turn. A crash in the middle of a write leaves the
// other slot whole. One write and one fdatasync (Bun's pool, never the loop) serve all groups.
//
// Slot of `slotBytes`: u32 magic "SLS1" | u32 CRC-32 of what follows | u64 generation | u16 length
//   | length bytes: u8 groups, each: text name, u32 promised, u16 length, RECORD (wire/lease.ts)

import {
  close,
  closeSync,
  fdatasync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  write,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { assert, err, ok, type Result } from "../base/index.ts";
import {
  decodeLeaseRecord,
  encodeLeaseRecord,
  isWhole,
  reader,
  readList,
  readText,
  readU16,
  readU32,
  readU53,
  type Reader,
  writer,
  writeList,
  writeText,
  writeU16,
  writeU32,
  writeU53,
} from "../wire/index.ts";
import type { Durable } from "./core/state.ts";
import { groupsMax, slotBytes } from "./limits.ts";

/** File name in the state directory. */
export const leaseFile = "leases";

/** What is on disk, by group. */
export type LeaseMemory = ReadonlyMap<string, Durable>;

/** The open file. */
export type LeaseStore = {
  /** What it held at the start; undefined = nothing that can be trusted: the board is blank (B1). */
  readonly remembered: LeaseMemory | undefined;
  /** Writes all; `done` hears when it is on disk, or what went wrong. One at a time. */
  readonly write: (memory: LeaseMemory, done: (error: string | undefined) => void) => void;
  readonly close: () => void;
};

const magic = 0x534c5331;
const headBytes = 18;

/** Opens the file, or makes it if there is none. Blocks for a few reads, or one fsync. */
export function openLeaseStore(stateDir: string): Result<LeaseStore, string> {
  const path = join(stateDir, leaseFile);
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o755 });
    const fd = openOrMake(path);
    const slots = [readSlot(fd, 0), readSlot(fd, 1)];
    const newest = slots.reduce((a, b) => ((b?.generation ?? -1) > (a?.generation ?? -1) ? b : a));
    const at = slots.indexOf(newest);
    return ok(store(fd, newest, newest === undefined ? 0 : 1 - at));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return err(`cannot open ${path}: ${code}; make ${stateDir} writable or free space`);
  }
}

type Slot = { readonly generation: number; readonly memory: LeaseMemory };

function store(fd: number, newest: Slot | undefined, first: number): LeaseStore {
  let generation = newest?.generation ?? 0;
  let slot = first;
  let isBusy = false;
  let isClosed = false;
  const end = (): void => close(fd, () => undefined);
  return {
    remembered: newest?.memory,
    write(memory, done) {
      assert(!isBusy && !isClosed, "one write at a time, none after the end");
      isBusy = true;
      generation += 1;
      const bytes = encodeSlot(generation, memory);
      const at = slot * slotBytes;
      slot = 1 - slot;
      const over = (error: Error | null, what: string): void => {
        isBusy = false;
        if (isClosed) return end();
        done(error === null ? undefined : `cannot ${what} the leases: ${error.message}`);
      };
      write(fd, bytes, 0, bytes.length, at, (failed, written) => {
        if (failed !== null) return over(failed, "write");
        if (written !== bytes.length) return over(new Error("the disk is full"), "write");
        fdatasync(fd, (refused) => over(refused, "flush"));
      });
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      if (!isBusy) end();
    },
  };
}

/** A new file appears whole or not at all. */
function openOrMake(path: string): number {
  try {
    return openSync(path, "r+");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  const fresh = `${path}.new`;
  const fd = openSync(fresh, "w+", 0o600);
  writeSync(fd, new Uint8Array(2 * slotBytes), 0, 2 * slotBytes, 0);
  fsyncSync(fd);
  renameSync(fresh, path);
  const folder = openSync(dirname(path), "r");
  fsyncSync(folder);
  closeSync(folder);
  return fd;
}

function encodeSlot(generation: number, memory: LeaseMemory): Uint8Array {
  const bytes = new Uint8Array(slotBytes);
  const into = writer(bytes, headBytes);
  writeList(into, [...memory], (to, [name, { promised, record }]) => {
    writeText(to, name, 32);
    writeU32(to, promised);
    const encoded = encodeLeaseRecord(record);
    writeU16(to, encoded.length);
    bytes.set(encoded, to.at);
    to.at += encoded.length;
  });
  assert(isWhole(into), "all groups fit a slot");
  const head = writer(bytes);
  writeU32(head, magic);
  writeU32(head, 0);
  writeU53(head, generation);
  writeU16(head, into.at - headBytes);
  writeU32(writer(bytes, 4), Bun.hash.crc32(bytes.subarray(8, into.at)));
  return bytes;
}

/** A slot that is whole; undefined for one that was never, or only half, written. */
function readSlot(fd: number, index: number): Slot | undefined {
  const bytes = new Uint8Array(slotBytes);
  if (readSync(fd, bytes, 0, slotBytes, index * slotBytes) < headBytes) return undefined;
  const head = reader(bytes);
  if (readU32(head) !== magic) return undefined;
  const sum = readU32(head);
  const generation = readU53(head);
  const end = headBytes + readU16(head);
  if (head.wrong !== undefined || end > slotBytes) return undefined;
  if (Bun.hash.crc32(bytes.subarray(8, end)) !== sum) return undefined;
  const from = reader(bytes.subarray(0, end), headBytes);
  const groups = readList(from, groupsMax, readGroup);
  if (from.wrong !== undefined) return undefined;
  return { generation, memory: new Map(groups.filter((group) => group !== undefined)) };
}

function readGroup(from: Reader): [string, Durable] | undefined {
  const name = readText(from, 1, 32);
  const promised = readU32(from);
  const length = readU16(from);
  const record = decodeLeaseRecord(from.bytes.subarray(from.at, from.at + length));
  from.at += length;
  if (!record.ok) from.wrong ??= { at: from.at, want: "a record" };
  return record.ok ? [name, { promised, record: record.value }] : undefined;
}
