// The control API on a UNIX socket: carries questions to core/answers and events to streams.
// Access is the socket file's: mode 0600, so root and the daemon's own user. A socket left by a
// daemon that died is replaced; one that answers is not.

import { lstatSync, mkdirSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";

import { err, ok, type Result } from "../base/index.ts";
import { apiRoot, badQuestion, parseSince, type ApiQuestion } from "./core/answers.ts";
import { type Problem, problem } from "./core/problem.ts";
import { answerOf } from "./answer.ts";
import type { BoardFacts } from "./facts.ts";
import { orderDeadlineMs, requestBodyBytes, socketPathBytes, whereDeadlineMs } from "./limits.ts";
import { type OrderDesk, orderDesk } from "./order-desk.ts";
import { type EventStreams, eventStreams } from "./streams.ts";

/** The running API of a board. */
export type ApiServer = {
  readonly path: string;
  /** Ends every stream, stops listening, removes the socket. */
  readonly close: () => Promise<void>;
};

/** What the API needs: the board's facts, where to listen, and a way to say what went wrong. */
export type ApiOptions = {
  readonly facts: BoardFacts;
  /** `RUN_DIR/api.sock`; its directory is made if missing. */
  readonly path: string;
  /** Called with a sentence for every mistake of our own behind an answer 500. */
  readonly onMistake?: (text: string) => void;
  /** Longest time for one answer, ms; then 504. Default `whereDeadlineMs`. */
  readonly deadlineMs?: number;
  /** Longest time for an order, ms; then 504 and it goes on. Default `orderDeadlineMs`. */
  readonly orderDeadlineMs?: number;
};

/** Listens on `options.path`; the error is a sentence that says what to do. */
export async function startApi(options: ApiOptions): Promise<Result<ApiServer, string>> {
  const free = await freePath(options.path);
  if (!free.ok) return free;
  const streams = eventStreams(options.facts);
  const desk = orderDesk(options.facts);
  const started = listen(options, streams, desk);
  if (!started.ok) return started;
  const server = started.value;
  const close = async (): Promise<void> => {
    streams.close();
    await server.stop(true);
    unlinkIfSocket(options.path);
  };
  return ok({ path: options.path, close });
}

function listen(
  options: ApiOptions,
  streams: EventStreams,
  desk: OrderDesk,
): Result<Bun.Server<undefined>, string> {
  // The mode must be right from the first moment: connect() needs only write permission.
  const umaskBefore = process.umask(0o177);
  try {
    const server = Bun.serve({
      unix: options.path,
      maxRequestBodySize: requestBodyBytes,
      fetch: (request, bunServer) =>
        new URL(request.url).pathname === ordersPath
          ? onOrder(options, desk, request, bunServer)
          : onRequest(options, streams, request, bunServer),
      error: (thrown) => {
        options.onMistake?.(`the control API failed: ${thrown.message}`);
        return refusal(problem("our-mistake", "the daemon failed to answer; its log says more"));
      },
    });
    return ok(server);
  } catch (thrown) {
    return err(
      `cannot listen on ${options.path}: ${messageOf(thrown)}; choose another place with --run-dir`,
    );
  } finally {
    process.umask(umaskBefore);
  }
}

const ordersPath = `${apiRoot}/orders`;

/** The body is read within the deadline of a question, so that a slow writer holds nothing open. */
async function onOrder(
  options: ApiOptions,
  desk: OrderDesk,
  request: Request,
  server: Bun.Server<undefined>,
): Promise<Response> {
  if (request.method !== "POST") {
    const text = `${request.method} is not possible here; POST an order`;
    return refusal(problem("wrong-method", text), { allow: "POST" });
  }
  // Bun cuts a connection that is silent for 10 s; an order may take longer.
  server.timeout(request, 0);
  const readMs = options.deadlineMs ?? whereDeadlineMs;
  const body = await beforeDeadline(request.text().then(ok), "the body", readMs);
  if (!body.ok) return refusal(body.error);
  const workMs = options.orderDeadlineMs ?? orderDeadlineMs;
  const what = "the order is still being carried out; look before you repeat it: it";
  const answered = await beforeDeadline(desk.take(body.value), what, workMs);
  if (!answered.ok) return refusal(answered.error);
  return Response.json(answered.value, { headers: { "cache-control": "no-store" } });
}

async function onRequest(
  options: ApiOptions,
  streams: EventStreams,
  request: Request,
  server: Bun.Server<undefined>,
): Promise<Response> {
  if (request.method !== "GET") {
    return refusal(problem("wrong-method", `${request.method} is not possible here; use GET`), {
      allow: "GET",
    });
  }
  const url = new URL(request.url);
  const question: ApiQuestion = {
    path: url.pathname,
    q: url.searchParams.get("q") ?? undefined,
    since: url.searchParams.get("since") ?? undefined,
  };
  if (question.path === `${apiRoot}/events/stream`) {
    const since = parseSince(question.since);
    if (!since.ok) return refusal(badQuestion(since.error));
    const lastId = request.headers.get("last-event-id") ?? "";
    const stream = streams.open({ since: since.value, lastId, signal: request.signal });
    if (!stream.ok) return refusal(stream.error);
    server.timeout(request, 0);
    return new Response(stream.value, {
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
  }
  const answered = await beforeDeadline(
    answerOf(options.facts, question),
    question.path,
    options.deadlineMs ?? whereDeadlineMs,
  );
  if (!answered.ok) return refusal(answered.error);
  return Response.json(answered.value, { headers: { "cache-control": "no-store" } });
}

async function beforeDeadline<T>(
  work: Promise<Result<T, Problem>>,
  path: string,
  deadlineMs: number,
): Promise<Result<T, Problem>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Result<T, Problem>>((resolve) => {
    timer = setTimeout(() => {
      resolve(err(problem("timed-out", `${path} took more than ${deadlineMs} ms`)));
    }, deadlineMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function refusal(document: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(document), {
    status: document.status,
    headers: { ...headers, "content-type": "application/problem+json" },
  });
}

async function freePath(path: string): Promise<Result<void, string>> {
  const bytes = Buffer.byteLength(path);
  if (bytes > socketPathBytes) {
    return err(
      `cannot listen on ${path}: ${bytes} bytes, a UNIX socket's path has at most ` +
        `${socketPathBytes}; choose a shorter --run-dir`,
    );
  }
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  } catch (thrown) {
    return err(`cannot make ${dirname(path)}: ${messageOf(thrown)}; choose another --run-dir`);
  }
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return ok(undefined);
  if (!found.isSocket()) {
    return err(`cannot listen on ${path}: a file that is no socket is there; remove it`);
  }
  if (await answersAt(path)) {
    return err(`cannot listen on ${path}: another daemon answers there; stop it or use --run-dir`);
  }
  unlinkIfSocket(path);
  return ok(undefined);
}

async function answersAt(path: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data: () => undefined } });
    socket.end();
    return true;
  } catch (thrown) {
    // Only these two say that nobody listens; a full backlog or a missing right do not.
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    return code !== "ECONNREFUSED" && code !== "ENOENT";
  }
}

function unlinkIfSocket(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) unlinkSync(path);
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
