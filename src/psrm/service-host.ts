// One service as the shell sees it: carries out the core's effects for it (spawn, signal, kill-tree,
// check) and turns what happens into news. Decides nothing.

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { err, type Ipv4, type Log, ok, type Result } from "../base/index.ts";
import type { Service, ServiceLimits } from "../config/index.ts";
import {
  killGroup,
  type Letter,
  type LetterBox,
  openLetterBox,
  sysErrorText,
} from "../kernel/index.ts";
import { askByTcp } from "./checks.ts";
import type { Effect, News } from "./core/events.ts";
import { exitWords } from "./core/life.ts";
import { decodeNotify, saysNothing } from "./core/notify.ts";
import type { Guard } from "./guard-client.ts";
import { notifiesPerTurnMax, notifyBytesMax } from "./limits.ts";
import { type LogFile, openLogFile } from "./log-file.ts";
import { findUser, type Program, startProgram, type User } from "./program.ts";
import type { Forest, Tree } from "./tree.ts";

/** What all hosts share. */
export type HostOptions = {
  readonly service: Service;
  readonly instance: string;
  readonly runDir: string;
  readonly logDir: string;
  readonly log: Log;
  readonly forest: Forest;
  readonly guard: Guard | undefined;
  readonly checkAddress: (service: Service) => Ipv4;
  /** Sets the limits of the whole tree; the rest that prlimit(1) must set. */
  readonly limit: (service: Service, tree: Tree) => ServiceLimits;
  readonly onNews: (news: News) => void;
  readonly onRefusedNotify: (fields: { readonly service: string; readonly reason: string }) => void;
  /** A child process of the event loop begins or ends. */
  readonly onChild: (pid: number, isAlive: boolean) => void;
};

type Run = {
  readonly start: number;
  readonly tree: Tree;
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: ServiceLimits;
  readonly box: LetterBox | undefined;
  program: Program | undefined;
  /** Of the main process, also when it has ended. */
  mainPid: number | undefined;
  guardHold: string | undefined;
  isGone: boolean;
};

/** The host of one service. */
export type ServiceHost = {
  readonly logFile: LogFile;
  readonly spawn: (start: number) => void;
  readonly signal: (start: number, signal: string) => void;
  readonly killTree: (start: number) => void;
  readonly check: (effect: Extract<Effect, { readonly type: "check" }>) => void;
  /** Resident memory of the living start, with its number. */
  readonly sample: () => { readonly start: number; readonly memoryBytes: number } | undefined;
  /** Where the service's own socket is. */
  readonly socketPath: string;
};

const sigkill = 9;

/** A host that runs nothing yet. */
export function createServiceHost(options: HostOptions): ServiceHost {
  const { service, log } = options;
  const { name } = service;
  let run: Run | undefined;
  const logFile = openLogFile({
    path: join(options.logDir, `${name}.log`),
    bytesMax: service.log.bytesMax,
    files: service.log.files,
    onRefused: (reason) => log.error("service-log-refused", { service: name, reason }),
    onDropped: () => log.warn("service-log-dropped", { service: name }),
  });
  const socketPath = socketPathOf(options);
  return {
    logFile,
    socketPath,
    spawn(start) {
      const began = beginRun(options, start, { logFile, socketPath });
      run = began.run;
      if (began.failure !== undefined) {
        options.onNews({ type: "cannot-start", service: name, start, why: began.failure });
      }
    },
    signal(start, signal) {
      if (run?.start === start) run.program?.signal(signal);
    },
    killTree(start) {
      const of = run;
      if (of === undefined || of.start !== start) {
        // Nothing was planted for this start: nothing of it can live.
        options.onNews({ type: "tree-gone", service: name, start });
        return;
      }
      of.tree.kill(() => {
        if (of.isGone) return;
        endRun(of, options);
        run = undefined;
        options.onNews({ type: "tree-gone", service: name, start });
      });
    },
    check(effect) {
      const { start, check } = effect;
      const answer = (failure: string | undefined): void =>
        options.onNews({ type: "check-answered", service: name, start, check, failure });
      if (run?.start !== start) answer("it is not running");
      else ask(run, effect, options, answer);
    },
    sample: () =>
      run?.program === undefined
        ? undefined
        : { start: run.start, memoryBytes: run.tree.memoryBytes() },
  };
}

function socketPathOf(options: HostOptions): string {
  return join(options.runDir, "psrm", `${options.service.name}.sock`);
}

function beginRun(
  options: HostOptions,
  start: number,
  of: { readonly logFile: LogFile; readonly socketPath: string },
): { readonly run: Run | undefined; readonly failure: string | undefined } {
  const { service, forest, instance } = options;
  const user = userOf(service);
  if (!user.ok) return { run: undefined, failure: user.error };
  const token = randomBytes(8).toString("hex");
  const mark = `${instance}.${token}`;
  const planted = forest.plant(service.name, mark);
  if (!planted.ok) return { run: undefined, failure: planted.error };
  const tree = planted.value;
  let run: Run | undefined;
  const boxName = `softset/${instance}/${service.name}/${token}`;
  const box = openBox(boxName, options, (letter) => {
    if (run !== undefined) onLetter(run, letter, options);
  });
  const environment = {
    ...service.environment,
    ...watchdogVariable(service),
    ...(box === undefined ? {} : { NOTIFY_SOCKET: `@${boxName}` }),
    SOFTSET_SERVICE: service.name,
    SOFTSET_SOCKET: of.socketPath,
    SOFTSET_START: mark,
  };
  run = {
    start,
    tree,
    environment,
    limits: options.limit(service, tree),
    box,
    program: undefined,
    mainPid: undefined,
    guardHold: undefined,
    isGone: false,
  };
  const living = run;
  const program = startTreeProgram(options, living, {
    run: service.run,
    user: user.value,
    onOutput: (from, name) => {
      of.logFile.capture(from, name).catch((thrown: unknown) => {
        options.log.warn("service-log-refused", { service: service.name, reason: String(thrown) });
      });
    },
    onExit: (exit) => {
      living.program = undefined;
      living.box?.read(); // what it said before it ended is heard before that
      of.logFile.note(`start ${start} ${exitWords(exit)}`);
      options.onNews({ type: "exited", service: service.name, start, exit });
    },
  });
  if (!program.ok) return { run, failure: program.error };
  run.program = program.value;
  run.mainPid = program.value.pid;
  run.guardHold = forest.guardHoldOf(program.value.pid);
  if (run.guardHold !== undefined) options.guard?.hold(run.guardHold);
  const { pid } = program.value;
  of.logFile.note(`start ${start} is process ${pid}`);
  options.onNews({ type: "started", service: service.name, start, pid });
  return { run, failure: undefined };
}

/** Starts a program inside the tree: the service itself, or a check. */
function startTreeProgram(
  options: HostOptions,
  run: Run,
  what: {
    readonly run: readonly string[];
    readonly user: User | undefined;
  } & Pick<Parameters<typeof startProgram>[0], "onExit" | "onOutput">,
): Result<Program, string> {
  const { service } = options;
  let pid: number | undefined;
  const program = startProgram({
    ...what,
    directory: service.directory,
    environment: run.environment,
    limits: run.limits,
    cgroup: run.tree.cgroup,
    onExit(exit) {
      if (pid !== undefined) {
        run.tree.remove(pid);
        options.onChild(pid, false);
      }
      what.onExit(exit);
    },
  });
  if (!program.ok) return program;
  ({ pid } = program.value);
  run.tree.add(pid);
  options.onChild(pid, true);
  return program;
}

function endRun(run: Run, options: HostOptions): void {
  run.isGone = true;
  run.box?.close();
  run.tree.close();
  if (run.guardHold !== undefined) options.guard?.release(run.guardHold);
}

function ask(
  run: Run,
  effect: Extract<Effect, { readonly type: "check" }>,
  options: HostOptions,
  answer: (failure: string | undefined) => void,
): void {
  const { service, withinMs } = effect;
  const check = effect.about === "ready" ? service.ready : service.alive;
  switch (check.by) {
    case "tcp":
      askByTcp(
        { by: "tcp", address: options.checkAddress(service), port: check.port },
        withinMs,
        answer,
      );
      return;
    case "http": {
      const { port, path } = check;
      askByTcp(
        { by: "http", address: options.checkAddress(service), port, path },
        withinMs,
        answer,
      );
      return;
    }
    case "command":
      askByCommand(run, check.run, { options, withinMs }, answer);
      return;
    case "alive":
    case "notify":
    case "watchdog":
      answer(undefined); // nothing to ask
      return;
    default:
      check satisfies never;
  }
}

function askByCommand(
  run: Run,
  command: readonly string[],
  { options, withinMs }: { readonly options: HostOptions; readonly withinMs: number },
  answer: (failure: string | undefined) => void,
): void {
  const user = userOf(options.service);
  let isOver = false;
  const finish = (failure: string | undefined): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    answer(failure);
  };
  let pid: number | undefined;
  const timer = setTimeout(() => {
    // Its own session: the group is the check and what it started.
    if (pid !== undefined) killGroup(pid, sigkill);
    finish(`${command[0] ?? ""} did not end in ${withinMs} ms`);
  }, withinMs);
  if (!user.ok) {
    finish(user.error);
    return;
  }
  const program = startTreeProgram(options, run, {
    run: command,
    user: user.value,
    onOutput: undefined,
    onExit(exit) {
      pid = undefined;
      const how = exit.signal === undefined ? `code ${exit.code}` : exit.signal;
      finish(exit.code === 0 ? undefined : `${command[0] ?? ""} ended with ${how}`);
    },
  });
  if (program.ok) ({ pid } = program.value);
  else finish(program.error);
}

function openBox(
  name: string,
  options: HostOptions,
  onLetter: (letter: Letter) => void,
): LetterBox | undefined {
  const box = openLetterBox({
    name,
    bytesMax: notifyBytesMax,
    perTurnMax: notifiesPerTurnMax,
    onLetter,
    onBroken: (error) => {
      const text = sysErrorText(error);
      options.log.error("service-socket-refused", { service: options.service.name, text });
    },
  });
  if (box.ok) return box.value;
  const text = sysErrorText(box.error);
  options.log.error("service-socket-refused", { service: options.service.name, text });
  return undefined;
}

/** Believed only from a process that is of this start now, by the pid the kernel gives. */
function onLetter(run: Run, letter: Letter, options: HostOptions): void {
  const service = options.service.name;
  const message = letter.isCut
    ? err(`longer than ${notifyBytesMax} bytes`)
    : decodeNotify(letter.bytes);
  if (!message.ok) {
    options.onRefusedNotify({ service, reason: message.error });
    return;
  }
  // BARRIER=1 of systemd-notify(1), whose sender ends as soon as it was read, and the like.
  if (saysNothing(message.value)) return;
  if (letter.pid !== run.mainPid && !run.tree.has(letter.pid)) {
    options.onRefusedNotify({ service, reason: `process ${letter.pid} is not of the service` });
    return;
  }
  options.onNews({ type: "notified", service, start: run.start, message: message.value });
}

function watchdogVariable(service: Service): Readonly<Record<string, string>> {
  const { alive } = service;
  return alive.by === "watchdog" ? { WATCHDOG_USEC: String(alive.everyMs * 1000) } : {};
}

/** The user a service runs as; undefined = the board's own. */
export function userOf(service: Service): Result<User | undefined, string> {
  if (service.user === undefined) return ok(undefined);
  try {
    return findUser(service.user);
  } catch (thrown) {
    return err(`cannot read /etc/passwd: ${String(thrown)}`);
  }
}
