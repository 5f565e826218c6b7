// The process tree of a service: killed as a whole, and provably gone. Two ways, one interface:
// tree-cgroup.ts (nothing can hide) and tree-sweep.ts (where there is no writable cgroup v2).

import type { Result } from "../base/index.ts";

/** The tree of one start. */
export type Tree = {
  /** Folder the program is to be started in, if this way has one. */
  readonly cgroup: string | undefined;
  /** Value of SOFTSET_START that its processes carry. */
  readonly mark: string;
  /** A process that PSRM itself started for it: the main process, a check. */
  readonly add: (pid: number) => void;
  readonly remove: (pid: number) => void;
  /** Is this process of the tree? For senders of sd_notify messages. */
  readonly has: (pid: number) => boolean;
  /** SIGKILL to all; `onGone` once when none lives, at once if that is so already. */
  readonly kill: (onGone: () => void) => void;
  /** Resident memory of all of it, bytes; what processes share counts for each. */
  readonly memoryBytes: () => number;
  /** Frees what the tree holds; only after `onGone`. */
  readonly close: () => void;
};

/** Makes trees. */
export type Forest = {
  readonly way: "cgroup" | "sweep";
  /** Kills what an earlier life of this board left; the number of processes; an error after 5 s. */
  readonly killPredecessors: () => Promise<Result<number, string>>;
  /** A tree for one start; the error is a sentence. */
  readonly plant: (service: string, mark: string) => Result<Tree, string>;
  /** What a guard must hold to kill everything of this forest: words of guard-orders.ts. */
  readonly guardHolds: readonly string[];
  /** What it must hold for one start besides. */
  readonly guardHoldOf: (mainPid: number) => string | undefined;
  /** Removes what the forest made; only when all trees are gone. */
  readonly close: () => void;
};
