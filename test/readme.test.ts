// The README's commands and folders exist as it says: a newcomer types them first.

import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseLabArguments } from "../src/lab/arguments.ts";
import { parseOrder } from "../src/manage/arguments.ts";

const root = join(import.meta.dir, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

/** Lines of the fenced blocks that begin with `prefix`, without comments and prose behind them. */
function commands(prefix: string): string[] {
  const blocks = readme.match(/^```\n[^]*?^```$/gm) ?? [];
  return blocks
    .flatMap((block) => block.split("\n"))
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.split(/ {2,}|;|#/)[0] ?? "")
    .map((line) => line.trim());
}

test("every npm script the README names exists", () => {
  const named = [
    ...readme.matchAll(/npm (?:run )?(start|test|check|build|bench|sim|model|lab)\b/g),
  ];
  expect(named.length).toBeGreaterThan(10);
  for (const [, script = ""] of named) expect(scripts[script]).toBeDefined();
});

test("every file and folder the README names exists, and every room of src is in its tree", () => {
  const tree = /## The tree\n\n```\n([^]*?)```/.exec(readme)?.[1] ?? "";
  const folders = tree.split("\n").flatMap((line) => /^[a-z][\w/-]*/.exec(line)?.[0] ?? []);
  for (const folder of folders)
    expect([folder, existsSync(join(root, folder))]).toEqual([folder, true]);
  const rooms = readdirSync(join(root, "src")).map((room) => `src/${room}`);
  expect(rooms.filter((room) => !folders.includes(room))).toEqual([]);
  const files = [...readme.matchAll(/\b(?:boards|test)\/[\w/.-]+\.(?:yaml|ts)\b/g)];
  for (const [file] of files) expect([file, existsSync(join(root, file))]).toEqual([file, true]);
});

test("every command of the README is one", () => {
  const onCcn = commands("ccn ");
  expect(onCcn.length).toBeGreaterThan(5);
  for (const line of onCcn) {
    const words = line.replace("MAC|SLOT", "7").replace("EVENT", "path-down").split(" ").slice(1);
    expect([line, parseOrder("ccn", words).ok]).toEqual([line, true]);
  }
  const inLab = commands("npm run lab -- ");
  expect(inLab.length).toBeGreaterThan(7);
  for (const line of inLab) {
    const parsed = parseLabArguments(line.split(" ").slice(4));
    expect([line, parsed !== "help" && parsed.ok]).toEqual([line, true]);
  }
});
