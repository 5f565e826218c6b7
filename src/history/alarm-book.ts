// The alarms of a running board with their file: every change is written to a new file, flushed and
// renamed over the old one, off the loop (Bun's pool), one write at a time; what changes meanwhile
// goes with the next. A file that cannot be read is put aside, told, and the board begins anew: an
// alarm list must not keep a board from starting.

import { readFileSync, renameSync, statSync } from "node:fs";
import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";

import { err, type Log, ok, type Result } from "../base/index.ts";
import { alarmFileText, type FiledAlarm, readAlarmFile } from "./core/alarm-file.ts";
import {
  acknowledgeAlarm,
  type Alarm,
  type AlarmReport,
  type AlarmState,
  clearAlarm,
  clearedAlarms,
  lookAgain,
  type Moment,
  raiseAlarm,
  restoreAlarms,
  standingAlarms,
  syncAlarms,
} from "./core/alarms.ts";
import { alarmFileBytes } from "./limits.ts";

/** File name in the state directory. */
export const alarmFile = "alarms.json";

/** What the book needs: its directory (undefined: nothing survives, for tests), clocks, a log. */
export type AlarmBookOptions = {
  readonly stateDir: string | undefined;
  readonly now: () => Moment;
  readonly log: Log;
};

/** The single list of alarms of a board. Every call is cheap; none throws. */
export type AlarmBook = {
  /** What one source (a module's name) sees now; call it at every change, and when asked. */
  readonly sync: (source: string, current: readonly AlarmReport[]) => void;
  /** The error: too many alarms stand. */
  readonly raise: (source: string, report: AlarmReport) => Result<Alarm, string>;
  readonly clear: (alarm: { readonly id: string; readonly object: string }) => void;
  /** The error is a sentence: no such alarm, or it is over. */
  readonly acknowledge: (
    number: number,
    by: { readonly who: string; readonly text: string },
  ) => Result<Alarm, string>;
  /** The oldest first. */
  readonly standing: () => readonly Alarm[];
  /** The newest first. */
  readonly cleared: () => readonly Alarm[];
  /** Raises refused because too many stood. */
  readonly refused: () => number;
  /** Resolves when everything told so far is on disk, or was refused by it (in the log). */
  readonly written: () => Promise<void>;
};

/** Opens the book with what its file remembers. Blocks for one read. */
export function openAlarmBook(options: AlarmBookOptions): AlarmBook {
  const { now, stateDir, log } = options;
  const state = restoreAlarms(stateDir === undefined ? [] : remembered(stateDir, log), now());
  const writer = alarmWriter(state, options);
  const changed = <T>(result: T): T => {
    writer.look();
    return result;
  };
  return {
    sync: (source, current) => changed(syncAlarms(state, source, current, now())),
    raise: (source, report) => changed(raiseAlarm(state, source, report, now())),
    clear: (alarm) => changed(clearAlarm(state, alarm, now())),
    acknowledge: (number, by) => changed(acknowledgeAlarm(state, number, by, now())),
    standing: () => {
      lookAgain(state, now());
      return changed(standingAlarms(state));
    },
    cleared: () => clearedAlarms(state),
    refused: () => state.refused,
    written: writer.written,
  };
}

type AlarmWriter = { readonly look: () => void; readonly written: () => Promise<void> };

/** Writes when the state has a revision that is not on disk; one write at a time. */
function alarmWriter(state: AlarmState, { stateDir, log }: AlarmBookOptions): AlarmWriter {
  let writtenRevision = state.revision;
  let running: Promise<void> | undefined;
  let isFailing = false;
  const writeAll = async (directory: string): Promise<void> => {
    while (writtenRevision !== state.revision) {
      const { revision } = state;
      const done = await writeWhole(directory, alarmFileText(state));
      writtenRevision = revision;
      if (!done.ok && !isFailing) log.error("alarms-not-written", { text: done.error });
      if (done.ok && isFailing) log.info("alarms-written-again");
      isFailing = !done.ok;
    }
    running = undefined;
  };
  return {
    look: () => {
      if (stateDir === undefined || writtenRevision === state.revision) return;
      running ??= writeAll(stateDir);
    },
    written: async () => await running,
  };
}

async function writeWhole(directory: string, text: string): Promise<Result<void, string>> {
  const path = join(directory, alarmFile);
  try {
    await mkdir(directory, { recursive: true, mode: 0o755 });
    const file = await open(`${path}.new`, "w", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    const folder = await open(directory, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    return ok(undefined);
  } catch (error) {
    return err(`cannot write ${path}: ${codeOf(error)}; make it writable or free space`);
  }
}

function remembered(directory: string, log: Log): FiledAlarm[] {
  const path = join(directory, alarmFile);
  const read = readBounded(path);
  if (read === undefined) return [];
  const alarms = read.ok ? readAlarmFile(read.value) : read;
  if (alarms.ok) return alarms.value;
  log.error("alarms-unreadable", { text: `${path}: ${alarms.error}`, kept: putAside(path) });
  return [];
}

/** Undefined: there is none yet. */
function readBounded(path: string): Result<string, string> | undefined {
  try {
    const { size } = statSync(path);
    if (size > alarmFileBytes) return err(`${size} bytes, more than ${alarmFileBytes}`);
    return ok(readFileSync(path, "utf8"));
  } catch (error) {
    return codeOf(error) === "ENOENT" ? undefined : err(codeOf(error));
  }
}

/** Where the bad file is now: the next write must not destroy what a person could still read. */
function putAside(path: string): string {
  const aside = `${path}.damaged`;
  try {
    renameSync(path, aside);
    return aside;
  } catch (error) {
    return `nowhere: ${codeOf(error)}`;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
