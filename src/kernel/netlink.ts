// Requests to the kernel's network configuration (netlink(7), rtnetlink(7)): one socket, one
// request at a time, synchronous, because the kernel has answered before send() returns (10-40 us).
// Refusals come back as values with the kernel's own words as hint (NETLINK_EXT_ACK).

import { ok, type Result } from "../base/index.ts";
import { AF_NETLINK, SO_RCVTIMEO, SOCK_CLOEXEC, SOCK_RAW, SOL_SOCKET } from "./constants.ts";
import { refusal, sysError, type SysError } from "./errors.ts";
import { check, closeFd, libc } from "./libc.ts";
import {
  dumpAttemptsMax,
  dumpPartsMax,
  dumpRowsMax,
  netlinkAnswerBytes,
  netlinkAnswerTimeoutMs,
  netlinkRequestBytes,
} from "./limits.ts";
import {
  decodeAttributes,
  decodeMessages,
  encodeMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  type NetlinkMessage,
  textIn,
  viewOf,
} from "./netlink-message.ts";
import {
  bindSocket,
  inOrder,
  makeSocket,
  sendDatagram,
  setIntOption,
  setOption,
} from "./socket.ts";

/** A request socket of the network namespace it was opened in. */
export type Netlink = {
  readonly fd: number;
  /** Number of the next request: tells a late answer from the one waited for. */
  sequence: number;
  close(): void;
};

/** What to ask; "cannot `op` `object`" is the sentence of a refusal. */
export type NetlinkRequest = {
  readonly op: string;
  readonly object: string;
  readonly type: number;
  /** Beside REQUEST and ACK. */
  readonly flags: number;
  readonly parts: readonly Uint8Array[];
};

const NETLINK_ROUTE = 0;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NLMSGERR_ATTR_MSG = 1;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;

/** Opens a request socket in the calling thread's network namespace. */
export function openNetlink(): Result<Netlink, SysError> {
  return openNetlinkOf(NETLINK_ROUTE);
}

/** The same for another netlink family (socket diagnosis: netlink(7) NETLINK_SOCK_DIAG). */
export function openNetlinkOf(protocol: number): Result<Netlink, SysError> {
  const fd = makeNetlink(0, 0, protocol);
  if (!fd.ok) return fd;
  return ok({ fd: fd.value, sequence: 1, close: () => void closeFd(fd.value) });
}

/** A bound netlink socket; `groups` is the bit mask of what it hears (RTMGRP_ for rtnetlink). */
export function makeNetlink(
  groups: number,
  typeFlags: number,
  protocol: number = NETLINK_ROUTE,
): Result<number, SysError> {
  const text = protocol === NETLINK_ROUTE ? "rtnetlink" : `netlink ${protocol}`;
  const type = SOCK_RAW | SOCK_CLOEXEC | typeFlags;
  const timeout = new BigInt64Array([
    BigInt(Math.floor(netlinkAnswerTimeoutMs / 1000)),
    BigInt((netlinkAnswerTimeoutMs % 1000) * 1000),
  ]);
  const flag = (name: number, option: string) => (fd: number) =>
    setIntOption(fd, { level: SOL_NETLINK, name, value: 1, text: option });
  return makeSocket({ family: AF_NETLINK, type, protocol, text }, (fd) =>
    inOrder([
      () =>
        setOption(fd, {
          level: SOL_SOCKET,
          name: SO_RCVTIMEO,
          value: new Uint8Array(timeout.buffer),
          text: "SO_RCVTIMEO",
        }),
      () => flag(NETLINK_CAP_ACK, "NETLINK_CAP_ACK")(fd),
      () => flag(NETLINK_EXT_ACK, "NETLINK_EXT_ACK")(fd),
      () => bindSocket(fd, netlinkAddress(groups), text),
    ]),
  );
}

/** Asks for a change and waits for the kernel's yes or no. */
export function requestChange(nl: Netlink, request: NetlinkRequest): Result<void, SysError> {
  const asked = exchange(nl, { ...request, flags: request.flags | NLM_F_ACK }, () => {});
  return asked.ok ? ok(undefined) : asked;
}

/** Asks for one object; the rows the kernel sent before its yes. */
export function requestRows<T>(
  nl: Netlink,
  request: NetlinkRequest,
  read: (message: NetlinkMessage) => T | undefined,
): Result<T[], SysError> {
  const rows: T[] = [];
  const asked = exchange(nl, { ...request, flags: request.flags | NLM_F_ACK }, (message) => {
    const row = read(message);
    if (row !== undefined) rows.push(row);
  });
  return asked.ok ? ok(rows) : asked;
}

/** Asks for a whole table; `read` returns undefined for rows that are not wanted. */
export function requestDump<T>(
  nl: Netlink,
  request: Omit<NetlinkRequest, "flags">,
  read: (message: NetlinkMessage) => T | undefined,
): Result<T[], SysError> {
  for (let attempt = 1; attempt <= dumpAttemptsMax; attempt++) {
    const rows: T[] = [];
    let overflow = false;
    const asked = exchange(nl, { ...request, flags: NLM_F_DUMP }, (message) => {
      const row = read(message);
      if (row === undefined) return;
      if (rows.length >= dumpRowsMax) overflow = true;
      else rows.push(row);
    });
    if (!asked.ok) return asked;
    if (overflow) {
      return refusal(request.op, request.object, "EMSGSIZE", `more than ${dumpRowsMax} rows`);
    }
    if (!asked.value.interrupted) return ok(rows);
  }
  const hint = `it changed during each of ${dumpAttemptsMax} readings; ask again`;
  return refusal(request.op, request.object, "EAGAIN", hint);
}

type Answer = { readonly interrupted: boolean };

function exchange(
  nl: Netlink,
  request: NetlinkRequest,
  onRow: (message: NetlinkMessage) => void,
): Result<Answer, SysError> {
  const { op, object } = request;
  const sequence = nl.sequence;
  nl.sequence = sequence >= 0x7fffffff ? 1 : sequence + 1;
  const header = { type: request.type, flags: request.flags | NLM_F_REQUEST, sequence };
  const bytes = encodeMessage(header, request.parts);
  if (bytes.length > netlinkRequestBytes) return refusal(op, object, "EMSGSIZE");
  const asked = sendDatagram(nl.fd, { bytes, to: null, text: () => "rtnetlink" });
  if (!asked.ok) return sysError(op, object, asked.error.errno);
  const buffer = new Uint8Array(netlinkAnswerBytes);
  let interrupted = false;
  for (let part = 0; part < dumpPartsMax; part++) {
    const got = check(libc.recv(nl.fd, buffer, buffer.length, 0), op, object);
    if (!got.ok) return got;
    for (const message of decodeMessages(buffer.subarray(0, got.value))) {
      if (message.sequence !== sequence) continue; // an answer that a time-out left behind
      if ((message.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true;
      if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) {
        const verdict = verdictOf(message, request);
        return verdict.ok ? ok({ interrupted }) : verdict;
      }
      onRow(message);
    }
  }
  return refusal(op, object, "EPROTO", "the kernel's answer does not end");
}

/** NLMSG_ERROR and NLMSG_DONE start with a negative errno, or 0 for yes (netlink(7)). */
function verdictOf(message: NetlinkMessage, request: NetlinkRequest): Result<void, SysError> {
  const { op, object } = request;
  if (message.body.length < 4) return ok(undefined);
  const errno = -viewOf(message.body).getInt32(0, true);
  if (errno <= 0) return ok(undefined);
  const words = kernelWords(message);
  return sysError(op, object, errno, words === undefined ? undefined : `the kernel: ${words}`);
}

function kernelWords(message: NetlinkMessage): string | undefined {
  if ((message.flags & NLM_F_ACK_TLVS) === 0 || message.type !== NLMSG_ERROR) return undefined;
  const length = message.body.length >= 8 ? viewOf(message.body).getUint32(4, true) : 16;
  const offset = (message.flags & NLM_F_CAPPED) === 0 ? 4 + ((length + 3) & ~3) : 20;
  return textIn(decodeAttributes(message.body, offset), NLMSGERR_ATTR_MSG);
}

/** struct sockaddr_nl (netlink(7)), 12 bytes. */
function netlinkAddress(groups: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_NETLINK, true);
  view.setUint32(8, groups, true);
  return bytes;
}
