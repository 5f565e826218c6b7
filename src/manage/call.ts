// What every command has in hand: the executable it belongs to, the order, the terminal and the
// daemon to ask; and the three ways a command speaks.

import type { LogLevel, NetworkId } from "../base/index.ts";
import type { Role } from "../config/index.ts";
import type { CliOrder } from "./arguments.ts";
import type { ClientError, DaemonAddress } from "./client.ts";
import type { CommandSpec } from "./core/commands.ts";
import { exitCodes } from "./core/exit-codes.ts";
import { commandHelpText, helpText } from "./core/help.ts";
import { cleanText } from "./core/text.ts";
import type { Explanations } from "../base/index.ts";
import type { Terminal } from "./terminal.ts";

/** What `run` was ordered to do, with every default filled in. */
export type RunOptions = {
  /** The chassis file; undefined for boards that fetch their configuration. */
  readonly config: string | undefined;
  /** Interface per network. */
  readonly devices: Readonly<Record<NetworkId, string>>;
  /** Directory of `netrack.sock` and `api.sock`. */
  readonly runDir: string;
  /** Directory of what must survive a restart. */
  readonly stateDir: string;
  readonly logLevel: LogLevel;
  /** SCHED_FIFO and locked memory. */
  readonly realtime: boolean;
};

/** What an executable tells its command line. */
export type CliOptions = {
  readonly role: Role;
  /** Version of the executable, `0.1.0`. */
  readonly version: string;
  /** Arguments after the executable: `process.argv.slice(2)`. */
  readonly argv: readonly string[];
  /** Starts the daemon and resolves with its exit code when it has ended. */
  readonly run: (options: RunOptions) => Promise<number>;
  /** What `explain` knows: the tables of the modules of this board. */
  readonly explanations?: Explanations;
  /** Default: the process's own streams. */
  readonly terminal?: Terminal;
};

/** A command being carried out. */
export type CliCall = {
  readonly cli: CliOptions;
  readonly order: CliOrder;
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly daemon: DaemonAddress;
};

/** Says what was wrong with the command line and how it is used; exit code 2. */
export function usageMistake(
  cli: CliOptions,
  terminal: Terminal,
  text: string,
  command: CommandSpec | undefined,
): number {
  const usage =
    command === undefined ? helpText(cli.role, cli.version) : commandHelpText(command, cli.role);
  terminal.stderr(`${cli.role}: ${cleanText(text)}\n\n${usage}`);
  return exitCodes.usage;
}

/** Says on stderr why there is no answer; returns the exit code. */
export function tellRefusal(call: CliCall, error: ClientError): number {
  call.terminal.stderr(`${call.cli.role}: ${error.text}\n`);
  return error.exit;
}

/** Writes lines to stdout. */
export function printLines(call: CliCall, lines: readonly string[]): void {
  call.terminal.stdout(lines.map((line) => `${line}\n`).join(""));
}
