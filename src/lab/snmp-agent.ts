// SNMP v1, v2c and v3 for the sections of a switch. The library net-snmp does messages, communities
// and users (USM); its own MIB tree is not used, because it copies every value into it and builds
// index parts with a length that MacAddress must not have. Its socket is ours, so that an answer to
// a client that is gone cannot poison the next one (notes on IP_RECVERR in kernel's udp.ts), and so
// that answers can be late or missing.

import { type Ipv4, parseIpv4, type Result, ok } from "../base/index.ts";
import type { SnmpAccess } from "../config/index.ts";
import { openUdp, type SysError, sysErrorText, type UdpSocket } from "../kernel/index.ts";
import { thrownText } from "./errors.ts";
import { delayedAnswersMax } from "./limits.ts";
import {
  type AnswerVarbind,
  answerGet,
  answerGetBulk,
  answerGetNext,
  type SnmpSection,
} from "./snmp-answer.ts";
import * as library from "./snmp-library.js";
import type { DatagramSocket, RemoteInfo, RequestMessage, SnmpUser } from "./snmp-library.js";
import { snmpTypes } from "./snmp-rows.ts";
import type { AgentManner } from "./switch-process.ts";

/** A listening agent. */
export type RunningAgent = { readonly setManner: (manner: AgentManner) => void };

const noSuchName = 2;
const readOnlyStatus = 17; // notWritable

/** Starts an agent on `address`:`port` of the calling process's namespace. */
export async function startSnmpAgent(options: {
  readonly address: Ipv4;
  readonly port: number;
  readonly access: SnmpAccess;
  readonly sections: readonly SnmpSection[];
  readonly log: (line: string) => void;
}): Promise<Result<RunningAgent, SysError>> {
  const { access, sections, log } = options;
  const wire: Wire = { manner: { latencyMs: 0, silent: false }, waiting: 0, deliver: () => {} };
  const opened = await openUdp({
    address: options.address,
    port: options.port,
    onDatagram: (bytes, address, port) => wire.deliver(bytes, { address, port }),
    onError: (error) => log(`event=receive-refused why="${sysErrorText(error)}"`),
  });
  if (!opened.ok) return opened;
  const agent = library.createAgent(
    {
      port: options.port,
      address: options.address,
      dgramModule: { createSocket: () => socketOn(opened.value, wire, log) },
    },
    (error) => {
      if (error !== null) log(`event=request-refused why="${error.message}"`);
    },
  );
  if (access.version === 3) agent.getAuthorizer().addUser(userOf(access));
  else agent.getAuthorizer().addCommunity(access.community);
  const handler =
    (answer: (visible: readonly SnmpSection[], message: RequestMessage) => AnswerVarbind[]) =>
    (socket: DatagramSocket, message: RequestMessage, from: RemoteInfo): void => {
      const visible = message.version === 0 ? sections.map(withoutCounter64) : sections;
      try {
        agent.sendResponse(socket, from, message, responseTo(message, answer(visible, message)));
      } catch (thrown) {
        log(`event=answer-failed why="${thrownText(thrown)}"`); // a request the library can't encode
      }
    };
  agent.getRequest = handler((visible, { pdu }) => answerGet(visible, oidsOf(pdu)));
  agent.getNextRequest = handler((visible, { pdu }) => answerGetNext(visible, oidsOf(pdu)));
  agent.getBulkRequest = handler((visible, { pdu }) => {
    const { nonRepeaters, maxRepetitions } = pdu;
    return answerGetBulk(visible, { oids: oidsOf(pdu), nonRepeaters, maxRepetitions });
  });
  agent.setRequest = (socket, message, from) => {
    const response = message.pdu.getResponsePduForRequest();
    response.varbinds = message.pdu.varbinds;
    response.errorStatus = readOnlyStatus;
    response.errorIndex = 1;
    agent.sendResponse(socket, from, message, response);
  };
  return ok({
    setManner(manner) {
      wire.manner = manner;
    },
  });
}

/** The answer; SNMPv1 knows no exceptions in varbinds but only noSuchName (RFC 2576 §4.1.2.3). */
function responseTo(
  request: RequestMessage,
  varbinds: readonly AnswerVarbind[],
): ReturnType<RequestMessage["pdu"]["getResponsePduForRequest"]> {
  const response = request.pdu.getResponsePduForRequest();
  const missing = varbinds.findIndex(({ value }) => value === null);
  if (request.version === 0 && missing >= 0) {
    response.varbinds = request.pdu.varbinds;
    response.errorStatus = noSuchName;
    response.errorIndex = missing + 1;
    return response;
  }
  response.varbinds = varbinds.map(({ oid, type, value }) => ({
    oid,
    type,
    value: value instanceof Uint8Array ? bytesFor(value) : value,
  }));
  return response;
}

/** The library's writer takes Buffers, and an empty text rather than an empty Buffer. */
function bytesFor(value: Uint8Array): Uint8Array | string {
  return value.length === 0 ? "" : Buffer.from(value);
}

function oidsOf(pdu: RequestMessage["pdu"]): string[] {
  return pdu.varbinds.map((varbind) => varbind.oid);
}

/** SNMPv1 cannot carry Counter64; such objects do not exist for it (RFC 2576 §4.2.2.1). */
function withoutCounter64(section: SnmpSection): SnmpSection {
  return {
    prefix: section.prefix,
    rows: () => section.rows().filter((row) => row.type !== snmpTypes.counter64),
  };
}

function userOf(access: Extract<SnmpAccess, { version: 3 }>): SnmpUser {
  const { authProtocol, privProtocol } = access;
  const { SecurityLevel: level, AuthProtocols: auth, PrivProtocols: priv } = library;
  const name = access.user;
  if (authProtocol === "none") return { name, level: level["noAuthNoPriv"] ?? 1 };
  const signed = { name, authProtocol: auth[authProtocol] ?? 0, authKey: access.authKey };
  if (privProtocol === "none") return { ...signed, level: level["authNoPriv"] ?? 2 };
  return {
    ...signed,
    level: level["authPriv"] ?? 3,
    privProtocol: priv[privProtocol] ?? 0,
    privKey: access.privKey,
  };
}

type Wire = {
  manner: AgentManner;
  /** Answers waiting for their delay. */
  waiting: number;
  deliver: (bytes: Uint8Array, from: { address: Ipv4; port: number }) => void;
};

/** Our UDP socket in the shape of node:dgram, as far as the library uses it. */
function socketOn(udp: UdpSocket, wire: Wire, log: (line: string) => void): DatagramSocket {
  const send = (bytes: Uint8Array, address: string, port: number): void => {
    const to = parseIpv4(address);
    if (!to.ok) return;
    const sent = udp.send(bytes, to.value, port);
    if (!sent.ok) log(`event=send-refused why="${sysErrorText(sent.error)}"`);
  };
  return {
    on(event, listener) {
      if (event !== "message") return;
      wire.deliver = (bytes, { address, port }) => {
        if (wire.manner.silent) return;
        const size = bytes.length;
        listener(Buffer.from(bytes), { address, port, family: "IPv4", size });
      };
    },
    bind: () => {}, // bound when it was opened
    send(buffer, offset, length, port, address, done) {
      const bytes = buffer.subarray(offset, offset + length);
      const { latencyMs } = wire.manner;
      if (latencyMs <= 0) send(bytes, address, port);
      else if (wire.waiting < delayedAnswersMax) {
        wire.waiting++;
        setTimeout(() => {
          wire.waiting--;
          send(bytes, address, port);
        }, latencyMs);
      }
      done(null);
    },
    address: () => ({ address: "0.0.0.0", port: udp.port }),
    close: () => udp.close(),
  };
}
