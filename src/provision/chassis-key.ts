// The chassis key: 32 random bytes that authenticate everything between boards. Made by the CCN on
// its first start and kept in its state directory, readable by the owner only. It appears whole or
// not at all: written to a new file, flushed, renamed over, and the directory flushed.

import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { assert, err, ok, type Result } from "../base/index.ts";
import { chassisKeyBytes } from "./limits.ts";

/** File name of the key in the state directory. */
export const chassisKeyFile = "chassis.key";

/** Why there is no key; `text` says what to do. */
export type KeyError = {
  readonly kind: "damaged" | "unreadable" | "unwritable";
  readonly path: string;
  readonly text: string;
};

/** The key; `wasExposed` = others could read its file, which is private again now. */
export type ChassisKey = { readonly hex: string; readonly wasExposed: boolean };

/** Reads the chassis key; makes it if `stateDir` has none. Blocks for one fsync. */
export function chassisKey(stateDir: string): Result<ChassisKey, KeyError> {
  const path = join(stateDir, chassisKeyFile);
  try {
    const { text, wasExposed } = readFile(path);
    if (/^[0-9a-f]{64}\n$/.test(text)) return ok({ hex: text.trim(), wasExposed });
    const what = `${path} is damaged: ${text.length} characters, not 64 hex digits and a line end`;
    const todo = "restore it from a backup, or delete it and restart every board for a new key";
    return err({ kind: "damaged", path, text: `${what}; ${todo}` });
  } catch (error) {
    if (codeOf(error) !== "ENOENT") {
      const text = `cannot read ${path}: ${codeOf(error)}; run as its owner, or mend permissions`;
      return err({ kind: "unreadable", path, text });
    }
  }
  const hex = randomBytes(chassisKeyBytes).toString("hex");
  assert(hex.length === 2 * chassisKeyBytes, "a key is two hex digits a byte");
  try {
    writeWhole(stateDir, path, `${hex}\n`);
    return ok({ hex, wasExposed: false });
  } catch (error) {
    const text = `cannot write ${path}: ${codeOf(error)}; make ${stateDir} writable or free space`;
    return err({ kind: "unwritable", path, text });
  }
}

function readFile(path: string): { readonly text: string; readonly wasExposed: boolean } {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    // One byte more than a good file has, so that a longer one shows.
    const bytes = new Uint8Array(2 * chassisKeyBytes + 2);
    const text = new TextDecoder().decode(
      bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0)),
    );
    const wasExposed = (fstatSync(fd).mode & 0o077) !== 0;
    if (wasExposed) fchmodSync(fd, 0o600);
    return { text, wasExposed };
  } finally {
    closeSync(fd);
  }
}

function writeWhole(stateDir: string, path: string, text: string): void {
  mkdirSync(stateDir, { recursive: true, mode: 0o755 });
  const fresh = `${path}.new`;
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const fd = openSync(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  try {
    fchmodSync(fd, 0o600); // also if a crash left the file
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, path);
  const directory = openSync(stateDir, constants.O_RDONLY);
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
