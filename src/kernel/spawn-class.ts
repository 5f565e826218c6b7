// Starting a program from a real-time thread without standing still. Bun.spawn forks by vfork(2): the
// calling thread waits until the child has called exec. SCHED_RESET_ON_FORK makes that child normal,
// so on a busy machine it waits for a processor, and the real-time caller with it (2 cores, load 5:
// p50 4.0 ms, worst 11.9 ms, of a loop that must not stop for 2). So the child keeps the caller's
// class until exec (p50 0.33, worst 0.72 ms), and is made normal right after: before it has mapped
// its libraries, let alone forked.
// And the other end: a process that was killed needs a processor to die. sched(7),
// sched_setscheduler(2).

import { ok, type Result } from "../base/index.ts";
import { ESRCH, SCHED_FIFO, SCHED_OTHER, SCHED_RESET_ON_FORK } from "./constants.ts";
import { sysError, type SysError } from "./errors.ts";
import { lastErrno, libc } from "./libc.ts";
import { realtimePriority } from "./limits.ts";
import { childrenOf, threadsOf } from "./process-tree.ts";

const fifo = new Int32Array([realtimePriority]);
const other = new Int32Array([0]);

/**
 * Runs `spawn`, which starts one program and returns its pid, at the calling thread's class, and
 * makes the program SCHED_OTHER. The error says that it could not be; then it must not live on.
 */
export function spawnAtOwnClass<T extends { readonly pid: number }>(
  spawn: () => T,
): Result<T, { readonly error: SysError; readonly spawned: T }> {
  if (libc.sched_getscheduler(0) !== (SCHED_FIFO | SCHED_RESET_ON_FORK)) return ok(spawn());
  const isLifted = libc.sched_setscheduler(0, SCHED_FIFO, fifo) === 0;
  let spawned: T;
  try {
    spawned = spawn();
  } finally {
    if (isLifted) libc.sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, fifo);
  }
  if (!isLifted) return ok(spawned);
  const done = makeNormal(spawned.pid);
  return done.ok ? ok(spawned) : { ok: false, error: { error: done.error, spawned } };
}

/**
 * Lets a process that has been sent SIGKILL die before others run: on a busy machine its death would
 * wait like anybody's turn. Without the right to, it dies when its turn comes; never call it for a
 * process that may live on.
 */
export function hurryDeath(pid: number): void {
  for (const tid of threadsOf(pid)) {
    libc.sched_setscheduler(tid, SCHED_FIFO | SCHED_RESET_ON_FORK, fifo);
  }
}

function makeNormal(pid: number): Result<void, SysError> {
  if (libc.sched_setscheduler(pid, SCHED_OTHER, other) !== 0) {
    const errno = lastErrno();
    if (errno !== ESRCH) return sysError("make normal", `process ${pid}`, errno);
  }
  // What it may have forked in those microseconds has its old class.
  const children = childrenOf(pid);
  for (const child of children.ok ? children.value : []) {
    const made = makeNormal(child);
    if (!made.ok) return made;
  }
  return ok(undefined);
}
