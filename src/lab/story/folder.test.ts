import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storyFolder } from "./folder.ts";

test("a story removes what killed ones left, and nothing else", async () => {
  const parent = mkdtempSync(join(tmpdir(), "softset-folder-test-"));
  const dead = Bun.spawn(["true"]);
  await dead.exited;
  const kept = [`softset-story-${process.ppid}-x`, "softset-story-x", "other"];
  for (const each of [...kept, `softset-story-${dead.pid}-x`]) {
    mkdirSync(join(parent, each, "boards"), { recursive: true });
  }
  const made = storyFolder(parent);
  expect(
    readdirSync(parent)
      .map((each) => join(parent, each))
      .sort(),
  ).toEqual([...kept.map((each) => join(parent, each)), made].sort());
  rmSync(parent, { recursive: true });
});
