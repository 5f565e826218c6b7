// What all kinds of sockets share: addresses as the kernel lays them out, options, one send.
// Sources: socket(2), socket(7), ip(7), packet(7), if_nametoindex(3).

import { type Ipv4, ipv4ToBytes, ok, type Result } from "../base/index.ts";
import {
  AF_INET,
  AF_PACKET,
  EAGAIN,
  ENOBUFS,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SO_BINDTODEVICE,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOL_SOCKET,
} from "./constants.ts";
import { refusal, sysError, type SysError } from "./errors.ts";
import { check, closeFd, lastErrno, libc } from "./libc.ts";
import { interfaceNameBytesMax } from "./limits.ts";

/** struct sockaddr_in (ip(7)), 16 bytes. */
export function inetAddress(address: Ipv4, port: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port, false);
  ipv4ToBytes(address, bytes, 4);
  return bytes;
}

/** struct sockaddr_ll (packet(7)), 20 bytes; `etherType` 0 binds to the device only. */
export function packetAddress(ifIndex: number, etherType: number): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, etherType, false);
  view.setInt32(4, ifIndex, true);
  return bytes;
}

/** Sets an option whose value is an int. */
export function setIntOption(
  fd: number,
  option: { level: number; name: number; value: number; text: string },
): Result<void, SysError> {
  return setOption(fd, { ...option, value: new Uint8Array(new Int32Array([option.value]).buffer) });
}

/** Sets an option whose value is a struct. */
export function setOption(
  fd: number,
  option: { level: number; name: number; value: Uint8Array; text: string },
): Result<void, SysError> {
  const { level, name, value, text } = option;
  const set = check(libc.setsockopt(fd, level, name, value, value.length), "set", text);
  return set.ok ? ok(undefined) : set;
}

/** SO_BINDTODEVICE (socket(7)): the socket hears and speaks on this device only. */
export function bindToDevice(fd: number, device: string): Result<void, SysError> {
  const value = new TextEncoder().encode(`${device}\0`);
  const text = `SO_BINDTODEVICE ${device}`;
  return setOption(fd, { level: SOL_SOCKET, name: SO_BINDTODEVICE, value, text });
}

/** Receive buffer in bytes: beyond net.core.rmem_max where allowed (SO_RCVBUFFORCE), else up to it. */
export function setReceiveBytes(fd: number, receiveBytes: number): Result<void, SysError> {
  const value = Math.ceil(receiveBytes / 2); // the kernel doubles it for its bookkeeping
  const text = `receive buffer of ${receiveBytes} bytes`;
  const forced = setIntOption(fd, { level: SOL_SOCKET, name: SO_RCVBUFFORCE, value, text });
  return forced.ok ? forced : setIntOption(fd, { level: SOL_SOCKET, name: SO_RCVBUF, value, text });
}

/** The index of an interface in the calling thread's network namespace (if_nametoindex(3)). */
export function interfaceIndex(device: string): Result<number, SysError> {
  const bytes = new TextEncoder().encode(device).length;
  if (bytes === 0 || bytes > interfaceNameBytesMax || device.includes("\0")) {
    return refusal("find interface", JSON.stringify(device.slice(0, 40)), "EINVAL");
  }
  const index = libc.if_nametoindex(device);
  return index === 0 ? sysError("find interface", device, lastErrno()) : ok(index);
}

/** Makes a socket and hands it to `set` for options and bind; closes it if `set` refuses. */
export function makeSocket(
  kind: { family: number; type: number; protocol: number; text: string },
  set: (fd: number) => Result<void, SysError>,
): Result<number, SysError> {
  const made = check(libc.socket(kind.family, kind.type, kind.protocol), "open", kind.text);
  if (!made.ok) return made;
  const ready = set(made.value);
  if (ready.ok) return made;
  closeFd(made.value);
  return ready;
}

/** bind(2). */
export function bindSocket(fd: number, address: Uint8Array, text: string): Result<void, SysError> {
  const bound = check(libc.bind(fd, address, address.length), "bind", text);
  return bound.ok ? ok(undefined) : bound;
}

/** Runs checks one after the other and stops at the first refusal. */
export function inOrder(
  steps: readonly (() => Result<void, SysError> | undefined)[],
): Result<void, SysError> {
  for (const step of steps) {
    const done = step();
    if (done !== undefined && !done.ok) return done;
  }
  return ok(undefined);
}

const nothing = new Uint8Array(1);
const sent: Result<void, SysError> = ok(undefined);

/**
 * One datagram, without waiting (send(2)); `to` null = where the socket is bound or connected.
 * A full send buffer (EAGAIN, ENOBUFS) is a refusal like any other: the datagram is lost.
 */
export function sendDatagram(
  fd: number,
  datagram: { bytes: Uint8Array; to: Uint8Array | null; text: () => string },
): Result<void, SysError> {
  const { bytes, to } = datagram;
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  const buffer = bytes.length === 0 ? nothing : bytes;
  const answer = libc.sendto(fd, buffer, bytes.length, flags, to, to === null ? 0 : to.length);
  return Number(answer) < 0 ? sysError("send to", datagram.text(), lastErrno()) : sent;
}

/** Is this the refusal of a full buffer, which passes by itself? */
export function isFull(e: SysError): boolean {
  return e.errno === EAGAIN || e.errno === ENOBUFS;
}
