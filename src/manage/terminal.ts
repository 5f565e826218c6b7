// Where the command line's words go: the process's own streams, or a test's. Everything a command
// knows of its surroundings comes from here.

import { createInterface } from "node:readline/promises";
import { userInfo } from "node:os";

import type { Screen } from "./core/text.ts";
import { columns } from "./limits.ts";

/** Output, screen and the end of a command. */
export type Terminal = {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Current size, asked again for every frame; undefined if stdout is no terminal. */
  readonly size: () => { readonly columns: number; readonly rows: number } | undefined;
  readonly color: boolean;
  /** Who types, for the record: the user behind sudo, if there is one. */
  readonly user: string;
  /** Asks for one line; undefined as answer: the input ended. Undefined: there is nobody to ask. */
  readonly ask: ((question: string) => Promise<string | undefined>) | undefined;
  /** Resolves when everything written so far has left; process.exit would cut a pipe at 64 KiB. */
  readonly flush: () => Promise<void>;
  /** Aborted: following commands end with exit code 0. */
  readonly stop: AbortSignal;
};

/** The terminal of this process. A closed pipe (`| head`) ends following commands quietly. */
export function processTerminal(): Terminal {
  const stop = new AbortController();
  process.stdout.on("error", () => stop.abort());
  const out = writerOf(process.stdout);
  const talk = writerOf(process.stderr);
  const { isTTY } = process.stdout;
  const noColor = process.env["NO_COLOR"] ?? "";
  return {
    stdout: out.write,
    stderr: talk.write,
    size: () =>
      isTTY ? { columns: process.stdout.columns, rows: process.stdout.rows } : undefined,
    user: process.env["SUDO_USER"] ?? userName(),
    ask: process.stdin.isTTY ? askLine : undefined,
    color: isTTY && noColor === "" && process.env["TERM"] !== "dumb",
    flush: async () => {
      await Promise.all([out.written(), talk.written()]);
    },
    stop: stop.signal,
  };
}

/** On stderr, so that stdout stays data. Ctrl-D and Ctrl-C end the input. */
async function askLine(question: string): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<undefined>((resolve) => {
    lines.once("close", () => resolve(undefined));
    lines.once("SIGINT", () => resolve(undefined));
  });
  try {
    return await Promise.race([lines.question(question), ended]);
  } finally {
    lines.close();
  }
}

/** The name of the user, or its number where /etc/passwd has none. */
function userName(): string {
  try {
    // Bun says "unknown" where the environment names nobody; the number at least is certain.
    const { username, uid } = userInfo();
    return username === "unknown" ? `user ${uid}` : username;
  } catch (error) {
    return `user ${process.getuid?.() ?? String(error)}`;
  }
}

type Writer = { readonly write: (text: string) => void; readonly written: () => Promise<void> };

/** Remembers the last write: only its callback tells that all before it is out (tried on a pipe). */
function writerOf(stream: NodeJS.WriteStream): Writer {
  let last = Promise.resolve();
  return {
    write: (text) => {
      last = new Promise((resolve) => {
        stream.write(text, () => resolve());
      });
    },
    written: async () => await last,
  };
}

/** What a view may assume: the terminal's width within bounds, or the default. */
export function screenOf(terminal: Terminal): Screen {
  const wide = terminal.size()?.columns ?? 0;
  const bounded = Math.min(columns.max, Math.max(columns.min, wide));
  return { columns: wide === 0 ? columns.default : bounded, color: terminal.color };
}
