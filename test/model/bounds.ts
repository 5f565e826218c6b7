// One run of the model checker: who takes part, what may go wrong, and how far it is explored.

/** Bounds of one exploration. Every behaviour within them is tried. */
export type Bounds = {
  readonly name: string;
  readonly controllers: number;
  /** Epochs 1 to this, versions 0 to below this within an epoch. */
  readonly epochs: number;
  readonly versions: number;
  readonly writes: number;
  /** Crashes with restart, fences among them. */
  readonly crashes: number;
  /** Boards that come back with an empty disk. */
  readonly wipes: number;
  /** Operator promotions that accept loss (O1). */
  readonly forced: number;
  readonly unfenced: "never" | "after-lease";
  /** The fence may give weak proofs of boards that run (HEALTHY# lies). */
  readonly lies: boolean;
  /** Votes may be short, so that voters bind themselves (H7). */
  readonly binds: boolean;
  /** A holder may learn of acceptances and grants later than it could (else: at once). */
  readonly learnsLate: boolean;
  /** Planned moves (D5). */
  readonly moves: boolean;
  /** `running`: slot 1 is active in epoch 1 and all are in sync; `cold`: everything just started. */
  readonly start: "cold" | "running";
  /** States at most; reaching it is told, never silent. */
  readonly statesMax: number;
};

const base: Bounds = {
  name: "",
  controllers: 2,
  epochs: 3,
  versions: 2,
  writes: 1,
  crashes: 1,
  wipes: 0,
  forced: 0,
  unfenced: "never",
  lies: true,
  binds: false,
  learnsLate: false,
  moves: true,
  start: "running",
  statesMax: 300_000,
};

/** Little enough to be explored in seconds; mutations and tests add what they need. */
export const small: Bounds = {
  ...base,
  name: "small",
  writes: 0,
  crashes: 0,
  lies: false,
  moves: false,
};

const expiry = "after-lease";

/** The runs of `npm run model`; those that are not cut off are whole. */
export const runs: readonly Bounds[] = [
  { ...small, name: "no crash", epochs: 3 },
  { ...small, name: "one crash", epochs: 2, crashes: 1 },
  { ...small, name: "one crash, cold start", epochs: 2, crashes: 1, start: "cold" },
  { ...small, name: "expiry frees voters", epochs: 2, unfenced: expiry },
  { ...small, name: "expiry, one crash", epochs: 2, crashes: 1, unfenced: expiry },
  { ...small, name: "lying lines", epochs: 2, lies: true, crashes: 1 },
  { ...small, name: "a write, planned moves", epochs: 2, writes: 1, moves: true },
  { ...small, name: "votes short, grants bound", epochs: 2, versions: 3, binds: true },
  { ...small, name: "bound, expiry", epochs: 2, versions: 3, binds: true, unfenced: expiry },
  { ...small, name: "one blank disk", epochs: 2, wipes: 1 },
  { ...small, name: "one forced promotion", epochs: 2, versions: 3, forced: 1 },
  { ...small, name: "three controllers", controllers: 3, epochs: 2, versions: 4 },
  { ...small, name: "everything at once", writes: 1, crashes: 1, lies: true, moves: true },
];
