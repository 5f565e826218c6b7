import { expect, test } from "bun:test";

import type { Role } from "../../config/index.ts";
import { parseOrder } from "../arguments.ts";
import { commands, commandsOf, optionsOfCommand } from "./commands.ts";
import { commandHelpText, helpText } from "./help.ts";

const roles: readonly Role[] = ["ccn", "controller", "io-card"];

test("every example of every command is a command line we understand", () => {
  for (const command of commands) {
    for (const example of command.examples) {
      const parsed = parseOrder(command.roles[0] ?? "ccn", example.split(" "));
      if (!parsed.ok) throw new Error(`${example}: ${parsed.error.text}`);
      expect(parsed.value.command.name).toBe(command.name);
    }
  }
});

test("help has usage, sentence, options with default, two examples and exit codes", () => {
  for (const role of roles) {
    for (const command of commandsOf(role)) {
      const text = commandHelpText(command, role);
      expect(text).toStartWith(`usage: ${role} ${command.name}`);
      expect(text).toContain(command.text);
      for (const option of optionsOfCommand(command, role)) {
        expect(text).toContain(`--${option.name}`);
        expect(option.value === undefined).toBe(option.default === undefined);
      }
      for (const example of command.examples) expect(text).toContain(`  ${role} ${example}\n`);
      expect(text).toContain("   0  done");
      expect(text).toContain("   2  usage");
      expect(helpText(role, "0.1.0")).toContain(command.text);
    }
  }
});

test("help fits a screen of 100 columns", () => {
  for (const role of roles) {
    const texts = [
      helpText(role, "0.1.0"),
      ...commandsOf(role).map((c) => commandHelpText(c, role)),
    ];
    for (const line of texts.join("\n").split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  }
});

test("only the ccn offers what only the ccn knows", () => {
  const namesOf = (role: Role): string[] => commandsOf(role).map(({ name }) => name);
  expect(namesOf("ccn")).toContain("leases");
  expect(namesOf("io-card")).not.toContain("leases");
  expect(namesOf("controller")).not.toContain("where");
  const run = commandsOf("io-card").find(({ name }) => name === "run");
  expect(
    run === undefined ? [] : optionsOfCommand(run, "io-card").map(({ name }) => name),
  ).not.toContain("config");
});
