// Cases `cpu` and `rss` (7 boards) and `cpu-21`, `rss-21` (21 boards and the CCN): what an idle
// chassis costs a board, read from /proc over ten seconds. One value a board and round; `-hub` and
// `-card` are the same values, controllers and CCN apart from I/O cards.

import { readFileSync } from "node:fs";
import { monoNowUs } from "../../../src/kernel/index.ts";
import type { Lab } from "../../../src/lab/index.ts";
import type { BenchContext, BenchRow } from "../bench.ts";
import { bootChassis } from "./chassis.ts";

/** One look at a board's process takes this long, ms. */
const windowMs = 10_000;
/** The boot and the JIT compiler come to rest, ms: code that runs often is compiled until then. */
const settleMs = 30_000;
/** Clock ticks a second in /proc (sysconf(_SC_CLK_TCK), always 100 on Linux). */
const ticksPerSecond = 100;
const chassisFiles = [
  { file: "demo.yaml", suffix: "" },
  { file: "demo21.yaml", suffix: "-21" },
];

/** The names of these cases. */
export const usageCases: readonly string[] = ["cpu", "rss"];

/** Measures CPU (percent of a core) and RSS (MB) per board. */
export async function measureUsage(context: BenchContext): Promise<BenchRow[]> {
  if (context.only !== undefined && !usageCases.some((name) => context.only?.has(name))) return [];
  const rows: BenchRow[] = [];
  for (const { file, suffix } of chassisFiles) {
    const lab = await bootChassis(context, file);
    await Bun.sleep(settleMs);
    const values: Record<string, number[]> = {};
    for (let round = 0; round < Math.min(context.rounds, 3); round++) {
      context.say(`${file}: ${windowMs / 1000} s of an idle chassis, round ${round + 1}`);
      for (const [name, value] of await look(lab)) (values[name] ??= []).push(value);
    }
    await lab.down();
    for (const [name, ours] of Object.entries(values)) {
      const unit = name.startsWith("cpu") ? "% of a core" : "MB";
      rows.push({ case: `${name}${suffix}`, unit, ours, peers: [] });
    }
  }
  return rows;
}

async function look(lab: Lab): Promise<[string, number][]> {
  const boards = lab.status().slots.flatMap(({ role, board }) => {
    const pid = board?.pid;
    return pid === undefined ? [] : [{ pid, kind: role === "io-card" ? "card" : "hub" }];
  });
  const before = boards.map(({ pid }) => cpuTicks(pid));
  const fromUs = monoNowUs();
  await Bun.sleep(windowMs);
  const seconds = (monoNowUs() - fromUs) / 1e6;
  return boards.flatMap(({ pid, kind }, i): [string, number][] => {
    const ticks = cpuTicks(pid) - (before[i] ?? 0);
    const cpu = (100 * ticks) / ticksPerSecond / seconds;
    const rss = rssBytes(pid) / 1e6;
    return [
      ["cpu", cpu],
      [`cpu-${kind}`, cpu],
      ["rss", rss],
      [`rss-${kind}`, rss],
    ];
  });
}

/** utime + stime, proc(5) fields 14 and 15; the command name in brackets may hold spaces. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

function rssBytes(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found?.[1] ?? 0) * 1024;
}
