// `npm run lab -- COMMAND`: the command line of the virtual chassis. `up` starts a daemon that holds
// the lab; every other command asks it. Orders and exit codes are in `usage`.

import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { err, ok, type Result } from "../base/index.ts";
import { type LabCommand, parseLabArguments, usage } from "./arguments.ts";
import { within } from "./board-process.ts";
import { askDaemon, labPlace, type LabPlace, parseAnswer } from "./control.ts";
import { type LabError, labError, labExitCodes, thrownText } from "./errors.ts";
import { upMs } from "./limits.ts";
import { clearLabDirectory } from "./record.ts";
import { labRightsCommand } from "./rights.ts";
import { type LabStatus, statusText } from "./status.ts";

const root = join(import.meta.dir, "..", "..");

/** Starts the daemon, in a user namespace if this user may not do without. */
async function up(
  place: LabPlace,
  command: Extract<LabCommand, { name: "up" }>,
): Promise<Result<unknown, LabError>> {
  const enter = labRightsCommand();
  if (!enter.ok) return enter;
  const cleared = clearLabDirectory(place.dir);
  if (!cleared.ok) return cleared;
  mkdirSync(dirname(place.dir), { recursive: true, mode: 0o700 });
  const words = [place.name, resolve(command.file), resolve(command.dist ?? join(root, "dist"))];
  if (command.boardCommand !== undefined) words.push(command.boardCommand);
  const argv = [...enter.value, process.execPath, join(import.meta.dir, "daemon.ts"), ...words];
  const log = openSync(place.daemonLog, "w", 0o600);
  const daemon = Bun.spawn(argv, { stdio: ["ignore", "pipe", log], detached: true, cwd: root });
  closeSync(log);
  let text = "";
  const decoder = new TextDecoder();
  const reader = daemon.stdout.getReader();
  const line = (async () => {
    while (!text.includes("\n")) {
      const part = await reader.read();
      if (part.done) return;
      text += decoder.decode(part.value, { stream: true });
    }
  })();
  if (!(await within(line, upMs))) {
    const words = `lab ${place.name} was not up after ${upMs} ms; see ${place.daemonLog}, then: down`;
    return labError("timeout", words);
  }
  reader.releaseLock();
  daemon.unref();
  if (text === "") return labError("system", `the daemon ended; see ${place.daemonLog}`);
  return parseAnswer(text.slice(0, text.indexOf("\n")));
}

/** Asks the daemon to end; clears what a killed one left. No lab at all is fine, too. */
async function down(place: LabPlace): Promise<Result<unknown, LabError>> {
  const asked = await askDaemon(place, { order: "down" });
  if (asked.ok || asked.error.kind !== "unreachable") return asked;
  const cleared = clearLabDirectory(place.dir);
  if (cleared.ok) rmSync(place.daemonLog, { force: true });
  return cleared.ok ? ok({ killed: cleared.value }) : cleared;
}

/** Runs a program on a board with our own terminal; returns its exit code. */
async function exec(
  place: LabPlace,
  board: string,
  words: string[],
): Promise<Result<number, LabError>> {
  const entered = await askDaemon(place, { order: "enter", board, command: words });
  if (!entered.ok) return entered;
  const argv = z.array(z.string()).safeParse(entered.value);
  if (!argv.success) return labError("unreachable", "the lab daemon gave no command line");
  return run([...(await throughUserNamespace(place)), ...argv.data]);
}

/** What leads into the daemon's user namespace, when it is not ours. */
async function throughUserNamespace(place: LabPlace): Promise<string[]> {
  if (process.getuid?.() === 0) return [];
  const status = await askDaemon(place, { order: "status" });
  const owner = z.object({ owner: z.number() }).safeParse(status.ok ? status.value : undefined);
  if (!owner.success) return [];
  return ["nsenter", "-t", `${owner.data.owner}`, "-U", "-m", "--preserve-credentials", "--"];
}

async function run(argv: string[]): Promise<Result<number, LabError>> {
  try {
    const child = Bun.spawn(argv, { stdio: ["inherit", "inherit", "inherit"] });
    process.on("SIGINT", () => {}); // the terminal tells the child; it decides
    return ok(await child.exited);
  } catch (thrown) {
    return labError("system", `cannot run ${argv.join(" ")}: ${thrownText(thrown)}`);
  }
}

/** Shows a board's output. */
async function logs(
  place: LabPlace,
  command: Extract<LabCommand, { name: "logs" }>,
): Promise<Result<number, LabError>> {
  const file = await askDaemon(place, { order: "log", board: command.board });
  if (!file.ok) return file;
  const follow = command.follow ? ["-F"] : [];
  return run(["tail", "-n", "+1", ...follow, `${String(file.value)}`]);
}

async function carryOut(command: LabCommand): Promise<Result<unknown, LabError> | number> {
  const place = labPlace(command.lab);
  if (!place.ok) return place;
  switch (command.name) {
    case "up":
      return up(place.value, command);
    case "down":
      return down(place.value);
    case "exec":
    case "logs": {
      const done =
        command.name === "exec"
          ? await exec(place.value, command.board, command.command)
          : await logs(place.value, command);
      return done.ok ? done.value : err(done.error);
    }
    case "ask":
      return askDaemon(place.value, command.request);
  }
}

/** One line for people: the moments of an order, or a whole status. */
function text(command: LabCommand, value: unknown): string {
  if (isStatus(value)) return statusText(value);
  if (command.name === "down") return `lab ${command.lab} is down\n`;
  if (typeof value !== "object" || value === null) return "done\n";
  const { atUs, doneUs, macs } = z
    .object({ atUs: z.number(), doneUs: z.number(), macs: z.record(z.string(), z.string()) })
    .partial()
    .parse(value);
  if (atUs === undefined || doneUs === undefined) return "done\n";
  const made = macs === undefined ? "" : `, MACs ${macs["A"]} and ${macs["B"]}`;
  return `done in ${((doneUs - atUs) / 1000).toFixed(1)} ms${made}\n`;
}

function isStatus(value: unknown): value is LabStatus {
  return typeof value === "object" && value !== null && "slots" in value && "switches" in value;
}

/** The command line; returns the exit code. */
async function main(words: readonly string[]): Promise<number> {
  const parsed = parseLabArguments(words);
  if (parsed === "help") {
    process.stdout.write(usage);
    return 0;
  }
  if (!parsed.ok) {
    process.stderr.write(`lab: ${parsed.error}\n\n${usage}`);
    return labExitCodes.usage;
  }
  const command = parsed.value;
  const done = await carryOut(command);
  if (typeof done === "number") return done;
  if (!done.ok) {
    if (command.json) process.stdout.write(`${JSON.stringify(done)}\n`);
    process.stderr.write(`lab: ${done.error.text}\n`);
    return labExitCodes[done.error.kind];
  }
  const value = done.value ?? {};
  process.stdout.write(command.json ? `${JSON.stringify(value)}\n` : text(command, value));
  return 0;
}

process.exit(await main(process.argv.slice(2)));
