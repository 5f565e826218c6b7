// The part of config that touches the machine: reads a chassis file and its secrets from disk, and
// takes the SHA-256 that names a board document in DHCP replies.

import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { err, ok, type Result } from "../base/index.ts";
import type { ConfigError } from "./errors.ts";
import { chassisFileBytes, secretFileBytes } from "./limits.ts";
import { loadChassis } from "./load.ts";
import type { Chassis } from "./types.ts";

/** SHA-256 of a document's bytes: 32 bytes. */
export function documentSha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

/**
 * Loads a chassis file from disk; secret files are looked up beside it. Blocks for two or three
 * small reads, so only at start and on a change. A file that cannot be read is one ConfigError.
 */
export function loadChassisFile(path: string): Result<Chassis, ConfigError[]> {
  const text = readBounded(path, chassisFileBytes + 1);
  if (!text.ok) return err([{ file: path, line: 1, column: 1, path: "", message: text.error }]);
  return loadChassis(text.value, path, (secretPath) => {
    const secret = readBounded(resolve(dirname(path), secretPath), secretFileBytes);
    return secret.ok ? ok(secret.value.replace(/\r?\n$/, "")) : secret;
  });
}

function readBounded(path: string, bytesMax: number): Result<string, string> {
  try {
    // Without O_NONBLOCK the open of a FIFO would wait for a writer for ever.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!fstatSync(fd).isFile()) {
        return err(`cannot read ${path.slice(0, 200)}: not a regular file; give a file's path`);
      }
      const buffer = new Uint8Array(bytesMax);
      const bytes = readSync(fd, buffer, 0, bytesMax, 0);
      return ok(new TextDecoder().decode(buffer.subarray(0, bytes)));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "cannot be read";
    return err(`cannot read file ${path.slice(0, 200)}: ${code}; check path and permissions`);
  }
}
