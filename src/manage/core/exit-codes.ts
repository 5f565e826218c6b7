// Exit codes of every command of every executable, one table for scripts, help and tests.

/** Every exit code by its name. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  noSuchThing: 3,
  notReachable: 4,
  notPermitted: 5,
  timedOut: 6,
  configInvalid: 7,
  ourMistake: 70,
} as const;

/** One of the exit codes. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What an exit code means, as help prints it. */
export const exitMeanings: Readonly<Record<ExitCode, string>> = {
  0: "done",
  1: "refused or failed",
  2: "usage: the command line was not understood",
  3: "no such thing",
  4: "the daemon is not reachable",
  5: "not permitted",
  6: "timed out, state unknown",
  7: "the configuration is invalid",
  70: "our bug",
};
