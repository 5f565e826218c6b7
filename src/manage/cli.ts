// The command line of every board executable: `runCli` reads the order, gives help, runs the
// daemon or asks it, and returns the exit code. Promise: help asked for goes to stdout, help
// after a mistake to stderr with exit code 2; nothing thrown gets past it (then 70).

import { join } from "node:path";

import { findCommand, type CliOrder, parseOrder } from "./arguments.ts";
import { type CliCall, type CliOptions, usageMistake } from "./call.ts";
import { configCheck } from "./cli-config.ts";
import { explainCommand } from "./cli-explain.ts";
import {
  alarmsCommand,
  groupsCommand,
  servicesCommand,
  slotCommand,
  slotsCommand,
  whatIfCommand,
  whyCommand,
} from "./cli-failover.ts";
import { orderCommand } from "./cli-orders.ts";
import {
  eventsCommand,
  leasesCommand,
  networksCommand,
  statusCommand,
  whereCommand,
} from "./cli-reading.ts";
import { daemonRun } from "./cli-run.ts";
import type { DaemonAddress } from "./client.ts";
import type { FailoverCommandName } from "./core/command-spec.ts";
import { exitCodes } from "./core/exit-codes.ts";
import { orderTimeoutOption } from "./core/failover-commands.ts";
import { commandHelpText, helpText } from "./core/help.ts";
import { timeoutSeconds } from "./limits.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

/** Carries out one command line; resolves with the exit code when all output is out. */
export async function runCli(cli: CliOptions): Promise<number> {
  const terminal = cli.terminal ?? processTerminal();
  const code = await carryOutSafely(cli, terminal);
  await terminal.flush();
  return code;
}

async function carryOutSafely(cli: CliOptions, terminal: Terminal): Promise<number> {
  try {
    return await carryOut(cli, terminal);
  } catch (thrown) {
    const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    terminal.stderr(`${cli.role}: our own mistake, please report it: ${text}\n`);
    return exitCodes.ourMistake;
  }
}

async function carryOut(cli: CliOptions, terminal: Terminal): Promise<number> {
  const [first] = cli.argv;
  if (first === "--version" && cli.argv.length === 1) {
    terminal.stdout(`softset ${cli.role} ${cli.version}\n`);
    return exitCodes.done;
  }
  if ((first === "--help" || first === "-h") && cli.argv.length === 1) {
    terminal.stdout(helpText(cli.role, cli.version));
    return exitCodes.done;
  }
  const parsed = parseOrder(cli.role, cli.argv);
  if (!parsed.ok) return usageMistake(cli, terminal, parsed.error.text, parsed.error.command);
  const order = parsed.value;
  if (order.options.has("help")) {
    terminal.stdout(commandHelpText(order.command, cli.role));
    return exitCodes.done;
  }
  const timeoutMs = timeoutOf(order);
  if (timeoutMs === undefined) {
    const text = `--timeout is a number of seconds from 0.01 to ${timeoutSeconds.max}`;
    return usageMistake(cli, terminal, text, order.command);
  }
  const daemon: DaemonAddress = {
    socketPath: join(order.options.get("run-dir") ?? "/run/softset", "api.sock"),
    timeoutMs,
    stop: terminal.stop,
  };
  return await carryOutOrder({ cli, order, terminal, json: order.options.has("json"), daemon });
}

async function carryOutOrder(call: CliCall): Promise<number> {
  switch (call.order.command.name) {
    case "run":
      return await daemonRun(call);
    case "status":
      return await statusCommand(call);
    case "networks":
      return await networksCommand(call);
    case "leases":
      return await leasesCommand(call);
    case "where":
      return await whereCommand(call);
    case "events":
      return await eventsCommand(call);
    case "explain":
      return explainCommand(call);
    case "config check":
      return configCheck(call);
    case "help":
      return help(call);
    case "why":
    case "groups":
    case "services":
    case "service":
    case "group":
    case "slots":
    case "slot":
    case "alarms":
    case "alarm":
    case "what-if":
    case "maintenance":
      return await carryOutFailover(call, call.order.command.name);
    default:
      return call.order.command.name satisfies never;
  }
}

async function carryOutFailover(call: CliCall, name: FailoverCommandName): Promise<number> {
  switch (name) {
    case "why":
      return await whyCommand(call);
    case "groups":
      return await groupsCommand(call);
    case "services":
      return await servicesCommand(call);
    case "slots":
      return await slotsCommand(call);
    case "alarms":
      return await alarmsCommand(call);
    case "what-if":
      return await whatIfCommand(call);
    case "slot":
      return call.order.words.length === 1
        ? await slotCommand(call)
        : await orderCommand(call, name);
    case "service":
    case "group":
    case "alarm":
    case "maintenance":
      return await orderCommand(call, name);
    default:
      return name satisfies never;
  }
}

function help(call: CliCall): number {
  const { cli, order, terminal } = call;
  if (order.words.length === 0) {
    terminal.stdout(helpText(cli.role, cli.version));
    return exitCodes.done;
  }
  const found = findCommand(cli.role, order.words);
  if (!found.ok) return usageMistake(cli, terminal, found.error.text, undefined);
  terminal.stdout(commandHelpText(found.value.command, cli.role));
  return exitCodes.done;
}

function timeoutOf(order: CliOrder): number | undefined {
  const text = order.options.get("timeout");
  const isChanging = order.command.options.includes(orderTimeoutOption);
  if (text === undefined) return timeoutSeconds[isChanging ? "order" : "default"] * 1000;
  const match = /^(\d+(?:\.\d+)?)s?$/.exec(text);
  const seconds = Number(match?.[1] ?? "0");
  return seconds >= 0.01 && seconds <= timeoutSeconds.max ? seconds * 1000 : undefined;
}
