// A board's processes: started in the board's network namespace with mount, UTS and PID namespaces
// of their own, killed as one tree, entered by `exec`. Uses setpriv, unshare, nsenter (util-linux),
// mount and hostname, which every Debian has. The board sees its own /proc, an empty /run, its state
// in /run/state, its own host name; the CCN also the slots' lines in /run/slots; everything else is
// the machine's.

import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defined, err, ok, type Result } from "../base/index.ts";
import { inNetns, killPid, watchPid } from "../kernel/index.ts";
import { type LabError, labError, thrownText } from "./errors.ts";
import { killTree, untilDying } from "./board-death.ts";
import { boardReadyMs, killMs } from "./limits.ts";

/** A running board: the program is PID 1 of its PID namespace. */
export type BoardProcess = {
  /** Pid of `unshare`, our child; it dies with us (parent death signal) and its child with it. */
  readonly pid: number;
  /** Pid of the board's PID 1, seen from here. */
  readonly initPid: number;
  /** Resolves when the whole tree is gone. */
  readonly exited: Promise<void>;
  /** False from the moment it is gone. */
  readonly isRunning: () => boolean;
  /** False once none of its programs runs, and not before: `unshare` may end earlier than they. */
  readonly isAlive: () => boolean;
  /** None of its programs runs any more, though the kernel still clears them away. */
  readonly ended: () => void;
};

/** Where a board's state is inside the board. */
export const boardStateDir = "/run/state";

/** The file that takes the board's stdout and stderr. */
export function boardLogFile(directory: string): string {
  return join(directory, "log");
}

/**
 * PID 1 before it becomes the board's program. /run must come last: the state may lie below it.
 * Descriptor 3 says that all is ready, or closes when something refused (its words are in the log).
 */
const bootScript = [
  "set -e",
  "mount -n -t tmpfs -o mode=755 softset-run /mnt",
  "mkdir /mnt/state",
  'mount -n --bind "$SOFTSET_STATE" /mnt/state',
  'if [ -n "$SOFTSET_SLOTS" ]; then mkdir /mnt/slots; mount -n --bind "$SOFTSET_SLOTS" /mnt/slots; fi',
  "mount -n --move /mnt /run",
  'hostname "$SOFTSET_BOARD"',
  "echo ready >&3",
  "exec 3>&-",
  "unset SOFTSET_STATE SOFTSET_SLOTS",
  "cd /",
  'exec "$@"',
].join("\n");

/** Ends a child with us: the signal is set before the program starts. */
export const diesWithUs: readonly string[] = ["setpriv", "--pdeathsig", "KILL", "--"];
const ownNamespaces = ["unshare", "-mupf", "--mount-proc", "--kill-child", "--"];

/** Starts `command` as a board; returns when its namespaces are ready and the program begins. */
export async function startBoardProcess(board: {
  readonly name: string;
  readonly netns: number;
  /** Directory of this board: log file and state; made if missing. */
  readonly directory: string;
  readonly command: readonly string[];
  /** Directory of the slots' socket, for the CCN. */
  readonly slots: string | undefined;
  /** Called once when its programs are gone. */
  readonly onEnd: () => void;
}): Promise<Result<BoardProcess, LabError>> {
  const { name, netns, directory, command, slots = "" } = board;
  const state = join(directory, "state");
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const log = openSync(boardLogFile(directory), "a", 0o600);
  const argv = [...diesWithUs, ...ownNamespaces, "sh", "-c", bootScript, name, ...command];
  const env = { ...process.env, SOFTSET_STATE: state, SOFTSET_SLOTS: slots, SOFTSET_BOARD: name };
  // Detached: a terminal's Ctrl-C is for the lab, which then decides what becomes of its boards.
  let child: Bun.Subprocess<"ignore", number, number>;
  try {
    child = inNetns(netns, () =>
      Bun.spawn(argv, { stdio: ["ignore", log, log, "pipe"], env, detached: true }),
    );
  } catch (thrown) {
    return labError("system", `cannot start board ${name}: ${thrownText(thrown)}`);
  } finally {
    closeSync(log);
  }
  let running = true;
  const exited = child.exited.then(() => {
    running = false;
  });
  const ready = await saysReady(child.stdio[3]);
  const initPid = ready ? childOf(child.pid) : undefined;
  if (initPid !== undefined) {
    let alive = true;
    const end = (): void => {
      if (!alive) return;
      alive = false;
      board.onEnd();
    };
    // PID 1 ends after everything in its namespace (zap_pid_ns_processes in the kernel).
    if (!watchPid(initPid, end).ok) void exited.then(end);
    const { pid } = child;
    const is = { isRunning: () => running, isAlive: () => alive };
    return ok({ pid, initPid, exited, ...is, ended: end });
  }
  child.kill("SIGKILL");
  await exited;
  const words = readFileSync(boardLogFile(directory), "utf8").trim().split("\n").at(-1) ?? "";
  return err({ kind: "system", text: `board ${name} did not start: ${words.slice(0, 300)}` });
}

/**
 * SIGKILL for the whole tree: the kernel ends a PID namespace with its PID 1. Its sockets close,
 * but the namespace and its links stay, so peers may get RST or FIN for open connections: a board
 * whose power is cut sends nothing, use `pull` for that.
 */
export async function killBoardProcess(board: BoardProcess): Promise<Result<void, LabError>> {
  if (!board.isRunning() && !board.isAlive()) return ok(undefined);
  // PID 1 ends last, after everything in its namespace; unshare may be gone before it.
  const treeGone = Promise.withResolvers<void>();
  if (!watchPid(board.initPid, treeGone.resolve).ok) treeGone.resolve();
  const pids = killTree(board.initPid);
  killPid(board.pid, 9);
  if (await untilDying(pids)) board.ended();
  const gone = await within(Promise.all([board.exited, treeGone.promise]), killMs);
  if (gone) return ok(undefined);
  return labError("timeout", `process ${board.initPid} did not end ${killMs} ms after SIGKILL`);
}

/** The command line that runs `command` inside a running board; `dist` is first in its PATH. */
export function enterBoardCommand(
  board: BoardProcess,
  command: readonly string[],
  dist: string,
): string[] {
  const enter = ["nsenter", "-t", `${board.initPid}`, "-n", "-m", "-u", "-p", "--"];
  return [...enter, "env", `PATH=${dist}:${process.env["PATH"] ?? "/usr/bin:/bin"}`, ...command];
}

/** True if `promise` settles in time. */
export async function within(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const done = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return done;
}

/** Waits for the boot script's word on descriptor 3 (a socket pair made by Bun). */
async function saysReady(descriptor: number | null | undefined): Promise<boolean> {
  const fd = defined(descriptor, "the descriptor asked for as a pipe");
  const word = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => word.resolve(false), boardReadyMs);
  try {
    const socket = await Bun.connect({
      fd,
      socket: { data: () => word.resolve(true), close: () => word.resolve(false) },
    });
    const ready = await word.promise;
    socket.end();
    return ready;
  } catch {
    return false; // the child ended before we could listen; the log has its words
  } finally {
    clearTimeout(timer);
  }
}

function childOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    const child = Number(text.trim().split(" ")[0]);
    return child > 0 ? child : undefined;
  } catch {
    return undefined; // ended already
  }
}
