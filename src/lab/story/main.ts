// `npm start`: a whole chassis on this machine tells its story. Builds the executables if they are
// older than their sources, brings the demo chassis up, breaks and mends it step by step, prints
// what the boards say and how long it took. On a terminal the chassis then stays up with a live
// status until Ctrl-C; with --once or without a terminal it ends, exit code 0 only if every step
// did what it says. Where namespaces are not permitted it says which right is missing and runs the
// simulator instead.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { canMakeNamespaces } from "../../kernel/index.ts";
import { createLab, type Lab } from "../chassis.ts";
import { storyChassis, storyService } from "./chassis-file.ts";
import { failoverSteps } from "./failover-steps.ts";
import { storyFolder } from "./folder.ts";
import { startClient } from "./outside-client.ts";
import { type StepResult, steps } from "./steps.ts";

const root = join(import.meta.dir, "..", "..", "..");
const demo = join(root, "boards", "demo.yaml");
const usage = `usage: npm start [-- --once] [--json] [--chassis FILE]

Brings up a virtual chassis and shows it naming faults.

  --once          end after the story even on a terminal
  --json          one JSON object a step on stdout
  --chassis FILE  chassis file (default boards/demo.yaml)

exit codes: 0 every step did what it says, 1 one did not, 2 usage, 5 not permitted
`;

type Options = { readonly once: boolean; readonly json: boolean; readonly chassis: string };

function parse(argv: string[]): Options | number {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        once: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
        chassis: { type: "string", default: demo },
      },
    });
    if (!values.help) return values;
    process.stdout.write(usage);
    return 0;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    process.stderr.write(`npm start: ${words}\n\n${usage}`);
    return 2;
  }
}

/** Runs a program of this checkout with our streams; its exit code. */
async function runProgram(file: string, args: readonly string[]): Promise<number> {
  const child = Bun.spawn([process.execPath, join(root, file), ...args], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  return await child.exited;
}

/** As much as can be shown without namespaces. */
async function simulate(missing: string): Promise<number> {
  process.stderr.write(`npm start: no virtual chassis here: ${missing}\n`);
  process.stderr.write("npm start: running simulated chassis instead, which need no rights\n");
  return await runProgram("test/sim/main.ts", ["--seeds", "1-200"]);
}

function show(options: Options, name: string, result: StepResult): void {
  if (options.json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  const mark = result.ok ? "ok  " : "FAIL";
  const time = result.ms === undefined ? "" : `${result.ms.toFixed(1)} ms`;
  process.stdout.write(`${mark} ${time.padStart(11)}  ${name}\n                  ${result.text}\n`);
}

async function tell(lab: Lab, options: Options): Promise<boolean> {
  for (const { name, run } of steps) {
    const result = await run(lab);
    show(options, name, result);
    if (!result.ok) return false;
  }
  return await tellFailover(lab, options);
}

/** The part with a service; a chassis file of the user's own may have none of ours. */
async function tellFailover(lab: Lab, options: Options): Promise<boolean> {
  if (!lab.chassis.groups.some(({ name }) => name === storyService.name)) return true;
  const client = await startClient(lab);
  if (typeof client === "string") {
    process.stderr.write(`npm start: no client outside: ${client}\n`);
    return false;
  }
  try {
    for (const { name, run } of failoverSteps) {
      const result = await run({ lab, client, dist: join(root, "dist") });
      show(options, name, result);
      if (!result.ok) return false;
    }
    return true;
  } finally {
    client.close();
  }
}

/** The CCN's own status, redrawn until Ctrl-C. */
async function stayUp(lab: Lab): Promise<void> {
  const entered = lab.enter("ccn", [join(root, "dist", "ccn"), "status", "--watch"]);
  if (!entered.ok) return;
  process.stdout.write("\nThe chassis stays up; Ctrl-C ends it.\n\n");
  const child = Bun.spawn(entered.value, { stdio: ["ignore", "inherit", "inherit"] });
  await child.exited;
}

async function main(argv: string[]): Promise<number> {
  const options = parse(argv);
  if (typeof options === "number") return options;
  const rights = canMakeNamespaces();
  if (!rights.root) {
    if (!rights.userNamespaces) return simulate(rights.missing ?? "namespaces are not permitted");
    return await reenter(argv);
  }
  const built = await runProgram("build/build.ts", ["--if-stale"]);
  if (built !== 0) return 1;
  const dir = storyFolder();
  const isDemo = options.chassis === demo;
  const chassisFile = isDemo ? storyChassis(demo, root, dir) : options.chassis;
  const labDir = join(dir, "lab");
  const made = await createLab({ chassisFile, dist: join(root, "dist"), dir: labDir });
  if (!made.ok) {
    process.stderr.write(`npm start: ${made.error.text}\n`);
    return 1;
  }
  const lab = made.value;
  const end = async (): Promise<void> => {
    await lab.down();
    rmSync(dir, { recursive: true, force: true });
  };
  const stop = (): void => {
    void end().then(() => process.exit(130));
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, stop);
  const isGood = await tell(lab, options);
  const stays = isGood && process.stdout.isTTY && !options.once && !options.json;
  if (stays) await stayUp(lab);
  await end();
  return isGood ? 0 : 1;
}

/** As a plain user: the same inside a user namespace of our own. */
async function reenter(argv: readonly string[]): Promise<number> {
  const command = ["unshare", "-Urnm", "--", process.execPath, import.meta.path, ...argv];
  const child = Bun.spawn(command, { cwd: root, stdio: ["inherit", "inherit", "inherit"] });
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(name, () => child.kill(name));
  return await child.exited;
}

process.exit(await main(process.argv.slice(2)));
