// The three executables as files: help, version, and what they say to a command line they do not
// understand. Nothing runs; needs no rights. The ARM build starts under emulation where that is
// installed.

import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildAll, distFolder } from "../../build/build.ts";
import { exitCodes } from "../../src/manage/index.ts";
import { built, dist, isMissing } from "./chassis.ts";

setDefaultTimeout(60_000);
const roles = ["ccn", "controller", "io-card"];
const emulator = "qemu-aarch64-static";
/** The ARM machine's libraries, of Debian's libc6-arm64-cross. */
const armLibraries = process.env["QEMU_LD_PREFIX"] ?? "/usr/aarch64-linux-gnu";

type Done = { readonly code: number; readonly stdout: string; readonly stderr: string };

beforeAll(built);

async function run(command: readonly string[]): Promise<Done> {
  const child = Bun.spawn([...command], { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

for (const role of roles) {
  const own = (...words: string[]): Promise<Done> => run([join(dist, role), ...words]);

  test(`${role} --version and --help go to stdout with exit code 0`, async () => {
    const version = await own("--version");
    expect(version).toMatchObject({ code: exitCodes.done, stderr: "" });
    expect(version.stdout).toMatch(new RegExp(`^softset ${role} \\d+\\.\\d+\\.\\d+.*\\n$`));
    for (const words of [["--help"], ["-h"], ["help"]]) {
      const help = await own(...words);
      expect(help).toMatchObject({ code: exitCodes.done, stderr: "" });
      for (const command of ["status", "networks", "events", "explain", "config check", "run"]) {
        expect(help.stdout).toContain(command);
      }
      expect(help.stdout.includes("leases")).toBe(role === "ccn");
    }
    const events = await own("events", "--help");
    expect(events).toMatchObject({ code: exitCodes.done, stderr: "" });
    expect(events.stdout).toContain("--follow");
  });

  test(`${role} answers what it does not understand with exit code 2 and a hint on stderr`, async () => {
    const mistakes: readonly (readonly [string[], string])[] = [
      [["statsu"], "status"],
      [["status", "--jsno"], "--json"],
      [["--nonsense"], "help"],
      [["status", "extra"], "extra"],
      [["config"], "check"],
      [["events", "--last", "many"], "--last"],
      [["status", "--timeout", "0"], "--timeout"],
    ];
    for (const [words, hint] of mistakes) {
      const done = await own(...words);
      expect({ words, code: done.code, stdout: done.stdout }).toEqual({
        words,
        code: exitCodes.usage,
        stdout: "",
      });
      expect(done.stderr).toContain(hint);
    }
    if (role !== "ccn") expect((await own("leases")).code).toBe(exitCodes.usage);
  });

  test(`${role} without its daemon says so with exit code 4`, async () => {
    const done = await own("status", "--run-dir", "/nonexistent");
    expect(done).toMatchObject({ code: exitCodes.notReachable, stdout: "" });
    expect(done.stderr).toContain("/nonexistent/api.sock");
  });
}

test("config check: 0 for the shipped files, 7 for one with mistakes, 3 for none", async () => {
  const check = (file: string): Promise<Done> => run([join(dist, "ccn"), "config", "check", file]);
  const boards = join(import.meta.dir, "..", "..", "boards");
  for (const file of ["demo.yaml", "demo21.yaml"]) {
    expect((await check(join(boards, file))).code).toBe(exitCodes.done);
  }
  expect((await check(join(boards, "..", "package.json"))).code).toBe(exitCodes.configInvalid);
  expect((await check("/nonexistent.yaml")).code).toBe(exitCodes.noSuchThing);
});

test.skipIf(await cannotEmulate())("the ARM executables start and say their version", async () => {
  for (const role of roles) {
    const program = join(distFolder("arm64"), role);
    const done = await run([emulator, "-cpu", "max", "-L", armLibraries, program, "--version"]);
    expect(done).toMatchObject({ code: exitCodes.done, stderr: "" });
    expect(done.stdout).toStartWith(`softset ${role} `);
  }
});

/** Builds for ARM; true, and says why, if these cannot be built or started here. */
async function cannotEmulate(): Promise<boolean> {
  const skipped = (reason: string): true => {
    console.error(`skipped: ARM executables: ${reason}`);
    return true;
  };
  if (isMissing(emulator, "ARM executables")) return true;
  if (!existsSync(join(armLibraries, "lib", "ld-linux-aarch64.so.1"))) {
    return skipped("libc6-arm64-cross is not installed");
  }
  try {
    await buildAll("arm64");
    return false;
  } catch (error) {
    const words =
      error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    if (!words.includes("download")) throw error;
    return skipped("Bun for ARM cannot be downloaded here");
  }
}
