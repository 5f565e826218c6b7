// System errors as values: what was tried, on what, and the errno name (errno(3), asm-generic
// errno.h; the numbers are the same on x86-64 and aarch64).

import { err, type Err } from "../base/index.ts";

/** A refused system call. `op` and `object` read as a sentence: "cannot op object: code". */
export type SysError = {
  readonly op: string;
  readonly object: string;
  /** Positive errno; 0 if the refusal is our own check of the arguments or of an answer. */
  readonly errno: number;
  /** `EPERM`, or `E123` for a number without a name here. */
  readonly code: string;
  /** What to do about it, where more is known than the code's usual cause. */
  readonly hint?: string;
};

const names: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  3: "ESRCH",
  4: "EINTR",
  5: "EIO",
  6: "ENXIO",
  9: "EBADF",
  10: "ECHILD",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  14: "EFAULT",
  16: "EBUSY",
  17: "EEXIST",
  19: "ENODEV",
  20: "ENOTDIR",
  21: "EISDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  28: "ENOSPC",
  30: "EROFS",
  32: "EPIPE",
  34: "ERANGE",
  36: "ENAMETOOLONG",
  38: "ENOSYS",
  71: "EPROTO",
  88: "ENOTSOCK",
  90: "EMSGSIZE",
  92: "ENOPROTOOPT",
  93: "EPROTONOSUPPORT",
  95: "EOPNOTSUPP",
  97: "EAFNOSUPPORT",
  98: "EADDRINUSE",
  99: "EADDRNOTAVAIL",
  100: "ENETDOWN",
  101: "ENETUNREACH",
  104: "ECONNRESET",
  105: "ENOBUFS",
  110: "ETIMEDOUT",
  111: "ECONNREFUSED",
  113: "EHOSTUNREACH",
};

const hints: Readonly<Record<string, string>> = {
  EPERM: "run as root, or inside a user namespace (unshare -Urn)",
  EACCES: "run as root, or inside a user namespace (unshare -Urn)",
  EADDRINUSE: "another program holds it; stop it or choose another",
  ENODEV: "there is no such interface in this network namespace",
  EMFILE: "raise the limit of open files (ulimit -n)",
  ENETDOWN: "the interface is down; set it up first",
};

/** The name of an errno, `E123` for one without a name here. */
export function errnoName(errno: number): string {
  return names[errno] ?? `E${errno}`;
}

/** A failed Result for `errno`. */
export function sysError(op: string, object: string, errno: number, hint?: string): Err<SysError> {
  const plain = { op, object, errno, code: errnoName(errno) };
  return err(hint === undefined ? plain : { ...plain, hint });
}

/** A failed Result for something this room itself refuses: `code` says why (`EINVAL`, `EPROTO`). */
export function refusal(op: string, object: string, code: string, hint?: string): Err<SysError> {
  return err(
    hint === undefined ? { op, object, errno: 0, code } : { op, object, errno: 0, code, hint },
  );
}

/** A failed Result for something foreign that was thrown (Bun's own errors carry `code`). */
export function thrownError(op: string, object: string, thrown: unknown): Err<SysError> {
  const found = thrownCode(thrown);
  return err({ op, object, errno: found.errno, code: found.code });
}

/** `cannot bind UDP 67 on eth-a: EADDRINUSE; another program holds it; ...` */
export function sysErrorText(e: SysError): string {
  const hint = e.hint ?? hints[e.code];
  return `cannot ${e.op} ${e.object}: ${e.code}${hint === undefined ? "" : `; ${hint}`}`;
}

function thrownCode(thrown: unknown): { errno: number; code: string } {
  if (!(thrown instanceof Error)) return { errno: 0, code: String(thrown).slice(0, 80) };
  const errno = "errno" in thrown && typeof thrown.errno === "number" ? Math.abs(thrown.errno) : 0;
  if ("code" in thrown && typeof thrown.code === "string") return { errno, code: thrown.code };
  return { errno, code: errno === 0 ? thrown.message.slice(0, 80) : errnoName(errno) };
}
