// The command line and its daemon, as a person uses them, and what is left when it is killed.

import { afterAll, afterEach, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { killPid, watchPid } from "../kernel/index.ts";
import { markProcess } from "./record.ts";
import type { LabStatus } from "./status.ts";
import { chassisText, namespacesMissing, temporaryFolder } from "./testing.ts";

setDefaultTimeout(60_000); // real processes on a machine that may be busy
const skip = namespacesMissing() !== undefined;
const folder = temporaryFolder();
const chassisFile = join(folder, "chassis.yaml");
writeFileSync(chassisFile, chassisText({ boards: 3 }));

afterEach(async () => {
  for (const name of readdirSync(folder, { withFileTypes: true })) {
    if (name.isDirectory()) await lab("--name", name.name, "down"); // of a test that failed half-way
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

const mainFile = join(import.meta.dir, "main.ts");

function lab(...words: string[]): Promise<Outcome> {
  return run([process.execPath, mainFile, ...words], folder);
}

async function run(argv: readonly string[], labDir: string): Promise<Outcome> {
  const child = Bun.spawn([...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, SOFTSET_LAB_DIR: labDir },
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, stdout, stderr };
}

const up = (name: string): Promise<Outcome> =>
  lab("--name", name, "up", chassisFile, "--board-command", "sleep 1000");

async function statusOf(name: string): Promise<LabStatus> {
  const { stdout } = await lab("--name", name, "--json", "status");
  return JSON.parse(stdout) as LabStatus;
}

function pidsOf(status: LabStatus): number[] {
  const boards = status.slots.map((slot) => slot.board?.pid ?? 0);
  return [...boards, ...status.switches.map((own) => own.agent.pid)];
}

/** Network namespaces that any process is in. */
function namespacesInUse(): Set<string> {
  const found = new Set<string>();
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      found.add(readlinkSync(`/proc/${pid}/ns/net`));
    } catch {
      continue; // ended meanwhile
    }
  }
  return found;
}

function gone(pid: number): Promise<void> {
  return new Promise((resolve) => {
    if (!watchPid(pid, resolve).ok) resolve();
  });
}

test.skipIf(skip)("a chassis comes up, obeys, tells its state and goes down", async () => {
  expect(await up("one")).toMatchObject({ code: 0, stderr: "" });
  expect(await up("one")).toMatchObject({ code: 1 });
  expect(await lab("--name", "one", "exec", "1", "sh", "-c", "exit 7")).toMatchObject({ code: 7 });
  expect(await lab("--name", "one", "kill", "2")).toMatchObject({ code: 0 });
  expect((await statusOf("one")).slots[2]?.board?.running).toBe(false);
  expect(await lab("--name", "one", "start", "2")).toMatchObject({ code: 0 });
  expect(
    await lab("--name", "one", "exec", "2", "sh", "-c", "echo said >/proc/1/fd/1"),
  ).toMatchObject({
    code: 0,
  });
  expect((await lab("--name", "one", "logs", "2")).stdout).toContain("said\n");
  expect(await lab("--name", "one", "cut", "3", "A", "--oneway", "in")).toMatchObject({ code: 0 });
  expect((await lab("--name", "one", "status")).stdout).toContain("(one-way: hears nothing)");
  expect(await lab("--name", "one", "line", "2", "reset", "stuck")).toMatchObject({ code: 0 });
  expect((await lab("--name", "one", "status")).stdout).toMatch(/^ 2 .*; reset stuck;/m);
  expect(await lab("--name", "one", "line", "9", "reset", "stuck")).toMatchObject({ code: 3 });
  expect(await lab("--name", "one", "heal")).toMatchObject({ code: 0 });
  expect((await statusOf("one")).slots[2]?.lines).toEqual([]);
  expect(await lab("--name", "one", "pull", "3")).toMatchObject({ code: 0 });
  const mac = "52:54:00:00:00:31";
  const inserted = await lab("--name", "one", "--json", "insert", "3", "--mac", mac);
  expect(JSON.parse(inserted.stdout)).toMatchObject({ macs: { A: mac, B: "52:54:00:00:00:32" } });
  expect(await lab("--name", "one", "agent", "sw-a", "--latency-ms", "50")).toMatchObject({
    code: 0,
  });
  expect((await statusOf("one")).switches[0]?.agent.latencyMs).toBe(50);
  expect(await lab("--name", "one", "kill", "nobody")).toMatchObject({ code: 3 });
  const pids = pidsOf(await statusOf("one"));
  expect(await lab("--name", "one", "down")).toMatchObject({ code: 0 });
  expect(pids.filter((pid) => markProcess(pid) !== undefined)).toEqual([]);
  // The daemon takes its log away as the last thing it does, behind its answer.
  while (readdirSync(folder).length > 1) await Bun.sleep(5);
  expect(readdirSync(folder)).toEqual(["chassis.yaml"]);
});

test.skipIf(skip)("kill -9 of the daemon leaves no process, namespace or mount", async () => {
  const mounts = readFileSync("/proc/self/mounts", "utf8");
  expect(await up("two")).toMatchObject({ code: 0 });
  const status = await statusOf("two");
  const pids = pidsOf(status);
  const namespaces = pids.map((pid) => readlinkSync(`/proc/${pid}/ns/net`));
  expect(new Set(namespaces).size).toBe(6); // CCN, three boards, two switches
  const ended = Promise.all([...pids, status.owner].map(gone));
  expect(killPid(status.owner, 9).ok).toBe(true);
  await ended;
  const used = namespacesInUse();
  expect(namespaces.filter((namespace) => used.has(namespace))).toEqual([]);
  expect(readFileSync("/proc/self/mounts", "utf8")).toBe(mounts);
  expect(await lab("--name", "two", "status")).toMatchObject({ code: 4 });
  expect(await up("two")).toMatchObject({ code: 0 }); // clears what is left by itself
  const again = await statusOf("two");
  const over = gone(again.owner);
  killPid(again.owner, 9);
  await over;
  expect(await lab("--name", "two", "down")).toMatchObject({ code: 0 });
  expect(existsSync(join(folder, "two"))).toBe(false);
});

test.skipIf(skip)("two labs side by side do not see each other", async () => {
  expect((await Promise.all([up("left"), up("right")])).map(({ code }) => code)).toEqual([0, 0]);
  await lab("--name", "left", "cut", "sw-a");
  expect((await statusOf("right")).switches[0]?.power).toBe("on");
  expect((await statusOf("left")).switches[0]?.power).toBe("off");
  await Promise.all([lab("--name", "left", "down"), lab("--name", "right", "down")]);
});

/** Another user who may read this checkout and make user namespaces; undefined if there is none. */
function plainUser(): readonly string[] | undefined {
  if (process.getuid?.() !== 0) return undefined; // then all other tests are run by such a user
  const user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"];
  const may = `test -r ${mainFile} && test -x ${process.execPath} && unshare -Urnm true`;
  if (Bun.spawnSync([...user, "sh", "-c", may]).exitCode === 0) return user;
  console.error("skipped: lab without root: user nobody can't read this folder or unshare -U");
  return undefined;
}

const asPlainUser = skip ? undefined : plainUser();

test.skipIf(asPlainUser === undefined)(
  "without root the chassis lives in a user namespace",
  async () => {
    const own = temporaryFolder();
    chmodSync(own, 0o777);
    const file = join(own, "chassis.yaml");
    writeFileSync(file, chassisText({ boards: 2 }));
    const nobody = (...words: string[]): Promise<Outcome> =>
      run([...(asPlainUser ?? []), process.execPath, mainFile, ...words], join(own, "labs"));
    expect(await nobody("up", file, "--board-command", "sleep 1000")).toMatchObject({ code: 0 });
    const inside = await nobody("exec", "1", "sh", "-c", "id -u; hostname; ls /run");
    expect(inside.stdout).toMatch(/^0\n\w+\nstate\n$/);
    expect(await nobody("cut", "1", "A", "--oneway", "in")).toMatchObject({ code: 0 });
    expect(await nobody("cut", "sw-b")).toMatchObject({ code: 0 });
    expect(await nobody("down")).toMatchObject({ code: 0 });
    rmSync(own, { recursive: true });
  },
);

test("mistakes have their own exit codes and say what to do", async () => {
  expect(await lab("nonsense")).toMatchObject({ code: 2, stdout: "" });
  expect(await lab("--help")).toMatchObject({ code: 0, stderr: "" });
  const absent = await lab("--name", "absent", "status");
  expect(absent).toMatchObject({ code: 4, stdout: "" });
  expect(absent.stderr).toContain("start it with: up FILE");
  expect(await lab("--name", "absent", "down")).toMatchObject({ code: 0 });
  expect(await lab("--name", "../x", "status")).toMatchObject({ code: 2 });
});

test.skipIf(skip)("a wrong chassis file is refused with place and reason", async () => {
  const wrong = join(folder, "wrong.yaml");
  writeFileSync(wrong, chassisText({ boards: 2 }).replace("role: controller", "role: toaster"));
  const refused = await lab("--name", "wrong", "up", wrong);
  expect(refused.code).toBe(7);
  expect(refused.stderr).toMatch(/wrong\.yaml:\d+:\d+: /);
  rmSync(wrong);
  rmSync(join(folder, "wrong.log"), { force: true });
});
