// One net-snmp session to one switch. net-snmp does BER and SNMPv3; its UDP socket is replaced by
// the kernel room's, which has no IP_RECVERR trap (a dead agent's ICMP error would poison the next
// send), is bound to the CCN's address of that network, and hears nobody but the switch. Retries
// and times are the core's. Nothing that the network sends leaves here as a throw.

import snmp from "net-snmp";
import type { DgramSocket, Session, SessionOptions, SnmpUser } from "net-snmp";
import type { Ipv4, Result } from "../../base/index.ts";
import type { SnmpAccess } from "../../config/index.ts";
import { openUdp, type SysError, sysErrorText, type UdpSocket } from "../../kernel/index.ts";
import { packetUsMax, waitingLookupsMax } from "./limits.ts";
import type { AnsweredVarbind } from "./mibs.ts";
import type { LookupEffect, LookupEvent } from "./state.ts";

/** Where the switch is and how it lets us ask. */
export type SnmpTarget = {
  readonly address: Ipv4;
  readonly port: number;
  readonly access: SnmpAccess;
  /** The CCN's own address on the switch's network. */
  readonly sourceAddress: Ipv4;
};

/** Packets out; what became of them comes back as events, always later than the call. */
export type SnmpSession = {
  readonly send: (packet: LookupEffect & { type: "send-packet" }) => void;
  readonly close: () => void;
};

type PacketEvent = LookupEvent & { type: "packet-answered" | "packet-failed" };

/** Opens a session. Errors of the socket become `packet-failed` of what is sent over it. */
export function openSnmpSession(
  target: SnmpTarget,
  onEvent: (event: PacketEvent) => void,
): SnmpSession {
  let isClosed = false;
  let lastError = "";
  const onTrouble = (text: string): void => {
    lastError = text;
  };
  const socket = adoptedSocket(target, onTrouble);
  const session = openSession(target, socket);
  // Datagrams that are no SNMP: the packet they answer, if any, becomes overdue.
  session.on("error", (error) => onTrouble(textOf(error)));
  const report = (event: PacketEvent): void => {
    if (!isClosed) onEvent(event);
  };
  return {
    send({ packet, op, oids, repetitions }) {
      const done = (error: Error | null, answer?: unknown): void => {
        if (error === null) {
          report({ type: "packet-answered", packet, columns: columnsOf(answer) });
        } else report({ type: "packet-failed", packet, ...failureOf(error, lastError) });
      };
      try {
        if (op === "get") session.get(oids, done);
        else if (op === "next") session.getNext(oids, done);
        else session.getBulk(oids, 0, repetitions, done);
      } catch (thrown) {
        report({ type: "packet-failed", packet, kind: "lost", text: textOf(thrown) });
      }
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      try {
        session.close();
      } catch (thrown) {
        onTrouble(textOf(thrown));
      }
    },
  };
}

function openSession(target: SnmpTarget, socket: DgramSocket): Session {
  const options: SessionOptions = {
    port: target.port,
    retries: 0,
    timeout: packetUsMax / 1000,
    idBitsSize: 32,
    dgramModule: { createSocket: () => socket },
  };
  const { access, address } = target;
  if (access.version === 3) return snmp.createV3Session(address, userOf(access), options);
  const version = access.version === 1 ? snmp.Version1 : snmp.Version2c;
  return snmp.createSession(address, access.community, { ...options, version });
}

function userOf(access: SnmpAccess & { version: 3 }): SnmpUser {
  const { user: name, authProtocol, authKey, privProtocol, privKey } = access;
  const auth = { authProtocol: snmp.AuthProtocols[authProtocol], authKey };
  const priv = { privProtocol: snmp.PrivProtocols[privProtocol], privKey };
  const { SecurityLevel } = snmp;
  if (authProtocol === "none") return { name, level: SecurityLevel.noAuthNoPriv };
  if (privProtocol === "none") return { name, level: SecurityLevel.authNoPriv, ...auth };
  return { name, level: SecurityLevel.authPriv, ...auth, ...priv };
}

type Listener = (...args: unknown[]) => void;

/** The kernel room's UDP socket in node:dgram's clothes. Sends before it is open wait. */
function adoptedSocket(target: SnmpTarget, onTrouble: (text: string) => void): DgramSocket {
  const listeners = new Map<string, Listener>();
  const early: (() => void)[] = [];
  let open: Result<UdpSocket, SysError> | undefined;
  let isClosed = false;
  const emit = (event: string, ...args: unknown[]): void => {
    try {
      listeners.get(event)?.(...args);
    } catch (thrown) {
      onTrouble(`an answer could not be read: ${textOf(thrown)}`);
    }
  };
  const onOpen = (result: Result<UdpSocket, SysError>): void => {
    open = result;
    if (!result.ok) onTrouble(sysErrorText(result.error));
    else if (isClosed) result.value.close();
    for (const send of early.splice(0)) send();
  };
  void openUdp({
    address: target.sourceAddress,
    port: 0,
    onDatagram: (bytes, from) => {
      if (!isClosed && from === target.address) emit("message", Buffer.from(bytes));
    },
    onError: (error) => onTrouble(sysErrorText(error)),
  }).then(onOpen);
  const sendNow = (
    bytes: Uint8Array,
    done: (error: Error | null, bytes?: number) => void,
  ): void => {
    if (open === undefined || isClosed) return done(new Error("the socket is closed"));
    if (!open.ok) return done(new Error(sysErrorText(open.error)));
    const sent = open.value.send(bytes, target.address, target.port);
    return sent.ok ? done(null, bytes.length) : done(new Error(sysErrorText(sent.error)));
  };
  return {
    on: (event, listener) => listeners.set(event, listener),
    bind: () => undefined,
    ref: () => undefined,
    unref: () => undefined,
    send(buffer, offset, length, _port, _address, done) {
      const bytes = buffer.subarray(offset, offset + length);
      if (open !== undefined) sendNow(bytes, done);
      else if (early.length < waitingLookupsMax) early.push(() => sendNow(bytes, done));
      else done(new Error("the socket is not open yet"));
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      if (open?.ok === true) open.value.close();
      emit("close");
    },
  };
}

/** net-snmp's answers, whose shape depends on the agent: a list per asked OID. */
function columnsOf(answer: unknown): (readonly AnsweredVarbind[])[] {
  if (!Array.isArray(answer)) return [];
  return answer.map((entry: unknown) =>
    Array.isArray(entry) ? entry.filter(isVarbind) : isVarbind(entry) ? [entry] : [],
  );
}

function isVarbind(value: unknown): value is AnsweredVarbind {
  if (typeof value !== "object" || value === null) return false;
  return (
    "oid" in value &&
    typeof value.oid === "string" &&
    "type" in value &&
    typeof value.type === "number" &&
    "value" in value
  );
}

/** RFC 3416 error-status 1 tooBig, 2 noSuchName; what never came is `lost`. */
function failureOf(
  error: Error,
  lastError: string,
): { kind: "end" | "too-big" | "error" | "lost"; text: string } {
  const text = textOf(error);
  if (error.name === "RequestFailedError") {
    const status = "status" in error ? error.status : undefined;
    return { kind: status === 1 ? "too-big" : status === 2 ? "end" : "error", text };
  }
  if (error.name === "ResponseInvalidError") return { kind: "error", text };
  return { kind: "lost", text: lastError === "" ? text : `${text}; ${lastError}` };
}

function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 200);
}
