// The command line's side of the control API: one question over a UNIX socket, answered by a
// checked document or by an error that knows its exit code; and the event stream.

import { accessSync, constants } from "node:fs";

import { err, ok, type Result } from "../base/index.ts";
import { apiRoot } from "./core/answers.ts";
import { isEventRecord } from "./core/documents.ts";
import { type ExitCode, exitCodes } from "./core/exit-codes.ts";
import { isProblem } from "./core/problem.ts";
import type { Guard } from "./core/shape.ts";
import { readStream, type StreamId, streamIdText, streamReader } from "./core/sse.ts";
import { cleanText } from "./core/text.ts";
import type { EventRecord } from "./facts.ts";
import { answerBytes } from "./limits.ts";

/** Why there is no document: the exit code and the sentence for people. */
export type ClientError = { readonly exit: ExitCode; readonly text: string };

/** Where the daemon listens and how long to wait for it. */
export type DaemonAddress = {
  /** `RUN_DIR/api.sock`. */
  readonly socketPath: string;
  readonly timeoutMs: number;
  /** Ends waiting early (Ctrl-C, or a test's end). */
  readonly stop: AbortSignal;
};

/** Asks `path` (below /api/v1/) and checks the answer's shape. */
export async function askBoard<T>(
  daemon: DaemonAddress,
  path: string,
  guard: Guard<T>,
): Promise<Result<T, ClientError>> {
  return await exchange(daemon, path, {}, guard);
}

/** Posts an order and checks the answer's shape. No answer in time: the order may be under way. */
export async function postOrder<T>(
  daemon: DaemonAddress,
  order: object,
  guard: Guard<T>,
): Promise<Result<T, ClientError>> {
  const headers = { "content-type": "application/json" };
  const request = { method: "POST", headers, body: JSON.stringify(order) };
  return await exchange(daemon, "orders", request, guard);
}

async function exchange<T>(
  daemon: DaemonAddress,
  path: string,
  request: { readonly method?: string; readonly body?: string },
  guard: Guard<T>,
): Promise<Result<T, ClientError>> {
  const reachable = checkSocket(daemon);
  if (!reachable.ok) return reachable;
  try {
    const signal = AbortSignal.any([AbortSignal.timeout(daemon.timeoutMs), daemon.stop]);
    const response = await fetch(urlOf(path), { ...request, unix: daemon.socketPath, signal });
    const body = await boundedText(response);
    if (!body.ok) return body;
    return response.ok ? parseDocument(body.value, guard) : err(refusalOf(response, body.value));
  } catch (thrown) {
    return err(failureOf(daemon, thrown));
  }
}

/** Follows the events after `last` (all, if the daemon was started anew since) until the stream ends or `daemon.stop` is aborted. */
export async function followEvents(
  daemon: DaemonAddress,
  last: StreamId,
  onEvent: (event: EventRecord) => void,
): Promise<Result<void, ClientError>> {
  const reachable = checkSocket(daemon);
  if (!reachable.ok) return reachable;
  try {
    const opened = await openStream(daemon, last);
    if (!opened.ok) return opened;
    const reader = streamReader();
    const decoder = new TextDecoder();
    for await (const chunk of opened.value) {
      const messages = readStream(reader, decoder.decode(chunk, { stream: true }));
      if (!messages.ok) return err({ exit: exitCodes.failed, text: messages.error });
      for (const message of messages.value) {
        if (message.event !== "") continue;
        const event = parseDocument(message.data, isEventRecord);
        if (!event.ok) return event;
        onEvent(event.value);
      }
    }
    return daemon.stop.aborted ? ok(undefined) : err(endedBy(daemon));
  } catch (thrown) {
    return daemon.stop.aborted ? ok(undefined) : err(failureOf(daemon, thrown));
  }
}

/** The time-out bounds the wait for the first byte only; the stream then lasts. */
async function openStream(
  daemon: DaemonAddress,
  last: StreamId,
): Promise<Result<ReadableStream<Uint8Array>, ClientError>> {
  const opening = new AbortController();
  const timer = setTimeout(() => {
    opening.abort(new DOMException("no answer", "TimeoutError"));
  }, daemon.timeoutMs);
  try {
    const response = await fetch(urlOf("events/stream"), {
      headers: { "last-event-id": streamIdText(last) },
      unix: daemon.socketPath,
      signal: AbortSignal.any([opening.signal, daemon.stop]),
    });
    if (response.ok && response.body !== null) return ok(response.body);
    const body = await boundedText(response);
    return body.ok ? err(refusalOf(response, body.value)) : body;
  } finally {
    clearTimeout(timer);
  }
}

function urlOf(path: string): string {
  return `http://daemon${apiRoot}/${path}`;
}

function checkSocket(daemon: DaemonAddress): Result<void, ClientError> {
  try {
    accessSync(daemon.socketPath, constants.R_OK | constants.W_OK);
    return ok(undefined);
  } catch (thrown) {
    const code = codeOf(thrown);
    if (code === "EACCES" || code === "EPERM") {
      const text = `cannot open ${daemon.socketPath}: not permitted; run this as root`;
      return err({ exit: exitCodes.notPermitted, text });
    }
    const text =
      `no daemon at ${daemon.socketPath}: ${code}; ` +
      "start it with `run`, or name its directory with --run-dir";
    return err({ exit: exitCodes.notReachable, text });
  }
}

function failureOf(daemon: DaemonAddress, thrown: unknown): ClientError {
  if (thrown instanceof Error && thrown.name === "TimeoutError") {
    const seconds = daemon.timeoutMs / 1000;
    const text =
      `no answer from ${daemon.socketPath} within ${seconds} s; state unknown, ` +
      "wait longer with --timeout or look at the daemon's log";
    return { exit: exitCodes.timedOut, text };
  }
  const text =
    `the daemon at ${daemon.socketPath} does not answer: ${codeOf(thrown)}; ` +
    "it may have died, start it with `run`";
  return { exit: exitCodes.notReachable, text };
}

function endedBy(daemon: DaemonAddress): ClientError {
  const text = `the daemon at ${daemon.socketPath} ended the stream; it stopped, or we read too slowly`;
  return { exit: exitCodes.notReachable, text };
}

async function boundedText(response: Response): Promise<Result<string, ClientError>> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > answerBytes) {
      return err({ exit: exitCodes.failed, text: `an answer of more than ${answerBytes} bytes` });
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return ok(text);
}

function parseDocument<T>(body: string, guard: Guard<T>): Result<T, ClientError> {
  const document = parseJson(body);
  const trail: string[] = [];
  if (guard(document, trail)) return ok(document);
  const place = cleanText(trail.reverse().join(".")) || "the top";
  const text = `the daemon's answer is not what this version expects (at ${place}); use one version`;
  return err({ exit: exitCodes.failed, text });
}

function refusalOf(response: Response, body: string): ClientError {
  const document = parseJson(body);
  const exit = exitOfStatus(response.status);
  if (isProblem(document, [])) return { exit, text: cleanText(document.detail) };
  return { exit, text: `the daemon refused with HTTP status ${response.status}` };
}

function exitOfStatus(status: number): ExitCode {
  switch (status) {
    case 400:
      return exitCodes.usage;
    case 403:
      return exitCodes.notPermitted;
    case 404:
      return exitCodes.noSuchThing;
    case 504:
      return exitCodes.timedOut;
    default:
      return exitCodes.failed;
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // No JSON at all: undefined passes no guard, so the caller reports it as a strange answer.
    return undefined;
  }
}

function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return "code" in thrown && typeof thrown.code === "string" ? thrown.code : thrown.message;
}
