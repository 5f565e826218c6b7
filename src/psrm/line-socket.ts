// A service's own UNIX socket: the line protocol of core/commands.ts for programs that want more
// than sd_notify(3). One socket a service, at SOFTSET_SOCKET, owned by the service's user and closed
// to others (mode 0600): whoever can open it speaks for the service. It never makes the board wait:
// a program that reads too slowly, sends a line without end or is one too many is dropped with a
// reason.

import { chmodSync, chownSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { err, ok, type Result } from "../base/index.ts";
import { parseServiceCommand, type ServiceCommand } from "./core/commands.ts";
import {
  clientQueueBytes,
  clientsMax,
  commandBytesMax,
  commandsPerReadMax,
  goodbyeMs,
} from "./limits.ts";

/** Commands the socket does not answer itself. */
export type AskedServiceCommand = Exclude<ServiceCommand, { readonly type: "subscribe" }>;

/** Who answers, and where. */
export type LineSocketOptions = {
  readonly path: string;
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** The answer as an object; it becomes one line of JSON. Must not throw. */
  readonly answer: (command: AskedServiceCommand) => object;
  /** First line of a subscription: how things are now. */
  readonly now: () => object;
  readonly onDropped: (reason: string) => void;
};

/** The open socket. */
export type LineSocket = {
  /** Tells everybody who subscribed. */
  readonly tell: (event: object) => void;
  readonly close: () => void;
};

type Client = {
  readonly socket: Bun.Socket<Client | undefined>;
  isSubscribed: boolean;
  /** Start of a line whose end has not come yet. */
  line: Uint8Array;
  /** Bytes the kernel did not take yet. */
  waiting: Uint8Array;
  isLeaving: boolean;
};

const newline = 10;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Listens at `path`, in place of a socket left by a predecessor. Errors are sentences. */
export function openLineSocket(options: LineSocketOptions): Result<LineSocket, string> {
  const clients = new Set<Client>();
  const { path, owner } = options;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
    rmSync(path, { force: true });
    const listener = Bun.listen<Client | undefined>({
      unix: path,
      socket: {
        open: (socket) => greet(socket, clients, options),
        data: (socket, bytes) => {
          if (socket.data !== undefined) onBytes(socket.data, bytes, options);
        },
        drain: (socket) => {
          if (socket.data !== undefined) flush(socket.data);
        },
        close: (socket) => {
          if (socket.data !== undefined) clients.delete(socket.data);
        },
        error: (socket) => {
          socket.terminate();
        },
      },
    });
    chmodSync(path, 0o600);
    if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
    return ok({
      tell(event) {
        const bytes = lineOf(event);
        for (const client of clients) if (client.isSubscribed) write(client, bytes, options);
      },
      close() {
        listener.stop(true);
        rmSync(path, { force: true });
      },
    });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return err(`cannot listen at ${path}: ${reason}`);
  }
}

function greet(
  socket: Bun.Socket<Client | undefined>,
  clients: Set<Client>,
  options: LineSocketOptions,
): void {
  const client: Client = {
    socket,
    isSubscribed: false,
    line: new Uint8Array(0),
    waiting: new Uint8Array(0),
    isLeaving: false,
  };
  socket.data = client;
  if (clients.size >= clientsMax) {
    drop(client, `${clientsMax} programs are connected already`, options);
    return;
  }
  clients.add(client);
}

function onBytes(client: Client, bytes: Uint8Array, options: LineSocketOptions): void {
  let start = 0;
  for (let commands = 0; !client.isLeaving; commands++) {
    const end = bytes.indexOf(newline, start);
    const part = bytes.subarray(start, end < 0 ? bytes.length : end);
    if (client.line.length + part.length > commandBytesMax) {
      drop(client, `a line is longer than ${commandBytesMax} bytes`, options);
      return;
    }
    const line = Buffer.concat([client.line, part]);
    client.line = end < 0 ? line : new Uint8Array(0);
    if (end < 0) return;
    if (commands >= commandsPerReadMax) {
      drop(client, `more than ${commandsPerReadMax} commands at once; wait for answers`, options);
      return;
    }
    start = end + 1;
    write(client, lineOf(answerTo(client, decoder.decode(line), options)), options);
  }
}

function answerTo(client: Client, line: string, options: LineSocketOptions): object {
  const command = parseServiceCommand(line);
  if (!command.ok) return { ok: false, error: command.error };
  if (command.value.type !== "subscribe") return options.answer(command.value);
  client.isSubscribed = true;
  return { ok: true, ...options.now() };
}

/** Hands bytes to the kernel, keeps what it does not take, drops whoever lets too much pile up. */
function write(client: Client, bytes: Uint8Array, options: LineSocketOptions): void {
  if (client.isLeaving) return;
  if (client.waiting.length + bytes.length > clientQueueBytes) {
    drop(client, `${clientQueueBytes} bytes were not read`, options);
    return;
  }
  client.waiting = Buffer.concat([client.waiting, bytes]);
  flush(client);
}

function flush(client: Client): void {
  if (client.waiting.length > 0) {
    const taken = Math.max(0, client.socket.write(client.waiting));
    client.waiting = client.waiting.subarray(taken);
  }
  if (client.isLeaving && client.waiting.length === 0) client.socket.end();
}

/** Says why, as far as the program still reads, and closes. */
function drop(client: Client, reason: string, options: LineSocketOptions): void {
  client.isLeaving = true;
  options.onDropped(reason);
  const goodbye = lineOf({ ok: false, error: `dropped: ${reason}` });
  if (client.waiting.length === 0) client.waiting = goodbye;
  flush(client);
  setTimeout(() => client.socket.terminate(), goodbyeMs).unref();
}

function lineOf(value: object): Uint8Array {
  return encoder.encode(`${JSON.stringify(value)}\n`);
}
