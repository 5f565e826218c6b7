import { expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lastLineCharsMax, lastLinesMax, logLineCharsMax, logLinesPerTurn } from "./limits.ts";
import { type LogFile, openLogFile } from "./log-file.ts";

type Tried = Disposable & {
  readonly log: LogFile;
  readonly path: string;
  readonly refused: string[];
  readonly dropped: () => number;
  readonly texts: () => string[];
};

function tryLog(parts: { bytesMax?: number; files?: number; path?: string } = {}): Tried {
  const folder = mkdtempSync(join(tmpdir(), "psrm-log-"));
  const path = parts.path ?? join(folder, "log", "web.log");
  const refused: string[] = [];
  let dropped = 0;
  const log = openLogFile({
    path,
    bytesMax: parts.bytesMax ?? 1_000_000,
    files: parts.files ?? 3,
    onRefused: (reason) => refused.push(reason),
    onDropped: () => dropped++,
  });
  return {
    log,
    path,
    refused,
    dropped: () => dropped,
    texts: () =>
      readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.replace(/^\S+Z /, "")),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const quiet = { onRefused: () => {}, onDropped: () => {} };

function pipe(...chunks: readonly string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
}

test("lines are written with time and stream, however they were cut in pieces", async () => {
  using t = tryLog();
  await t.log.capture(pipe("one\ntw", "o\n\nth", "ree"), "out");
  await t.log.capture(pipe("bad\n"), "err");
  t.log.note("started");
  await t.log.close();
  expect(t.texts()).toEqual(["out one", "out two", "out ", "out three", "err bad", "psrm started"]);
  expect(readFileSync(t.path, "utf8")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z out one\n/);
  expect(statSync(t.path).mode & 0o777).toBe(0o640);
});

test("files are turned over by size and only so many are kept", async () => {
  using t = tryLog({ bytesMax: 200, files: 3 });
  for (let i = 0; i < 30; i++) {
    // Written before the next, by a log that goes on from what is there.
    const log = openLogFile({ ...quiet, path: t.path, bytesMax: 200, files: 3 });
    await log.capture(pipe(`line number ${i}\n`), "out");
    await log.close();
  }
  const sizes = [t.path, `${t.path}.1`, `${t.path}.2`].map((path) => statSync(path).size);
  expect(sizes.every((size) => size > 0 && size <= 200)).toBe(true);
  expect(existsSync(`${t.path}.3`)).toBe(false);
  expect(readFileSync(t.path, "utf8")).toContain("line number 29");
});

test("one file only: it begins anew when it is full", async () => {
  using t = tryLog({ bytesMax: 100, files: 1 });
  for (let i = 0; i < 10; i++) {
    const log = openLogFile({ ...quiet, path: t.path, bytesMax: 100, files: 1 });
    await log.capture(pipe(`line number ${i}\n`), "out");
    await log.close();
  }
  expect(statSync(t.path).size).toBeLessThanOrEqual(100);
  expect(existsSync(`${t.path}.1`)).toBe(false);
});

test("the last lines are kept short, few and printable", async () => {
  using t = tryLog();
  const lines = Array.from({ length: lastLinesMax + 5 }, (_, i) => `line ${i}`);
  await t.log.capture(pipe(`${lines.join("\n")}\n`, `\u001b[2J${"x".repeat(1_000)}\n`), "out");
  const last = t.log.lastLines();
  expect(last).toHaveLength(lastLinesMax);
  expect(last.at(-1)).toBe(` [2J${"x".repeat(lastLineCharsMax - 4)}`);
  await t.log.close();
});

test("a line without end is cut, a flood is dropped, and the file says how much", async () => {
  using t = tryLog();
  await t.log.capture(pipe("y".repeat(3 * logLineCharsMax), "\n"), "out");
  await t.log.capture(pipe("x\n".repeat(logLinesPerTurn + 1_000), "after\n"), "out");
  await t.log.close();
  const texts = t.texts();
  expect(texts.every((text) => text.length <= logLineCharsMax + 4)).toBe(true);
  expect(texts.filter((text) => text === "out x")).toHaveLength(logLinesPerTurn);
  expect(texts).toContain("out after");
  expect(t.log.droppedBytes()).toBe(2 * logLineCharsMax + 2_000);
  const told = texts.flatMap((text) => /^psrm (\d+) bytes were dropped/.exec(text)?.[1] ?? []);
  expect(told.reduce((sum, bytes) => sum + Number(bytes), 0)).toBe(t.log.droppedBytes());
  expect(t.dropped()).toBeGreaterThan(0);
});

test("a file that cannot be written is told once, lines stay for status", async () => {
  const folder = mkdtempSync(join(tmpdir(), "psrm-log-"));
  const path = join(folder, "a-folder");
  mkdirSync(path);
  chmodSync(path, 0o700);
  using t = tryLog({ path });
  await t.log.capture(pipe("one\n"), "out");
  await t.log.capture(pipe("two\n"), "out");
  await t.log.close();
  expect(t.refused).toHaveLength(1);
  expect(t.refused[0]).toContain("EISDIR");
  expect(t.log.lastLines()).toEqual(["one", "two"]);
  expect(t.log.droppedBytes()).toBeGreaterThan(0);
  rmSync(folder, { recursive: true });
});

test("what comes after the end is dropped, and the file stays closed", async () => {
  using t = tryLog();
  await t.log.capture(pipe("one\n"), "out");
  await t.log.close();
  const before = readdirSync("/proc/self/fd").length;
  await t.log.capture(pipe("two\n"), "out");
  await t.log.close();
  expect(t.texts()).toEqual(["out one"]);
  expect(t.log.lastLines()).toEqual(["one", "two"]);
  expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before);
});
