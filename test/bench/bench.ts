// What a bench is. Each answers one question by rows: our figures and those of peers, measured in
// the same run, in interleaved rounds.

/** A peer's measurements of one case. */
export type PeerSeries = {
  readonly name: string;
  readonly version: string;
  readonly values: readonly number[];
};

/** One case: one value a round, or more. */
export type BenchRow = {
  readonly case: string;
  /** Unit of the values: `ms`, `exchanges/s`. */
  readonly unit: string;
  readonly ours: readonly number[];
  readonly peers: readonly PeerSeries[];
};

/** What a bench gets from the command line. */
export type BenchContext = {
  readonly rounds: number;
  /** Cases to run; undefined: all. */
  readonly only: ReadonlySet<string> | undefined;
  /** Run our daemons from source (for profiles) instead of the executables in dist/. */
  readonly fromSource: boolean;
  /** Progress for people, on stderr. */
  readonly say: (line: string) => void;
  /** What must be undone even if the bench is interrupted. */
  readonly onStop: (undo: () => Promise<void> | void) => void;
};

/** A bench in the table of main.ts. */
export type Bench = {
  /** The question, one sentence. */
  readonly question: string;
  readonly cases: readonly string[];
  /** How to read the figures: what is not what it seems. */
  readonly notes: readonly string[];
  /** Measures; throws (with words) if it cannot. */
  readonly run: (context: BenchContext) => Promise<BenchRow[]>;
};
