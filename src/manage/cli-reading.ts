// The reading commands: ask the daemon one question, show its document as text or JSON, or keep
// showing it. What a document looks like as text is core/*-view.ts's.

import type { Result } from "../base/index.ts";
import { type CliCall, printLines, tellRefusal, usageMistake } from "./call.ts";
import { type DocumentView, watchDocument } from "./cli-watch.ts";
import { askBoard, type ClientError, followEvents } from "./client.ts";
import { parseWhereQuery } from "./core/answers.ts";
import {
  type EventsDocument,
  isEventsDocument,
  isLeasesDocument,
  isNetworksDocument,
  isStatusDocument,
  isWhereDocument,
} from "./core/documents.ts";
import { exitCodes } from "./core/exit-codes.ts";
import { eventLine, leasesLines, whereLines } from "./core/lists-view.ts";
import { networksLines } from "./core/networks-view.ts";
import { statusLines } from "./core/status-view.ts";
import type { EventRecord, NowFact } from "./facts.ts";
import { eventRingRecords, eventsPerAnswer, eventsShown } from "./limits.ts";
import { screenOf } from "./terminal.ts";

/** `status`: one screen. */
export async function statusCommand(call: CliCall): Promise<number> {
  return await showDocument(call, { path: "status", guard: isStatusDocument, view: statusLines });
}

/** `networks`: who hears whom. */
export async function networksCommand(call: CliCall): Promise<number> {
  return await showDocument(call, {
    path: "networks",
    guard: isNetworksDocument,
    view: networksLines,
  });
}

/** `leases`: who got which address. */
export async function leasesCommand(call: CliCall): Promise<number> {
  return await showDocument(call, { path: "leases", guard: isLeasesDocument, view: leasesLines });
}

/** `where MAC|SLOT`: exit code 3 if no chain ends at a slot. */
export async function whereCommand(call: CliCall): Promise<number> {
  const [text = ""] = call.order.words;
  const query = parseWhereQuery(text);
  if (!query.ok) return usageMistake(call.cli, call.terminal, query.error, call.order.command);
  const answered = await askBoard(
    call.daemon,
    `where?q=${encodeURIComponent(text)}`,
    isWhereDocument,
  );
  if (!answered.ok) return tellRefusal(call, answered.error);
  const screen = screenOf(call.terminal);
  printLines(
    call,
    call.json ? [JSON.stringify(answered.value)] : whereLines(answered.value, screen),
  );
  return answered.value.found ? exitCodes.done : exitCodes.noSuchThing;
}

/** `events`: the last ones, and with -f every later one until stopped. */
export async function eventsCommand(call: CliCall): Promise<number> {
  const count = lastOf(call);
  if (count === undefined) {
    const text = `--last is a whole number from 0 to ${eventsShown.max}`;
    return usageMistake(call.cli, call.terminal, text, call.order.command);
  }
  const read = await readEvents(call, count);
  if (!read.ok) return tellRefusal(call, read.error);
  const { options } = call.order;
  const isFollowing = options.has("follow") || options.has("watch");
  const showEvent = (event: EventRecord): void => {
    const line = eventLine(event, screenOf(call.terminal));
    printLines(call, [call.json ? JSON.stringify({ v: 1, ...event }) : line]);
  };
  if (call.json && !isFollowing) printLines(call, [JSON.stringify(read.value)]);
  else for (const event of read.value.events) showEvent(event);
  if (!isFollowing) return exitCodes.done;
  const last = { epoch: read.value.epoch, seq: read.value.next };
  const ended = await followEvents(call.daemon, last, showEvent);
  return ended.ok ? exitCodes.done : tellRefusal(call, ended.error);
}

/** Asks once and shows the answer, or with --watch keeps showing it. */
export async function showDocument<T extends { readonly now: NowFact }>(
  call: CliCall,
  reading: DocumentView<T>,
): Promise<number> {
  if (call.order.options.has("watch")) return await watchDocument(call, reading);
  const answered = await askBoard(call.daemon, reading.path, reading.guard);
  if (!answered.ok) return tellRefusal(call, answered.error);
  const lines = call.json
    ? [JSON.stringify(answered.value)]
    : reading.view(answered.value, screenOf(call.terminal));
  printLines(call, lines);
  return exitCodes.done;
}

function lastOf(call: CliCall): number | undefined {
  const text = call.order.options.get("last");
  if (text === undefined) return eventsShown.default;
  const value = Number(text);
  return /^\d{1,5}$/.test(text) && value <= eventsShown.max ? value : undefined;
}

/** Reads all pages; the ring is finite, so are they. Keeps the last `count` events. */
async function readEvents(
  call: CliCall,
  count: number,
): Promise<Result<EventsDocument, ClientError>> {
  let kept: readonly EventRecord[] = [];
  let since = 0;
  for (let page = 0; ; page++) {
    const answered = await askBoard(call.daemon, `events?since=${since}`, isEventsDocument);
    if (!answered.ok) return answered;
    const document = answered.value;
    kept = [...kept, ...document.events].slice(
      Math.max(0, kept.length + document.events.length - count),
    );
    since = document.next;
    const isLast = !document.more || page > eventRingRecords / eventsPerAnswer;
    if (isLast) return { ok: true, value: { ...document, events: kept } };
  }
}
