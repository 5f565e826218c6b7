// Runs command lines in the test's own process against a real socket in a temporary directory, and
// remembers what they said. Never imported by the product.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Role } from "../config/index.ts";
import type { RunOptions } from "./call.ts";
import { runCli } from "./cli.ts";
import { type FakeBoard, fakeCcn } from "./fixtures.ts";
import { startApi } from "./server.ts";
import type { Terminal } from "./terminal.ts";

const cleanups: (() => Promise<void> | void)[] = [];
/** Registers one more thing to undo. */
export function onCliCleanUp(cleanup: () => Promise<void> | void): void {
  cleanups.push(cleanup);
}

/** Undoes everything the harness started; for afterEach. */
export async function cleanUpCli(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

/** A directory that goes with the test. */
export function temporaryCliDir(): string {
  const directory = mkdtempSync(join(tmpdir(), "softset-cli-"));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A board with its API in a directory of its own. */
export async function servingBoard(
  board: FakeBoard = fakeCcn(),
): Promise<{ board: FakeBoard; dir: string }> {
  const dir = temporaryCliDir();
  const started = await startApi({ facts: board.facts, path: join(dir, "api.sock") });
  if (!started.ok) throw new Error(started.error);
  cleanups.push(() => started.value.close());
  return { board, dir };
}

/** What a command said, and the means to wait for it and to stop it. */
export type TerminalCapture = {
  readonly terminal: Terminal;
  out: string;
  err: string;
  readonly stop: () => void;
  /** Resolves when stdout satisfies the condition. */
  readonly until: (condition: (out: string) => boolean) => Promise<void>;
};

/** A terminal that remembers; without a size it is a pipe, with an answer somebody is there. */
export function captureTerminal(
  size?: { columns: number; rows: number },
  answer?: string,
): TerminalCapture {
  const controller = new AbortController();
  let check = (): void => undefined;
  const captured: TerminalCapture = {
    out: "",
    err: "",
    stop: () => controller.abort(),
    until: async (condition) => {
      await new Promise<void>((resolve) => {
        check = () => {
          if (condition(captured.out)) resolve();
        };
        check();
      });
    },
    terminal: {
      stdout: (text) => {
        captured.out += text;
        check();
      },
      stderr: (text) => void (captured.err += text),
      size: () => size,
      color: false,
      user: "ops",
      ask:
        answer === undefined
          ? undefined
          : async (question) => {
              captured.err += question;
              return await Promise.resolve(answer);
            },
      flush: async () => await Promise.resolve(),
      stop: controller.signal,
    },
  };
  return captured;
}

/** How a command ended. */
export type RanCli = { readonly code: number; readonly out: string; readonly err: string };

/** What `explain` knows in tests. */
const explanations = {
  "path-down": { meaning: "A path fell silent.", action: "Look at its cable." },
};

/** Runs one command line to its end. */
export async function ccnCli(
  argv: readonly string[],
  role: Role = "ccn",
  answer?: string,
): Promise<RanCli> {
  const captured = captureTerminal(undefined, answer);
  const code = await cliOf(argv, captured, role);
  return { code, out: captured.out, err: captured.err };
}

/** Runs one command line on a captured terminal. */
export async function cliOf(
  argv: readonly string[],
  { terminal }: TerminalCapture,
  role: Role = "ccn",
  run: (options: RunOptions) => Promise<number> = async () => await Promise.resolve(0),
): Promise<number> {
  return await runCli({ role, version: "0.1.0", argv, run, explanations, terminal });
}
