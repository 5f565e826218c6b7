import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monoUs, slotId } from "../base/index.ts";
import { clientQueueBytes, clientsMax, commandsPerReadMax } from "./limits.ts";
import { type LocalSocket, openLocalSocket } from "./local-socket.ts";

const folder = mkdtempSync(join(tmpdir(), "netrack-socket-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const change = {
  type: "board",
  atUs: monoUs(1),
  slot: slotId(3),
  state: "down",
  was: "up",
} as const;

function open(
  name: string,
  more: object = {},
): { path: string; local: LocalSocket; dropped: string[] } {
  const dropped: string[] = [];
  const path = join(folder, name);
  const opened = openLocalSocket({
    path,
    answer: (command) => ({ ok: true, was: command.type, ...more }),
    onDropped: (reason) => dropped.push(reason),
  });
  if (!opened.ok) throw new Error(opened.error);
  return { path, local: opened.value, dropped };
}

type Program = {
  readonly socket: Bun.Socket;
  readonly text: () => string;
  readonly closed: Promise<void>;
  next: () => Promise<string>;
};

async function connect(path: string): Promise<Program> {
  let text = "";
  let wake: (() => void) | undefined;
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  let read = 0;
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data(_socket, bytes) {
        text += bytes.toString();
        wake?.();
      },
      close: () => close(),
    },
  });
  const next = async (): Promise<string> => {
    for (;;) {
      const end = text.indexOf("\n", read);
      if (end >= 0) {
        const line = text.slice(read, end);
        read = end + 1;
        return line;
      }
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  return { socket, text: () => text, closed, next };
}

test("answers come one line a command, in order, however the bytes are cut", async () => {
  const { path, local } = open("cut.sock");
  const program = await connect(path);
  for (const part of ["sta", "tus\ncoun", "ters\n", "best 1\nwhat\n"]) program.socket.write(part);
  expect(await program.next()).toBe('{"ok":true,"was":"status"}');
  expect(await program.next()).toBe('{"ok":true,"was":"counters"}');
  expect(await program.next()).toBe('{"ok":true,"was":"best"}');
  expect(await program.next()).toContain('"error":"no command');
  local.close();
});

test("subscribers hear changes with their number, others do not", async () => {
  const { path, local } = open("tell.sock");
  const [all, other] = [await connect(path), await connect(path)];
  all.socket.write("subscribe all\n");
  other.socket.write("subscribe board 9\n");
  expect(await all.next()).toBe('{"ok":true,"subscribed":{"type":"all"},"seq":0}');
  await other.next();
  local.tell(change, 1);
  expect(JSON.parse(await all.next())).toEqual({ seq: 1, event: change });
  other.socket.write("status\n");
  expect(await other.next()).toBe('{"ok":true,"was":"status"}');
  local.close();
});

test("a subscriber that does not read is dropped with the reason, and nobody waits for it", async () => {
  const { path, local, dropped } = open("slow.sock");
  const program = await connect(path);
  program.socket.write("subscribe all\n");
  await program.next();
  program.socket.pause();
  const line = JSON.stringify({ seq: 1, event: change }).length;
  for (let i = 0; i < (8 * clientQueueBytes) / line && dropped.length === 0; i++)
    local.tell(change, i + 1);
  expect(dropped).toEqual([`${clientQueueBytes} bytes of events were not read`]);
  program.socket.resume();
  await program.closed;
  const lines = program.text().trimEnd().split("\n");
  expect(lines.at(-1)).toContain("dropped: ");
  for (const text of lines) JSON.parse(text);
  local.close();
});

test("an answer longer than the queue reaches a program that reads it", async () => {
  const { path, local, dropped } = open("long.sock", { map: "x".repeat(4 * clientQueueBytes) });
  const program = await connect(path);
  program.socket.write("status\n");
  expect(await program.next()).toHaveLength(4 * clientQueueBytes + 35);
  expect(dropped).toEqual([]);
  local.close();
});

test("a program that asks without end at once is dropped, not served until it is done", async () => {
  const { path, local, dropped } = open("greedy.sock");
  const program = await connect(path);
  program.socket.write("ok\n".repeat(commandsPerReadMax + 1));
  await program.closed;
  expect(program.text().split("\n").at(-2)).toContain("commands at once");
  expect(dropped).toHaveLength(1);
  local.close();
});

test("one program too many is told so", async () => {
  const { path, local, dropped } = open("many.sock");
  const programs: Program[] = [];
  for (let i = 0; i < clientsMax; i++) programs.push(await connect(path));
  for (const program of programs) program.socket.write("ok\n");
  await Promise.all(programs.map((program) => program.next()));
  const extra = await connect(path);
  expect(await extra.next()).toContain(`dropped: ${clientsMax} programs`);
  await extra.closed;
  expect(dropped).toHaveLength(1);
  expect(local.clients()).toBe(clientsMax);
  local.close();
});

test("a socket left by a predecessor does not stop the next", () => {
  const first = open("stale.sock");
  const second = open("stale.sock");
  first.local.close();
  second.local.close();
});

test("a run directory that cannot be made is an error in words", () => {
  const opened = openLocalSocket({
    path: "/proc/none/netrack.sock",
    answer: () => ({}),
    onDropped: () => {},
  });
  expect(opened.ok ? "" : opened.error).toContain("cannot listen at /proc/none/netrack.sock");
});
