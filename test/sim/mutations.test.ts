// Does the simulator notice? Each mutation is applied to a copy of the sources, whose simulator then
// runs until it finds a broken promise. A mutation that is not found fails, as does one whose text
// is no longer in the source exactly once.

import { afterAll, describe, expect, test } from "bun:test";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Mutation, mutations } from "./mutations.ts";

const root = join(import.meta.dir, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "softset-mutations-"));
/** One mutation may take this long on a loaded machine, ms. */
const timeoutMs = 120_000;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A copy of the sources and the simulator with one rule broken. */
function mutated(mutation: Mutation, name: string): string {
  const copy = join(folder, name);
  mkdirSync(join(copy, "test"), { recursive: true });
  cpSync(join(root, "src"), join(copy, "src"), { recursive: true });
  cpSync(join(root, "test", "sim"), join(copy, "test", "sim"), { recursive: true });
  for (const file of ["package.json", "tsconfig.json"])
    cpSync(join(root, file), join(copy, file), { dereference: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const path = join(copy, mutation.file);
  writeFileSync(
    path,
    readFileSync(path, "utf8").replace(mutation.find, () => mutation.replace),
  );
  return copy;
}

describe("the simulator notices that", () => {
  for (const [i, mutation] of mutations.entries()) {
    const { rule, file, find, seeds, focus } = mutation;
    test(
      rule,
      async () => {
        const source = readFileSync(join(root, file), "utf8");
        expect(source.split(find).length - 1, `occurrences of the text in ${file}`).toBe(1);
        const copy = mutated(mutation, String(i));
        const range = `1-${seeds}`;
        const options = ["--seeds", range, "--focus", focus, "--workers", "1", "--max-bad", "1"];
        const child = Bun.spawn([process.execPath, "test/sim/main.ts", ...options, "--json"], {
          cwd: copy,
          stdout: "pipe",
          stderr: "ignore",
        });
        const output = await new Response(child.stdout).text();
        await child.exited;
        const result: { bad?: { violation?: { promise?: string } }[] } = JSON.parse(output);
        expect(result.bad?.length, `seeds ${range} with a broken promise`).toBe(1);
      },
      timeoutMs,
    );
  }
});
