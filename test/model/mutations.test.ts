// Does the exploration notice? Each mutation is applied to a copy of the sources, whose model then
// runs until it finds a broken promise. A mutation that is not found fails, as does one whose text
// is no longer in the source exactly once.

import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { mutatedCopy, mutationFolder } from "../fixtures/mutation.ts";
import { mutations } from "./mutations.ts";

const root = join(import.meta.dir, "..", "..");
const folder = mutationFolder();
/** One mutation may take this long on a loaded machine, ms. */
const timeoutMs = 180_000;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the model notices that", () => {
  for (const [i, mutation] of mutations.entries()) {
    const { rule, file, find, bounds } = mutation;
    test(
      rule,
      async () => {
        const source = readFileSync(join(root, file), "utf8");
        expect(source.split(find).length - 1, `occurrences of the text in ${file}`).toBe(1);
        const copy = mutatedCopy(join(folder, String(i)), mutation, "model");
        const options = ["--bounds", JSON.stringify(bounds), "--json"];
        const child = Bun.spawn([process.execPath, "test/model/main.ts", ...options], {
          cwd: copy,
          stdout: "pipe",
          stderr: "ignore",
        });
        const output = await new Response(child.stdout).text();
        await child.exited;
        expect(JSON.parse(output)).toMatchObject({ broken: { what: expect.any(String) } });
      },
      timeoutMs,
    );
  }
});
