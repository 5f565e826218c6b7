// Starts the program of a service: user, directory, environment, limits, cgroup, and its output as
// pipes. What is started is in a session of its own (setsid(2)), so that its group can be killed.
//
// User and limits are set by setpriv(1) and prlimit(1) (util-linux) in front of the program, in the
// same process: each costs one exec, about 0.5 ms, and only services that ask pay for it. Bun.spawn
// has uid and gid, but no supplementary groups of the user; prlimit(2) on a child that already runs
// would come too late for its first instructions.
// Scheduling: programs run SCHED_OTHER, whatever the board runs (kernel/spawn-class.ts).

import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { err, ok, type Result } from "../base/index.ts";
import type { ServiceLimits } from "../config/index.ts";
import { spawnAtOwnClass, sysErrorText } from "../kernel/index.ts";
import type { ProcessExit } from "./types.ts";

/** A user as /etc/passwd has it (passwd(5)). */
export type User = {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
};

/** What to start. */
export type ProgramOptions = {
  readonly run: readonly string[];
  readonly user: User | undefined;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: ServiceLimits;
  /** cgroup v2 folder it starts in; undefined = the board's own. */
  readonly cgroup: string | undefined;
  readonly onExit: (exit: ProcessExit) => void;
  /** Takes its output, to the end; undefined: it goes to /dev/null. */
  readonly onOutput: ((from: ReadableStream<Uint8Array>, name: "out" | "err") => void) | undefined;
};

/** A started program. */
export type Program = {
  readonly pid: number;
  /** To the main process; nothing happens when it has ended. */
  readonly signal: (signal: string) => void;
};

const setpriv = "/usr/bin/setpriv";
const prlimit = "/usr/bin/prlimit";
/** The environment every service gets; systemd.exec(5) gives about the same. */
const baseEnvironment = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LANG: "C.UTF-8",
} as const;

/** Starts it; the error is a sentence part: `ENOENT: no such file ...`. */
export function startProgram(options: ProgramOptions): Result<Program, string> {
  const { user, cgroup } = options;
  const identity =
    user === undefined ? {} : { USER: user.name, LOGNAME: user.name, HOME: user.home };
  const output = options.onOutput === undefined ? "ignore" : "pipe";
  try {
    const spawned = spawnAtOwnClass(() =>
      Bun.spawn({
        cmd: commandLine(options),
        cwd: options.directory,
        env: { ...baseEnvironment, ...identity, ...options.environment },
        stdin: "ignore",
        stdout: output,
        stderr: output,
        detached: true,
        ...(cgroup === undefined ? {} : { cgroup }),
        onExit: (_child, code, signal) => options.onExit(exitOf(code, signal)),
      }),
    );
    if (!spawned.ok) {
      spawned.error.spawned.kill("SIGKILL");
      return err(sysErrorText(spawned.error.error));
    }
    const child = spawned.value;
    // A failed wait would reject; onExit has told the end already.
    child.exited.catch(() => undefined);
    if (options.onOutput !== undefined) {
      if (child.stdout !== undefined) options.onOutput(child.stdout, "out");
      if (child.stderr !== undefined) options.onOutput(child.stderr, "err");
    }
    return ok({
      pid: child.pid,
      signal: (signal) => child.kill(signalNumber(signal) ?? constants.signals.SIGTERM),
    });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return err(`cannot start ${options.run[0] ?? "nothing"} in ${options.directory}: ${reason}`);
  }
}

/** The program with what stands before it. */
export function commandLine(options: Pick<ProgramOptions, "run" | "user" | "limits">): string[] {
  const { user, limits, run } = options;
  const bounds: string[] = [];
  if (limits.openFiles !== undefined) bounds.push(`--nofile=${limits.openFiles}`);
  if (limits.processes !== undefined) bounds.push(`--nproc=${limits.processes}`);
  if (limits.memoryBytes !== undefined) bounds.push(`--data=${limits.memoryBytes}`);
  const command: string[] = [];
  if (bounds.length > 0) command.push(prlimit, ...bounds, "--");
  if (user !== undefined) {
    const groups = /^\d+$/.test(user.name) ? "--clear-groups" : "--init-groups";
    command.push(setpriv, `--reuid=${user.uid}`, `--regid=${user.gid}`, groups, "--");
  }
  return [...command, ...run];
}

/** Finds a user by name, or takes a number as uid and gid. The error says what is missing. */
export function findUser(
  wanted: string,
  passwd: string = readFileSync("/etc/passwd", "utf8"),
): Result<User, string> {
  for (const line of passwd.split("\n")) {
    const [name = "", , uid = "", gid = "", , home = "/"] = line.split(":");
    // A line that is not whole must not be read as uid 0.
    if (name === "" || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) continue;
    if (name !== wanted && uid !== wanted) continue;
    return ok({ name, uid: Number(uid), gid: Number(gid), home });
  }
  if (!/^\d{1,9}$/.test(wanted)) return err(`no user ${wanted} in /etc/passwd`);
  return ok({ name: wanted, uid: Number(wanted), gid: Number(wanted), home: "/" });
}

/** The code of an end that nobody could tell: somebody else has reaped the process (ECHILD). */
const unknownCode = 255;

/** How a process ended, from what Bun tells (wait(2)). */
export function exitOf(code: number | null, signal: string | number | null): ProcessExit {
  if (signal === null) return { code: code ?? unknownCode, signal: undefined };
  const number = typeof signal === "number" ? signal : (signalNumber(signal) ?? 0);
  const name = typeof signal === "string" ? signal : (signalName(signal) ?? `signal ${signal}`);
  return { code: 128 + number, signal: name };
}

/** The number of `SIGTERM`; undefined for a word that is no signal. */
export function signalNumber(name: string): number | undefined {
  return Object.entries(constants.signals).find(([known]) => known === name)?.[1];
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, known]) => known === number)?.[0];
}
