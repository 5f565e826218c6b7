// `npm run check`: types, lint, format, layers, in parallel; prints what is wrong and exits 1.
// `--fix` (npm run fmt) formats instead of complaining.

import { join } from "node:path";

const root = join(import.meta.dir, "..");
const bin = (name: string): string => join(root, "node_modules", ".bin", name);
const fix = process.argv.includes("--fix");

const checks: readonly { name: string; command: readonly string[] }[] = [
  { name: "types", command: [bin("tsc"), "-p", "."] },
  { name: "lint", command: [bin("oxlint"), "--type-aware", "--deny-warnings"] },
  { name: "format", command: [bin("oxfmt"), ...(fix ? ["."] : ["--check", "."])] },
  { name: "layers", command: [process.execPath, "test", "test/layers.test.ts"] },
];

/** Runs one check; its output is shown only if it failed. */
async function run(check: (typeof checks)[number]): Promise<boolean> {
  const child = Bun.spawn([...check.command], { cwd: root, stdout: "pipe", stderr: "pipe" });
  const [out, problems, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  console.error(`check: ${check.name} ${code === 0 ? "ok" : "FAILED"}`);
  if (code !== 0) console.error(out + problems);
  return code === 0;
}

const results = await Promise.all(checks.map((check) => run(check)));
process.exit(results.every((good) => good) ? 0 : 1);
