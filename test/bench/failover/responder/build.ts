// Compiles the responder; a compiler is one of the bench's Debian packages (build/setup.mjs).

import { join } from "node:path";

/** Compilers that do, the smallest first. */
const compilers = ["tcc", "gcc", "cc"];

/** Why the responder cannot be built here; undefined if it can. */
export function responderMissing(): string | undefined {
  if (compilers.some((name) => Bun.which(name) !== null)) return undefined;
  return `no C compiler (${compilers.join(", ")}); as root: npm run bench installs one`;
}

/** Builds it into `folder`; the path of the program. Throws the compiler's words. */
export function buildResponder(folder: string): string {
  const compiler = compilers.find((name) => Bun.which(name) !== null);
  if (compiler === undefined) throw new Error(responderMissing());
  const program = join(folder, "responder");
  const source = join(import.meta.dir, "responder.c");
  const built = Bun.spawnSync([compiler, "-Wall", "-o", program, source]);
  if (!built.success) throw new Error(`${compiler} ${source}: ${built.stderr.toString()}`);
  return program;
}
