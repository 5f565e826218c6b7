// The virtual chassis as a library: the daemon, tests, benches and the story all use it in their
// own process. Orders are carried out one after the other; each returns when the kernel's state is
// as asked. A process that ends without `down` takes everything with it (parent death signal,
// nameless namespaces); the lab directory it leaves is cleared by the next lab there.

import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  ccnSlot,
  type Mac,
  type NetworkId,
  ok,
  prng,
  type Result,
  type SlotId,
} from "../base/index.ts";
import { type Board, type Chassis, configErrorText, loadChassisFile } from "../config/index.ts";
import { monoNowUs } from "../kernel/index.ts";
import { boardLogFile, boardStateDir, enterBoardCommand } from "./board-process.ts";
import { type LabError, labError } from "./errors.ts";
import type { CutManner, KillManner } from "./faults.ts";
import { boundLog, runCommand, type CommandOutput } from "./output.ts";
import * as orders from "./orders.ts";
import { addOutside } from "./outside.ts";
import { type Outside, outsideHost, outsideOf, runningHost } from "./outside-view.ts";
import { boardOfSlot, planSwitches } from "./plan.ts";
import { claimLabDirectory, markProcess, type ProcessMark, writeRecord } from "./record.ts";
import { labRightsCommand } from "./rights.ts";
import { type LabStatus, statusOf } from "./status.ts";
import type { AgentManner } from "./switch-process.ts";
import { logSweepMs } from "./limits.ts";
import { createSlotBank } from "./slot-bank.ts";
import type { LabLine, LineFault } from "./slot-lines.ts";
import { serveSlots, type SlotServer, slotSocketDirectory } from "./slot-server.ts";
import { addBoard, addSwitch, endWorld, type LabWorld } from "./world.ts";

/** The program of a board: its command line, or undefined to leave the slot empty. */
export type BoardCommand = (board: Board, stateDir: string) => readonly string[] | undefined;

/** What a lab is made of. */
export type LabOptions = {
  readonly chassisFile: string;
  /** Folder of the role executables. */
  readonly dist: string;
  /** For people, default: the chassis' name. */
  readonly name?: string;
  /** Directory of this lab alone: record, logs, board states. Made, and removed by `down`. */
  readonly dir: string;
  /** What happens, a line an event; default: nowhere. */
  readonly log?: (line: string) => void;
  /** Which program runs on a board; default: the executable of its role, `run`. */
  readonly boardCommand?: BoardCommand;
  /** Seed of the MACs; default random. */
  readonly seed?: number;
};

/** What to put into a slot; default: the slot's usual program and new MACs. */
export type InsertOptions = {
  readonly macs?: Partial<Readonly<Record<NetworkId, Mac>>>;
  readonly command?: readonly string[];
  /** Only the namespaces, to be filled by `exec`. */
  readonly empty?: boolean;
};

/** A slot that a new board sits in now, with its MACs. */
export type Inserted = orders.LabMoment & { readonly macs: Readonly<Record<NetworkId, Mac>> };

/** A virtual chassis. Boards are named as in the chassis file, or by their slot number. */
export type Lab = {
  readonly chassis: Chassis;
  readonly dir: string;
  /** Builds switches and boards and starts them; returns when every program has begun. */
  readonly up: () => Promise<Result<orders.LabMoment, LabError>>;
  /** Kills a board; how, and what of it shows: faults.ts, default `all`. */
  readonly kill: (
    board: string,
    manner?: KillManner,
  ) => Promise<Result<orders.LabMoment, LabError>>;
  readonly start: (board: string) => Promise<Result<orders.LabMoment, LabError>>;
  readonly pull: (slot: SlotId) => Promise<Result<orders.LabMoment, LabError>>;
  readonly insert: (slot: SlotId, options?: InsertOptions) => Promise<Result<Inserted, LabError>>;
  readonly move: (from: SlotId, to: SlotId) => Promise<Result<orders.LabMoment, LabError>>;
  readonly cut: (
    target: orders.CutTarget,
    manner?: CutManner,
  ) => Promise<Result<orders.LabMoment, LabError>>;
  /** Breaks or repairs a line between the CCN and a slot. */
  readonly line: (
    slot: SlotId,
    fault: { readonly line: LabLine; readonly fault: LineFault },
  ) => Promise<Result<orders.LabMoment, LabError>>;
  /** The socket of the slots' lines, seen from outside; the CCN has it as /run/slots/socket. */
  readonly slotSocket: string;
  readonly heal: () => Promise<Result<orders.LabMoment, LabError>>;
  /** Runs a program on a board and waits for its end; output is bounded. */
  readonly exec: (
    board: string,
    command: readonly string[],
  ) => Promise<Result<CommandOutput, LabError>>;
  /** The command line that runs a program on a board, for callers that spawn it themselves. */
  readonly enter: (board: string, command: readonly string[]) => Result<string[], LabError>;
  /** Router and client outside; `enter`, `exec` and `cut` know them as `router` and `outside`. */
  readonly outside: () => Result<Outside, LabError>;
  /** Descriptor of a board's or switch's network namespace, for sockets made by inNetns. */
  readonly netnsOf: (name: string) => Result<number, LabError>;
  /** How a switch's SNMP agent answers. */
  readonly setAgent: (
    switchName: string,
    manner: Partial<AgentManner>,
  ) => Promise<Result<void, LabError>>;
  readonly status: () => LabStatus;
  /** The file with a board's output. */
  readonly logFile: (board: string) => Result<string, LabError>;
  /** Ends everything and removes the directory. */
  readonly down: () => Promise<void>;
};

/** The program of an otherwise empty slot: holds the namespaces open. */
const holder: readonly string[] = ["sleep", "infinity"];

/** Checks rights, chassis file and directory; builds nothing yet. */
export async function createLab(options: LabOptions): Promise<Result<Lab, LabError>> {
  const chassisFile = resolve(options.chassisFile);
  const loaded = loadChassisFile(chassisFile);
  if (!loaded.ok) return labError("config", loaded.error.map(configErrorText).join("\n"));
  const rights = labRightsCommand();
  if (!rights.ok) return rights;
  if (rights.value.length > 0) {
    const way = `start this program through: ${rights.value.join(" ")}`;
    return labError("permission", `cannot build a lab as this user; ${way}`);
  }
  const dir = resolve(options.dir);
  const claimed = claimLabDirectory(dir);
  if (!claimed.ok) return claimed;
  const chassis = loaded.value;
  const commandOf = options.boardCommand ?? roleCommand(options.dist, chassisFile);
  const seed = options.seed ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const plans = planSwitches(chassis);
  const world: LabWorld = {
    chassis,
    dir,
    plans,
    rng: prng(seed),
    switches: new Map(),
    boards: new Map(),
    outside: undefined,
    slots: createSlotBank(
      chassis.boards.map(({ slot }) => slot).filter((slot) => slot !== ccnSlot),
    ),
    nextSerial: 1,
  };
  const log = options.log ?? (() => {});
  log(`event=lab-created chassis=${chassis.name} dir=${dir} seed=${seed}`);
  const name = options.name ?? chassis.name;
  return ok(labOf({ world, commandOf, log, name, dist: resolve(options.dist) }));
}

/** The usual program of a board: the executable of its role. */
export function roleCommand(dist: string, chassisFile: string): BoardCommand {
  return (board, stateDir) => [
    join(resolve(dist), board.role),
    "run",
    ...(board.role === "ccn" ? ["--config", chassisFile] : []),
    "--state-dir",
    stateDir,
  ];
}

type Parts = {
  readonly world: LabWorld;
  readonly commandOf: BoardCommand;
  readonly log: (line: string) => void;
  readonly name: string;
  readonly dist: string;
};

function labOf(parts: Parts): Lab {
  const { world, log } = parts;
  record(world);
  const sweep = setInterval(() => sweepLogs(world), logSweepMs);
  sweep.unref();
  let last: Promise<unknown> = Promise.resolve();
  /** One order at a time; afterwards the record names the processes that are there now. */
  const inTurn = <T extends object>(
    order: string,
    run: () => Promise<Result<T, LabError>> | Result<T, LabError>,
  ): Promise<Result<T, LabError>> => {
    const turn = last.then(async () => {
      const done = await run();
      record(world);
      log(`event=${order} ${outcome(done)}`);
      return done;
    });
    last = turn.catch(() => undefined);
    return turn;
  };
  world.slots.boot = (slot) => void inTurn(`boot slot=${slot}`, () => orders.boot(world, slot));
  world.slots.onTrouble = (text) => log(`event=slot-trouble text=${JSON.stringify(text)}`);
  let server: SlotServer | undefined;
  return {
    ...questions(parts),
    up: () =>
      inTurn("up", async () => {
        const serving = server === undefined ? serveSlots(world) : ok(server);
        if (!serving.ok) return serving;
        server = serving.value;
        return up(parts);
      }),
    kill: (name, manner = "all") =>
      inTurn(`kill board=${name} manner=${manner}`, () => orders.kill(world, name, manner)),
    start: (name) => inTurn(`start board=${name}`, () => orders.start(world, name)),
    pull: (slot) => inTurn(`pull slot=${slot}`, () => orders.pull(world, slot)),
    insert: (slot, options) => inTurn(`insert slot=${slot}`, () => insert(parts, slot, options)),
    move: (from, to) => inTurn(`move from=${from} to=${to}`, () => orders.move(world, from, to)),
    cut: (target, manner = {}) =>
      inTurn(`cut target=${target.name}`, () => orders.cut(world, target, manner)),
    line: (slot, fault) =>
      inTurn(`line slot=${slot} line=${fault.line} fault=${fault.fault}`, () =>
        orders.line(world, slot, fault),
      ),
    slotSocket: join(slotSocketDirectory(world.dir), "socket"),
    heal: () => inTurn("heal", () => orders.heal(world)),
    setAgent: async (switchName, manner) => {
      const own = world.switches.get(switchName);
      if (own === undefined) return labError("unknown", noSwitch(world, switchName));
      const wished = { ...own.manner, ...manner };
      const set = await own.agent.setManner(wished);
      if (set.ok) own.manner = wished;
      return set;
    },
    down: async () => {
      await last;
      clearInterval(sweep);
      await endWorld(world);
      server?.close();
      rmSync(world.dir, { recursive: true, force: true });
      log("event=down");
    },
  };
}

/** The part of a lab that changes nothing in it. */
function questions({
  world,
  name: labName,
  dist,
}: Parts): Pick<
  Lab,
  "chassis" | "dir" | "enter" | "exec" | "netnsOf" | "outside" | "status" | "logFile"
> {
  const board = (name: string): ReturnType<typeof orders.findBoard> =>
    orders.findBoard(world, name);
  const enter: Lab["enter"] = (name, command) => {
    const unit = board(name);
    const host = outsideHost(world, name);
    if (!unit.ok && host !== undefined) {
      const entered = runningHost(host, name);
      return entered.ok ? ok(enterBoardCommand(entered.value, command, dist)) : entered;
    }
    if (!unit.ok) return unit;
    const { process: running } = unit.value;
    if (running?.isRunning() !== true) {
      return labError("refused", `board ${name} runs no program to enter; start it first`);
    }
    return ok(enterBoardCommand(running, command, dist));
  };
  return {
    chassis: world.chassis,
    dir: world.dir,
    enter,
    exec: async (name, command) => {
      const entered = enter(name, command);
      return entered.ok ? runCommand(entered.value) : entered;
    },
    netnsOf(name) {
      const own = world.switches.get(name);
      if (own !== undefined) return ok(own.net.fd);
      const unit = board(name);
      const host = outsideHost(world, name);
      if (!unit.ok && host !== undefined) return ok(host.netns.fd);
      return unit.ok ? ok(unit.value.netns.fd) : unit;
    },
    outside: () => outsideOf(world, dist),
    status: () => statusOf(world, labName),
    logFile(name) {
      const unit = board(name);
      return unit.ok ? ok(boardLogFile(unit.value.directory)) : unit;
    },
  };
}

/** Switches first, so that the boards' first requests find them; then all boards at once. */
async function up({ world, commandOf }: Parts): Promise<Result<orders.LabMoment, LabError>> {
  if (world.switches.size > 0) return labError("refused", "the lab is up already");
  const atUs = monoNowUs();
  const missing = missingPrograms(world, commandOf);
  if (missing !== undefined) return labError("refused", missing);
  const switches = await Promise.all(world.plans.map((plan) => addSwitch(world, plan)));
  const outside = switches.every((each) => each.ok) ? [await addOutside(world)] : [];
  const made = [...switches, ...outside];
  const boards = made.every((each) => each.ok)
    ? await Promise.all(
        world.chassis.boards.flatMap((place) => {
          const command = commandOf(place, boardStateDir);
          return command === undefined ? [] : [addBoard(world, place, { command })];
        }),
      )
    : [];
  for (const each of [...made, ...boards]) {
    if (each.ok) continue;
    await endWorld(world);
    return each;
  }
  return ok({ atUs, doneUs: monoNowUs() });
}

async function insert(
  { world, commandOf }: Parts,
  slot: SlotId,
  options: InsertOptions = {},
): Promise<Result<Inserted, LabError>> {
  const place = boardOfSlot(world.chassis, slot);
  const usual = place === undefined ? undefined : commandOf(place, boardStateDir);
  const command = options.empty === true ? holder : (options.command ?? usual ?? holder);
  const { macs } = options;
  return orders.insert(world, slot, macs === undefined ? { command } : { command, macs });
}

/** Says which executable is not there, before anything is built. */
function missingPrograms(world: LabWorld, commandOf: BoardCommand): string | undefined {
  for (const place of world.chassis.boards) {
    const program = commandOf(place, boardStateDir)?.[0];
    if (program?.includes("/") && !existsSync(program)) {
      return `board ${place.name} needs ${program}, which is not there; run npm run build`;
    }
  }
  return undefined;
}

function record(world: LabWorld): void {
  const pids = [...world.switches.values()].map((own) => own.agent.pid);
  const { outside } = world;
  const hosts = outside === undefined ? [] : [outside.router, outside.client];
  for (const { process: running } of [...world.boards.values(), ...hosts]) {
    if (running?.isRunning()) pids.push(running.pid, running.initPid);
  }
  const children = pids.map(markProcess).filter((mark): mark is ProcessMark => mark !== undefined);
  const owner = markProcess(process.pid) ?? { pid: process.pid, startTicks: 0 };
  writeRecord(world.dir, { v: 1, owner, children });
}

function sweepLogs(world: LabWorld): void {
  for (const unit of world.boards.values()) boundLog(boardLogFile(unit.directory));
  for (const name of world.switches.keys()) boundLog(join(world.dir, `${name}.log`));
}

function noSwitch(world: LabWorld, name: string): string {
  return `no switch "${name}"; there are ${[...world.switches.keys()].join(", ") || "none"}`;
}

/** The numbers of a result, or why it was refused, as fields of a log line. */
function outcome(done: Result<object, LabError>): string {
  if (!done.ok) return `refused=${JSON.stringify(done.error.text)}`;
  const numbers = Object.entries(done.value).filter(([, value]) => typeof value === "number");
  return numbers.map(([key, value]) => `${key}=${value}`).join(" ");
}
