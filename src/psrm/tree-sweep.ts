// Trees without cgroups. The board is a subreaper (prctl(2)): every process of a service stays a
// descendant of the board, however often it forks, so a walk over children finds all. Whose it is
// says, in this order: the process PSRM started it under, its session (every service has its own),
// SOFTSET_START in its environment. A descendant that has shed all three is a stray: it cannot be
// told whose it is, so it is killed with the first tree that must be provably gone, for two copies
// of a service at once are worse than one copy killed. Other modules' children keep the board's
// session and are never touched.

import { assert, err, ok, type Result } from "../base/index.ts";
import {
  childrenOf,
  hasVariable,
  killGroup,
  killPid,
  listProcesses,
  type ProcessFacts,
  readProcess,
  reapOrphans,
  setSubreaper,
  sysErrorText,
  type WatchedProcess,
  watchPid,
} from "../kernel/index.ts";
import { guardLookMs, predecessorMs, treeDepthMax, treeProcessesMax } from "./limits.ts";
import { residentBytes } from "./tree-cgroup.ts";
import type { Forest, Tree } from "./tree.ts";

/** What the sweep needs of the board. */
export type SweepOptions = {
  /** Marks of this board's life and of earlier ones begin so. */
  readonly instance: string;
  /** Children that the event loop reaps itself: all living Bun.spawn children of this process. */
  readonly isOwnChild: (pid: number) => boolean;
  readonly onStray: (pid: number, service: string) => void;
};

type Plant = {
  readonly service: string;
  readonly mark: string;
  /** Processes PSRM started, each the leader of a session. */
  readonly roots: Set<number>;
  /** Sessions of the roots. That of the main process, the first root, counts until the tree is gone:
   * its members outlive it. That of a check ends with the check, for pids are used again. */
  readonly sessions: Set<number>;
  mainPid: number | undefined;
};

const sigkill = 9;

/** Becomes a subreaper; the error says why trees cannot be swept here. */
export function openSweepForest(options: SweepOptions): Result<Forest, string> {
  const reaper = setSubreaper(true);
  if (!reaper.ok) return err(sysErrorText(reaper.error));
  const own = childrenOf(process.pid);
  if (!own.ok) return err(sysErrorText(own.error));
  const plants = new Set<Plant>();
  let isClosed = false;
  const reap = (): void => {
    // What is started after the end is not known to `isOwnChild`.
    if (!isClosed) reapOrphans(options.isOwnChild);
  };
  const later = (): void => void setTimeout(reap, 1);
  process.on("SIGCHLD", later);
  const timer = setInterval(reap, 1_000);
  timer.unref();
  return ok({
    way: "sweep",
    killPredecessors: () => killMarked(`SOFTSET_START=${options.instance}.`),
    plant: (service, mark) => {
      const plant: Plant = {
        service,
        mark,
        roots: new Set(),
        sessions: new Set(),
        mainPid: undefined,
      };
      plants.add(plant);
      return ok(treeOf(plant, plants, options));
    },
    guardHolds: [`mark ${options.instance}.`, `descendants ${process.pid}`],
    guardHoldOf: (mainPid) => `group ${mainPid}`,
    close() {
      isClosed = true;
      process.off("SIGCHLD", later);
      clearInterval(timer);
      // Nobody reaps them here any more: orphans go to PID 1 again, which does.
      assert(setSubreaper(false).ok, "what was granted can be given back");
    },
  });
}

function treeOf(plant: Plant, plants: Set<Plant>, options: SweepOptions): Tree {
  return {
    cgroup: undefined,
    mark: plant.mark,
    add(pid) {
      plant.mainPid ??= pid;
      plant.roots.add(pid);
      plant.sessions.add(pid);
    },
    remove(pid) {
      plant.roots.delete(pid);
      if (pid !== plant.mainPid) plant.sessions.delete(pid);
    },
    has: (pid) => isMember(plant, pid),
    kill: (onGone) => killTree(plant, plants, options, onGone),
    memoryBytes: () =>
      livingOf(plant, plants).reduce((sum, { pid }) => sum + residentBytes(pid), 0),
    close: () => void plants.delete(plant),
  };
}

/** By its own marks or an ancestor's; a zombie that has just said something counts too. */
function isMember(plant: Plant, pid: number): boolean {
  let facts = readProcess(pid);
  for (let depth = 0; facts !== undefined && depth < treeDepthMax; depth++) {
    if (facts.pid === process.pid) return false;
    if (plant.roots.has(facts.pid) || plant.sessions.has(facts.session)) return true;
    if (hasVariable(facts.pid, `SOFTSET_START=${plant.mark}`)) return true;
    facts = readProcess(facts.parent);
  }
  return false;
}

/** Kills and looks again until two looks in a row find nothing: one may miss a child whose parent
 * ended between the reading of the two. */
function killTree(
  plant: Plant,
  plants: Set<Plant>,
  options: SweepOptions,
  onGone: () => void,
): void {
  const watched = new Map<number, WatchedProcess>();
  let isOver = false;
  let empty = 0;
  const look = (): void => {
    while (!isOver) {
      const living = livingOf(plant, plants, options);
      if (living.length > 0) {
        empty = 0;
        killThem(living);
        watch(living);
        return;
      }
      empty++;
      if (empty < 2) continue;
      isOver = true;
      onGone();
    }
  };
  const watch = (living: readonly ProcessFacts[]): void => {
    let isWatching = false;
    for (const { pid } of living) {
      if (watched.has(pid)) {
        isWatching = true;
        continue;
      }
      const watch = watchPid(pid, () => {
        watched.delete(pid);
        look();
      });
      if (!watch.ok) continue; // it ended between the look and now
      watched.set(pid, watch.value);
      isWatching = true;
    }
    if (!isWatching) setTimeout(look, guardLookMs);
  };
  look();
}

function killThem(living: readonly ProcessFacts[]): void {
  for (const { pid, group } of living) {
    // ESRCH is what is wanted; a process that refuses is found by the next look.
    if (pid === group) killGroup(group, sigkill);
    killPid(pid, sigkill);
  }
}

/** Living processes of the tree; with `strays` those too that cannot be told whose they are. */
function livingOf(plant: Plant, plants: ReadonlySet<Plant>, strays?: SweepOptions): ProcessFacts[] {
  const boardSession = readProcess(process.pid)?.session;
  const found: ProcessFacts[] = [];
  for (const pid of childPids(process.pid)) {
    const facts = readProcess(pid);
    if (facts === undefined) continue;
    const owner = ownerOf(facts, plants);
    if (owner === undefined) {
      const isStray = facts.isAlive && facts.session !== boardSession;
      if (strays === undefined || !isStray || strays.isOwnChild(pid)) continue;
      strays.onStray(pid, plant.service);
    } else if (owner !== plant) continue;
    addWithDescendants(facts, found);
  }
  return found;
}

function addWithDescendants(root: ProcessFacts, found: ProcessFacts[]): void {
  const queue = [root];
  for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
    if (found.length >= treeProcessesMax) return;
    if (one.isAlive) found.push(one);
    for (const pid of childPids(one.pid)) {
      const facts = readProcess(pid);
      if (facts !== undefined) queue.push(facts);
    }
  }
}

function ownerOf(facts: ProcessFacts, plants: ReadonlySet<Plant>): Plant | undefined {
  for (const plant of plants) {
    if (plant.roots.has(facts.pid) || plant.sessions.has(facts.session)) return plant;
  }
  for (const plant of plants) {
    if (hasVariable(facts.pid, `SOFTSET_START=${plant.mark}`)) return plant;
  }
  return undefined;
}

function childPids(pid: number): readonly number[] {
  const children = childrenOf(pid);
  return children.ok ? children.value : [];
}

/** Kills every process of this machine whose environment says that an earlier life started it. */
async function killMarked(start: string): Promise<Result<number, string>> {
  let killed = 0;
  const deadline = performance.now() + predecessorMs;
  for (;;) {
    const living = listProcesses().filter(
      (pid) => pid !== process.pid && hasVariable(pid, start) && readProcess(pid)?.isAlive === true,
    );
    if (living.length === 0) return ok(killed);
    killed = Math.max(killed, living.length);
    for (const pid of living) killPid(pid, sigkill);
    if (performance.now() > deadline) {
      return err(`processes ${living.join(", ")} of an earlier life outlive SIGKILL`);
    }
    await Bun.sleep(guardLookMs);
  }
}
