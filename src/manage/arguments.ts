// From argv to one checked order: which command, which words, which options. util.parseArgs does
// the splitting; the table of commands says what is known. Every mistake is a sentence with the
// nearest known name, for exit code 2.

import { parseArgs } from "node:util";

import { nearestName, err, ok, type Result } from "../base/index.ts";
import type { Role } from "../config/index.ts";
import {
  type CommandName,
  commands,
  type CommandSpec,
  commandsOf,
  type OptionSpec,
  optionsOfCommand,
} from "./core/commands.ts";
import { cleanText } from "./core/text.ts";

/** What was ordered on the command line. */
export type CliOrder = {
  readonly command: CommandSpec;
  /** Words after the command's name. */
  readonly words: readonly string[];
  /** Options by name: the value, or "" for a flag that is set. */
  readonly options: ReadonlyMap<string, string>;
};

/** A mistake on the command line; `command` if it was clear which one was meant. */
export type UsageError = { readonly text: string; readonly command: CommandSpec | undefined };

/** Reads argv (without the executable) of an executable of `role`. */
export function parseOrder(role: Role, argv: readonly string[]): Result<CliOrder, UsageError> {
  const found = findCommand(role, argv);
  if (!found.ok) return found;
  const { command, rest } = found.value;
  const specs = optionsOfCommand(command, role);
  const { tokens } = parseArgs({
    args: [...rest],
    options: Object.fromEntries(specs.map(parseArgsOption)),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const words: string[] = [];
  const options = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const spec = specs.find(({ name }) => name === token.name);
    const isNext = token.inlineValue === false && /^-./.test(token.value);
    const value = isNext ? undefined : token.value;
    const wrong = optionMistake(token.rawName, spec, value, command, role);
    if (wrong !== undefined) return err({ text: wrong, command });
    options.set(token.name, token.value ?? "");
  }
  if (!options.has("help")) {
    const wrong = wordsMistake(words, command, role);
    if (wrong !== undefined) return err({ text: wrong, command });
  }
  return ok({ command, words, options });
}

/** Finds a command by its words, `config check`; the error names the nearest one. */
export function findCommand(
  role: Role,
  argv: readonly string[],
): Result<{ readonly command: CommandSpec; readonly rest: readonly string[] }, UsageError> {
  const [first = "", second = ""] = argv;
  const known = commandsOf(role);
  const two = known.find(({ name }) => name === `${first} ${second}`);
  if (two !== undefined) return ok({ command: two, rest: argv.slice(2) });
  const one = known.find(({ name }) => name === first);
  if (one !== undefined) return ok({ command: one, rest: argv.slice(1) });
  const shown = cleanText(first.slice(0, 60));
  if (first === "") return err({ text: "no command given", command: undefined });
  const elsewhere = commands.find(({ name }) => name === first);
  if (elsewhere !== undefined) {
    const roles = elsewhere.roles.join(" and ");
    return err({ text: `${first} is a command of ${roles}, not of ${role}`, command: undefined });
  }
  const kind = first.startsWith("-") ? "option before the command" : "command";
  const names: CommandName[] = known.map(({ name }) => name);
  const group = names.filter((name) => name.startsWith(`${first} `));
  if (group.length > 0) {
    const text = `${shown} needs one of: ${group.map((name) => name.slice(first.length + 1)).join(", ")}`;
    return err({ text, command: undefined });
  }
  const near = nearestName(first, names);
  const hint = near === undefined ? `try ${role} help` : `did you mean ${near}?`;
  return err({ text: `unknown ${kind} "${shown}"; ${hint}`, command: undefined });
}

function parseArgsOption(
  spec: OptionSpec,
): [string, { type: "string" | "boolean"; short?: string }] {
  const type = spec.value === undefined ? "boolean" : "string";
  return [spec.name, spec.short === undefined ? { type } : { type, short: spec.short }];
}

function optionMistake(
  rawName: string,
  spec: OptionSpec | undefined,
  value: string | undefined,
  command: CommandSpec,
  role: Role,
): string | undefined {
  const shown = cleanText(rawName.slice(0, 60));
  if (spec === undefined) {
    const names = optionsOfCommand(command, role).map(({ name }) => `--${name}`);
    const near = nearestName(rawName, names);
    const hint = near === undefined ? `known: ${names.join(", ")}` : `did you mean ${near}?`;
    return `${command.name} has no option ${shown}; ${hint}`;
  }
  if (spec.value === undefined && value !== undefined) {
    return `${shown} takes no value; leave out "=${cleanText(value.slice(0, 60))}"`;
  }
  if (spec.value !== undefined && (value === undefined || value === "")) {
    return `${shown} needs a value: --${spec.name} ${spec.value}`;
  }
  return undefined;
}

function wordsMistake(
  words: readonly string[],
  command: CommandSpec,
  role: Role,
): string | undefined {
  const { min, max } = command.words;
  if (words.length < min) return `${command.name} needs ${command.usage}`;
  if (words.length <= max) return undefined;
  const extra = cleanText((words[max] ?? "").slice(0, 60));
  const near = nearestName(
    `${command.name} ${extra}`,
    commandsOf(role).map(({ name }) => name),
  );
  const hint = near === undefined || near === command.name ? "" : `; did you mean ${near}?`;
  return `${command.name} does not know what to do with "${extra}"${hint}`;
}
