// A listening TCP socket made by libc, for Bun.listen({fd}) and node:net ({fd}): Bun has no options
// for binding an address that is not here yet or one interface only. Not for Bun.serve or node:http
// listen({fd}), which ignore the descriptor and listen elsewhere (Bun 1.4.5): give the connections
// of a node:net server to an http server by emit("connection"), or set the sysctl
// net.ipv4.ip_nonlocal_bind and let Bun.serve bind. Sources: tcp(7), ip(7), socket(7), listen(2).

import { type Ipv4, ok, type Result } from "../base/index.ts";
import {
  AF_INET,
  IP_FREEBIND,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_IP,
  SOL_SOCKET,
} from "./constants.ts";
import { refusal, type SysError } from "./errors.ts";
import { check, libc } from "./libc.ts";
import { listenBacklog } from "./limits.ts";
import {
  bindSocket,
  bindToDevice,
  inetAddress,
  inOrder,
  makeSocket,
  setIntOption,
} from "./socket.ts";

/** Where to listen. */
export type TcpListenerOptions = {
  readonly address: Ipv4;
  readonly port: number;
  /** Bind an address this machine does not have (yet). */
  readonly freebind?: boolean;
  /** Accept on this interface only. */
  readonly device?: string;
};

/**
 * A listening descriptor in the calling thread's network namespace. Whoever adopts it closes it.
 */
export function openTcpListener(options: TcpListenerOptions): Result<number, SysError> {
  const { address, port, device } = options;
  const text = `TCP ${address}:${port}${device === undefined ? "" : ` on ${device}`}`;
  if (!Number.isInteger(port) || port < 0 || port > 65535) return refusal("bind", text, "EINVAL");
  const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  return makeSocket({ family: AF_INET, type, protocol: 0, text }, (fd) =>
    inOrder([
      () =>
        setIntOption(fd, { level: SOL_SOCKET, name: SO_REUSEADDR, value: 1, text: "SO_REUSEADDR" }),
      () =>
        options.freebind
          ? setIntOption(fd, { level: SOL_IP, name: IP_FREEBIND, value: 1, text: "IP_FREEBIND" })
          : undefined,
      () => (device === undefined ? undefined : bindToDevice(fd, device)),
      () => bindSocket(fd, inetAddress(address, port), text),
      () => {
        const listening = check(libc.listen(fd, listenBacklog), "listen on", text);
        return listening.ok ? ok(undefined) : listening;
      },
    ]),
  );
}
