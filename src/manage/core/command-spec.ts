// What a command is: its name, words, options, examples, exit codes and roles; and the options that
// many commands share. Types and plain values only; the tables are commands.ts and
// failover-commands.ts.

import type { Role } from "../../config/index.ts";
import { timeoutSeconds } from "../limits.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";

/** Every command by its name, as typed. */
export type CommandName =
  | "run"
  | "status"
  | "networks"
  | "leases"
  | "where"
  | "events"
  | "explain"
  | "config check"
  | "help"
  | FailoverCommandName;

/** Commands about fail-over. */
export type FailoverCommandName =
  | "why"
  | "groups"
  | "services"
  | "service"
  | "group"
  | "slots"
  | "slot"
  | "alarms"
  | "alarm"
  | "what-if"
  | "maintenance";

/** One option. A flag takes no value. */
export type OptionSpec = {
  /** Long name without dashes. */
  readonly name: string;
  /** One letter, or none. */
  readonly short?: string;
  /** What the value is, `SECONDS`; undefined for a flag. */
  readonly value?: string;
  /** One clause with unit and range. */
  readonly text: string;
  /** What holds without it; undefined for a flag. */
  readonly default?: string;
  /** Only these roles have it. */
  readonly roles?: readonly Role[];
};

/** One command. */
export type CommandSpec = {
  readonly name: CommandName;
  /** After the command's name: `MAC|SLOT`. */
  readonly usage: string;
  /** How many words may follow the name. */
  readonly words: { readonly min: number; readonly max: number };
  /** One sentence. */
  readonly text: string;
  readonly options: readonly OptionSpec[];
  /** Two, without the executable's name. */
  readonly examples: readonly [string, string];
  readonly exits: readonly ExitCode[];
  readonly roles: readonly Role[];
};

/** Every executable has it. */
export const allRoles: readonly Role[] = ["ccn", "controller", "io-card"];
const { done, failed, usage, notReachable, notPermitted, timedOut } = exitCodes;
/** How a question to the daemon may end. */
export const readingExits = [done, failed, usage, notReachable, notPermitted, timedOut] as const;

/** `--help`. */
export const helpOption: OptionSpec = {
  name: "help",
  short: "h",
  text: "show this help and do nothing",
};
/** `--json`. */
export const jsonOption: OptionSpec = {
  name: "json",
  text: 'print one JSON document with "v":1 a line',
};
/** `--watch`. */
export const watchOption: OptionSpec = {
  name: "watch",
  text: "keep showing; with --json one line per change, until Ctrl-C",
};
/** `--run-dir`. */
export const runDirOption: OptionSpec = {
  name: "run-dir",
  value: "DIR",
  text: "directory of the daemon's sockets",
  default: "/run/softset",
};
/** `--timeout` of a question. */
export const timeoutOption: OptionSpec = {
  name: "timeout",
  value: "SECONDS",
  text: `longest wait for one answer, 0.01 to ${timeoutSeconds.max} s`,
  default: `${timeoutSeconds.default} s`,
};
/** `--dry-run`. */
export const dryRunOption: OptionSpec = {
  name: "dry-run",
  text: "check everything, say what would happen, change nothing",
};
/** What every question to the daemon takes. */
export const asking: readonly OptionSpec[] = [jsonOption, runDirOption, timeoutOption, helpOption];
