// What a lab wrote down of itself, so that the next `up` or `down` can clear what a killed lab left:
// its processes by pid and start time (a pid alone may mean another process by then). Children die
// with the lab anyway (parent death signal); the record is for the case that one did not.

import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ok, type Result } from "../base/index.ts";
import { killPid, readProcess } from "../kernel/index.ts";
import { type LabError, labError, thrownText } from "./errors.ts";

/** A process that cannot be mistaken for another one. */
export type ProcessMark = {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks from boot to its start. */
  readonly startTicks: number;
};

/** The record file's content. */
export type LabRecord = {
  readonly v: 1;
  /** The process that holds the lab: the daemon, a test or a bench. */
  readonly owner: ProcessMark;
  readonly children: readonly ProcessMark[];
};

/** The mark of a living process; undefined if there is none, or one that runs no instruction more. */
export function markProcess(pid: number): ProcessMark | undefined {
  const facts = readProcess(pid);
  return facts === undefined || facts.isDying ? undefined : { pid, startTicks: facts.startTicks };
}

/** True while exactly this process lives. */
export function isAlive(mark: ProcessMark): boolean {
  return markProcess(mark.pid)?.startTicks === mark.startTicks;
}

/** Reads the record of a lab directory; undefined if there is none that makes sense. */
export function readRecord(dir: string): LabRecord | undefined {
  return parseRecord(readText(join(dir, recordFile)) ?? "");
}

/** The record in a text; undefined if it is none. */
export function parseRecord(text: string): LabRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // half a file, or none: nothing to clear by it
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (!("v" in value) || value.v !== 1 || !("owner" in value) || !("children" in value)) {
    return undefined;
  }
  const { owner, children } = value;
  if (!isMark(owner) || !Array.isArray(children) || !children.every(isMark)) return undefined;
  return { v: 1, owner, children };
}

/** Replaces the record at once, never half. */
export function writeRecord(dir: string, record: LabRecord): void {
  const path = join(dir, recordFile);
  writeFileSync(`${path}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/**
 * Makes the lab directory empty and ours: kills what a dead lab left, removes its files. Refused if
 * the lab is alive, or if the directory is not a lab's.
 */
export function claimLabDirectory(dir: string): Result<void, LabError> {
  const cleared = clearLabDirectory(dir);
  if (!cleared.ok) return cleared;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const found = statSync(dir);
    if (found.uid !== process.getuid?.()) {
      return labError("permission", `${dir} belongs to user ${found.uid}; give another --dir`);
    }
    return ok(undefined);
  } catch (thrown) {
    return labError("permission", `cannot make ${dir}: ${thrownText(thrown)}`);
  }
}

/** Kills what a dead lab left and removes its directory; the number of processes killed. */
export function clearLabDirectory(dir: string): Result<number, LabError> {
  const record = readRecord(dir);
  if (record !== undefined && record.owner.pid !== process.pid && isAlive(record.owner)) {
    const text = `the lab in ${dir} is up (process ${record.owner.pid}); take it down first`;
    return labError("refused", text);
  }
  let killed = 0;
  for (const mark of record?.children ?? []) {
    if (isAlive(mark) && killPid(mark.pid, 9).ok) killed++;
  }
  if (record !== undefined) rmSync(dir, { recursive: true, force: true });
  return ok(killed);
}

const recordFile = "lab.json";

function isMark(value: unknown): value is ProcessMark {
  if (typeof value !== "object" || value === null) return false;
  if (!("pid" in value) || !("startTicks" in value)) return false;
  return Number.isInteger(value.pid) && Number.isInteger(value.startTicks);
}

/** A small file's text; undefined if it is not there, which is an answer here. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
