import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { mayMakeNamespaces } from "./fixtures.ts";
import { canMakeNamespaces, setHostName, writeSysctl } from "./machine.ts";

const here = test.skipIf(!mayMakeNamespaces);
const surface = join(import.meta.dir, "index.ts");

/** Runs kernel code as a program in its own mount and UTS namespaces. */
async function inOwnMachine(code: string): Promise<string> {
  const program = `import { mountFileSystem, unmount, setHostName, sysErrorText } from ${JSON.stringify(surface)};
    const say = (r) => console.log(r.ok ? "ok" : sysErrorText(r.error));
    ${code}`;
  const child = Bun.spawn(["unshare", "-mu", process.execPath, "-e", program], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, complaints] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return out + complaints;
}

here(
  "a tmpfs is mounted and unmounted, and a host name is set, in a machine of one's own",
  async () => {
    const folder = mkdtempSync("/tmp/kernel-test-");
    const said = await inOwnMachine(`
    const target = ${JSON.stringify(folder)};
    say(mountFileSystem({ source: "none", target, type: "tmpfs", options: "size=64k" }));
    console.log(require("node:fs").statfsSync(target).blocks * require("node:fs").statfsSync(target).bsize);
    say(unmount(target));
    say(unmount(target));
    say(mountFileSystem({ source: "none", target, type: "nosuchfs" }));
    say(setHostName("board-7"));
    console.log(require("node:os").hostname());`);
    rmSync(folder, { recursive: true });
    expect(said.split("\n")).toEqual([
      "ok",
      "65536",
      "ok",
      `cannot unmount ${folder}: EINVAL`,
      `cannot mount nosuchfs ${folder}: ENODEV; this kernel has no file system "nosuchfs"`,
      "ok",
      "board-7",
      "",
    ]);
  },
);

test("names and paths that are none are refused before the kernel sees them", () => {
  expect(setHostName("")).toMatchObject({ ok: false, error: { code: "EINVAL" } });
  expect(setHostName("x".repeat(65))).toMatchObject({ ok: false, error: { code: "EINVAL" } });
  expect(writeSysctl("net/../../self/comm", 1)).toMatchObject({
    ok: false,
    error: { code: "EINVAL" },
  });
  expect(writeSysctl("net.no.such", 1)).toMatchObject({ ok: false, error: { code: "ENOENT" } });
});

test("the probe says what it may, or what is missing", () => {
  const rights = canMakeNamespaces();
  expect(rights.missing === undefined).toBe(rights.root || rights.userNamespaces);
});
