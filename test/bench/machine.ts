// Where and from which source figures come: without it a figure says nothing.

import { readFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";

/** The machine of a run. */
export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  readonly bun: string;
};

/** This machine. */
export function thisMachine(): Machine {
  const cpuinfo = readFileSync("/proc/cpuinfo", "utf8");
  return {
    cpu: /^model name\s*:\s*(.*)$/m.exec(cpuinfo)?.[1] ?? "unknown",
    cores: (cpuinfo.match(/^processor\s*:/gm) ?? []).length,
    kernel: release(),
    bun: Bun.version,
  };
}

/** Short commit of the checkout; `+changes` if files differ from it. */
export function thisCommit(): string {
  const git = (...words: string[]): string => {
    const run = Bun.spawnSync(["git", ...words], { cwd: join(import.meta.dir, "..", "..") });
    return run.success ? run.stdout.toString().trim() : "";
  };
  const commit = git("rev-parse", "--short", "HEAD");
  if (commit === "") return "unknown";
  return git("status", "--porcelain") === "" ? commit : `${commit}+changes`;
}
