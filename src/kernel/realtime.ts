// Being on time on a busy board: SCHED_FIFO for every thread of this process except JavaScript
// Workers (sched(7), sched_setscheduler(2)), memory locked (memory-lock.ts).
// FIFO on the main thread alone is worse than none: it waits for its helper threads (52-78 ms seen
// under load, 0.5-1.5 ms with all of them). Workers do bulk work and must never be FIFO. Bun starts
// threads when it likes, so the policy is applied again every 500 ms. RESET_ON_FORK keeps started
// programs normal.

import { readdirSync, readFileSync } from "node:fs";
import { ok, type Result } from "../base/index.ts";
import { EPERM, ESRCH, SCHED_FIFO, SCHED_OTHER, SCHED_RESET_ON_FORK } from "./constants.ts";
import { sysError, type SysError, thrownError } from "./errors.ts";
import { lastErrno, libc } from "./libc.ts";
import { lockMemory } from "./memory-lock.ts";
import { realtimePriority, realtimeSweepMs, threadsMax } from "./limits.ts";

/** What was got; without the first, time-outs must be longer. */
export type Realtime = {
  /** SCHED_FIFO for all threads but Workers. */
  readonly scheduling: Result<void, SysError>;
  /** What could be paged out is locked. */
  readonly memory: Result<void, SysError>;
  /** Stops applying the policy again; threads keep what they have. */
  stop(): void;
};

/**
 * Asks for both and keeps applying the policy; needs root, or rtprio and memlock limits. A later
 * refusal (a right was taken away) is told once, and the policy is tried again all the same.
 */
export function becomeRealtime(onLaterRefusal: (error: SysError) => void): Realtime {
  const memory = lockMemory();
  const scheduling = applyPolicy();
  let isTold = false;
  const sweep = (): void => {
    const applied = applyPolicy();
    if (applied.ok || isTold) return;
    isTold = true;
    onLaterRefusal(applied.error);
  };
  const timer = scheduling.ok ? setInterval(sweep, realtimeSweepMs) : undefined;
  timer?.unref();
  return {
    scheduling,
    memory,
    stop: () => clearInterval(timer),
  };
}

/** struct sched_param: one int. */
const fifo = new Int32Array([realtimePriority]);
const other = new Int32Array([0]);

/** One pass over the threads; the first refusal. A thread that ended meanwhile is no refusal. */
function applyPolicy(): Result<void, SysError> {
  let tids: string[];
  try {
    tids = readdirSync("/proc/self/task");
  } catch (thrown) {
    return thrownError("list", "/proc/self/task", thrown);
  }
  for (const name of tids.slice(0, threadsMax)) {
    const tid = Number(name);
    const comm = threadName(tid);
    if (comm === undefined) continue;
    const done = comm.startsWith("Worker") ? makeNormal(tid) : makeFifo(tid, comm);
    if (!done.ok) return done;
  }
  return ok(undefined);
}

function makeFifo(tid: number, comm: string): Result<void, SysError> {
  const policy = SCHED_FIFO | SCHED_RESET_ON_FORK;
  if (libc.sched_getscheduler(tid) === policy) return ok(undefined);
  if (libc.sched_setscheduler(tid, policy, fifo) === 0) return ok(undefined);
  return refused(lastErrno(), `SCHED_FIFO for thread ${comm}`);
}

function makeNormal(tid: number): Result<void, SysError> {
  if ((libc.sched_getscheduler(tid) & ~SCHED_RESET_ON_FORK) === SCHED_OTHER) return ok(undefined);
  const policy = SCHED_OTHER | SCHED_RESET_ON_FORK;
  if (libc.sched_setscheduler(tid, policy, other) === 0) return ok(undefined);
  return refused(lastErrno(), "SCHED_OTHER for a Worker");
}

function refused(errno: number, object: string): Result<void, SysError> {
  if (errno === ESRCH) return ok(undefined);
  return sysError("set", object, errno, errno === EPERM ? permissionHint() : undefined);
}

/** EPERM has two causes: no right, or a cpu cgroup (v1) without real-time share (sched(7)). */
function permissionHint(): string {
  const group = /^\d+:[^:]*\bcpu\b[^:]*:(\/.*)$/m.exec(textOf("/proc/self/cgroup"))?.[1];
  const path = group === undefined ? "" : `/sys/fs/cgroup/cpu${group}/cpu.rt_runtime_us`;
  const runtime = textOf(path.replace("//", "/")).trim();
  if (runtime === "0") return `cgroup ${group} has no real-time share; write 950000 to ${path}`;
  return "run as root, or give the user an rtprio limit (ulimit -r)";
}

function threadName(tid: number): string | undefined {
  const comm = textOf(`/proc/self/task/${tid}/comm`);
  return comm === "" ? undefined : comm.trim();
}

/** A file's text; "" if it is not there, which is an answer here. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
