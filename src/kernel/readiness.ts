// One wake-up when a descriptor has something, without reading it: what Bun's own sockets cannot do
// (they read with recv(2), which loses credentials, and know no POLLPRI). An epoll(7) descriptor is
// itself readable when what it watches is; the event loop takes it as a socket, tries to read it,
// is refused and closes it: that close is the news, as with a pidfd (process.ts).

import { assert, ok, type Result } from "../base/index.ts";
import { adopt } from "./adopt.ts";
import type { SysError } from "./errors.ts";
import { check, closeFd, libc } from "./libc.ts";

/** poll(2) POLLIN: there is something to read. */
export const pollIn = 1;
/** poll(2) POLLPRI: cgroup.events or another kernel file has changed since it was read. */
export const pollPriority = 2;

/** A wake-up that has not come yet. */
export type Awaited = {
  /** It does not come any more. The watched descriptor stays open. */
  close(): void;
};

const EPOLL_CLOEXEC = 0x80000;
const EPOLL_CTL_ADD = 1;
/** struct epoll_event: events, then data, packed on x86-64 only; data is not used here. */
const epollEvent = new Uint32Array(4);

/** Calls `onReady` once when `fd` has one of `events`, at once if it has it already. */
export function awaitReady(
  fd: number,
  events: number,
  onReady: () => void,
): Result<Awaited, SysError> {
  const text = `fd ${fd}`;
  const made = check(libc.epoll_create1(EPOLL_CLOEXEC), "watch", text);
  if (!made.ok) return made;
  const epollFd = made.value;
  epollEvent.fill(0);
  epollEvent[0] = events;
  const added = check(libc.epoll_ctl(epollFd, EPOLL_CTL_ADD, fd, epollEvent), "watch", text);
  if (!added.ok) {
    closeFd(epollFd);
    return added;
  }
  let isOver = false;
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    onReady();
  };
  let terminate: (() => void) | undefined;
  adopt(epollFd, { onData: () => {}, onClose: over }).then(
    (end) => {
      terminate = end;
      if (isOver) terminate();
    },
    (thrown: unknown) => {
      closeFd(epollFd);
      assert(isOver, `the event loop takes an epoll descriptor (${String(thrown)})`);
    },
  );
  return ok({
    close() {
      isOver = true;
      terminate?.();
    },
  });
}
