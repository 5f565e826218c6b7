// The house rules that a compiler does not check: who may import whom (downward only), that an
// index file is a room's whole surface, that every exported name has a comment, and that no two
// rooms export the same name for different things.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = join(import.meta.dir, "..");

/** Floors of the house from the ground up; a room may import rooms on lower floors only. */
const floors: readonly (readonly string[])[] = [
  ["base"],
  ["kernel"],
  ["wire"],
  ["config", "runtime"],
  ["link", "history"],
  ["ipmir", "nfs", "upstate", "netrack", "lease", "psrm", "redirect"],
  ["geo-dhcp", "netboot", "slots", "console", "provision", "snmp-ag", "address-client"],
  ["failover"],
  ["manage"],
  ["lab"],
];

function floorOf(room: string): number {
  return floors.findIndex((rooms) => rooms.includes(room));
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}

type Import = { readonly file: string; readonly target: string };

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const found = text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return [...found].map((match) => ({
    file,
    target: relative(root, resolve(root, dirname(file), match[1] ?? "")),
  }));
}

const roomOf = (file: string): string | undefined => /^src\/([^/]+)\//.exec(file)?.[1];
const isTest = (file: string): boolean => file.endsWith(".test.ts");
const product = sources("src").filter((file) => !isTest(file));

test("every room under src has a floor", () => {
  const rooms = readdirSync(join(root, "src"));
  expect(rooms.filter((room) => floorOf(room) < 0)).toEqual([]);
});

test("rooms import downward only", () => {
  const upward = product.flatMap(importsOf).filter(({ file, target }) => {
    const from = roomOf(file);
    const to = roomOf(target);
    if (from === undefined || from === to) return false;
    return to === undefined || floorOf(to) >= floorOf(from);
  });
  expect(upward.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
});

test("rooms meet only at their index", () => {
  const files = [...product, ...sources("boards")];
  const inside = files.flatMap(importsOf).filter(({ file, target }) => {
    const to = roomOf(target);
    return to !== undefined && roomOf(file) !== to && !target.endsWith("/index.ts");
  });
  expect(inside.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
});

test("only boards compose: nothing imports boards", () => {
  const wrong = product.flatMap(importsOf).filter(({ target }) => target.startsWith("boards/"));
  expect(wrong.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
});

test("index files only re-export", () => {
  const wrong = product
    .filter((file) => /^src\/[^/]+\/index\.ts$/.test(file))
    .filter((file) =>
      /^(export )?(async )?(function|const|let|class|type|interface) \w/m.test(
        readFileSync(join(root, file), "utf8"),
      ),
    );
  expect(wrong).toEqual([]);
});

type Export = { readonly file: string; readonly name: string; readonly commented: boolean };

function exportsOf(file: string): Export[] {
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  const found: Export[] = [];
  for (const [i, line] of lines.entries()) {
    const match =
      /^export (?:async )?(?:declare )?(?:function\*?|const|let|class|type|interface) (\w+)/.exec(
        line,
      );
    if (match === null) continue;
    const above = lines[i - 1] ?? "";
    found.push({ file, name: match[1] ?? "", commented: /\*\/\s*$|^\/\//.test(above) });
  }
  return found;
}

test("every exported name has a comment", () => {
  const bare = product.flatMap(exportsOf).filter(({ commented }) => !commented);
  expect(bare.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
});

/** Names that every room may have by agreement: its core's vocabulary and its event texts. */
const roomVocabulary = new Set(["State", "Event", "Effect", "Alarm", "step", "explanations"]);

/** The names a room offers at its index. */
function surfaceOf(index: string): string[] {
  const text = readFileSync(join(root, index), "utf8");
  const lists = [...text.matchAll(/export (?:type )?\{([^}]*)\}/g)];
  return lists
    .flatMap((list) => (list[1] ?? "").split(","))
    .map(
      (name) =>
        name
          .trim()
          .replace(/^type /, "")
          .split(" as ")
          .at(-1) ?? "",
    )
    .filter((name) => name !== "");
}

test("no name means two things on two rooms' surfaces", () => {
  const places = new Map<string, Set<string>>();
  for (const index of product.filter((file) => /^src\/[^/]+\/index\.ts$/.test(file))) {
    for (const name of surfaceOf(index)) {
      if (roomVocabulary.has(name)) continue;
      places.set(name, (places.get(name) ?? new Set()).add(roomOf(index) ?? index));
    }
  }
  expect(places.size).toBeGreaterThan(50);
  const twice = [...places].filter(([, rooms]) => rooms.size > 1);
  expect(twice.map(([name, rooms]) => `${name}: ${[...rooms].join(", ")}`)).toEqual([]);
});
