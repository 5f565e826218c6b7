// `npm test`: builds the executables if they are older than their sources, runs every test in
// random order, names what was skipped and why, and ends with `N passed, N failed, N skipped`.
// `SEED=n npm test` repeats an order; further arguments go to bun test (`npm test -- netrack`).

import { join } from "node:path";
import { buildAll, isStale } from "../build/build.ts";

const root = join(import.meta.dir, "..");
/** A test with real packets may take this long, ms; a hung one must not hang the run. */
const testTimeoutMs = 60_000;

/** Sums a closing count of bun test, ` 8 pass`. */
function count(output: string, word: string): number {
  const found = output.match(new RegExp(`^ *(\\d+) ${word}$`, "m"));
  return found === null ? 0 : Number(found[1]);
}

/** Runs bun test, showing its output while it comes. */
async function runTests(
  seed: number,
  rest: readonly string[],
): Promise<{ output: string; code: number }> {
  const command = [process.execPath, "test", `--timeout=${testTimeoutMs}`, `--seed=${seed}`];
  const child = Bun.spawn([...command, "--randomize", ...rest], {
    cwd: root,
    stdout: "inherit",
    stderr: "pipe",
    env: { ...process.env, SEED: String(seed) },
  });
  const stop = (): void => child.kill("SIGINT");
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stderr) {
    process.stderr.write(chunk);
    output += decoder.decode(chunk, { stream: true });
  }
  return { output, code: await child.exited };
}

if (isStale()) await buildAll("x64");
const given = Number(process.env["SEED"]);
const seed = Number.isInteger(given) && given > 0 ? given : Math.floor(Math.random() * 2 ** 31);
const { output, code } = await runTests(seed, process.argv.slice(2));
const failed = count(output, "fail");
const passed = count(output, "pass");
const skipped = count(output, "skip") + count(output, "todo");
const reasons = [...new Set(output.match(/^skipped: .*$/gm))];
for (const reason of reasons) console.log(reason);
console.log(`order: SEED=${seed}`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(code === 0 && failed === 0 && passed > 0 ? 0 : 1);
