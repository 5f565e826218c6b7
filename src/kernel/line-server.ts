// A UNIX stream socket for programs of this board: a command a line in, a line of JSON out, and lines
// that nobody asked for to those who subscribed. It never makes the board wait: a program that reads
// too slowly, sends a line without end, too many commands at once, or is one too many is dropped with a
// reason. What the commands mean is the caller's.

import { chmodSync, chownSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { err, ok, type Result } from "../base/index.ts";

/** Bounds of one server. */
export type LineServerLimits = {
  /** Programs at once. */
  readonly clientsMax: number;
  /** Bytes of a command without its newline. */
  readonly commandBytesMax: number;
  /** Commands in one read: whoever sends more does not wait for answers. */
  readonly commandsPerReadMax: number;
  /** Bytes that may wait for a program that does not read. */
  readonly clientQueueBytes: number;
  /** A dropped program has so long to read why, ms. */
  readonly goodbyeMs: number;
};

/** Who answers, and where; `T` is what the caller remembers of each program. */
export type LineServerOptions<T> = {
  readonly path: string;
  /** Mode of the directory if it has to be made, and of the socket. */
  readonly mode: { readonly directory: number; readonly socket: number };
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly limits: LineServerLimits;
  /** What a program that has just connected begins with. */
  readonly begin: () => T;
  /** The answer to a line as an object; it becomes one line of JSON. Must not throw. */
  readonly answer: (line: string, client: T) => object;
  readonly onDropped: (reason: string) => void;
};

/** The open server. */
export type LineServer<T> = {
  /** Tells every program of which `isWanted` holds; the line is made once, if anybody wants it. */
  readonly tell: (isWanted: (client: T) => boolean, event: () => object) => void;
  readonly clients: () => number;
  readonly close: () => void;
};

type Client<T> = {
  readonly socket: Bun.Socket<Client<T> | undefined>;
  readonly own: T;
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

/** Listens at `path`, in place of a socket left by a predecessor. The error is a sentence. */
export function openLineServer<T>(options: LineServerOptions<T>): Result<LineServer<T>, string> {
  const clients = new Set<Client<T>>();
  const { path, owner, mode } = options;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: mode.directory });
    rmSync(path, { force: true });
    const listener = Bun.listen<Client<T> | undefined>({
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
    chmodSync(path, mode.socket);
    if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
    return ok({
      tell(isWanted, event) {
        let line: Uint8Array | undefined;
        for (const client of clients) {
          if (client.isLeaving || !isWanted(client.own)) continue;
          line ??= lineOf(event());
          write(client, line, options);
        }
      },
      clients: () => clients.size,
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

function greet<T>(
  socket: Bun.Socket<Client<T> | undefined>,
  clients: Set<Client<T>>,
  options: LineServerOptions<T>,
): void {
  const { clientsMax } = options.limits;
  const client: Client<T> = {
    socket,
    own: options.begin(),
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

function onBytes<T>(client: Client<T>, bytes: Uint8Array, options: LineServerOptions<T>): void {
  const { commandBytesMax, commandsPerReadMax } = options.limits;
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
    write(client, lineOf(options.answer(decoder.decode(line), client.own)), options);
  }
}

/** Hands bytes to the kernel, keeps what it does not take, drops whoever lets too much pile up. */
function write<T>(client: Client<T>, bytes: Uint8Array, options: LineServerOptions<T>): void {
  if (client.isLeaving) return;
  const { clientQueueBytes } = options.limits;
  if (client.waitingBytes > 0 && client.waitingBytes + bytes.length > clientQueueBytes) {
    drop(client, `${clientQueueBytes} bytes of events were not read`, options);
    return;
  }
  client.waiting.push(bytes);
  client.waitingBytes += bytes.length;
  flush(client);
}

function flush<T>(client: Client<T>): void {
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
function drop<T>(client: Client<T>, reason: string, options: LineServerOptions<T>): void {
  client.isLeaving = true;
  options.onDropped(reason);
  // A line that is half out is finished; the rest of what waits is not worth waiting for.
  const isHalfOut = client.waiting.length > 0;
  client.waiting = isHalfOut ? client.waiting.slice(0, 1) : [];
  client.waiting.push(lineOf({ ok: false, error: `dropped: ${reason}` }));
  client.waitingBytes = client.waiting.reduce((sum, { length }) => sum + length, 0);
  flush(client);
  setTimeout(() => client.socket.terminate(), options.limits.goodbyeMs).unref();
}

function lineOf(value: object): Uint8Array {
  return encoder.encode(`${JSON.stringify(value)}\n`);
}
