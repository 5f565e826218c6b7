// Does the simulator notice? Each mutation is applied to a copy of the sources, whose simulator then
// runs until it finds a broken promise. A mutation that is not found fails, as does one whose text
// is no longer in the source exactly once.

import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { mutatedCopy, mutationFolder } from "../fixtures/mutation.ts";
import { failoverMutations } from "./failover/mutations.ts";
import { mapMutations } from "./mutations.ts";

const root = join(import.meta.dir, "..", "..");
const folder = mutationFolder();
/** One mutation may take this long on a loaded machine, ms. */
const timeoutMs = 120_000;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mutations = [...mapMutations, ...failoverMutations];

describe("the simulator notices that", () => {
  for (const [i, mutation] of mutations.entries()) {
    const { rule, file, find, seeds, scenario, focus } = mutation;
    test(
      rule,
      async () => {
        const source = readFileSync(join(root, file), "utf8");
        expect(source.split(find).length - 1, `occurrences of the text in ${file}`).toBe(1);
        const copy = mutatedCopy(join(folder, String(i)), mutation, "sim");
        const range = `1-${seeds}`;
        const options = ["--seeds", range, "--scenario", scenario];
        if (focus !== undefined) options.push("--focus", focus);
        options.push("--workers", "1", "--max-bad", "1");
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
