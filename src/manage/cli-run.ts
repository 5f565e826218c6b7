// `run`: checks the options of the daemon, then hands them to the board's own `run`; with
// --dry-run only says what would run.

import type { LogLevel, NetworkId } from "../base/index.ts";
import { configErrorText, loadChassisFile } from "../config/index.ts";
import { endStates } from "../redirect/index.ts";
import { type CliCall, type RunOptions, usageMistake } from "./call.ts";
import { chassisSummary } from "./cli-config.ts";
import { exitCodes } from "./core/exit-codes.ts";
import { cleanText } from "./core/text.ts";

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Runs the daemon until it ends; its exit code is ours. */
export async function daemonRun(call: CliCall): Promise<number> {
  const { cli, terminal, order } = call;
  const value = (name: string, without: string): string => order.options.get(name) ?? without;
  const levelText = value("log-level", "info");
  const logLevel = levels.find((level) => level === levelText);
  if (logLevel === undefined) {
    const text = `--log-level ${levelText} is unknown; use one of ${levels.join(", ")}`;
    return usageMistake(cli, terminal, text, order.command);
  }
  const devices = { A: value("device-a", "eth-a"), B: value("device-b", "eth-b") };
  const wrongDevice = deviceMistake(devices);
  if (wrongDevice !== undefined) return usageMistake(cli, terminal, wrongDevice, order.command);
  const options: RunOptions = {
    config: cli.role === "ccn" ? value("config", "/etc/softset/chassis.yaml") : undefined,
    devices,
    runDir: value("run-dir", "/run/softset"),
    stateDir: value("state-dir", "/var/lib/softset"),
    logLevel,
    realtime: !order.options.has("no-realtime"),
  };
  return order.options.has("dry-run") ? dryRun(call, options) : await cli.run(options);
}

function deviceMistake(devices: Readonly<Record<NetworkId, string>>): string | undefined {
  for (const [network, name] of Object.entries(devices)) {
    // dev_valid_name() of the kernel: 1 to 15 bytes, no slash, colon or space.
    if (!/^[^\s/:]{1,15}$/.test(name) || name === "." || name === "..") {
      return `--device-${network.toLowerCase()} ${name} is no interface name (1 to 15 letters)`;
    }
  }
  return devices.A === devices.B
    ? `--device-a and --device-b are both ${devices.A}; the networks must be independent`
    : undefined;
}

function dryRun(call: CliCall, options: RunOptions): number {
  const { cli, terminal } = call;
  let chassis = "the configuration the ccn gives it";
  if (options.config !== undefined) {
    const read = loadChassisFile(options.config);
    if (!read.ok) {
      terminal.stderr(
        read.error.map((mistake) => `${cleanText(configErrorText(mistake))}\n`).join(""),
      );
      return exitCodes.configInvalid;
    }
    const { problems } = endStates(read.value);
    if (problems.length > 0) {
      terminal.stderr(problems.map(({ text }) => `${cleanText(text)}\n`).join(""));
      return exitCodes.configInvalid;
    }
    chassis = chassisSummary(read.value);
  }
  const scheduling = options.realtime ? "real time" : "normal scheduling";
  terminal.stdout(
    `would run ${cli.role} with ${chassis}; network A on ${options.devices.A}, ` +
      `B on ${options.devices.B}; sockets in ${options.runDir}, state in ${options.stateDir}; ` +
      `${scheduling}, log from ${options.logLevel} on\n`,
  );
  return exitCodes.done;
}
