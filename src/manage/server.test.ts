import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { monoUs } from "../base/index.ts";
import { isObject } from "./core/shape.ts";
import { readStream, streamReader, type StreamMessage } from "./core/sse.ts";
import { type FakeBoard, fakeCcn, nowUs } from "./fixtures.ts";
import { eventRingRecords, streamQueueEvents, streamsMax } from "./limits.ts";
import { type ApiServer, startApi } from "./server.ts";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function runDir(): string {
  const directory = mkdtempSync(join(tmpdir(), "softset-api-"));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function serving(board: FakeBoard = fakeCcn(), path?: string): Promise<ApiServer> {
  const mistakes: string[] = [];
  const started = await startApi({
    facts: board.facts,
    path: path ?? join(runDir(), "deep", "api.sock"),
    onMistake: (text) => mistakes.push(text),
  });
  if (!started.ok) throw new Error(started.error);
  cleanups.push(() => started.value.close());
  return started.value;
}

async function get(server: ApiServer, path: string, init: RequestInit = {}): Promise<Response> {
  return await fetch(`http://daemon${path}`, { ...init, unix: server.path });
}

test("the socket is for its owner only and goes with the server", async () => {
  const server = await serving();
  expect(statSync(server.path).mode & 0o777).toBe(0o600);
  expect((await get(server, "/api/v1/status")).status).toBe(200);
  await server.close();
  expect(existsSync(server.path)).toBe(false);
});

test('every answer is one JSON document with "v":1, refusals are problem documents', async () => {
  const server = await serving();
  const paths = ["status", "networks", "leases", "where?q=7", "events?since=0", "counters"];
  for (const path of paths) {
    const response = await get(server, `/api/v1/${path}`);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(await response.json()).toMatchObject({ v: 1 });
  }
  const cases: [string, RequestInit, number][] = [
    ["/", {}, 404],
    ["/api/v1/where?q=moon", {}, 400],
    ["/api/v1/events?since=x", {}, 400],
    ["/api/v1/events/stream?since=x", {}, 400],
    ["/api/v1/status", { method: "POST", body: "x" }, 405],
    ["/api/v1/status", { method: "DELETE" }, 405],
  ];
  for (const [path, init, status] of cases) {
    const response = await get(server, path, init);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ v: 1, type: "about:blank", status });
  }
});

test("a mistake in a module is answer 500, told to the log, and the server goes on", async () => {
  const board = fakeCcn();
  const mistakes: string[] = [];
  const facts = { ...board.facts, counters: () => boom() };
  const path = join(runDir(), "api.sock");
  const started = await startApi({ facts, path, onMistake: (text) => mistakes.push(text) });
  if (!started.ok) throw new Error(started.error);
  cleanups.push(() => started.value.close());
  expect((await get(started.value, "/api/v1/counters")).status).toBe(500);
  expect(mistakes).toEqual(["the control API failed: boom"]);
  expect((await get(started.value, "/api/v1/status")).status).toBe(200);
});

test("switches that never answer are answer 504 in time", async () => {
  const board = fakeCcn();
  const never = Promise.withResolvers<{ ok: true; value: [] }>();
  board.where = async () => await never.promise;
  const path = join(runDir(), "api.sock");
  const started = await startApi({ facts: board.facts, path, deadlineMs: 10 });
  if (!started.ok) throw new Error(started.error);
  cleanups.push(() => started.value.close());
  const response = await get(started.value, "/api/v1/where?q=7");
  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({ code: "timed-out" });
  never.resolve({ ok: true, value: [] });
});

function boom(): never {
  throw new Error("boom");
}

test("a socket left behind is replaced; a living daemon and a file are not", async () => {
  const directory = runDir();
  const path = join(directory, "api.sock");
  const dead = Bun.spawn(
    [
      process.execPath,
      "-e",
      `Bun.listen({unix:${JSON.stringify(path)},socket:{data(){}}}); console.log("up"); setInterval(()=>{},1e6)`,
    ],
    { stdout: "pipe" },
  );
  await dead.stdout.getReader().read();
  dead.kill(9);
  await dead.exited;
  expect(existsSync(path)).toBe(true);
  await serving(fakeCcn(), path);
  const second = await startApi({ facts: fakeCcn().facts, path });
  expect(second).toMatchObject({ ok: false, error: expect.stringContaining("another daemon") });
  const file = join(directory, "file");
  writeFileSync(file, "precious");
  const third = await startApi({ facts: fakeCcn().facts, path: file });
  expect(third).toMatchObject({ ok: false, error: expect.stringContaining("no socket") });
  expect(existsSync(file)).toBe(true);
  const long = await startApi({ facts: fakeCcn().facts, path: join(directory, "x".repeat(120)) });
  expect(long).toMatchObject({ ok: false, error: expect.stringContaining("--run-dir") });
  mkdirSync(join(directory, "d"));
  const below = await startApi({ facts: fakeCcn().facts, path: join(file, "api.sock") });
  expect(below).toMatchObject({ ok: false, error: expect.stringContaining("cannot make") });
});

/** Reads messages from an open stream until there are `count`. */
async function take(response: Response, count: number): Promise<StreamMessage[]> {
  const reader = streamReader();
  const decoder = new TextDecoder();
  const messages: StreamMessage[] = [];
  for await (const chunk of response.body ?? []) {
    const read = readStream(reader, decoder.decode(chunk, { stream: true }));
    if (!read.ok) throw new Error(read.error);
    messages.push(...read.value);
    if (messages.length >= count) break;
  }
  return messages;
}

function seqOf(message: StreamMessage): unknown {
  const data: unknown = JSON.parse(message.data);
  return isObject(data) ? data["seq"] : undefined;
}

test("a stream gives what was missed, then what happens", async () => {
  const board = fakeCcn();
  const server = await serving(board);
  for (let i = 1; i <= 3; i++) board.log.log.info("past", { i });
  const response = await get(server, "/api/v1/events/stream?since=1");
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  board.log.log.info("present");
  const messages = await take(response, 3);
  expect(messages.map(seqOf)).toEqual([2, 3, 4]);
  expect(messages.at(-1)?.id).toBe(`${board.status.board.startedUs}.4`);
});

test("a reader that comes back loses nothing, or is told that it did", async () => {
  const board = fakeCcn();
  const server = await serving(board);
  for (let i = 1; i <= 3; i++) board.log.log.info("past", { i });
  const epoch = board.status.board.startedUs;
  const back = async (id: string, count: number): Promise<unknown[]> => {
    const headers = { "last-event-id": id };
    const messages = await take(await get(server, "/api/v1/events/stream", { headers }), count);
    return messages.map((message) => message.event || seqOf(message));
  };
  expect(await back(`${epoch}.2`, 1)).toEqual([3]);
  expect(await back(`${epoch + 1}.2`, 4)).toEqual(["reset", 1, 2, 3]);
  for (let i = 4; i <= eventRingRecords + 10; i++) board.log.log.info("flood", { i });
  expect((await back(`${epoch}.2`, 2)).slice(0, 2)).toEqual(["reset", 11]);
});

test("streams are bounded in number, and one that leaves makes room", async () => {
  const server = await serving();
  const leave = new AbortController();
  const open = async (): Promise<Response> =>
    await get(server, "/api/v1/events/stream", { signal: leave.signal });
  for (let i = 0; i < streamsMax; i++) expect((await open()).status).toBe(200);
  const refused = await get(server, "/api/v1/events/stream");
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ code: "too-many-streams" });
  leave.abort();
  let status = 503;
  for (let tries = 0; status === 503 && tries < 1000; tries++) {
    const again = await get(server, "/api/v1/events/stream");
    status = again.status;
    await again.body?.cancel();
  }
  expect(status).toBe(200);
});

test("a reader that does not keep up is cut off and never makes the board wait", async () => {
  const board = fakeCcn();
  board.status = {
    ...board.status,
    board: { ...board.status.board, startedUs: monoUs(nowUs - 1) },
  };
  const server = await serving(board);
  const response = await get(server, "/api/v1/events/stream");
  for (let i = 0; i < streamQueueEvents * 4; i++) board.log.log.info("flood", { i });
  let bytes = 0;
  for await (const chunk of response.body ?? []) bytes += chunk.length;
  expect(bytes).toBeGreaterThan(0);
});
