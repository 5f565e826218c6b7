// Giving back program text that only the start needed. A locked executable keeps every page of code
// it ever ran: of Bun's 80 MB about 40 after a start with HTTP, half of which never runs again. The
// pages stay in the page cache, but may be reclaimed there, and those that run are mapped (and
// locked) again at their next use. Source: madvise(2), MADV_DONTNEED_LOCKED since Linux 5.18.

import { readFileSync, readlinkSync } from "node:fs";
import { ok, type Result } from "../base/index.ts";
import { MADV_DONTNEED, MADV_DONTNEED_LOCKED } from "./constants.ts";
import type { SysError } from "./errors.ts";
import { check, libc } from "./libc.ts";

/** Unmaps the executable's read-only text; the number of bytes that were mapped as such. */
export function releaseText(): Result<number, SysError> {
  const exe = readlinkSync("/proc/self/exe");
  let bytes = 0;
  for (const line of readFileSync("/proc/self/maps", "latin1").split("\n")) {
    // Only code: read-only data may have been written before it was protected.
    const found = /^([0-9a-f]+)-([0-9a-f]+) r-xp .* (\/.*)$/.exec(line);
    if (found === null || found[3] !== exe) continue;
    const start = Number.parseInt(found[1] ?? "0", 16);
    const length = Number.parseInt(found[2] ?? "0", 16) - start;
    const given = release(start, length);
    if (!given.ok) return given;
    bytes += length;
  }
  return ok(bytes);
}

function release(start: number, length: number): Result<number, SysError> {
  const locked = check(libc.madvise(start, length, MADV_DONTNEED_LOCKED), "release", "text");
  if (locked.ok || locked.error.code !== "EINVAL") return locked;
  return check(libc.madvise(start, length, MADV_DONTNEED), "release", "text");
}
