// Server-sent events (WHATWG HTML §9.2) as the event stream uses them: writing one message, and
// reading a stream of chunks back into messages. Ids are EPOCH.SEQ: the epoch tells two starts of
// a daemon apart, so that a reader never skips events of a new one.

import { err, monoUs, type MonoUs, ok, type Result } from "../../base/index.ts";
import { streamLineBytes } from "../limits.ts";

/** Place in the events of one start of a daemon. */
export type StreamId = { readonly epoch: MonoUs; readonly seq: number };

/** One message of a stream. */
export type StreamMessage = { readonly id: string; readonly event: string; readonly data: string };

/** A message on the wire; `data` is one line (JSON). */
export function messageText(message: StreamMessage): string {
  const event = message.event === "" ? "" : `event: ${message.event}\n`;
  const id = message.id === "" ? "" : `id: ${message.id}\n`;
  return `${event}${id}data: ${message.data}\n\n`;
}

/** A line that only keeps the connection open. */
export const keepOpenText = ": still here\n\n";

/** An id on the wire, whole microseconds: a clock may count in parts of one. */
export function streamIdText(id: StreamId): string {
  return `${Math.trunc(id.epoch)}.${id.seq}`;
}

/** Reads an id; undefined if it is none of ours, which means "from the start". */
export function parseStreamId(text: string): StreamId | undefined {
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(text);
  if (match === null) return undefined;
  return { epoch: monoUs(Number(match[1])), seq: Number(match[2]) };
}

/** What was read of a stream so far. */
export type StreamReader = { rest: string; id: string; event: string; data: string[] };

/** A reader at the start of a stream. */
export function streamReader(): StreamReader {
  return { rest: "", id: "", event: "", data: [] };
}

/** Feeds a chunk; returns the messages it completes. An endless line is an error. */
export function readStream(reader: StreamReader, chunk: string): Result<StreamMessage[], string> {
  const lines = (reader.rest + chunk).split("\n");
  reader.rest = lines.pop() ?? "";
  const messages: StreamMessage[] = [];
  for (const raw of lines) {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (line === "") {
      if (reader.data.length > 0) {
        messages.push({ id: reader.id, event: reader.event, data: reader.data.join("\n") });
      }
      reader.event = "";
      reader.data = [];
      continue;
    }
    takeField(reader, line);
  }
  const held = reader.rest.length + reader.data.reduce((sum, part) => sum + part.length, 0);
  if (held > streamLineBytes) return err(`a message of more than ${streamLineBytes} bytes`);
  return ok(messages);
}

function takeField(reader: StreamReader, line: string): void {
  const colon = line.indexOf(":");
  if (colon === 0) return;
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
  if (name === "id") reader.id = value;
  if (name === "event") reader.event = value;
  if (name === "data") reader.data.push(value);
}
