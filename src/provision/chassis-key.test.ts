import { afterEach, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chassisKey } from "./index.ts";

const folders: string[] = [];

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "softset-key-"));
  folders.push(made);
  return made;
}

afterEach(() => {
  for (const each of folders.splice(0)) rmSync(each, { recursive: true });
});

test("the first start makes a key only its owner can read, later starts load it", () => {
  const state = join(folder(), "deep", "state");
  const first = chassisKey(state);
  expect(first.ok && first.value.hex).toMatch(/^[0-9a-f]{64}$/);
  expect(chassisKey(state)).toEqual(first);
  expect(statSync(join(state, "chassis.key")).mode & 0o777).toBe(0o600);
  expect(readdirSync(state)).toEqual(["chassis.key"]);
  expect(chassisKey(folder())).not.toEqual(first);
});

test("a key that others could read is told and made private", () => {
  const state = folder();
  const first = chassisKey(state);
  chmodSync(join(state, "chassis.key"), 0o644);
  const again = chassisKey(state);
  expect(again.ok && again.value).toEqual({
    hex: first.ok ? first.value.hex : "",
    wasExposed: true,
  });
  expect(statSync(join(state, "chassis.key")).mode & 0o777).toBe(0o600);
});

test("a damaged key is never replaced, and the error says what to do", () => {
  for (const content of ["", "ab", "z".repeat(64), `${"a".repeat(64)}\nmore`]) {
    const state = folder();
    writeFileSync(join(state, "chassis.key"), content);
    const read = chassisKey(state);
    expect(read.ok ? "" : read.error.kind).toBe("damaged");
    expect(read.ok ? "" : read.error.text).toContain("backup");
    expect(read.ok ? "" : read.error.text).not.toContain("aaaa");
  }
});

test("a half-written key of a crash is written over", () => {
  const state = folder();
  writeFileSync(join(state, "chassis.key.new"), "half");
  expect(chassisKey(state).ok).toBe(true);
});

test("a state directory that cannot be made is told with its reason", () => {
  const state = join(folder(), "file");
  writeFileSync(state, "");
  const made = chassisKey(state);
  expect(made.ok ? "" : made.error.text).toMatch(/cannot (read|write).*ENOTDIR/);
});
