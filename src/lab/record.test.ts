import { expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import {
  claimLabDirectory,
  clearLabDirectory,
  isAlive,
  markProcess,
  parseRecord,
  type ProcessMark,
  readRecord,
  writeRecord,
} from "./record.ts";
import { temporaryFolder } from "./testing.ts";

/** A pid that was somebody's, with a start time that nobody living has. */
const dead: ProcessMark = { pid: 1, startTicks: -1 };

function markOf(pid: number): ProcessMark {
  const mark = markProcess(pid);
  if (mark === undefined) throw new Error(`process ${pid} is not there`);
  return mark;
}

test("a mark is one life of a pid", () => {
  const own = markOf(process.pid);
  expect(isAlive(own)).toBe(true);
  expect(isAlive({ ...own, startTicks: own.startTicks + 1 })).toBe(false);
});

test("a lab directory with a living owner is left alone", () => {
  const dir = join(temporaryFolder(), "lab");
  mkdirSync(dir);
  const owner = markOf(process.ppid);
  writeRecord(dir, { v: 1, owner, children: [] });
  expect(clearLabDirectory(dir)).toMatchObject({ ok: false, error: { kind: "refused" } });
  expect(claimLabDirectory(dir).ok).toBe(false);
  expect(readRecord(dir)?.owner).toEqual(owner);
  rmSync(join(dir, ".."), { recursive: true });
});

test("what a dead lab left is killed and removed, other processes are not", async () => {
  const dir = join(temporaryFolder(), "lab");
  mkdirSync(dir);
  const left = Bun.spawn(["sleep", "1000"]);
  const bystander = Bun.spawn(["sleep", "1000"]);
  const reused = { pid: bystander.pid, startTicks: markOf(bystander.pid).startTicks + 1 };
  writeRecord(dir, { v: 1, owner: dead, children: [markOf(left.pid), reused] });
  expect(clearLabDirectory(dir)).toEqual({ ok: true, value: 1 });
  await left.exited;
  expect(left.signalCode).toBe("SIGKILL");
  expect(isAlive(markOf(bystander.pid))).toBe(true);
  expect(existsSync(dir)).toBe(false);
  bystander.kill();
  rmSync(join(dir, ".."), { recursive: true });
});

test("a directory without a record is never removed", () => {
  const dir = temporaryFolder();
  expect(clearLabDirectory(dir)).toEqual({ ok: true, value: 0 });
  expect(existsSync(dir)).toBe(true);
  rmSync(dir, { recursive: true });
});

test("a damaged record is no record", () => {
  fc.assert(fc.property(fc.string(), (text) => parseRecord(text) === undefined));
  fc.assert(fc.property(fc.json(), (text) => parseRecord(text) === undefined));
  expect(parseRecord('{"v":1,"owner":{"pid":5,"startTicks":6},"children":[{"pid":1}]}')).toBe(
    undefined,
  );
});
