import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, monoUs } from "../base/index.ts";
import { type AlarmBook, alarmFile, openAlarmBook } from "./alarm-book.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const lines: string[] = [];
const log = createLog({
  board: "ccn",
  module: "history",
  level: "info",
  now: () => "",
  sink: (line) => void lines.push(line),
});
const open = (stateDir: string): AlarmBook =>
  openAlarmBook({ stateDir, log, now: () => ({ atUs: monoUs(5e6), wallMs: 1e12 }) });

function stateDir(): string {
  const directory = mkdtempSync(join(tmpdir(), "softset-alarms-"));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const report = { id: "a", object: "slot 1", severity: "major", text: "b", action: "c" } as const;

test("alarms and who has seen them survive a restart", async () => {
  const directory = stateDir();
  const book = open(directory);
  book.raise("netrack", report);
  book.acknowledge(1, { who: "ops", text: "seen" });
  await book.written();
  expect(readdirSync(directory)).toEqual([alarmFile]);
  expect(open(directory).standing()).toMatchObject([{ number: 1, acknowledged: { who: "ops" } }]);
});

test("a damaged file is put aside and told, and the book begins anew", async () => {
  const directory = stateDir();
  writeFileSync(join(directory, alarmFile), "{");
  const book = open(directory);
  expect(book.standing()).toEqual([]);
  expect(lines.at(-1)).toContain("alarms-unreadable");
  book.raise("netrack", report);
  await book.written();
  expect(readFileSync(join(directory, `${alarmFile}.damaged`), "utf8")).toBe("{");
  expect(open(directory).standing()).toHaveLength(1);
});

test("a file that cannot be written is told once; the list stays", async () => {
  const directory = join(stateDir(), "file");
  writeFileSync(directory, "no directory");
  const book = open(join(directory, "below"));
  lines.length = 0;
  for (const object of ["slot 1", "slot 2"]) {
    book.raise("netrack", { ...report, object });
    await book.written();
  }
  expect(lines.filter((line) => line.includes("alarms-not-written"))).toHaveLength(1);
  expect(book.standing()).toHaveLength(2);
});
