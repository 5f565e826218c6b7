// Whole IPv4 packets, header included, that the kernel routes (raw(7), IPPROTO_RAW). For the one
// packet that TCP itself would never send: the tickle, which wakes a dead board's clients.

import { type Ipv4, ok, type Result } from "../base/index.ts";
import { AF_INET, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_RAW } from "./constants.ts";
import { refusal, type SysError } from "./errors.ts";
import { closeFd } from "./libc.ts";
import { datagramBytesMax } from "./limits.ts";
import { inetAddress, makeSocket, sendDatagram } from "./socket.ts";

/** A socket that sends packets. */
export type RawIp = {
  /** Sends a packet whose header names `to` as its destination, at once or refuses. */
  readonly send: (packet: Uint8Array, to: Ipv4) => Result<void, SysError>;
  readonly close: () => void;
};

const IPPROTO_RAW = 255;

/** Opens it in the calling thread's network namespace; needs CAP_NET_RAW. */
export function openRawIp(): Result<RawIp, SysError> {
  const type = SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const kind = { family: AF_INET, type, protocol: IPPROTO_RAW, text: "raw IP" };
  const made = makeSocket(kind, () => ok(undefined));
  if (!made.ok) return made;
  const fd = made.value;
  let closed = false;
  return ok({
    send(packet, to) {
      const text = (): string => `raw IP ${to}`;
      if (closed) return refusal("send to", text(), "EBADF", "the socket is closed");
      if (packet.length > datagramBytesMax) return refusal("send to", text(), "EMSGSIZE");
      return sendDatagram(fd, { bytes: packet, to: inetAddress(to, 0), text });
    },
    close() {
      if (!closed) closeFd(fd);
      closed = true;
    },
  });
}
