// What a service writes to stdout and stderr: into a file with size rotation, the last lines in
// memory for `status`. A service is never blocked by its log: its pipes are always read; when the
// disk is slower, or more comes than a board can look at, lines are dropped, counted, and the file
// says so. One line: `2026-01-31T12:00:00.000Z out text`.

import { close, fstat, open, write } from "node:fs";
import { mkdir, rename, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { ok, err, type Result } from "../base/index.ts";
import {
  lastLineCharsMax,
  lastLinesMax,
  logBytesPerTurn,
  logLineCharsMax,
  logLinesPerTurn,
  logPendingBytesMax,
  logTurnMs,
} from "./limits.ts";

/** Where lines go and how much is kept. */
export type LogFileOptions = {
  readonly path: string;
  /** The file is moved to `path.1` when it would grow beyond this. */
  readonly bytesMax: number;
  /** Files kept, the current one included; 1 or more. */
  readonly files: number;
  readonly onRefused: (reason: string) => void;
  /** Called when dropping begins. */
  readonly onDropped: () => void;
};

/** The log of one service, over all its starts. */
export type LogFile = {
  /** Reads a pipe of the service to its end. */
  readonly capture: (from: ReadableStream<Uint8Array>, name: "out" | "err") => Promise<void>;
  /** Writes a line of PSRM's own into the file, between those of the service. */
  readonly note: (text: string) => void;
  readonly lastLines: () => readonly string[];
  /** Bytes that were not written, since the start. */
  readonly droppedBytes: () => number;
  /** Resolves when everything that waits is in the file. */
  readonly close: () => Promise<void>;
};

type Writer = {
  readonly options: LogFileOptions;
  pending: Uint8Array[];
  pendingBytes: number;
  /** Dropped since the file was told. */
  untold: number;
  dropped: number;
  /** A plain descriptor: a FileHandle that is forgotten open ends the whole process (Bun 1.4.5). */
  fd: number | undefined;
  fileBytes: number;
  isWriting: boolean;
  isRefused: boolean;
  /** The refusal was told; again only after a write that went well. */
  isTold: boolean;
  /** What comes after `close` is dropped. */
  isClosed: boolean;
  readonly last: string[];
  idle: (() => void)[];
};

const encoder = new TextEncoder();
const newline = 10;

/** The log file; it is made with the first line. */
export function openLogFile(options: LogFileOptions): LogFile {
  const writer: Writer = {
    options,
    pending: [],
    pendingBytes: 0,
    untold: 0,
    dropped: 0,
    fd: undefined,
    fileBytes: 0,
    isWriting: false,
    isRefused: false,
    isTold: false,
    isClosed: false,
    last: [],
    idle: [],
  };
  return {
    capture: (from, name) => capture(writer, from, name),
    note: (text) => enqueue(writer, "psrm", text),
    lastLines: () => writer.last,
    droppedBytes: () => writer.dropped,
    close: async () => {
      writer.isClosed = true;
      await settled(writer);
      await closeFile(writer);
    },
  };
}

async function capture(
  writer: Writer,
  from: ReadableStream<Uint8Array>,
  name: "out" | "err",
): Promise<void> {
  let rest = new Uint8Array(0);
  let turnBytes = 0;
  const decoder = new TextDecoder();
  for await (const chunk of from) {
    let start = 0;
    let lines = 0;
    for (;;) {
      const end = chunk.indexOf(newline, start);
      const part = chunk.subarray(start, end < 0 ? chunk.length : end);
      const line = rest.length === 0 ? part : Buffer.concat([rest, part]);
      rest = new Uint8Array(0);
      if (end < 0 && line.length < logLineCharsMax) {
        rest = line.slice();
        break;
      }
      addLine(writer, name, decoder.decode(line.subarray(0, logLineCharsMax)));
      lines++;
      if (line.length > logLineCharsMax) drop(writer, line.length - logLineCharsMax);
      if (end < 0) break;
      start = end + 1;
      if (lines < logLinesPerTurn) continue;
      drop(writer, chunk.length - start);
      break;
    }
    turnBytes += chunk.length;
    if (turnBytes >= logBytesPerTurn) {
      turnBytes = 0;
      await Bun.sleep(logTurnMs);
    }
  }
  if (rest.length > 0) addLine(writer, name, decoder.decode(rest));
}

function addLine(writer: Writer, name: string, text: string): void {
  const { last } = writer;
  if (last.length >= lastLinesMax) last.shift();
  last.push(text.slice(0, lastLineCharsMax).replace(/\p{Cc}/gu, " "));
  enqueue(writer, name, text);
}

function enqueue(writer: Writer, name: string, text: string): void {
  const bytes = encoder.encode(`${new Date().toISOString()} ${name} ${text}\n`);
  const isShut = writer.isRefused || writer.isClosed;
  if (isShut || writer.pendingBytes + bytes.length > logPendingBytesMax) {
    drop(writer, bytes.length);
    return;
  }
  writer.pending.push(bytes);
  writer.pendingBytes += bytes.length;
  if (!writer.isWriting) void writeWaiting(writer);
}

function drop(writer: Writer, bytes: number): void {
  if (bytes <= 0) return;
  if (writer.untold === 0 && !writer.isRefused) writer.options.onDropped();
  writer.untold += bytes;
  writer.dropped += bytes;
}

/** One write at a time; everything that waits goes with the next. */
async function writeWaiting(writer: Writer): Promise<void> {
  writer.isWriting = true;
  while (writer.pending.length > 0) {
    const bytes = Buffer.concat(writer.pending);
    const { untold } = writer;
    writer.pending = [];
    writer.pendingBytes = 0;
    writer.untold = 0;
    const notice = untold > 0 ? noticeOf(untold) : new Uint8Array(0);
    const done = await append(writer, Buffer.concat([bytes, notice]));
    if (done.ok) {
      writer.isTold = false;
      continue;
    }
    writer.dropped += bytes.length;
    writer.untold += untold + bytes.length;
    if (!writer.isTold) writer.options.onRefused(done.error);
    writer.isTold = true;
    writer.isRefused = true;
    setTimeout(() => {
      writer.isRefused = false;
    }, logAgainMs).unref();
    break;
  }
  writer.isWriting = false;
  for (const resolve of writer.idle.splice(0)) resolve();
}

/** A file that refused is tried again after this, ms. */
const logAgainMs = 1_000;

function noticeOf(bytes: number): Uint8Array {
  const text = `${bytes} bytes were dropped here: more came than could be written`;
  return encoder.encode(`${new Date().toISOString()} psrm ${text}\n`);
}

async function append(writer: Writer, bytes: Uint8Array): Promise<Result<void, string>> {
  const { path, bytesMax } = writer.options;
  try {
    writer.fd ??= await openFile(writer);
    if (writer.fileBytes > 0 && writer.fileBytes + bytes.length > bytesMax) {
      await closeFile(writer);
      await rotate(writer.options);
      writer.fd = await openFile(writer);
    }
    const { bytesWritten } = await writeFd(writer.fd, bytes);
    writer.fileBytes += bytesWritten;
    if (bytesWritten < bytes.length) {
      return err(`cannot write ${path}: only ${bytesWritten} of ${bytes.length} bytes went in`);
    }
    return ok(undefined);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    await closeFile(writer);
    return err(`cannot write ${path}: ${reason}`);
  }
}

const openFd = promisify(open);
const closeFd = promisify(close);
const statFd = promisify(fstat);
const writeFd = promisify(write);

async function openFile(writer: Writer): Promise<number> {
  const { path } = writer.options;
  await mkdir(dirname(path), { recursive: true });
  const fd = await openFd(path, "a", 0o640);
  writer.fd = fd;
  writer.fileBytes = (await statFd(fd)).size;
  return fd;
}

/** close(2) frees the descriptor whatever it answers; what it refuses was told by write already. */
async function closeFile(writer: Writer): Promise<void> {
  const { fd } = writer;
  writer.fd = undefined;
  if (fd !== undefined) await closeFd(fd).catch(() => undefined);
}

/** path.1 is the newest of the old ones; the oldest is written over. */
async function rotate(options: LogFileOptions): Promise<void> {
  const { path, files } = options;
  const name = (i: number): string => (i === 0 ? path : `${path}.${i}`);
  if (files <= 1) {
    await truncate(path, 0);
    return;
  }
  for (let i = files - 2; i >= 0; i--) {
    await rename(name(i), name(i + 1)).catch((thrown: unknown) => {
      // A gap in the row is normal: there were fewer files so far.
      if (!isNotThere(thrown)) throw thrown;
    });
  }
}

function isNotThere(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
}

function settled(writer: Writer): Promise<void> {
  if (!writer.isWriting) return Promise.resolve();
  return new Promise((resolve) => void writer.idle.push(resolve));
}
