// Which processes there are, who came from whom, and signals to whole groups: proc(5)
// (/proc/PID/stat, task/TID/children, environ), kill(2). A process that ends while it is read is no
// error: it is not there.

import { readdirSync, readFileSync } from "node:fs";
import { ok, type Result } from "../base/index.ts";
import { refusal, type SysError } from "./errors.ts";
import { check, libc } from "./libc.ts";
import { environmentBytesMax, processesMax } from "./limits.ts";

/** What /proc/PID/stat says of a process. */
export type ProcessFacts = {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** False for a zombie: it has ended and only its exit code is left. */
  readonly isAlive: boolean;
  /** It runs no instruction of its program any more (PF_EXITING of linux/sched.h), or is a zombie. */
  readonly isDying: boolean;
  /** When it started, clock ticks since boot; tells two uses of one pid apart. */
  readonly startTicks: number;
};

const pfExiting = 4;

/** The facts of one process; undefined if there is none. */
export function readProcess(pid: number): ProcessFacts | undefined {
  const text = textOf(`/proc/${pid}/stat`);
  // comm may hold blanks and parentheses; the last ")" ends it (proc_pid_stat(5)).
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  if (fields.length < 20) return undefined;
  const number = (i: number): number => Number(fields[i]);
  const state = fields[0] ?? "X";
  return {
    pid,
    parent: number(1),
    group: number(2),
    session: number(3),
    isAlive: state !== "Z" && state !== "X",
    isDying: state === "Z" || state === "X" || (number(6) & pfExiting) !== 0,
    startTicks: number(19),
  };
}

/**
 * Children of a process, of all its threads. Fast, and not exact while children end (proc(5)): ask
 * twice where it counts. EINVAL where the kernel lacks CONFIG_PROC_CHILDREN.
 */
export function childrenOf(pid: number): Result<number[], SysError> {
  const found: number[] = [];
  let isThere = false;
  for (const tid of threadsOf(pid)) {
    const text = textIfThere(`/proc/${pid}/task/${tid}/children`);
    if (text === undefined) continue;
    isThere = true;
    for (const word of text.split(" ")) {
      if (word !== "" && found.length < processesMax) found.push(Number(word));
    }
  }
  if (!isThere && pid === process.pid) {
    return refusal("list children of", `process ${pid}`, "EINVAL", "no CONFIG_PROC_CHILDREN here");
  }
  return ok(found);
}

/** Threads of a process; none if it is gone. */
export function threadsOf(pid: number): number[] {
  return namesIn(`/proc/${pid}/task`).map(Number);
}

/** All processes of this pid namespace that can be seen, at most `processesMax`. */
export function listProcesses(): number[] {
  return namesIn("/proc")
    .filter((name) => /^\d+$/.test(name))
    .slice(0, processesMax)
    .map(Number);
}

/** Does its environment, as it was at exec, have a variable that begins with `start`? */
export function hasVariable(pid: number, start: string): boolean {
  const text = textOf(`/proc/${pid}/environ`).slice(0, environmentBytesMax);
  return text.startsWith(start) || text.includes(`\0${start}`);
}

/** Sends a signal to a whole process group (kill(2)); ESRCH if it has no process. */
export function killGroup(group: number, signal: number): Result<void, SysError> {
  const text = `process group ${group}`;
  // 0 and 1 mean "my own group" and "everybody" to kill(2).
  if (!Number.isInteger(group) || group <= 1) return refusal("signal", text, "EINVAL");
  const sent = check(libc.kill(-group, signal), "signal", text);
  return sent.ok ? ok(undefined) : sent;
}

/** Names in a folder; none if it is not there, which is an answer here. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  return textIfThere(path) ?? "";
}

function textIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
