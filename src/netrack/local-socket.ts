// The UNIX socket on which programs of this board ask and tell (README.md has the protocol). It
// never makes the board wait: a program that reads too slowly is dropped with a reason, and so is
// one that sends a line without end or is one too many.

import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { err, ok, type Result } from "../base/index.ts";
import { type Command, parseCommand, type Subscription, wants } from "./core/commands.ts";
import {
  clientQueueBytes,
  clientsMax,
  commandBytesMax,
  commandsPerReadMax,
  goodbyeMs,
  subscriptionsMax,
} from "./limits.ts";
import type { MapChange } from "./types.ts";

/** Commands the socket does not answer itself. */
export type AskedCommand = Exclude<Command, { readonly type: "subscribe" }>;

/** Who answers, and where. */
export type LocalSocketOptions = {
  readonly path: string;
  /** The answer as an object; it becomes one line of JSON. Must not throw. */
  readonly answer: (command: AskedCommand) => object;
  readonly onDropped: (reason: string) => void;
};

/** The open socket. */
export type LocalSocket = {
  /** Tells a change to everybody who wants it. `seq` counts all changes. */
  readonly tell: (change: MapChange, seq: number) => void;
  readonly clients: () => number;
  readonly close: () => void;
};

type Client = {
  readonly socket: Bun.Socket<Client | undefined>;
  readonly subscriptions: Subscription[];
  /** Start of a line whose end has not come yet. */
  line: Uint8Array;
  /** Bytes the kernel did not take yet, oldest first. */
  waiting: Uint8Array[];
  waitingBytes: number;
  isLeaving: boolean;
};

const newline = 10;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Listens at `path`, in place of a socket left by a predecessor. Errors are sentences. */
export function openLocalSocket(options: LocalSocketOptions): Result<LocalSocket, string> {
  const clients = new Set<Client>();
  let seq = 0;
  try {
    mkdirSync(dirname(options.path), { recursive: true });
    rmSync(options.path, { force: true });
    const listener = Bun.listen<Client | undefined>({
      unix: options.path,
      socket: {
        data: (socket, bytes) => {
          if (socket.data !== undefined) onBytes(socket.data, bytes, options, () => seq);
        },
        open: (socket) => greet(socket, clients, options),
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
    chmodSync(options.path, 0o660);
    return ok({
      tell(change, changeSeq) {
        seq = changeSeq;
        let line: Uint8Array | undefined;
        for (const client of clients) {
          if (client.isLeaving || !client.subscriptions.some((s) => wants(s, change))) continue;
          line ??= lineOf({ seq, event: change });
          write(client, line, options);
        }
      },
      clients: () => clients.size,
      close() {
        listener.stop(true);
        rmSync(options.path, { force: true });
      },
    });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return err(`cannot listen at ${options.path}: ${reason}; give another --run-dir`);
  }
}

function greet(
  socket: Bun.Socket<Client | undefined>,
  clients: Set<Client>,
  options: LocalSocketOptions,
): void {
  const client: Client = {
    socket,
    subscriptions: [],
    line: new Uint8Array(0),
    waiting: [],
    waitingBytes: 0,
    isLeaving: false,
  };
  socket.data = client;
  if (clients.size >= clientsMax) {
    drop(client, `${clientsMax} programs are connected already`, options);
    return;
  }
  clients.add(client);
}

function onBytes(
  client: Client,
  bytes: Uint8Array,
  options: LocalSocketOptions,
  seq: () => number,
): void {
  let start = 0;
  for (let commands = 0; !client.isLeaving; commands++) {
    const end = bytes.indexOf(newline, start);
    const part = bytes.subarray(start, end < 0 ? bytes.length : end);
    if (client.line.length + part.length > commandBytesMax) {
      drop(client, `a line is longer than ${commandBytesMax} bytes`, options);
      return;
    }
    const line = client.line.length === 0 ? part : Buffer.concat([client.line, part]);
    if (end < 0) {
      client.line = line.slice();
      return;
    }
    if (commands >= commandsPerReadMax) {
      drop(client, `more than ${commandsPerReadMax} commands at once; wait for answers`, options);
      return;
    }
    client.line = new Uint8Array(0);
    start = end + 1;
    write(client, lineOf(answerTo(client, decoder.decode(line), options, seq)), options);
  }
}

function answerTo(
  client: Client,
  line: string,
  options: LocalSocketOptions,
  seq: () => number,
): object {
  const command = parseCommand(line);
  if (!command.ok) return { ok: false, error: command.error };
  if (command.value.type !== "subscribe") return options.answer(command.value);
  if (client.subscriptions.length >= subscriptionsMax) {
    return {
      ok: false,
      error: `${subscriptionsMax} subscriptions are the most; use: subscribe all`,
    };
  }
  client.subscriptions.push(command.value.subscription);
  return { ok: true, subscribed: command.value.subscription, seq: seq() };
}

/** Hands bytes to the kernel, keeps what it does not take, drops whoever lets too much pile up. */
function write(client: Client, bytes: Uint8Array, options: LocalSocketOptions): void {
  if (client.isLeaving) return;
  if (client.waitingBytes > 0 && client.waitingBytes + bytes.length > clientQueueBytes) {
    drop(client, `${clientQueueBytes} bytes of events were not read`, options);
    return;
  }
  client.waiting.push(bytes);
  client.waitingBytes += bytes.length;
  flush(client);
}

function flush(client: Client): void {
  for (;;) {
    const first = client.waiting[0];
    if (first === undefined) break;
    const taken = Math.max(0, client.socket.write(first));
    client.waitingBytes -= taken;
    if (taken < first.length) {
      client.waiting[0] = first.subarray(taken);
      return;
    }
    client.waiting.shift();
  }
  if (client.isLeaving) client.socket.end();
}

/** Says why, as far as the program still reads, and closes. */
function drop(client: Client, reason: string, options: LocalSocketOptions): void {
  client.isLeaving = true;
  options.onDropped(reason);
  // A line that is half out is finished; the rest of what waits is not worth waiting for.
  const isHalfOut = client.waiting.length > 0;
  client.waiting = isHalfOut ? client.waiting.slice(0, 1) : [];
  client.waiting.push(lineOf({ ok: false, error: `dropped: ${reason}` }));
  client.waitingBytes = client.waiting.reduce((sum, { length }) => sum + length, 0);
  flush(client);
  setTimeout(() => client.socket.terminate(), goodbyeMs).unref();
}

function lineOf(value: object): Uint8Array {
  return encoder.encode(`${JSON.stringify(value)}\n`);
}
