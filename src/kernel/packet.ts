// Whole Ethernet frames on one interface (AF_PACKET, packet(7)): for what happens before a board
// has an address (DHCP, RARP) and below addresses (ARP). Frames that this machine sends itself are
// not heard. Checksums of UDP and TCP from a neighbour on the same kernel (veth) may be unfinished:
// the sending side leaves them to hardware that is not there.

import { type Mac, macFromBytes, ok, type Result } from "../base/index.ts";
import { adopt } from "./adopt.ts";
import { attachFilter, type BpfInstruction } from "./bpf.ts";
import {
  AF_PACKET,
  PACKET_IGNORE_OUTGOING,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_PACKET,
} from "./constants.ts";
import { refusal, type SysError, thrownError } from "./errors.ts";
import { check, closeFd, libc } from "./libc.ts";
import { frameBytesMax } from "./limits.ts";
import {
  bindSocket,
  inOrder,
  interfaceIndex,
  makeSocket,
  packetAddress,
  sendDatagram,
  setIntOption,
  setReceiveBytes,
} from "./socket.ts";

/** An open packet socket. */
export type PacketSocket = {
  readonly ifIndex: number;
  /** The interface's MAC when the socket was opened. */
  readonly mac: Mac;
  /** Sends a whole frame, Ethernet header included, at once or refuses. */
  send(frame: Uint8Array): Result<void, SysError>;
  /** Closes; blocks 15-20 ms in the kernel, so not on a hot path. `onClose` is not called. */
  close(): void;
};

/** What a packet socket is to be. */
export type PacketOptions = {
  readonly device: string;
  /** EtherType to hear: 0x0806 ARP, 0x8035 RARP, 0x0800 IPv4, 0x0003 all. */
  readonly etherType: number;
  /** Hear only what passes this filter. */
  readonly filter?: readonly BpfInstruction[];
  /** Receive buffer, bytes; the system's default holds about 100 frames. */
  readonly receiveBytes?: number;
  /** A frame, Ethernet header included; the bytes are the receiver's to keep. */
  readonly onFrame: (frame: Uint8Array) => void;
  /** The kernel ended it (interface set down: ENETDOWN, or deleted); open again when it is back. */
  readonly onClose: (reason: SysError | undefined) => void;
};

/**
 * Opens a packet socket in the calling thread's network namespace. The socket is made before the
 * first await, so `inNetns(fd, () => openPacket(...))` opens it there.
 */
export async function openPacket(options: PacketOptions): Promise<Result<PacketSocket, SysError>> {
  const text = `packets 0x${options.etherType.toString(16).padStart(4, "0")} on ${options.device}`;
  const index = interfaceIndex(options.device);
  if (!index.ok) return index;
  const made = makePacket(options, index.value, text);
  if (!made.ok) return made;
  const fd = made.value;
  const mac = interfaceMac(fd, options.device);
  if (!mac.ok) {
    closeFd(fd);
    return mac;
  }
  let closed = false;
  try {
    const terminate = await adopt(fd, {
      onData: options.onFrame,
      onClose(thrown) {
        if (closed) return;
        closed = true;
        options.onClose(
          thrown === undefined || thrown === null
            ? undefined
            : thrownError("hear", text, thrown).error,
        );
      },
    });
    return ok({
      ifIndex: index.value,
      mac: mac.value,
      send(frame) {
        if (closed) return refusal("send to", text, "EBADF", "the socket is closed");
        if (frame.length > frameBytesMax) return refusal("send to", text, "EMSGSIZE");
        return sendDatagram(fd, { bytes: frame, to: null, text: () => text });
      },
      close() {
        if (closed) return;
        closed = true;
        terminate();
      },
    });
  } catch (thrown) {
    closeFd(fd);
    return thrownError("adopt", text, thrown);
  }
}

/** Protocol 0 hears nothing until bind names device and EtherType: no foreign frame slips in. */
function makePacket(
  options: PacketOptions,
  ifIndex: number,
  text: string,
): Result<number, SysError> {
  const { etherType, filter, receiveBytes } = options;
  if (!Number.isInteger(etherType) || etherType < 1 || etherType > 0xffff) {
    return refusal("open", text, "EINVAL", "an EtherType is 1 to 0xffff");
  }
  const type = SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const ignore = { level: SOL_PACKET, name: PACKET_IGNORE_OUTGOING, value: 1 };
  return makeSocket({ family: AF_PACKET, type, protocol: 0, text }, (fd) =>
    inOrder([
      () => setIntOption(fd, { ...ignore, text: `PACKET_IGNORE_OUTGOING of ${text}` }),
      () => (filter === undefined ? undefined : attachFilter(fd, filter)),
      () => (receiveBytes === undefined ? undefined : setReceiveBytes(fd, receiveBytes)),
      () => bindSocket(fd, packetAddress(ifIndex, etherType), text),
    ]),
  );
}

/** getsockname(2) of a bound packet socket: struct sockaddr_ll, address length at 11, MAC at 12. */
function interfaceMac(fd: number, device: string): Result<Mac, SysError> {
  const address = new Uint8Array(20);
  const length = new Int32Array([address.length]);
  const got = check(libc.getsockname(fd, address, length), "read MAC of", device);
  if (!got.ok) return got;
  if (address[11] !== 6) return refusal("read MAC of", device, "EINVAL", "it is not Ethernet");
  return ok(macFromBytes(address, 12));
}
