// A UNIX datagram socket whose every message carries the pid and uid of its sender, filled in by
// the kernel (unix(7) SO_PASSCRED, SCM_CREDENTIALS; abstract addresses). Messages with descriptors
// (SCM_RIGHTS) lose them: the room for ancillary data holds the credentials and nothing else, and
// the kernel closes what does not fit, which is what BARRIER=1 of sd_notify(3) waits for.

import { ptr } from "bun:ffi";
import { ok, type Result } from "../base/index.ts";
import { EAGAIN, MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from "./constants.ts";
import { SOL_SOCKET } from "./constants.ts";
import { refusal, type SysError } from "./errors.ts";
import { check, closeFd, lastErrno, libc } from "./libc.ts";
import { type Awaited, awaitReady, pollIn } from "./readiness.ts";
import { bindSocket, makeSocket, setIntOption } from "./socket.ts";

/** One message and who sent it, as the kernel says. */
export type Letter = {
  readonly bytes: Uint8Array;
  /** It was longer than `bytesMax`; the rest is lost. */
  readonly isCut: boolean;
  /** 0 if the sender is outside this pid namespace. */
  readonly pid: number;
  readonly uid: number;
};

/** What a letter box needs. */
export type LetterBoxOptions = {
  /** Name in the abstract namespace, without the NUL: letters, digits, `.`, `-`, `/`. */
  readonly name: string;
  /** Longest message, bytes. */
  readonly bytesMax: number;
  /** Messages handed over in one turn of the event loop; the rest waits in the kernel. */
  readonly perTurnMax: number;
  readonly onLetter: (letter: Letter) => void;
  /** It hears nothing any more; close it. */
  readonly onBroken: (error: SysError) => void;
};

/** An open letter box. */
export type LetterBox = {
  /** Hands over what has come and not been read, now. */
  read(): void;
  /** Hands over what has come and not been read, then closes. */
  close(): void;
};

const AF_UNIX = 1;
const SO_PASSCRED = 16;
const SCM_CREDENTIALS = 2;
const MSG_TRUNC = 0x20;
const MSG_CMSG_CLOEXEC = 0x40000000;
/** Longest abstract name: sun_path without its first NUL (unix(7)). */
const nameBytesMax = 107;
/** struct cmsghdr (16 bytes on 64-bit) and struct ucred (12), padded. */
const controlBytes = 32;

/** Opens it in the calling thread's network namespace: abstract names belong to that. */
export function openLetterBox(options: LetterBoxOptions): Result<LetterBox, SysError> {
  const text = `socket @${options.name}`;
  const name = new TextEncoder().encode(options.name);
  if (!/^[\w./-]+$/.test(options.name) || name.length > nameBytesMax) {
    return refusal("bind", text, "EINVAL");
  }
  const address = new Uint8Array(3 + name.length);
  address[0] = AF_UNIX;
  address.set(name, 3);
  const type = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  const opened = makeSocket({ family: AF_UNIX, type, protocol: 0, text }, (fd) => {
    const option = { level: SOL_SOCKET, name: SO_PASSCRED, value: 1, text: "SO_PASSCRED" };
    const passed = setIntOption(fd, option);
    return passed.ok ? bindSocket(fd, address, text) : passed;
  });
  if (!opened.ok) return opened;
  const fd = opened.value;
  let awaited: Awaited | undefined;
  let isClosed = false;
  const listen = (): void => {
    const next = awaitReady(fd, pollIn, () => {
      if (isClosed) return;
      const read = readLetters(fd, options);
      if (isClosed) return;
      if (read.ok) listen();
      else options.onBroken(read.error);
    });
    if (next.ok) awaited = next.value;
    else options.onBroken(next.error);
  };
  listen();
  const readNow = (): void => {
    if (isClosed) return;
    const read = readLetters(fd, options);
    if (!read.ok) options.onBroken(read.error);
  };
  return ok({
    read: readNow,
    close() {
      if (isClosed) return;
      readNow();
      isClosed = true;
      awaited?.close();
      closeFd(fd);
    },
  });
}

function readLetters(fd: number, options: LetterBoxOptions): Result<void, SysError> {
  for (let i = 0; i < options.perTurnMax; i++) {
    const letter = readLetter(fd, options.bytesMax);
    if (!letter.ok) return letter;
    if (letter.value === undefined) return ok(undefined);
    options.onLetter(letter.value);
  }
  return ok(undefined);
}

/** Used for every call, so that the kernel never writes where memory was given back. */
const control = new Uint8Array(controlBytes);
const vector = new BigUint64Array(2);
const header = new BigUint64Array(7);

/** struct msghdr and struct iovec of recvmsg(2), 64-bit: pointers and sizes are 8 bytes. */
function readLetter(fd: number, bytesMax: number): Result<Letter | undefined, SysError> {
  const bytes = new Uint8Array(bytesMax);
  control.fill(0);
  vector[0] = BigInt(ptr(bytes));
  vector[1] = BigInt(bytesMax);
  header.fill(0n);
  header[2] = BigInt(ptr(vector));
  header[3] = 1n;
  header[4] = BigInt(ptr(control));
  header[5] = BigInt(controlBytes);
  const answer = Number(libc.recvmsg(fd, header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
  if (answer < 0 && lastErrno() === EAGAIN) return ok(undefined);
  const got = check(answer, "receive", `fd ${fd}`);
  if (!got.ok) return got;
  const flags = Number((header[6] ?? 0n) & 0xffffffffn);
  const view = new DataView(control.buffer);
  const isCredentials =
    Number(header[5] ?? 0n) >= 28 &&
    view.getInt32(8, true) === SOL_SOCKET &&
    view.getInt32(12, true) === SCM_CREDENTIALS;
  return ok({
    bytes: bytes.subarray(0, got.value),
    isCut: (flags & MSG_TRUNC) !== 0,
    pid: isCredentials ? view.getInt32(16, true) : 0,
    uid: isCredentials ? view.getUint32(20, true) : 0xffffffff,
  });
}
