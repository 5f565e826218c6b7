// Trees as cgroups v2 (kernel: cgroup-v2.rst): one folder a start. A process cannot leave it, a fork
// cannot outrun cgroup.kill (Linux 5.14), and `populated 0` in cgroup.events proves that nothing
// lives; the kernel tells its change by POLLPRI, so nothing is polled.
// A folder is never used again: after cgroup.kill Linux 6.18 kills whatever is started into it
// (clone3(2) CLONE_INTO_CGROUP compares the kill count of the parent's cgroup with the folder's).
// For the same reason a board whose own cgroup was killed once cannot use this way; it is tried.

import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { err, ok, type Result } from "../base/index.ts";
import { awaitReady, pollPriority, sysErrorText } from "../kernel/index.ts";
import { predecessorMs } from "./limits.ts";
import type { Forest, Tree } from "./tree.ts";

/** Limits of a whole tree that the kernel's controllers can hold. */
export type CgroupLimits = {
  readonly memoryBytes: number | undefined;
  readonly processes: number | undefined;
};

/** A forest of cgroups. */
export type CgroupForest = Forest & {
  /** Sets limits of a whole tree; the controllers of those that could not be set. */
  readonly limit: (tree: Tree, limits: CgroupLimits) => string[];
};

/**
 * Makes `base` in this process's own cgroup; the error says why there is none to be had. `onRefused`
 * is told of a kill that was refused later; the core orders it again.
 */
export function openCgroupForest(
  instance: string,
  onRefused: (reason: string) => void,
): Result<CgroupForest, string> {
  const own = ownCgroup();
  if (own === undefined) return err("no cgroup v2 is mounted");
  const base = join(own, `softset-${instance}`);
  try {
    mkdirSync(base, { recursive: true });
    readFileSync(join(base, "cgroup.events"));
    // Without the file the kernel is older than 5.14.
    openAndClose(join(base, "cgroup.kill"));
    const wrong = tryStart(join(base, "try"));
    if (wrong !== undefined) return err(`cannot use cgroup ${base}: ${wrong}`);
  } catch (thrown) {
    return err(`cannot use cgroup ${base}: ${reasonOf(thrown)}`);
  }
  const controllers = enableControllers(own, base);
  return ok({
    way: "cgroup",
    killPredecessors: () => killPredecessors(base, onRefused),
    plant: (service, mark) => plant(folderOf(base, service, mark), mark, onRefused),
    guardHolds: [`cgroup ${base}`],
    guardHoldOf: () => undefined,
    limit: (tree, limits) => setLimits(tree.cgroup ?? base, limits, controllers),
    close: () => void removeCgroups(base),
  });
}

/** This process's folder in the cgroup v2 file system; undefined if there is none. */
export function ownCgroup(
  mounts: string = textOf("/proc/self/mountinfo"),
  own: string = textOf("/proc/self/cgroup"),
): string | undefined {
  const path = /^0::(\/.*)$/m.exec(own)?.[1];
  // ID PARENT MAJ:MIN ROOT POINT OPTIONS ... - TYPE SOURCE OPTIONS (proc_pid_mountinfo(5))
  const mount = /^\d+ \d+ \S+ (\S+) (\S+) .* - cgroup2 /m.exec(mounts);
  if (path === undefined || mount === null) return undefined;
  const [, root = "/", point = ""] = mount;
  const inside = root !== "/" && path.startsWith(root) ? path.slice(root.length) : path;
  return resolve(point, `./${inside}`);
}

function plant(
  folder: string,
  mark: string,
  onRefused: (reason: string) => void,
): Result<Tree, string> {
  let events: number;
  try {
    mkdirSync(folder, { recursive: true });
    events = openSync(join(folder, "cgroup.events"), "r");
  } catch (thrown) {
    return err(`cannot make cgroup ${folder}: ${reasonOf(thrown)}`);
  }
  if (isPopulated(events)) {
    closeSync(events);
    return err(`cgroup ${folder} has processes; they were not started by this board`);
  }
  const pids = new Set<number>();
  const tree = killer(folder, events, onRefused);
  return ok({
    cgroup: folder,
    mark,
    add: (pid) => void pids.add(pid),
    remove: (pid) => void pids.delete(pid),
    has: (pid) => pids.has(pid) || isMember(folder, pid),
    kill: (onGone) => tree.kill(onGone),
    memoryBytes: () => memoryOf(folder),
    close() {
      tree.close();
      removeCgroups(folder);
    },
  });
}

/** SERVICE and the random part of the mark: new for every start. */
function folderOf(base: string, service: string, mark: string): string {
  return join(base, `${service}.${mark.split(".").at(-1) ?? mark}`);
}

/** Starts a program that does nothing; what is wrong with that. */
function tryStart(folder: string): string | undefined {
  mkdirSync(folder, { recursive: true });
  const tried = Bun.spawnSync({ cmd: ["/bin/true"], cgroup: folder, stdio: [null, null, null] });
  removeCgroups(folder);
  if (tried.exitCode === 0) return undefined;
  return `a program started in it ended with ${tried.signalCode ?? tried.exitCode}`;
}

/** Kills and watches one folder with everything below; one wake-up at a time. */
function killer(folder: string, events: number, onRefused: (reason: string) => void) {
  let isWatching = false;
  let isClosed = false;
  let whenGone: (() => void) | undefined;
  const look = (): void => {
    if (isClosed) return;
    if (!isPopulated(events)) {
      const gone = whenGone;
      whenGone = undefined;
      gone?.();
      return;
    }
    if (isWatching) return;
    const awaited = awaitReady(events, pollPriority, () => {
      isWatching = false;
      look();
    });
    isWatching = awaited.ok;
    if (!awaited.ok) onRefused(sysErrorText(awaited.error));
  };
  return {
    kill(onGone: () => void): void {
      whenGone = onGone;
      try {
        if (isPopulated(events)) writeFileSync(join(folder, "cgroup.kill"), "1");
      } catch (thrown) {
        onRefused(`cannot kill cgroup ${folder}: ${reasonOf(thrown)}`);
      }
      look();
    },
    close(): void {
      isClosed = true;
      closeSync(events);
    },
  };
}

/** Reading it is also what arms POLLPRI for the next change (kernfs). */
const eventsText = Buffer.alloc(256);
function isPopulated(events: number): boolean {
  try {
    const length = readSync(events, eventsText, 0, eventsText.length, 0);
    return eventsText.toString("latin1", 0, length).includes("populated 1");
  } catch (thrown) {
    // ENODEV: somebody removed the folder, which the kernel allows only when nothing lives in it.
    return !(thrown instanceof Error && "code" in thrown && thrown.code === "ENODEV");
  }
}

function isMember(folder: string, pid: number): boolean {
  const path = /^0::(\/.*)$/m.exec(textOf(`/proc/${pid}/cgroup`))?.[1];
  if (path === undefined) return false;
  // INSTANCE/START is unique on this machine; below it are groups the service made itself.
  const own = `/${folder.split("/").slice(-2).join("/")}/`;
  return `${path}/`.includes(own);
}

/** Resident memory of its processes; memory.current would count the page cache too. */
function memoryOf(folder: string): number {
  let bytes = 0;
  for (const pid of textOf(join(folder, "cgroup.procs")).split("\n")) {
    if (pid !== "") bytes += residentBytes(Number(pid));
  }
  return bytes;
}

/** Resident memory of one process (proc_pid_statm(5), pages of 4 KiB), 0 if it is gone. */
export function residentBytes(pid: number): number {
  return Number(textOf(`/proc/${pid}/statm`).split(" ")[1] ?? 0) * 4096;
}

/** Which controllers the services' folders have now. A group with processes of its own may not
 * hand controllers down (no internal processes), so only a root or delegated cgroup can. */
function enableControllers(own: string, base: string): ReadonlySet<string> {
  const got = new Set<string>();
  for (const name of ["memory", "pids"]) {
    try {
      writeFileSync(join(own, "cgroup.subtree_control"), `+${name}`);
      writeFileSync(join(base, "cgroup.subtree_control"), `+${name}`);
      got.add(name);
    } catch {
      continue; // the caller is told by `limit` which bound is weaker for it
    }
  }
  return got;
}

function setLimits(
  folder: string,
  limits: CgroupLimits,
  controllers: ReadonlySet<string>,
): string[] {
  const weak: string[] = [];
  const set = (controller: string, file: string, value: number | undefined): void => {
    if (value === undefined) return;
    try {
      if (!controllers.has(controller)) throw new Error(`no ${controller} controller`);
      writeFileSync(join(folder, file), String(value));
    } catch {
      weak.push(controller); // told: service-limit-weak
    }
  };
  set("memory", "memory.max", limits.memoryBytes);
  set("pids", "pids.max", limits.processes);
  return weak;
}

async function killPredecessors(
  base: string,
  onRefused: (reason: string) => void,
): Promise<Result<number, string>> {
  const pids = processesBelow(base);
  const events = openSync(join(base, "cgroup.events"), "r");
  const tree = killer(base, events, onRefused);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isGone = await new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), predecessorMs);
    tree.kill(() => resolve(true));
  });
  clearTimeout(timer);
  tree.close();
  if (!isGone) {
    return err(`processes of an earlier life in ${base} outlive SIGKILL for ${predecessorMs} ms`);
  }
  for (const entry of readdirSync(base, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroups(join(base, entry.name));
  }
  return ok(pids);
}

function processesBelow(base: string): number {
  let count = 0;
  for (const name of readdirSync(base, { withFileTypes: true })) {
    if (!name.isDirectory()) continue;
    const text = textOf(join(base, name.name, "cgroup.procs"));
    count += text.split("\n").length - 1 + processesBelow(join(base, name.name));
  }
  return count;
}

/** Removes a folder and those in it; false if something lives there after all: then it stays. */
export function removeCgroups(folder: string): boolean {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) removeCgroups(join(folder, entry.name));
    }
    rmdirSync(folder);
    return true;
  } catch {
    return false; // the next life of this board kills and removes it
  }
}

function openAndClose(path: string): void {
  closeSync(openSync(path, "w"));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
