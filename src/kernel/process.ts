// Processes that are not our children in Bun's sense: watching any pid, signals without the race
// of a reused pid, reaping orphans as PID 1. Sources: pidfd_open(2), pidfd_send_signal(2),
// waitid(2), prctl(2), kill(2).

import { assert, defined, ok, type Result } from "../base/index.ts";
import { adopt } from "./adopt.ts";
import {
  P_ALL,
  PR_SET_CHILD_SUBREAPER,
  PR_SET_PDEATHSIG,
  thisMachine,
  WEXITED,
  WNOHANG,
  WNOWAIT,
} from "./constants.ts";
import { refusal, type SysError } from "./errors.ts";
import { check, closeFd, libc } from "./libc.ts";
import { reapsMax } from "./limits.ts";

/** A process held by a descriptor that never means another one, even if the pid is used again. */
export type WatchedProcess = {
  /** Sends a signal to exactly this process; ESRCH when it has ended. */
  signal(signal: number): Result<void, SysError>;
  /** Stops watching; `onExit` is not called any more. */
  close(): void;
};

/**
 * Calls `onExit` once when the process has ended (it may be a zombie still). ESRCH if there is
 * none. The pidfd becomes readable in the event loop; Bun then tries to read it as a socket, is
 * refused and closes it: that close is the news (measured: 0.2 ms before Bun tells of its own
 * child). The alternatives, a Worker blocked in poll(2) or a timer, cost a thread or latency.
 */
export function watchPid(pid: number, onExit: () => void): Result<WatchedProcess, SysError> {
  const opened = openPidfd(pid);
  if (!opened.ok) return opened;
  const fd = opened.value;
  let isOver = false;
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    onExit();
  };
  let terminate: (() => void) | undefined;
  adopt(fd, { onData: () => {}, onClose: over }).then(
    (end) => {
      terminate = end;
      if (isOver) terminate();
    },
    (thrown: unknown) => {
      closeFd(fd);
      assert(isOver, `the event loop takes the pidfd of ${pid} (${String(thrown)})`);
    },
  );
  return ok({
    signal(signal) {
      if (isOver) return refusal("signal", `process ${pid}`, "ESRCH", "it has ended");
      return signalPidfd(fd, pid, signal);
    },
    close() {
      isOver = true;
      terminate?.();
    },
  });
}

/** Sends a signal to a process by pid (kill(2)); 0 only asks whether it is there. */
export function killPid(pid: number, signal: number): Result<void, SysError> {
  if (!Number.isInteger(pid) || pid <= 0) return refusal("signal", `process ${pid}`, "EINVAL");
  return nothing(check(libc.kill(pid, signal), "signal", `process ${pid}`));
}

/** struct siginfo_t is 128 bytes; si_pid of SIGCHLD is at 16 on 64-bit machines (waitid(2)). */
const siginfo = new Int32Array(32);
const siPid = 4;

/**
 * Reaps ended orphans that fell to this process (as PID 1 or subreaper); the number reaped. Bun
 * reaps its own children, so `isOwnChild` must name every living Bun.spawn pid: looking first
 * (WNOWAIT) leaves those alone; an own one at the head of the kernel's list hides the others until
 * Bun has taken it. Call it a millisecond after each SIGCHLD and every second.
 */
export function reapOrphans(isOwnChild: (pid: number) => boolean): number {
  for (let reaped = 0; reaped < reapsMax; reaped++) {
    siginfo.fill(0);
    const looked = libc.waitid(P_ALL, 0, siginfo, WNOHANG | WEXITED | WNOWAIT);
    const pid = siginfo[siPid] ?? 0;
    if (looked !== 0 || pid === 0 || isOwnChild(pid)) return reaped;
    if (libc.waitpid(pid, null, WNOHANG) !== pid) return reaped;
  }
  return reapsMax;
}

/** Orphaned descendants come to this process instead of PID 1, or no longer (prctl(2)). */
export function setSubreaper(on: boolean): Result<void, SysError> {
  const what = on ? "become" : "stop being";
  return nothing(check(libc.prctl(PR_SET_CHILD_SUBREAPER, on ? 1 : 0, 0, 0, 0), what, "subreaper"));
}

/** This process gets `signal` when the *thread* that started it ends (prctl(2)); 0 = none. */
export function setParentDeathSignal(signal: number): Result<void, SysError> {
  const text = `parent death signal ${signal}`;
  return nothing(check(libc.prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0), "set", text));
}

function openPidfd(pid: number): Result<number, SysError> {
  const numbers = defined(thisMachine(), "this machine's system call table");
  if (!Number.isInteger(pid) || pid <= 0) return refusal("watch", `process ${pid}`, "EINVAL");
  return check(libc.syscall(numbers.pidfdOpen, pid, 0, 0, 0), "watch", `process ${pid}`);
}

function signalPidfd(fd: number, pid: number, signal: number): Result<void, SysError> {
  const numbers = defined(thisMachine(), "this machine's system call table");
  const answer = libc.syscall(numbers.pidfdSendSignal, fd, signal, 0, 0);
  return nothing(check(answer, "signal", `process ${pid}`));
}

function nothing(of: Result<number, SysError>): Result<void, SysError> {
  return of.ok ? ok(undefined) : of;
}
