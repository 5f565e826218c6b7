// UDP sockets made by libc and adopted by Bun. Bun's own sockets arm IP_RECVERR: after one ICMP
// "port unreachable" from a dead peer the next send to a healthy one fails and its datagram is
// lost. An adopted socket is not armed, and binding it ourselves allows what Bun has no option
// for. Sources: udp(7), ip(7), socket(7).

import { assert, type Ipv4, ipv4ToBytes, ok, parseIpv4, type Result } from "../base/index.ts";
import { attachFilter, type BpfInstruction } from "./bpf.ts";
import {
  AF_INET,
  IP_ADD_MEMBERSHIP,
  IP_FREEBIND,
  IP_MULTICAST_ALL,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  SO_BROADCAST,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_IP,
  SOL_SOCKET,
} from "./constants.ts";
import { refusal, type SysError, thrownError } from "./errors.ts";
import { closeFd } from "./libc.ts";
import { datagramBytesMax, groupsMax } from "./limits.ts";
import {
  bindSocket,
  bindToDevice,
  inetAddress,
  inOrder,
  interfaceIndex,
  makeSocket,
  sendDatagram,
  setIntOption,
  setOption,
  setReceiveBytes,
} from "./socket.ts";

/** An open UDP socket. */
export type UdpSocket = {
  readonly fd: number;
  /** The bound port; what the kernel chose if 0 was asked for. */
  readonly port: number;
  /** Sends at once or refuses (a lost datagram is not repeated). */
  send(bytes: Uint8Array, address: Ipv4, port: number): Result<void, SysError>;
  close(): void;
};

/** What a UDP socket is to be; everything not said is off. */
export type UdpOptions = {
  /** Hear and speak on this interface only (SO_BINDTODEVICE). */
  readonly device?: string;
  /** Local address, 0.0.0.0 if not given. */
  readonly address?: Ipv4;
  /** Local port, 0 = the kernel chooses. */
  readonly port: number;
  /** May send to broadcast addresses. */
  readonly broadcast?: boolean;
  /** Share the port with other sockets that say the same. */
  readonly reuseAddress?: boolean;
  /** Bind an address this machine does not have (yet). */
  readonly freebind?: boolean;
  /** Hear these groups on this interface, and send multicasts there: TTL 1, not to ourselves. */
  readonly multicast?: { readonly groups: readonly Ipv4[]; readonly device: string };
  /** Receive buffer, bytes. */
  readonly receiveBytes?: number;
  /** Hear only what passes this filter; it sees the datagram from its UDP header on. */
  readonly filter?: readonly BpfInstruction[];
  /** A datagram; the bytes are the receiver's to keep. */
  readonly onDatagram: (bytes: Uint8Array, from: Ipv4, fromPort: number) => void;
  /** Receiving was refused; the socket stays open. */
  readonly onError: (e: SysError) => void;
};

/**
 * Opens a UDP socket in the calling thread's network namespace. The socket is made before the
 * first await, so `inNetns(fd, () => openUdp(...))` opens it there.
 */
export async function openUdp(options: UdpOptions): Promise<Result<UdpSocket, SysError>> {
  const where = options.device === undefined ? "" : ` on ${options.device}`;
  const text = `UDP ${options.address ?? "0.0.0.0"}:${options.port}${where}`;
  const made = makeUdp(options, text);
  if (!made.ok) return made;
  const fd = made.value;
  const adopted = {
    fd,
    socket: {
      data(_socket: unknown, bytes: Uint8Array, fromPort: number, from: string): void {
        const address = parseIpv4(from);
        if (address.ok) options.onDatagram(bytes, address.value, fromPort);
      },
      // Bun hands the Error alone, against its own types (socket, error): take the last argument.
      error(...args: unknown[]): void {
        options.onError(thrownError("receive on", text, args.at(-1)).error);
      },
    },
  };
  try {
    const socket = await Bun.udpSocket(adopted);
    return ok(udpSocket({ fd, port: socket.port, text, close: () => socket.close() }));
  } catch (thrown) {
    closeFd(fd);
    return thrownError("adopt", text, thrown);
  }
}

function udpSocket(open: { fd: number; port: number; text: string; close: () => void }): UdpSocket {
  // A beat goes to the same group a hundred times a second: the last destination is kept ready.
  let lastAddress: Ipv4 | undefined;
  let lastPort = -1;
  let to: Uint8Array = new Uint8Array(16);
  let closed = false;
  return {
    fd: open.fd,
    port: open.port,
    send(bytes, address, port) {
      const text = (): string => `UDP ${address}:${port} from ${open.text}`;
      if (closed) return refusal("send to", text(), "EBADF", "the socket is closed");
      if (bytes.length > datagramBytesMax) return refusal("send to", text(), "EMSGSIZE");
      if (address !== lastAddress || port !== lastPort) {
        to = inetAddress(address, port);
        lastAddress = address;
        lastPort = port;
      }
      return sendDatagram(open.fd, { bytes, to, text });
    },
    close() {
      if (!closed) open.close();
      closed = true;
    },
  };
}

function makeUdp(options: UdpOptions, text: string): Result<number, SysError> {
  const { device, multicast, port } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65535) return refusal("bind", text, "EINVAL");
  const type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const on = (level: number, name: number, option: string) => (fd: number) =>
    setIntOption(fd, { level, name, value: 1, text: `${option} of ${text}` });
  return makeSocket({ family: AF_INET, type, protocol: 0, text }, (fd) =>
    inOrder([
      () => (options.reuseAddress ? on(SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR")(fd) : undefined),
      () => (options.broadcast ? on(SOL_SOCKET, SO_BROADCAST, "SO_BROADCAST")(fd) : undefined),
      () => (options.freebind ? on(SOL_IP, IP_FREEBIND, "IP_FREEBIND")(fd) : undefined),
      () => (device === undefined ? undefined : bindToDevice(fd, device)),
      () =>
        options.receiveBytes === undefined ? undefined : setReceiveBytes(fd, options.receiveBytes),
      () => (options.filter === undefined ? undefined : attachFilter(fd, options.filter)),
      () => (multicast === undefined ? undefined : joinGroups(fd, multicast)),
      () => bindSocket(fd, inetAddress(options.address ?? anyAddress, port), text),
    ]),
  );
}

/** Joins by interface index (struct ip_mreqn, ip(7)), which needs no address on the interface. */
function joinGroups(
  fd: number,
  multicast: { readonly groups: readonly Ipv4[]; readonly device: string },
): Result<void, SysError> {
  const { groups, device } = multicast;
  if (groups.length > groupsMax) {
    return refusal("join", `${groups.length} groups on ${device}`, "EINVAL");
  }
  const index = interfaceIndex(device);
  if (!index.ok) return index;
  const int = (name: number, value: number, text: string) =>
    setIntOption(fd, { level: SOL_IP, name, value, text });
  const mreqn = (group: Ipv4): Uint8Array => {
    const bytes = new Uint8Array(12);
    ipv4ToBytes(group, bytes, 0);
    new DataView(bytes.buffer).setInt32(8, index.value, true);
    return bytes;
  };
  const struct = (name: number, group: Ipv4, text: string) =>
    setOption(fd, { level: SOL_IP, name, value: mreqn(group), text: `${text} on ${device}` });
  return inOrder([
    // Without this every socket of the port hears the groups of all others (ip(7)).
    () => int(IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL"),
    () => int(IP_MULTICAST_LOOP, 0, "IP_MULTICAST_LOOP"),
    () => int(IP_MULTICAST_TTL, 1, "IP_MULTICAST_TTL"),
    () => struct(IP_MULTICAST_IF, anyAddress, "IP_MULTICAST_IF"),
    ...groups.map((group) => () => struct(IP_ADD_MEMBERSHIP, group, `group ${group}`)),
  ]);
}

const any = parseIpv4("0.0.0.0");
assert(any.ok, "0.0.0.0 is an address");
const anyAddress = any.value;
