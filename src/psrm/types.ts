// The words in which PSRM tells others of a service: its states, their causes, one change of state.
// Design 30: PSRM keeps NETRACK informed of the state of the process at all times.

import type { MonoUs } from "../base/index.ts";
import type { ReportedService } from "../wire/index.ts";

/**
 * What people and NETRACK see. `waiting`: for a service of its `after`, or for a pause to end;
 * `failed`: given up, only an order starts it again; `done`: ended with a code that means so.
 */
export type ServiceState = ReportedService["state"];

/**
 * What led to a state: an order from outside, the design's three failures (29), a process that
 * could not be started, too many restarts, the program's own wish, a service it comes after.
 */
export type ServiceCause = ReportedService["cause"];

/** One change of state, for NETRACK, REDIRECT and people. */
export type ServiceChange = {
  readonly service: string;
  readonly group: string | undefined;
  readonly state: ServiceState;
  readonly cause: ServiceCause;
  /** A sentence part for people: `exited with code 3`. */
  readonly why: string;
  /** It answers its clients: NETRACK's `service NAME up`. */
  readonly isUp: boolean;
  /** Counts the starts of this service; 0 = never started. */
  readonly start: number;
  readonly atUs: MonoUs;
};

/** How a process ended. */
export type ProcessExit = {
  /** Exit code; 128 + number for a signal, as shells count (exit codes of POSIX sh). */
  readonly code: number;
  /** `SIGSEGV`; undefined if it exited by itself. */
  readonly signal: string | undefined;
};
