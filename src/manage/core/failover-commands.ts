// The commands about fail-over: what is where, why it is there, and orders. Overrides of the lease
// protocol (O1 to O5) are verbs of the thing they concern, never options of an everyday one.

import { timeoutSeconds } from "../limits.ts";
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

/** `--timeout` of an order. */
export const orderTimeoutOption: OptionSpec = {
  name: "timeout",
  value: "SECONDS",
  text: `longest wait for the order's end, 0.01 to ${timeoutSeconds.max} s`,
  default: `${timeoutSeconds.order} s`,
};
const yesOption: OptionSpec = { name: "yes", text: "do not ask; needed where nobody can answer" };
const reasonOption: OptionSpec = {
  name: "reason",
  value: "TEXT",
  text: "why, 1 to 96 characters, kept on record; overrides need it",
  default: "none",
};
const ordering: readonly OptionSpec[] = [
  yesOption,
  dryRunOption,
  jsonOption,
  runDirOption,
  orderTimeoutOption,
  helpOption,
];
const exits = [...readingExits, exitCodes.noSuchThing];
const watching = [watchOption, ...asking];

/** All of them, in the order of help. */
export const failoverCommands: readonly CommandSpec[] = [
  {
    name: "why",
    usage: "[N]",
    words: { min: 0, max: 1 },
    text: "Explains the last move or failure, or number N, step by step.",
    options: [{ name: "list", text: "all episodes, one line each" }, ...watching],
    examples: ["why", "why --list"],
    exits,
    roles: allRoles,
  },
  {
    name: "groups",
    usage: "",
    words: { min: 0, max: 0 },
    text: "Shows which board is active for each group, who stands by, and why.",
    options: watching,
    examples: ["groups", "groups --watch"],
    exits,
    roles: allRoles,
  },
  {
    name: "group",
    usage: "G VERB",
    words: { min: 2, max: 2 },
    text: "Overrides for group G: promote --accept-loss, or admit --blank.",
    options: [
      { name: "accept-loss", text: "promote: this board stands though its data may be old (O1)" },
      { name: "blank", text: "admit: this board votes though its disk is blank (O4)" },
      reasonOption,
      ...ordering,
    ],
    examples: [
      "group files promote --accept-loss --reason burnt",
      "group files admit --blank --reason new-disk",
    ],
    exits,
    roles: allRoles,
  },
  {
    name: "services",
    usage: "",
    words: { min: 0, max: 0 },
    text: "Shows every service on every slot: state, cause, restarts.",
    options: watching,
    examples: ["services", "services --json"],
    exits,
    roles: allRoles,
  },
  {
    name: "service",
    usage: "S VERB [SLOT]",
    words: { min: 2, max: 3 },
    text: "Orders for service S: move, stop, start or restart, here or on SLOT.",
    options: ordering,
    examples: ["service web move 2", "service web restart"],
    exits,
    roles: allRoles,
  },
  {
    name: "slots",
    usage: "",
    words: { min: 0, max: 0 },
    text: "Shows every slot's lines and state; on the ccn.",
    options: watching,
    examples: ["slots", "slots --watch"],
    exits,
    roles: allRoles,
  },
  {
    name: "slot",
    usage: "N [VERB]",
    words: { min: 1, max: 2 },
    text: "Shows slot N, or orders: in, out, on, off, reset, cycle, attest-removed.",
    options: [reasonOption, ...ordering],
    examples: ["slot 3", "slot 3 reset"],
    exits,
    roles: allRoles,
  },
  {
    name: "alarms",
    usage: "",
    words: { min: 0, max: 0 },
    text: "Shows what stands, who has seen it, and what was cleared.",
    options: watching,
    examples: ["alarms", "alarms --json"],
    exits,
    roles: allRoles,
  },
  {
    name: "alarm",
    usage: "N ack",
    words: { min: 2, max: 2 },
    text: "Says that alarm N has been seen; it stands until its cause is gone.",
    options: [
      {
        name: "message",
        short: "m",
        value: "TEXT",
        text: "what is being done, 1 to 200 characters; needed",
        default: "none",
      },
      ...ordering,
    ],
    examples: ["alarm 3 ack -m ordered", "alarm 3 ack --message on-my-way"],
    exits,
    roles: allRoles,
  },
  {
    name: "what-if",
    usage: "FAULTS",
    words: { min: 1, max: 64 },
    text: "Tells what faults would do from now on; changes nothing.",
    options: asking,
    examples: ["what-if slot 1 dies", "what-if slot 1 dies, ccn dies"],
    exits,
    roles: allRoles,
  },
  {
    name: "maintenance",
    usage: "on|off",
    words: { min: 1, max: 1 },
    text: "Stops or allows elections in the whole chassis (O5).",
    options: ordering,
    examples: ["maintenance on", "maintenance off"],
    exits,
    roles: allRoles,
  },
];
