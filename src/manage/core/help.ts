// Help texts, made from the table of commands: all commands of an executable, or one in full.

import type { Role } from "../../config/index.ts";
import { type CommandSpec, commandsOf, type OptionSpec, optionsOfCommand } from "./commands.ts";
import { exitMeanings } from "./exit-codes.ts";

const roleTexts: Readonly<Record<Role, string>> = {
  ccn: "the chassis's control node",
  controller: "a controller board",
  "io-card": "an I/O card",
};

/** Help of the whole executable. */
export function helpText(role: Role, version: string): string {
  const commands = commandsOf(role);
  const names = commands.map(usageOf);
  const width = Math.max(...names.map((name) => name.length));
  const lines = commands.map(
    (command, i) => `  ${(names[i] ?? "").padEnd(width)}  ${command.text}`,
  );
  return [
    `usage: ${role} COMMAND [OPTIONS]      softset ${version}, ${roleTexts[role]}`,
    "",
    ...lines,
    "",
    "Also: --help, --version. Data goes to stdout, talk to stderr; NO_COLOR is respected.",
    `In full: ${role} help COMMAND`,
    "",
  ].join("\n");
}

/** Help of one command: usage, sentence, options with unit and default, examples, exit codes. */
export function commandHelpText(command: CommandSpec, role: Role): string {
  const options = optionsOfCommand(command, role);
  const names = options.map(optionText);
  const width = Math.max(...names.map((name) => name.length));
  return [
    `usage: ${role} ${usageOf(command)} [OPTIONS]`,
    "",
    command.text,
    "",
    "options:",
    ...options.map((option, i) => {
      const suffix = option.default === undefined ? "" : ` (default ${option.default})`;
      return `  ${(names[i] ?? "").padEnd(width)}  ${option.text}${suffix}`;
    }),
    "",
    "examples:",
    ...command.examples.map((example) => `  ${role} ${example}`),
    "",
    "exit codes:",
    ...[...new Set(command.exits)]
      .sort((a, b) => a - b)
      .map((code) => `  ${String(code).padStart(2)}  ${exitMeanings[code]}`),
    "",
  ].join("\n");
}

function usageOf(command: CommandSpec): string {
  return command.usage === "" ? command.name : `${command.name} ${command.usage}`;
}

function optionText(option: OptionSpec): string {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  return `${short}--${option.name}${option.value === undefined ? "" : ` ${option.value}`}`;
}
