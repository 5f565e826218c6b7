// The commands of every executable: one table feeds help, parsing, hints and completion. DocumentView
// is a noun; doing is noun, name, verb. A later verb joins by an entry here and its action in
// `cli.ts`; nothing else has to know it.

import type { Role } from "../../config/index.ts";
import { eventsShown } from "../limits.ts";
import {
  allRoles,
  asking,
  type CommandSpec,
  dryRunOption,
  helpOption,
  jsonOption,
  type OptionSpec,
  readingExits,
  runDirOption,
  watchOption,
} from "./command-spec.ts";
import { exitCodes } from "./exit-codes.ts";
import { failoverCommands } from "./failover-commands.ts";

export type { CommandName, CommandSpec, OptionSpec } from "./command-spec.ts";

const { done, failed, usage, noSuchThing, notPermitted, configInvalid } = exitCodes;
const whatIfOption: OptionSpec = {
  name: "what-if",
  value: "FAULTS",
  text: 'tell their story, "slot 1 dies, ccn dies"',
  default: "all one and two faults",
};

/** All commands, in the order of help. */
export const commands: readonly CommandSpec[] = [
  {
    name: "status",
    usage: "",
    words: { min: 0, max: 0 },
    text: "Shows the chassis on one screen: boards, groups, what is wrong, what to do.",
    options: [watchOption, ...asking],
    examples: ["status --watch", "status --json"],
    exits: readingExits,
    roles: allRoles,
  },
  ...failoverCommands,
  {
    name: "networks",
    usage: "",
    words: { min: 0, max: 0 },
    text: "Shows who hears whom on networks A and B, and every broken path in words.",
    options: [watchOption, ...asking],
    examples: ["networks", "networks --watch --json"],
    exits: readingExits,
    roles: allRoles,
  },
  {
    name: "leases",
    usage: "",
    words: { min: 0, max: 0 },
    text: "Shows which MAC got which address because of which switch port.",
    options: [watchOption, ...asking],
    examples: ["leases", "leases --json"],
    exits: [...readingExits, noSuchThing],
    roles: ["ccn"],
  },
  {
    name: "where",
    usage: "MAC|SLOT",
    words: { min: 1, max: 1 },
    text: "Asks the switches where a MAC or a slot's board is; explains the chain.",
    options: asking,
    examples: ["where 52:54:00:12:34:56", "where 7 --json"],
    exits: [...readingExits, noSuchThing],
    roles: ["ccn"],
  },
  {
    name: "events",
    usage: "",
    words: { min: 0, max: 0 },
    text: "Shows what happened on this board, oldest first.",
    options: [
      { name: "follow", short: "f", text: "keep showing new events until Ctrl-C" },
      {
        name: "last",
        short: "n",
        value: "COUNT",
        text: `how many of the past events, 0 to ${eventsShown.max}`,
        default: String(eventsShown.default),
      },
      { ...watchOption, text: "the same as --follow; with --json one line per event" },
      ...asking,
    ],
    examples: ["events -f", "events -n 500 --json"],
    exits: readingExits,
    roles: allRoles,
  },
  {
    name: "explain",
    usage: "[EVENT]",
    words: { min: 0, max: 1 },
    text: "Says what an event or alarm means and what to do; without a name lists all.",
    options: [jsonOption, helpOption],
    examples: ["explain path-down", "explain"],
    exits: [done, usage, noSuchThing],
    roles: allRoles,
  },
  {
    name: "config check",
    usage: "FILE",
    words: { min: 1, max: 1 },
    text: "Checks a chassis file: mistakes and what faults would do; needs no daemon.",
    options: [whatIfOption, jsonOption, helpOption],
    examples: ["config check boards/demo.yaml", "config check chassis.yaml --json"],
    exits: [done, usage, configInvalid],
    roles: allRoles,
  },
  {
    name: "run",
    usage: "",
    words: { min: 0, max: 0 },
    text: "Runs this board's daemon in the foreground until SIGTERM.",
    options: [
      {
        name: "config",
        value: "FILE",
        text: "the chassis file",
        default: "/etc/softset/chassis.yaml",
        roles: ["ccn"],
      },
      { name: "device-a", value: "NAME", text: "interface of network A", default: "eth-a" },
      { name: "device-b", value: "NAME", text: "interface of network B", default: "eth-b" },
      runDirOption,
      {
        name: "state-dir",
        value: "DIR",
        text: "directory of what must survive a restart",
        default: "/var/lib/softset",
      },
      {
        name: "log-level",
        value: "LEVEL",
        text: "least important lines printed: debug, info, warn or error",
        default: "info",
      },
      { name: "no-realtime", text: "normal scheduling, memory not locked (for development)" },
      dryRunOption,
      helpOption,
    ],
    examples: ["run", "run --device-a eth0 --device-b eth1 --log-level debug"],
    exits: [done, failed, usage, notPermitted, configInvalid, exitCodes.ourMistake],
    roles: allRoles,
  },
  {
    name: "help",
    usage: "[COMMAND]",
    words: { min: 0, max: 2 },
    text: "Shows all commands, or one of them in full.",
    options: [helpOption],
    examples: ["help", "help events"],
    exits: [done, usage],
    roles: allRoles,
  },
];

/** The commands an executable of this role has. */
export function commandsOf(role: Role): readonly CommandSpec[] {
  return commands.filter((command) => command.roles.includes(role));
}

/** The options a command has in an executable of this role. */
export function optionsOfCommand(command: CommandSpec, role: Role): readonly OptionSpec[] {
  return command.options.filter((option) => option.roles?.includes(role) ?? true);
}
