// Every event that a board logs can be explained: `explain NAME` must know what people read in logs.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { explanationsOfCcn } from "../boards/ccn/explanations.ts";
import { explanationsOfNetworkBoard } from "../boards/shared/network-board.ts";

const root = join(import.meta.dir, "..");
/** Rooms that run on boards; the lab's own log is for developers. */
const rooms = [
  ..."address-client geo-dhcp manage netrack provision runtime".split(" "),
  ..."failover history lease psrm redirect slots".split(" "),
];

/** Event names in log calls: `log.warn("name"`, `report(shell, "warn", "name"`, `note(run, "name"`. */
const calls = [
  /\b(?:log|events\.log)(?:\.module\("[^"]+"\))?\.(?:info|warn|error)\(\s*"([a-z0-9-]+)"/g,
  /\breport\(\s*\w+,\s*"(?:info|warn|error)",\s*"([a-z0-9-]+)"/g,
  /\bnote\(\s*\w+,\s*"([a-z0-9-]+)"/g,
  /\bgiveUp\(\s*"([a-z0-9-]+)"/g,
];

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => join(folder, name));
}

test("every event a board logs has an explanation", () => {
  const known = new Set([
    ...Object.keys(explanationsOfCcn),
    ...Object.keys(explanationsOfNetworkBoard),
  ]);
  const files = [...rooms.map((room) => `src/${room}`), "boards"].flatMap(sources);
  const logged = new Map<string, string>();
  for (const file of files) {
    const text = readFileSync(join(root, file), "utf8");
    for (const call of calls) {
      for (const [, name = ""] of text.matchAll(call)) logged.set(name, file);
    }
  }
  expect(logged.size).toBeGreaterThan(25);
  const unknown = [...logged].filter(([name]) => !known.has(name));
  expect(unknown.map(([name, file]) => `${name} in ${file}`)).toEqual([]);
});

test("every explanation says what it means and what to do, in sentences", () => {
  for (const [name, { meaning, action }] of Object.entries(explanationsOfCcn)) {
    expect([name, /[.)]$/.test(meaning), /[.)]$/.test(action)]).toEqual([name, true, true]);
  }
});
