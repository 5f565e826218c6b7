// The folder of one story, named after its process: what a killed one left is found and removed by
// the next. Nothing else outlives a kill, namespaces and mounts end with their processes.

import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const name = /^softset-story-([1-9][0-9]{0,9})-/;

/** Makes this process's folder in `parent` and removes those of our dead predecessors. */
export function storyFolder(parent: string = tmpdir()): string {
  for (const entry of readdirSync(parent)) {
    const pid = name.exec(entry)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const path = join(parent, entry);
    if (lstatSync(path).uid === process.getuid?.()) rmSync(path, { recursive: true, force: true });
  }
  return mkdtempSync(join(parent, `softset-story-${process.pid}-`));
}
