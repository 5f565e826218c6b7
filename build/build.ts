// `npm run build [-- --target x64|arm64] [--role NAME]`: compiles one executable per board role
// into dist/. arm64 goes to dist/arm64/. CommonJS output: as an ES module the SNMP library's agent
// breaks ("Proxy object's 'set' trap returned falsy value"), see the README's dependency notes.

import { $ } from "bun";
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dir, "..");
/** The roles, each with a composition root `boards/ROLE/main.ts`. */
const roles = ["ccn", "controller", "io-card"] as const;
/** Folders whose files end up in an executable. */
const sources = ["src", "boards", "build", "package.json", "package-lock.json"];

/** Where the executables for a target are. */
export function distFolder(target: "x64" | "arm64"): string {
  return target === "x64" ? join(root, "dist") : join(root, "dist", "arm64");
}

/** Compiles one role; throws with the compiler's words if it does not compile. */
async function compile(role: string, target: "x64" | "arm64", commit: string): Promise<number> {
  const out = join(distFolder(target), role);
  const half = `${out}.${process.pid}`; // nobody ever starts half an executable
  const flags = ["--compile", "--minify", "--bytecode", "--format=cjs"];
  const quiet = [
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    "--compile-exec-argv=--smol",
  ];
  const define = ["--define", `SOFTSET_COMMIT=${JSON.stringify(commit)}`];
  const main = join(root, "boards", role, "main.ts");
  const workers = workerFiles();
  await $`${process.execPath} build ${flags} ${quiet} ${define} --target=bun-linux-${target} ${main} ${workers} --outfile ${half}`
    .cwd(root)
    .quiet();
  renameSync(half, out);
  return statSync(out).size;
}

/** Worker entry points, `src/*\/*.worker.ts`, which the compiler has to be told of. */
function workerFiles(): string[] {
  const rooms = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  return rooms.filter((name) => name.endsWith(".worker.ts")).map((name) => join(root, "src", name));
}

/** True if any source is newer than the executables of this machine's target. */
export function isStale(): boolean {
  const built = roles.map((role) => join(distFolder("x64"), role));
  if (!built.every((file) => existsSync(file))) return true;
  const oldest = Math.min(...built.map((file) => statSync(file).mtimeMs));
  return sources.some((name) => newest(join(root, name)) > oldest);
}

function newest(path: string): number {
  const info = statSync(path);
  if (!info.isDirectory()) return path.endsWith(".test.ts") ? 0 : info.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Builds all roles for a target, saying how big each became. */
export async function buildAll(target: "x64" | "arm64", only?: string): Promise<void> {
  mkdirSync(distFolder(target), { recursive: true });
  const head = await $`git rev-parse --short HEAD`.cwd(root).quiet().nothrow();
  const commit = head.exitCode === 0 ? head.stdout.toString().trim() : "unknown";
  for (const role of roles) {
    if (only !== undefined && only !== role) continue;
    const bytes = await compile(role, target, commit);
    console.error(`build: ${role} ${target} ${(bytes / 1e6).toFixed(1)} MB`);
  }
}

/** Command line of `npm run build`; returns the exit code. */
async function main(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      target: { type: "string", default: "x64" },
      role: { type: "string" },
      "if-stale": { type: "boolean", default: false },
    },
  });
  const { target, role } = values;
  if (
    (target !== "x64" && target !== "arm64") ||
    (role !== undefined && !roles.some((r) => r === role))
  ) {
    console.error(`usage: npm run build [-- --target x64|arm64] [--role ${roles.join("|")}]`);
    return 2;
  }
  if (values["if-stale"] && !isStale()) return 0;
  try {
    await buildAll(target, role);
    return 0;
  } catch (error) {
    const words =
      error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    console.error(`build: ${words}`);
    return 1;
  }
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)));
