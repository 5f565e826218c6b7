// What a board tells the others of its programs, beside its heartbeats: the states of its services,
// and which boards an operator has taken out (only the CCN says so). Told when it changes and once a
// second, so a lost packet is made good by the next.
//
//   u8 version 1 | u8 flags (1 no elections) | list of slots in maintenance: u8
//   | list of services: text name, u8 state, u8 cause, u8 flags (1 asks to move, 2 is up),
//     u32 start, u16 restarts, u32 pid (0 = none), u32 age of the state in ms

import { ok, type Result, type SlotId } from "../base/index.ts";
import {
  isWhole,
  reader,
  readList,
  readSlot,
  readText,
  readU16,
  readU32,
  readU8,
  writer,
  writeList,
  writeText,
  writeU16,
  writeU32,
  writeU8,
} from "./cursor.ts";
import { bad, type WireError } from "./error.ts";
import { reportServicesMax, groupNameBytesMax } from "./limits.ts";

/** States of a service, as PSRM has them. */
export const reportStates = [
  "stopped",
  "waiting",
  "starting",
  "running",
  "trouble",
  "stopping",
  "failed",
  "done",
] as const;

/** What led to a state, as PSRM has it. */
export const reportCauses = [
  "ordered",
  "dead",
  "silent",
  "trouble",
  "cannot-start",
  "restarted-too-often",
  "asked",
  "dependency",
  "ready",
  "done",
] as const;

/** One service of the board that reports. */
export type ReportedService = {
  readonly service: string;
  readonly state: (typeof reportStates)[number];
  readonly cause: (typeof reportCauses)[number];
  /** It wants another board to run it (design 29, choice 2). */
  readonly asksMove: boolean;
  readonly isUp: boolean;
  readonly start: number;
  readonly restarts: number;
  readonly pid: number | undefined;
  /** How long it has been in this state, ms. */
  readonly ageMs: number;
};

/** What one board tells. */
export type BoardReport = {
  /** An operator wants no elections (leases.md O5); from the CCN only. */
  readonly electionsOff: boolean;
  /** Slots that an operator wants out; from the CCN only. */
  readonly maintenance: readonly SlotId[];
  readonly services: readonly ReportedService[];
};

/** Reads a report. Never throws; copies. */
export function decodeBoardReport(bytes: Uint8Array): Result<BoardReport, WireError> {
  const from = reader(bytes);
  const version = readU8(from);
  if (version !== 1) return bad(0, "version 1", version);
  const electionsOff = (readU8(from) & 1) !== 0;
  const maintenance = readList(from, 64, readSlot);
  const services = readList(from, reportServicesMax, (at): ReportedService => {
    const service = readText(at, 1, groupNameBytesMax);
    const place = at.at;
    const state = reportStates[readU8(at)];
    const cause = reportCauses[readU8(at)];
    const flags = readU8(at);
    if (state === undefined || cause === undefined) {
      at.wrong ??= { at: place, want: "a known state and cause" };
    }
    return {
      service,
      state: state ?? "stopped",
      cause: cause ?? "ordered",
      asksMove: (flags & 1) !== 0,
      isUp: (flags & 2) !== 0,
      start: readU32(at),
      restarts: readU16(at),
      pid: readU32(at) || undefined,
      ageMs: readU32(at),
    };
  });
  if (from.wrong !== undefined) return bad(from.wrong.at, from.wrong.want, "something else");
  if (from.at !== bytes.length) return bad(from.at, "the end", `${bytes.length - from.at} bytes`);
  return ok({ electionsOff, maintenance, services });
}

/** Writes a report. Errors: too many services, no room in `bytesMax`. */
export function encodeBoardReport(
  report: BoardReport,
  bytesMax: number,
): Result<Uint8Array, WireError> {
  const { services } = report;
  if (services.length > reportServicesMax) {
    return bad(0, `${reportServicesMax} services or less`, services.length);
  }
  const into = writer(new Uint8Array(bytesMax));
  writeU8(into, 1);
  writeU8(into, report.electionsOff ? 1 : 0);
  writeList(into, report.maintenance, (at, slot) => writeU8(at, slot));
  writeList(into, services, (at, each) => {
    writeText(at, each.service, groupNameBytesMax);
    writeU8(at, reportStates.indexOf(each.state));
    writeU8(at, reportCauses.indexOf(each.cause));
    writeU8(at, (each.asksMove ? 1 : 0) + (each.isUp ? 2 : 0));
    writeU32(at, each.start);
    writeU16(at, Math.min(each.restarts, 0xffff));
    writeU32(at, each.pid ?? 0);
    writeU32(at, Math.min(each.ageMs, 0xffffffff));
  });
  if (!isWhole(into)) return bad(0, `room for ${into.at} bytes`, bytesMax);
  return ok(into.bytes.subarray(0, into.at));
}
