// The death of a board at a line's word. A board in reset stops at once; the kernel takes 20 to 60 ms
// to take its processes' memory back, one after the other, PID 1 first. So every process is killed
// by itself, and the board counts as dead when all of them are past their last instruction
// (PF_EXITING): what is left of them is the kernel's.

import { childrenOf, killPid, readProcess } from "../kernel/index.ts";
import { dyingMs, treeProcessesMax } from "./limits.ts";

/** Kills a process and all its descendants; who they were. */
export function killTree(root: number): readonly number[] {
  const found: number[] = [];
  const queue = [root];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    if (found.length >= treeProcessesMax) break;
    found.push(pid);
    const children = childrenOf(pid);
    if (children.ok) queue.push(...children.value);
  }
  // Children first, so that none is left when PID 1 begins to end.
  for (const pid of found.toReversed()) killPid(pid, 9);
  return found;
}

/** Resolves when none of them runs a program any more, or after `dyingMs`: false then. */
export async function untilDying(pids: readonly number[]): Promise<boolean> {
  const endMs = performance.now() + dyingMs;
  while (pids.some((pid) => readProcess(pid)?.isDying === false)) {
    if (performance.now() > endMs) return false;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return true;
}
