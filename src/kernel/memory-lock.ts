// Memory that must not wait for a disk: locks what could be paged out. With swap that is everything
// (mlockall(2) with MCL_ONFAULT: without it JavaScript's reserved 6 GB would be faulted in). Without
// swap only files can be: the executable and its libraries are locked as they are touched
// (mlock2(2)), and the JavaScript heap stays free to give pages back, which the kernel refuses for
// locked memory (5 to 8 MB of a board's 60).

import { readFileSync } from "node:fs";
import { ok, type Result } from "../base/index.ts";
import { ENOENT, MCL_ALL_ONFAULT, MLOCK_ONFAULT } from "./constants.ts";
import { sysError, type SysError } from "./errors.ts";
import { check, libc } from "./libc.ts";

/** Part of a line of /proc/self/maps that belongs to a file (proc_pid_maps(5)). */
const fileMapping = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ [1-9]\d* +\//;

/** Locks; needs root or a memlock limit above the executable's 120 MB. */
export function lockMemory(): Result<void, SysError> {
  if (hasSwap()) {
    const locked = check(libc.mlockall(MCL_ALL_ONFAULT), "lock", "memory (mlockall)");
    return locked.ok ? ok(undefined) : locked;
  }
  let files = 0;
  for (const line of readFileSync("/proc/self/maps", "latin1").split("\n")) {
    const found = fileMapping.exec(line);
    if (found === null) continue;
    const start = Number.parseInt(found[1] ?? "0", 16);
    const length = Number.parseInt(found[2] ?? "0", 16) - start;
    const locked = check(
      libc.mlock2(start, length, MLOCK_ONFAULT),
      "lock",
      "program text (mlock2)",
    );
    if (!locked.ok) return locked;
    files++;
  }
  return files > 0 ? ok(undefined) : sysError("lock", "program text", ENOENT, "no file is mapped");
}

/** /proc/swaps has a heading and one line a swap; unreadable counts as swap, the safe side. */
function hasSwap(): boolean {
  try {
    return readFileSync("/proc/swaps", "latin1").trim().split("\n").length > 1;
  } catch {
    return true;
  }
}
