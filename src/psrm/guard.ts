// The guard: a small process of the board's own executable that outlives it by milliseconds. It holds
// the reading end of a pipe whose other end closes when the board ends, however it ends, and a pidfd
// of the board beside it, whichever speaks first. Then it removes the public addresses, kills the services, proves that they are gone, and ends: a board
// without a mind must neither answer nor write (leases.md S1, F9; design 51 stops using the address
// before another uses it).
//
// It runs SCHED_FIFO like the board, so that a load that stopped the board does not stop it too.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLog, type Log } from "../base/index.ts";
import {
  becomeRealtime,
  childrenOf,
  hasVariable,
  hurryDeath,
  killGroup,
  killPid,
  listProcesses,
  monoNowUs,
  openNetlink,
  readProcess,
  removeAddress,
  type SysError,
  sysErrorText,
  watchPid,
} from "../kernel/index.ts";
import { type GuardHold, type GuardHolds, takeGuardOrder } from "./guard-orders.ts";
import {
  guardLineBytesMax,
  guardLookMs,
  guardMs,
  guardSnapshotMs,
  treeProcessesMax,
} from "./limits.ts";
import { removeCgroups } from "./tree-cgroup.ts";

const sigkill = 9;

/**
 * Runs the guard until the board is gone and everything it held is. `argv`: the board's name, for
 * the log. Exit codes: 0 all gone, or nothing was held; 1 something lives on or an address stays; 2
 * usage.
 */
export async function runGuard(argv: readonly string[]): Promise<number> {
  const [board, ...more] = argv;
  if (board === undefined || more.length > 0) {
    process.stderr.write("usage: GUARD BOARD-NAME, with orders on stdin; not for people\n");
    return 2;
  }
  const log = createLog({
    board,
    module: "guard",
    level: "info",
    sink: (line) => process.stderr.write(line),
    now: () => new Date().toISOString(),
  });
  // It ends with its board and not before, whatever is sent to the board's group or terminal.
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP", "SIGPIPE"] as const) {
    process.on(name, () => undefined);
  }
  const notRealtime = (error: SysError): void => {
    log.warn("not-realtime", { reason: sysErrorText(error) });
  };
  const { scheduling, memory } = becomeRealtime(notRealtime);
  for (const got of [scheduling, memory]) if (!got.ok) notRealtime(got.error);
  const holds: GuardHolds = new Map();
  const family: Family = new Map();
  const timer = setInterval(() => lookAtFamily(holds, family), guardSnapshotMs);
  const orders = { areRead: false };
  const read = readOrders(Bun.stdin.stream(), holds, log).then(() => {
    orders.areRead = true;
  });
  // The last orders may still lie in the pipe: a look's time for them, then what is known counts.
  await Promise.race([read, untilBoardEnds().then(() => Bun.sleep(guardLookMs))]);
  clearInterval(timer);
  return cleanUp(holds, { family, orders, log });
}

/** Never resolves if the board's process cannot be watched; the pipe tells its end too. */
function untilBoardEnds(): Promise<void> {
  return new Promise((resolve) => {
    if (process.ppid > 1) watchPid(process.ppid, resolve);
  });
}

/** Takes orders until the board's end of the pipe is closed. */
async function readOrders(
  from: ReadableStream<Uint8Array>,
  holds: GuardHolds,
  log: Log,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of from) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const taken = takeGuardOrder(holds, line);
      if (!taken.ok) log.warn("guard-order-refused", { reason: taken.error });
    }
    if (rest.length > guardLineBytesMax) {
      log.warn("guard-order-refused", { reason: "a line without end" });
      rest = "";
    }
  }
}

/** Descendants of the board when it was looked at last: when each started, by pid. */
type Family = Map<number, number>;

function lookAtFamily(holds: GuardHolds, family: Family): void {
  family.clear();
  for (const hold of holds.values()) {
    if (hold.kind !== "descendants") continue;
    const queue = [hold.pid];
    for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
      const children = childrenOf(pid);
      for (const child of children.ok ? children.value : []) {
        const facts = child === process.pid ? undefined : readProcess(child);
        if (facts === undefined || family.size >= treeProcessesMax) continue;
        family.set(child, facts.startTicks);
        queue.push(child);
      }
    }
  }
}

/** Kills those that are still the same process. */
function killFamily(family: Family): number {
  let living = 0;
  for (const [pid, startTicks] of family) {
    const facts = readProcess(pid);
    if (facts?.isAlive !== true || facts.startTicks !== startTicks) continue;
    living++;
    killNow(pid);
  }
  return living;
}

async function cleanUp(
  holds: GuardHolds,
  what: {
    readonly family: Family;
    readonly orders: { readonly areRead: boolean };
    readonly log: Log;
  },
): Promise<number> {
  const { family, orders, log } = what;
  const beganUs = monoNowUs();
  const done = new Map<GuardHold, boolean>();
  let killed = 0;
  for (;;) {
    const { areRead } = orders;
    removeAddresses([...holds.values()], done, log);
    let living = killFamily(family);
    // Looking for marks reads every process's environment, so what is known by number comes first.
    for (const hold of holds.values()) if (hold.kind !== "mark") living += killHold(hold, log);
    for (const hold of holds.values()) if (hold.kind === "mark") living += killHold(hold, log);
    killed = Math.max(killed, living);
    const tookMs = (monoNowUs() - beganUs) / 1000;
    if (living === 0 && areRead) {
      if (holds.size > 0) log.warn("guard-cleaned", { killed, addresses: done.size, tookMs });
      return [...done.values()].every((isGone) => isGone) ? 0 : 1;
    }
    if (tookMs > guardMs) {
      log.error("guard-cannot-clean", { living, tookMs });
      return 1;
    }
    await Bun.sleep(guardLookMs);
  }
}

/** Removes the addresses that were not tried yet; `done`: is it gone? */
function removeAddresses(
  holds: readonly GuardHold[],
  done: Map<GuardHold, boolean>,
  log: Log,
): void {
  const left = holds.filter((hold) => hold.kind === "address" && !done.has(hold));
  if (left.length === 0) return;
  const netlink = openNetlink();
  for (const hold of left) {
    if (hold.kind !== "address") continue;
    const removed = netlink.ok ? removeAddress(netlink.value, hold) : netlink;
    // EADDRNOTAVAIL, ENODEV: it is not there, which is what is wanted.
    const isGone = removed.ok || ["EADDRNOTAVAIL", "ENODEV"].includes(removed.error.code);
    done.set(hold, isGone);
    if (!removed.ok && !isGone) {
      log.error("guard-address-stays", { reason: sysErrorText(removed.error) });
    }
  }
  if (netlink.ok) netlink.value.close();
}

/** Kills what still lives of one hold; how many processes that were (a cgroup counts once). */
function killHold(hold: GuardHold, log: Log): number {
  switch (hold.kind) {
    case "cgroup":
      return killCgroup(hold.path, log);
    case "group": {
      killGroup(hold.group, sigkill);
      return 0; // counted by the mark, which its members carry too
    }
    case "mark":
      return killMarked(hold.mark);
    case "address":
    case "descendants": // killFamily
      return 0;
    default:
      return hold satisfies never;
  }
}

function killCgroup(path: string, log: Log): number {
  try {
    if (!readFileSync(join(path, "cgroup.events"), "latin1").includes("populated 1")) {
      removeCgroups(path);
      return 0;
    }
    writeFileSync(join(path, "cgroup.kill"), "1");
    hurryGroups(path);
    return 1;
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return 0;
    log.error("guard-kill-refused", { path, reason: String(thrown) });
    return 1;
  }
}

function killNow(pid: number): void {
  killPid(pid, sigkill);
  hurryDeath(pid);
}

/** Everything in the folder and below has been killed. */
function hurryGroups(folder: string): void {
  for (const pid of readFileSync(join(folder, "cgroup.procs"), "latin1").split("\n")) {
    if (pid !== "") hurryDeath(Number(pid));
  }
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) hurryGroups(join(folder, entry.name));
  }
}

function killMarked(mark: string): number {
  let living = 0;
  for (const pid of listProcesses()) {
    if (!hasVariable(pid, `SOFTSET_START=${mark}`)) continue;
    if (readProcess(pid)?.isAlive !== true) continue;
    living++;
    killNow(pid);
  }
  return living;
}
