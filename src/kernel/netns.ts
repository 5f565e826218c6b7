// Network namespaces by file descriptor (network_namespaces(7), setns(2), unshare(2)). A namespace
// made here has no name and lives as long as a descriptor, a socket or a process in it, so nothing
// is left after a crash. setns is per thread: what runs inside must be synchronous.

import { statSync } from "node:fs";
import { assert, type Result } from "../base/index.ts";
import { CLONE_NEWNET, O_CLOEXEC, O_RDONLY } from "./constants.ts";
import type { SysError } from "./errors.ts";
import { check, closeFd, libc } from "./libc.ts";

const own = "/proc/thread-self/ns/net";

/** A new network namespace (only a lo, down) as an open descriptor; the thread stays where it is. */
export function createNetns(): Result<number, SysError> {
  const home = openNetns(own);
  if (!home.ok) return home;
  // Root of a user namespace may leave a namespace it cannot enter again: ask before leaving.
  const mayReturn = check(libc.setns(home.value, CLONE_NEWNET), "enter again", "own namespace");
  if (!mayReturn.ok) {
    closeFd(home.value);
    return mayReturn;
  }
  const left = check(libc.unshare(CLONE_NEWNET), "create", "a network namespace");
  if (!left.ok) {
    closeFd(home.value);
    return left;
  }
  const made = openNetns(own);
  goTo(home.value);
  closeFd(home.value);
  return made;
}

/** Opens the network namespace of a process (its pid), of a thread, or bound to a path. */
export function openNetns(pidOrPath: number | string): Result<number, SysError> {
  const path = typeof pidOrPath === "number" ? `/proc/${pidOrPath}/ns/net` : pidOrPath;
  return check(libc.open(path, O_RDONLY | O_CLOEXEC, 0), "open namespace", path);
}

/** The network namespace of the calling thread, as an open descriptor. */
export function currentNetns(): Result<number, SysError> {
  return openNetns(own);
}

/** Closes a descriptor from createNetns or openNetns; the namespace ends when nobody is in it. */
export function closeNetns(fd: number): void {
  closeFd(fd);
}

/**
 * Runs `run` in the namespace, synchronously, and comes back in any case. Sockets and children
 * (Bun.spawn) made in `run` belong there for life; what `run` awaits runs at home again. `fd` comes
 * from createNetns or openNetns: anything else is our own mistake and throws AssertionFailed.
 */
export function inNetns<T>(fd: number, run: () => T): T {
  const home = openNetns(own);
  assert(home.ok, "the thread's own namespace can be opened");
  try {
    goTo(fd);
    return run();
  } finally {
    goTo(home.value);
    closeFd(home.value);
  }
}

/** setns(2); a thread in the wrong namespace must not go on. */
function goTo(fd: number): void {
  const gone = check(libc.setns(fd, CLONE_NEWNET), "enter namespace", `fd ${fd}`);
  assert(gone.ok, `fd ${fd} is a network namespace (${gone.ok ? "" : gone.error.code})`);
}

/** The number by which the kernel tells the calling thread's network namespace from others. */
export function netnsNumber(): number {
  return statSync(own).ino;
}
