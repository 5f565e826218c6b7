// Sockets of the configuration server: one listener a network, on the CCN's own address and, if
// told, its own device, so that a board's address counts only on the network it belongs to. Bun
// serves plain HTTP over connections that we accept, count and time ourselves.

import { createServer as createHttpServer, type IncomingMessage, type Server } from "node:http";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import type { Ipv4, LineBudget, Log, NetworkId, Result, SlotId } from "../base/index.ts";
import { err, lineBudget, networkIds, ok, takeLine } from "../base/index.ts";
import { type Chassis, documentSha256 } from "../config/index.ts";
import { closeFd, monoNowUs, openTcpListener, type SysError } from "../kernel/index.ts";
import {
  answerRequest,
  type BoardVersions,
  type ProvisionCounters,
  type ProvisionDocument,
  provisionState,
  type ProvisionState,
  setChassis,
} from "./core.ts";
import {
  connectionMs,
  connectionsMax,
  connectionsPerAddressMax,
  refusalLinesPerSecondMax,
  reportBytesMax,
} from "./limits.ts";

/** What the server needs. */
export type ProvisionOptions = {
  readonly chassis: Chassis;
  /** Chassis key as 64 hex digits. */
  readonly keyHex: string;
  /** The CCN's own addresses; they may come up later. */
  readonly addresses: Readonly<Record<NetworkId, Ipv4>>;
  /** Accept on these interfaces only; left out = on any. */
  readonly devices?: Readonly<Record<NetworkId, string>>;
  /** TCP port instead of the chassis file's, 0 = any (for tests). */
  readonly port?: number;
  readonly log: Log;
};

/** A running configuration server. */
export type ProvisionServer = {
  /** What geo-dhcp tells the board in a slot; undefined for a slot not in the file. */
  documentFor(slot: SlotId): ProvisionDocument | undefined;
  /** Which version each board fetched and which it said it runs. */
  versions(): ReadonlyMap<SlotId, BoardVersions>;
  counters(): Readonly<ProvisionCounters>;
  /** The TCP port of a network's listener. */
  port(network: NetworkId): number;
  /** Serves a new chassis file; a changed httpPort or CCN address needs a restart. */
  update(chassis: Chassis): void;
  close(): void;
};

/** Starts serving on both networks; an address that cannot be bound is the error. */
export async function startProvision(
  options: ProvisionOptions,
): Promise<Result<ProvisionServer, SysError>> {
  const { chassis, keyHex } = options;
  const state = provisionState(chassis, keyHex, documentSha256);
  const listeners: Partial<Record<NetworkId, Listener>> = {};
  const close = (): void => {
    for (const network of networkIds) listeners[network]?.close();
  };
  for (const network of networkIds) {
    const opened = await listen(state, network, options);
    if (!opened.ok) {
      close();
      return opened;
    }
    listeners[network] = opened.value;
  }
  return ok({
    documentFor: (slot) => state.documents.get(slot),
    versions: () => state.versions,
    counters: () => state.counters,
    port: (network) => listeners[network]?.port ?? 0,
    update: (next) => setChassis(state, next, documentSha256),
    close,
  });
}

/** A log whose refusals are counted out. */
type Talk = { readonly log: Log; readonly refusals: LineBudget };

type Listener = { readonly port: number; close(): void };

async function listen(
  state: ProvisionState,
  network: NetworkId,
  options: ProvisionOptions,
): Promise<Result<Listener, SysError>> {
  const device = options.devices?.[network];
  const opened = openTcpListener({
    address: options.addresses[network],
    port: options.port ?? options.chassis.provision.httpPort,
    freebind: true,
    ...(device === undefined ? {} : { device }),
  });
  if (!opened.ok) return opened;
  const { log } = options;
  const talk: Talk = { log, refusals: lineBudget(refusalLinesPerSecondMax, monoNowUs()) };
  const http = createHttpServer((request, response) => {
    void readBody(request).then((body) => {
      const from = request.socket.remoteAddress ?? "";
      const { method = "", url: path = "" } = request;
      const given = answerRequest(state, { method, path, from, network, body }, monoNowUs());
      tell(talk, given, { from, network, path: path.slice(0, 60) });
      const hash = given.sha256Hex;
      const headers = {
        "Content-Type": hash === undefined ? "text/plain" : "application/json",
        "Content-Length": given.body.length,
        "Cache-Control": "no-store",
        Connection: "close",
        ...(hash === undefined ? {} : { "X-Softset-Sha256": hash }),
      };
      response.writeHead(given.status, headers);
      response.end(given.body);
    });
  });
  const connections = new Map<Socket, string>();
  const server = createServer((socket) => accept(socket, { connections, http, talk, network }));
  const refused = await adopt(server, opened.value);
  if (refused !== undefined) {
    closeFd(opened.value);
    const object = `TCP ${options.addresses[network]}`;
    log.error("config-cannot-listen", { net: network, reason: refused });
    return err({ op: "serve on", object, errno: 0, code: refused });
  }
  const bound = server.address();
  return ok({
    port: typeof bound === "object" && bound !== null ? bound.port : 0,
    close() {
      server.close();
      for (const socket of connections.keys()) socket.destroy();
    },
  });
}

/** Undefined when it listens, else the reason. */
async function adopt(server: NetServer, fd: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    server.once("error", (error) => resolve(error.message));
    server.listen({ fd }, () => resolve(undefined));
  });
}

type Accepting = {
  readonly connections: Map<Socket, string>;
  readonly http: Server;
  readonly talk: Talk;
  readonly network: NetworkId;
};

function accept(socket: Socket, { connections, http, talk, network }: Accepting): void {
  const from = socket.remoteAddress ?? "";
  let same = 0;
  for (const other of connections.values()) if (other === from) same++;
  socket.on("error", () => socket.destroy());
  if (connections.size >= connectionsMax || same >= connectionsPerAddressMax) {
    if (mayWarn(talk, network)) {
      talk.log.warn("config-connections-full", { net: network, from });
    }
    socket.destroy();
    return;
  }
  connections.set(socket, from);
  const deadline = setTimeout(() => socket.destroy(), connectionMs);
  socket.on("close", () => {
    clearTimeout(deadline);
    connections.delete(socket);
  });
  http.emit("connection", socket);
}

/** The body as far as it is allowed; a longer one is cut, and then is not a report. */
async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const body = new Uint8Array(reportBytesMax);
  let length = 0;
  return new Promise((resolve) => {
    const done = (): void => resolve(body.subarray(0, length));
    request.on("data", (chunk: Uint8Array) => {
      const part = chunk.subarray(0, reportBytesMax - length);
      body.set(part, length);
      length += part.length;
      if (part.length < chunk.length) done();
    });
    request.on("end", done);
    request.on("error", done);
    request.on("close", done);
  });
}

/** Refusals can be provoked by anybody, so only so many a second are told. */
function mayWarn({ log, refusals }: Talk, network: NetworkId): boolean {
  const { allowed, suppressed } = takeLine(refusals, monoNowUs());
  if (suppressed > 0) log.warn("config-refusals-untold", { net: network, lines: suppressed });
  return allowed;
}

function tell(
  talk: Talk,
  given: ReturnType<typeof answerRequest>,
  about: { readonly from: string; readonly network: NetworkId; readonly path: string },
): void {
  const fields = { net: about.network, from: about.from, path: about.path };
  const { log } = talk;
  if (given.why !== undefined) {
    if (!mayWarn(talk, about.network)) return;
    log.warn("config-refused", { ...fields, status: given.status, why: given.why });
  } else if (given.status === 200) {
    log.info("config-served", { ...fields, slot: given.slot });
  } else {
    log.info("config-reported", { ...fields, slot: given.slot });
  }
}
