// The board's event recorder: one call writes the log line (src/base log) and keeps the event in
// a ring that `events` and streams read. Promise: a repeat that the log only counts is not kept
// either, so a storm can't push its own cause out of the ring; from `info` on everything is kept,
// even if the log is set to print less.

import {
  assert,
  createLog,
  type Log,
  type LogFields,
  type LogLevel,
  type LogSink,
  type MonoUs,
} from "../../base/index.ts";
import type { EventRecord } from "../facts.ts";
import { eventRingRecords, sentenceCharacters } from "../limits.ts";
import { cleanText } from "./text.ts";

/** What the recorder needs: who speaks, where lines go, and the two clocks. */
export type EventLogOptions = {
  /** The board that speaks; a function where it gets its name later. */
  readonly board: string | (() => string);
  readonly sink: LogSink;
  /** Lines below this level are not printed; default `info`. */
  readonly level?: LogLevel;
  /** Wall-clock time as ISO 8601. */
  readonly time: () => string;
  readonly nowUs: () => MonoUs;
};

/** The log of a board with its memory; `since` and `subscribe` are those of BoardFacts. */
export type EventLog = {
  /** Logs and records for module `board`; `.module(name)` for others. */
  readonly log: Log;
  readonly since: (seq: number) => readonly EventRecord[];
  readonly subscribe: (onEvent: (event: EventRecord) => void) => () => void;
};

const order: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A recorder with an empty ring of `eventRingRecords`. */
export function createEventLog(options: EventLogOptions): EventLog {
  const printFrom = options.level ?? "info";
  const keepFrom: LogLevel = printFrom === "debug" ? "debug" : "info";
  const ring: (EventRecord | undefined)[] = [];
  const listeners = new Set<(event: EventRecord) => void>();
  let newest = 0;
  let level: LogLevel = "info";
  let isNew = false;
  const inner = createLog({
    board: options.board,
    module: "board",
    level: keepFrom,
    now: options.time,
    sink: (line) => {
      isNew = true;
      if (order[level] >= order[printFrom]) options.sink(line);
    },
  });
  const record = (module: string, event: string, fields: LogFields): void => {
    newest++;
    const kept: EventRecord = {
      seq: newest,
      time: options.time(),
      atUs: options.nowUs(),
      level,
      module,
      event,
      fields,
      sentence: sentenceOf(event, fields),
    };
    ring[newest % eventRingRecords] = kept;
    assert(ring.length <= eventRingRecords, "the event ring is bounded");
    for (const listener of listeners) listener(kept);
  };
  const logOf = (module: string, into: Log): Log => {
    const at = (as: LogLevel) => (event: string, fields?: LogFields) => {
      level = as;
      isNew = false;
      into[as](event, fields);
      if (isNew) record(module, event, fields ?? {});
    };
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      module: (name) => logOf(name, into.module(name)),
    };
  };
  return {
    log: logOf("board", inner),
    since: (seq) => eventsAfter(ring, newest, seq),
    subscribe: (onEvent) => {
      listeners.add(onEvent);
      return () => void listeners.delete(onEvent);
    },
  };
}

/** An event as one line for people: its `text` field if it has one, else name and fields. */
export function sentenceOf(event: string, fields: LogFields): string {
  const text = fields["text"];
  if (typeof text === "string" && text !== "") return cleanText(text).slice(0, sentenceCharacters);
  const parts: string[] = [];
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) parts.push(`${key} ${value}`);
  }
  const words = event.replaceAll("-", " ");
  return cleanText(parts.length === 0 ? words : `${words}: ${parts.join(", ")}`).slice(
    0,
    sentenceCharacters,
  );
}

function eventsAfter(
  ring: readonly (EventRecord | undefined)[],
  newest: number,
  seq: number,
): EventRecord[] {
  const out: EventRecord[] = [];
  for (let at = Math.max(seq, newest - eventRingRecords, 0) + 1; at <= newest; at++) {
    const kept = ring[at % eventRingRecords];
    if (kept !== undefined && kept.seq === at) out.push(kept);
  }
  return out;
}
