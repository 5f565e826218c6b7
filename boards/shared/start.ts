// What every executable does first: it is the board's daemon and command line, or, if its first word
// says so, the guard of a board that runs already (src/psrm/guard.ts).

import { type CliOptions, runCli } from "../../src/manage/index.ts";
import { runGuard } from "../../src/psrm/index.ts";

/** The sub-command of the guard; not in the help, for no person uses it. */
const guardWord = "guard";

/** Carries out the command line of this process; the exit code. */
export function startBoard(cli: Omit<CliOptions, "argv">): Promise<number> {
  const argv = process.argv.slice(2);
  if (argv[0] === guardWord) return runGuard(argv.slice(1));
  return runCli({ ...cli, argv });
}

/** The command that runs this executable as the guard of a board. */
export function guardCommand(board: string): readonly string[] {
  const isCompiled = Bun.main.startsWith("/$bunfs/");
  const self = isCompiled ? [process.execPath] : [process.execPath, Bun.main];
  return [...self, guardWord, board];
}
