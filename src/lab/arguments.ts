// The words of the lab's command line -> an order. Pure; every mistake names what would be right.

import { parseArgs } from "node:util";
import { err, networkIds, ok, type Result } from "../base/index.ts";
import type { ControlRequest } from "./control.ts";
import { thrownText } from "./errors.ts";
import { killManners } from "./faults.ts";

/** What to do, in which lab, and how to show it. */
export type LabCommand = { readonly lab: string; readonly json: boolean } & (
  | {
      readonly name: "up";
      readonly file: string;
      readonly dist: string | undefined;
      readonly boardCommand: string | undefined;
    }
  | { readonly name: "down" }
  | { readonly name: "exec"; readonly board: string; readonly command: string[] }
  | { readonly name: "logs"; readonly board: string; readonly follow: boolean }
  | { readonly name: "ask"; readonly request: ControlRequest }
);

/** Help text. */
export const usage = `usage: npm run lab -- [--name NAME] [--json] COMMAND

Runs a whole chassis on this machine: every board in its own network, mount, host name and process
namespace, two learning switches with SNMP agents, real packets.

  up FILE [--dist DIR] [--board-command TEXT]   build the chassis of FILE and start its boards;
                           DIR has the executables (default: dist), TEXT runs instead of them
  down                     end it, or clear what a killed one left
  status                   switches, slots, boards, what is cut
  exec BOARD COMMAND...    run a program on a board, with this terminal
  logs BOARD [-f]          output of a board; -f follows
  kill BOARD [--as crash|hang|power-loss]   SIGKILL for all its programs; links stay up, HEALTHY#
                           goes bad. crash: HEALTHY# stays good; hang: links down first, HEALTHY#
                           and power-good stay good until its slot is reset or off; power-loss:
                           links down first, both lines bad, until start
  start BOARD              start a killed board again: same MACs, same state
  pull SLOT                take the board out: links down, then its programs, for good
  insert SLOT [--mac M[,M]] [--empty]   put a new board in: new MACs unless given, no state;
                           --empty: only its namespaces, for programs started by exec
  move SLOT SLOT           replug a running board in another slot of its role
  cut BOARD [A|B] [--oneway in|out] [--silent]   cut its cables: link down; --silent: link stays
                           up, nothing passes; --oneway: the same for one direction (in = to it)
  cut SWITCH [--silent]    switch it off: all links down; --silent: links up, nothing forwarded
  line SLOT reset|power|health stuck|lying|ok   break a line between the CCN and a slot. stuck:
                           moves no more; lying: reset and power say they moved and did not,
                           health says the opposite; ok: repaired. A board that the CCN has put
                           in reset or off is dead and dark; released, it boots
  heal                     undo all cuts, repair all lines
  agent SWITCH [--latency-ms N] [--silent|--prompt]   how its SNMP agent answers: N ms late
                           (default 0), not at all, at once

BOARD is a name of the chassis file or a slot number; the CCN is slot 0. If the file has public
addresses, exec also knows router (a leg on each switch) and outside (a client behind it), and cut
knows router.
  --name NAME   which lab, when several run (default: lab)
  --json        one JSON object on stdout
  --help        this text

examples:
  npm run lab -- up boards/demo.yaml
  npm run lab -- cut card3 A --oneway in

exit codes: 0 done, 1 refused or failed, 2 usage, 3 no such board, slot or switch, 4 no lab there,
5 not permitted, 6 timed out, 7 chassis file invalid; exec: the program's own
`;

const options = {
  name: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  dist: { type: "string" },
  "board-command": { type: "string" },
  follow: { type: "boolean", short: "f" },
  mac: { type: "string" },
  empty: { type: "boolean" },
  as: { type: "string" },
  oneway: { type: "string" },
  silent: { type: "boolean" },
  prompt: { type: "boolean" },
  "latency-ms": { type: "string" },
} as const;

type Words = {
  readonly values: ReturnType<typeof parseWords>["values"];
  /** The words after the command's name. */
  readonly rest: readonly string[];
};

/** Which options and how many words each command takes. */
const commands: Readonly<
  Record<string, { readonly words: readonly [number, number]; readonly options: readonly string[] }>
> = {
  up: { words: [1, 1], options: ["dist", "board-command"] },
  down: { words: [0, 0], options: [] },
  status: { words: [0, 0], options: [] },
  logs: { words: [1, 1], options: ["follow"] },
  kill: { words: [1, 1], options: ["as"] },
  start: { words: [1, 1], options: [] },
  pull: { words: [1, 1], options: [] },
  insert: { words: [1, 1], options: ["mac", "empty"] },
  move: { words: [2, 2], options: [] },
  cut: { words: [1, 2], options: ["oneway", "silent"] },
  line: { words: [3, 3], options: [] },
  heal: { words: [0, 0], options: [] },
  agent: { words: [1, 1], options: ["latency-ms", "silent", "prompt"] },
};

/** Reads the command line; "help" if that is what is asked. */
export function parseLabArguments(argv: readonly string[]): Result<LabCommand, string> | "help" {
  const execAt = argv.indexOf("exec");
  const isExec = execAt >= 0 && argv.slice(0, execAt).every(isGlobalWord);
  try {
    const { values, positionals } = parseWords(isExec ? argv.slice(0, execAt) : argv);
    if (values.help === true) return "help";
    const shared = { lab: values.name ?? "lab", json: values.json === true };
    if (isExec) {
      const [board, ...command] = argv.slice(execAt + 1);
      if (board === "--help" || board === "-h") return "help";
      if (board === undefined || command.length === 0)
        return err("exec needs a board and a command");
      return ok({ ...shared, name: "exec", board, command });
    }
    const [name = "", ...rest] = positionals;
    const wrong = checkWords(name, rest, values);
    if (wrong !== undefined) return err(wrong);
    return finish(shared, name, { values, rest });
  } catch (thrown) {
    return err(thrownText(thrown));
  }
}

/** Options before `exec` are ours, words after it the program's; a value of --name is allowed. */
function isGlobalWord(word: string, i: number, before: readonly string[]): boolean {
  return word.startsWith("-") || before[i - 1] === "--name";
}

function parseWords(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options, allowPositionals: true });
}

function checkWords(
  name: string,
  rest: readonly string[],
  values: Words["values"],
): string | undefined {
  const command = commands[name];
  const all = [...Object.keys(commands), "exec"].join(", ");
  if (command === undefined) return `unknown command "${name.slice(0, 40)}"; there are ${all}`;
  const [least, most] = command.words;
  if (rest.length < least || rest.length > most) {
    const wanted = least === most ? `${least}` : `${least} or ${most}`;
    return `${name} takes ${wanted} word(s), not ${rest.length}`;
  }
  const allowed = ["name", "json", ...command.options];
  const foreign = Object.keys(values).find((option) => !allowed.includes(option));
  return foreign === undefined ? undefined : `${name} has no option --${foreign}`;
}

function finish(
  shared: { lab: string; json: boolean },
  name: string,
  { values, rest }: Words,
): Result<LabCommand, string> {
  const [first = ""] = rest;
  switch (name) {
    case "up":
      return ok({
        ...shared,
        name,
        file: first,
        dist: values.dist,
        boardCommand: values["board-command"],
      });
    case "down":
      return ok({ ...shared, name });
    case "logs":
      return ok({ ...shared, name, board: first, follow: values.follow === true });
    default: {
      const request = requestOf(name, { values, rest });
      return request.ok ? ok({ ...shared, name: "ask", request: request.value }) : request;
    }
  }
}

function requestOf(name: string, { values, rest }: Words): Result<ControlRequest, string> {
  const [first = "", second = ""] = rest;
  const silent = values.silent === true;
  switch (name) {
    case "kill":
      return killRequest(first, values.as ?? "all");
    case "start":
      return ok({ order: name, board: first });
    case "pull":
    case "insert":
    case "move":
      return slotRequest(name, { values, rest });
    case "line":
      return lineRequest(rest);
    case "cut": {
      const { oneway } = values;
      if (oneway !== undefined && oneway !== "in" && oneway !== "out") {
        return err(`--oneway "${oneway}" is neither in nor out`);
      }
      const network = networkIds.find((id) => id === second);
      if (second !== "" && network === undefined) {
        return err(`network "${second}" is neither A nor B`);
      }
      return ok({ order: "cut", name: first, network, oneway, silent });
    }
    case "agent": {
      const late = values["latency-ms"];
      const latencyMs = late === undefined ? undefined : Number(late);
      if (latencyMs !== undefined && !(Number.isInteger(latencyMs) && latencyMs >= 0)) {
        return err(`--latency-ms "${late}" is no whole number of milliseconds`);
      }
      const prompt = values.prompt === true;
      const speech = silent ? { silent: true } : prompt ? { silent: false } : {};
      return ok({
        order: "agent",
        switchName: first,
        ...speech,
        ...(latencyMs === undefined ? (prompt ? { latencyMs: 0 } : {}) : { latencyMs }),
      });
    }
    case "heal":
    default:
      return ok({ order: name === "heal" ? "heal" : "status" });
  }
}

function killRequest(board: string, word: string): Result<ControlRequest, string> {
  const manner = killManners.find((each) => each === word);
  if (manner !== undefined) return ok({ order: "kill", board, manner });
  return err(`--as "${word}" is not one of ${killManners.join(", ")}`);
}

function lineRequest([slotText = "", lineText = "", faultText = ""]: readonly string[]): Result<
  ControlRequest,
  string
> {
  const slot = Number(slotText);
  const line = (["reset", "power", "health"] as const).find((each) => each === lineText);
  const fault = (["stuck", "lying", "ok"] as const).find((each) => each === faultText);
  if (!(Number.isInteger(slot) && slot >= 1 && slot <= 63)) {
    return err(`"${slotText}" is no slot number with lines; slots are 1 to 63`);
  }
  if (line === undefined) return err(`"${lineText}" is no line; there are reset, power, health`);
  if (fault === undefined) return err(`"${faultText}" is neither stuck nor lying nor ok`);
  return ok({ order: "line", slot, line, fault });
}

function slotRequest(
  name: "pull" | "insert" | "move",
  { values, rest }: Words,
): Result<ControlRequest, string> {
  const slots = rest.filter((word) => word !== "").map(Number);
  const [slot = -1, to = -1] = slots;
  if (!slots.every((n) => Number.isInteger(n) && n >= 0 && n <= 63)) {
    return err(`"${rest.join(" ").trim()}" is no slot number; slots are 1 to 63, the CCN is 0`);
  }
  if (name === "pull") return ok({ order: "pull", slot });
  if (name === "move") return ok({ order: "move", from: slot, to });
  const macs = values.mac === undefined ? [] : values.mac.split(",");
  return ok({ order: "insert", slot, macs, empty: values.empty === true });
}
