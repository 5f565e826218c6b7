import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { explanations } from "./explanations.ts";

test("every event that this room logs is explained, and nothing else is", () => {
  const files = readdirSync(import.meta.dir, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.includes("test") && name !== "explanations.ts",
  );
  const text = files.map((name) => readFileSync(join(import.meta.dir, name), "utf8")).join("\n");
  const logged = [...text.matchAll(/log\.(?:info|warn|error)\(\s*"([a-z-]+)"/g)].map(
    ([, name]) => name,
  );
  const names = Object.keys(explanations);
  expect(logged.filter((name) => !names.includes(name ?? ""))).toEqual([]);
  expect(names.filter((name) => !text.includes(`"${name}"`))).toEqual([]);
});

test("explanations are sentences", () => {
  for (const { meaning, action } of Object.values(explanations)) {
    expect([meaning, action].filter((sentence) => !/^[A-Z].*\.$/s.test(sentence))).toEqual([]);
  }
});
