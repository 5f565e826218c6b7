// The one door to libc (bun:ffi on glibc's libc.so.6). Every other file of this room calls through
// `libc` and turns a negative answer into a SysError with `check`, right after the call, because
// errno is the thread's last error (errno(3)). Lengths are plain numbers, buffers typed arrays;
// strings go as NUL-terminated UTF-8.

import { dlopen, FFIType, read } from "bun:ffi";
import { ok, type Result } from "../base/index.ts";
import { sysError, type SysError } from "./errors.ts";

const library = dlopen("libc.so.6", {
  __errno_location: { args: [], returns: "ptr" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  epoll_create1: { args: ["i32"], returns: "i32" },
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  if_nametoindex: { args: ["cstring"], returns: "u32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  kill: { args: ["i32", "i32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  madvise: { args: ["u64", "u64", "i32"], returns: "i32" },
  mlock2: { args: ["u64", "u64", "u32"], returns: "i32" },
  mlockall: { args: ["i32"], returns: "i32" },
  mmap: { args: ["u64", "u64", "i32", "i32", "i32", "i64"], returns: FFIType.i64_fast },
  mount: { args: ["cstring", "cstring", "cstring", "u64", "cstring"], returns: "i32" },
  munmap: { args: ["u64", "u64"], returns: "i32" },
  open: { args: ["cstring", "i32", "i32"], returns: "i32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: FFIType.i64_fast },
  recvmsg: { args: ["i32", "ptr", "i32"], returns: FFIType.i64_fast },
  sched_getscheduler: { args: ["i32"], returns: "i32" },
  sched_setscheduler: { args: ["i32", "i32", "ptr"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: FFIType.i64_fast },
  sethostname: { args: ["cstring", "u64"], returns: "i32" },
  setns: { args: ["i32", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  syscall: { args: ["i64", "i64", "i64", "i64", "i64"], returns: FFIType.i64_fast },
  umount2: { args: ["cstring", "i32"], returns: "i32" },
  unshare: { args: ["i32"], returns: "i32" },
  waitid: { args: ["i32", "u32", "ptr", "i32"], returns: "i32" },
  waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
} as const);

/** libc's functions by their man-page names; a negative answer means: read errno now. */
export const libc = library.symbols;

/** The calling thread's last error number; only meaningful right after a refused call. */
export function lastErrno(): number {
  const location = libc.__errno_location();
  return typeof location === "number" ? read.i32(location, 0) : 0;
}

/** The call's answer, or the SysError "cannot `op` `object`" if it is negative. */
export function check(
  answer: number | bigint,
  op: string,
  object: string,
): Result<number, SysError> {
  const value = Number(answer);
  return value < 0 ? sysError(op, object, lastErrno()) : ok(value);
}

/** Closes a file descriptor. A refusal would mean that it was not ours: reported, never retried. */
export function closeFd(fd: number): Result<void, SysError> {
  const closed = check(libc.close(fd), "close", `fd ${fd}`);
  return closed.ok ? ok(undefined) : closed;
}
