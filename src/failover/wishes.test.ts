import { expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { slotId } from "../base/index.ts";
import { openWishes, type Wishes, type WishStore } from "./wishes.ts";

type Folder = Disposable & { readonly path: string; readonly file: string };

function folder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "softset-wishes-"));
  return {
    path,
    file: join(path, "wishes.json"),
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  };
}

function opened(path: string): { readonly store: WishStore; readonly troubles: string[] } {
  const troubles: string[] = [];
  return { store: openWishes(path, (reason) => troubles.push(reason)), troubles };
}

const none: Wishes = { out: new Set(), electionsOff: false };
const some: Wishes = { out: new Set([slotId(2), slotId(7)]), electionsOff: true };

test("a chassis nobody wished anything of: no file, nothing wanted, no trouble", () => {
  using at = folder();
  const { store, troubles } = opened(at.path);
  expect(store.get()).toEqual(none);
  expect(troubles).toEqual([]);
});

test("wishes are in force at once and survive a restart", async () => {
  using at = folder();
  const { store } = opened(at.path);
  const written = store.set(some);
  expect(store.get()).toEqual(some);
  expect(await written).toBeUndefined();
  const later = opened(at.path);
  expect(later.store.get()).toEqual(some);
  expect(later.troubles).toEqual([]);
  expect(existsSync(`${at.file}.new`)).toBe(false);
});

test("a wish taken back stays taken back", async () => {
  using at = folder();
  const { store } = opened(at.path);
  await store.set(some);
  await store.set({ out: new Set(), electionsOff: false });
  expect(opened(at.path).store.get()).toEqual(none);
});

test("of wishes in quick succession the last one is kept", async () => {
  using at = folder();
  const { store } = opened(at.path);
  const turns = Array.from({ length: 20 }, (_, slot) =>
    store.set({ out: new Set([slotId(slot)]), electionsOff: false }),
  );
  expect(new Set(await Promise.all(turns))).toEqual(new Set([undefined]));
  expect(opened(at.path).store.get().out).toEqual(new Set([slotId(19)]));
});

test("the folder is made where there is none", async () => {
  using at = folder();
  const deep = join(at.path, "var", "softset");
  expect(await opened(deep).store.set(some)).toBeUndefined();
  expect(opened(deep).store.get()).toEqual(some);
});

const damaged: Readonly<Record<string, string>> = {
  "an empty file": "",
  "half a file": '{"out":[2,7],"elect',
  "no object": "null",
  "a number": "7",
  "a list": "[2,7]",
  "no slots": '{"electionsOff":true}',
  "slots that are none": '{"out":"2","electionsOff":false}',
  "a slot that cannot be": '{"out":[2,64],"electionsOff":false}',
  "a slot in words": '{"out":["2"],"electionsOff":false}',
  "elections in words": '{"out":[2],"electionsOff":"no"}',
};
for (const [what, text] of Object.entries(damaged)) {
  test(`a damaged file (${what}) wants nothing and is told with its name`, async () => {
    using at = folder();
    writeFileSync(at.file, text);
    const { store, troubles } = opened(at.path);
    expect(store.get()).toEqual(none);
    expect(troubles).toHaveLength(1);
    expect(troubles[0]).toStartWith(`${at.file}: `);
    expect(troubles[0]).toEndWith("; nothing is wanted of the boards");
    expect(await store.set(some)).toBeUndefined(); // the next wish mends it
    expect(opened(at.path).store.get()).toEqual(some);
  });
}

test("wishes that cannot be written are in force all the same, and the reason is given", async () => {
  using at = folder();
  mkdirSync(`${at.file}.new`); // as root no permission stops a write; a folder in its place does
  const { store } = opened(at.path);
  expect(await store.set(some)).toContain("EISDIR");
  expect(store.get()).toEqual(some);
  rmSync(`${at.file}.new`, { recursive: true });
  expect(await store.set(some)).toBeUndefined();
  expect(readFileSync(at.file, "utf8")).toBe('{"out":[2,7],"electionsOff":true}\n');
});
