// Real programs, in both ways to hold a tree: one suite for cgroups and for sweeping.

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killPid } from "../kernel/index.ts";
import { becomeRealtime } from "../kernel/index.ts";
import { testService } from "./testing.ts";
import { ownCgroup } from "./tree-cgroup.ts";
import { processesWith, startTestPsrm, ways } from "./testing-shell.ts";

const sh = (script: string): string[] => ["/bin/sh", "-c", script];
/** A word that only this test's processes carry. */
let words = 0;
const word = (): string => `psrm-test-${process.pid}-${++words}`;
/** The children that carry it: not the service's own shell, nor what becomes one of them. */
const childrenWith = (mark: string): number[] =>
  processesWith(`^/bin/sh -c sleep 600; : ${mark}-child$`);
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "psrm-"));
  folders.push(folder);
  return folder;
}

function hasMemoryController(): boolean {
  const own = ownCgroup();
  if (own === undefined) return false;
  return readFileSync(join(own, "cgroup.subtree_control"), "latin1").includes("memory");
}

for (const way of ways) {
  const cgroups = way === "cgroup";

  test(`${way}: a program killed with SIGKILL runs again, with another pid`, async () => {
    const service = testService({ name: "web", run: ["/bin/sleep", "600"] });
    await using t = await startTestPsrm([service], { cgroups });
    expect(t.psrm.way).toBe(way);
    t.psrm.start("web", "test");
    await t.becomes("web", "running");
    const before = t.psrm.status()[0]?.pid ?? 0;
    killPid(before, 9);
    await t.becomes("web", "running", 2);
    const [status] = t.psrm.status();
    expect(status?.pid).toBeGreaterThan(0);
    expect(status?.pid).not.toBe(before);
    expect(status).toMatchObject({ lastExit: "was killed by SIGKILL", restarts: 1 });
  });

  test(`${way}: what hides in sessions and orphans of its own is gone before the next start`, async () => {
    const mark = word();
    // Children: plain, in a session of its own, an orphan of a double fork, orphans without
    // environment in the service's session and in one of their own.
    const child = `/bin/sh -c "sleep 600; : ${mark}-child"`;
    const hide = `${child} & setsid ${child} & (setsid ${child} &); (env -i ${child} &); (env -i /usr/bin/setsid ${child} &)`;
    const service = testService({ name: "web", run: sh(`${hide}; wait`) });
    await using t = await startTestPsrm([service], { cgroups });
    t.psrm.start("web", "test");
    await t.becomes("web", "running");
    while (childrenWith(mark).length < 5) await Bun.sleep(1);
    const first = childrenWith(mark);
    killPid(t.psrm.status()[0]?.pid ?? 0, 9);
    await t.becomes("web", "running", 2);
    const alive = new Set(childrenWith(mark));
    expect(first.filter((pid) => alive.has(pid))).toEqual([]);
    t.psrm.stop("web", "test");
    await t.becomes("web", "stopped", 2);
    expect(childrenWith(mark)).toEqual([]);
  });

  test(`${way}: an orphan of one service outlives the end of another`, async () => {
    const mark = word();
    const child = `/bin/sh -c "sleep 600; : ${mark}-child"`;
    const services = [
      testService({ name: "web", run: sh(`(setsid ${child} &); sleep 600`) }),
      testService({ name: "db" }),
    ];
    await using t = await startTestPsrm(services, { cgroups });
    for (const { name } of services) t.psrm.start(name, "test");
    await t.becomes("web", "running");
    while (childrenWith(mark).length < 1) await Bun.sleep(1);
    const before = childrenWith(mark);
    t.psrm.restart("db", "test");
    await t.becomes("db", "running", 2);
    expect(childrenWith(mark)).toEqual(before);
    expect(t.lines.some((line) => line.includes("service-stray-killed"))).toBe(false);
  });

  test(`${way}: a program that ignores its stop signal is killed after stop.ms`, async () => {
    const mark = word();
    const service = testService({
      name: "web",
      run: sh(`trap "" TERM; echo ready; while :; do sleep 0.01; done # ${mark}`),
      stop: { ms: 100 },
    });
    await using t = await startTestPsrm([service], { cgroups });
    t.psrm.start("web", "test");
    await t.becomes("web", "running");
    while (t.psrm.status()[0]?.lastLines.length === 0) await Bun.sleep(1);
    t.psrm.stop("web", "test");
    await t.becomes("web", "stopped");
    await t.says("service-must-be-killed");
    expect(processesWith(mark)).toEqual([]);
  });

  test(`${way}: a successor kills what its predecessor left running`, async () => {
    const folder = temporary();
    const mark = word();
    const service = testService({ name: "web", run: sh(`sleep 600; : ${mark}`) });
    const program = `
      import { startTestPsrm } from ${JSON.stringify(join(import.meta.dir, "testing-shell.ts"))};
      const t = await startTestPsrm([${JSON.stringify(service)}], { cgroups: ${cgroups}, folder: ${JSON.stringify(folder)} });
      t.psrm.start("web", "test");
      await t.becomes("web", "running");
      console.log("up");
      process.kill(process.pid, "SIGKILL");`;
    const board = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
    expect(await board.stdout.text()).toBe("up\n");
    await board.exited;
    // Its command line is there a moment after exec(2) let the board go on.
    while (processesWith(mark).length === 0) await Bun.sleep(1);
    await using t = await startTestPsrm([], { cgroups, folder });
    expect(processesWith(mark)).toEqual([]);
    expect(await t.says("predecessor-killed")).toContain("processes=");
  });

  test(`${way}: readiness and life by command, tcp and http`, async () => {
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (r) => new Response("", { status: r.url.endsWith("/well") ? 200 : 503 }),
    });
    const port = server.port ?? 0;
    const alive = { port, run: sh("exit 1"), everyMs: 20, withinMs: 1_000, failures: 2 };
    await using t = await startTestPsrm(
      [
        testService({ name: "tcp", ready: { by: "tcp", port } }),
        testService({ name: "http", ready: { by: "http", port, path: "/well" } }),
        testService({
          name: "command",
          ready: { by: "command", run: sh('test "$SOFTSET_SERVICE" = command') },
        }),
        testService({
          name: "never",
          ready: { by: "http", port, path: "/ill" },
          readyMs: 100,
          onFailure: { silent: "nothing" },
        }),
        testService({
          name: "sick",
          alive: { ...alive, by: "command", path: "/" },
          onFailure: { silent: "nothing" },
        }),
        testService({
          name: "ill",
          alive: { ...alive, by: "http", path: "/ill" },
          onFailure: { silent: "nothing" },
        }),
      ],
      { cgroups },
    );
    for (const { service } of t.psrm.status()) t.psrm.start(service, "test");
    for (const name of ["tcp", "http", "command"]) await t.becomes(name, "running");
    expect((await t.becomes("never", "failed")).why).toContain("answered with status 503");
    expect((await t.becomes("sick", "trouble")).why).toContain("ended with code 1");
    expect((await t.becomes("ill", "trouble")).why).toContain("status 503");
    await server.stop(true);
  });

  test(`${way}: user, directory, environment and limits are as configured`, async () => {
    if (process.getuid?.() !== 0) {
      process.stderr.write("skipped: another user needs root\n");
      return;
    }
    const service = testService({
      name: "web",
      run: sh(
        'id -un; id -G; pwd; echo "$GREETING $HOME $USER"; ulimit -n; env | cut -d= -f1 | sort | tr "\\n" " "; echo; sleep 600',
      ),
      user: "nobody",
      directory: "/usr",
      environment: { GREETING: "hello" },
      limits: { openFiles: 77 },
    });
    await using t = await startTestPsrm([service], { cgroups });
    t.psrm.start("web", "test");
    await t.becomes("web", "running");
    while ((t.psrm.status()[0]?.lastLines.length ?? 0) < 6) await Bun.sleep(1);
    const [name, groups, directory, greeting, files] = t.psrm.status()[0]?.lastLines ?? [];
    expect([name, directory, files]).toEqual(["nobody", "/usr", "77"]);
    expect(groups).not.toMatch(/(^| )0( |$)/);
    expect(greeting).toBe("hello /nonexistent nobody");
    const text = t.psrm.status()[0]?.lastLines.at(-1) ?? "";
    expect(text.trim().split(" ")).toEqual([
      "GREETING",
      "HOME",
      "LANG",
      "LOGNAME",
      "NOTIFY_SOCKET",
      "PATH",
      "PWD",
      "SOFTSET_SERVICE",
      "SOFTSET_SOCKET",
      "SOFTSET_START",
      "USER",
    ]);
  });

  test(`${way}: a program that wants more memory than it may have does not get it`, async () => {
    const service = testService({
      name: "web",
      run: sh('x=$(head -c 200000000 /dev/zero | tr "\\0" x); echo got it; sleep 600'),
      limits: { memoryBytes: 50_000_000 },
      onFailure: { dead: "nothing" },
    });
    await using t = await startTestPsrm([service], { cgroups });
    t.psrm.start("web", "test");
    const failed = await t.becomes("web", "failed");
    expect(failed.why).toMatch(/^(exited with code [1-9]|was killed by)/);
    expect(t.psrm.status()[0]?.lastLines).not.toContain("got it");
    // Here the kernel's controllers are not to be had for a whole tree, or they are: then silently.
    const weak = t.lines.filter((line) => line.includes("service-limit-weak"));
    expect(weak.length).toBe(way === "sweep" || !hasMemoryController() ? 1 : 0);
  });

  test(`${way}: a program that is not there is told with its name`, async () => {
    const service = testService({
      name: "web",
      run: ["/no/such/program"],
      onFailure: { dead: "nothing" },
    });
    await using t = await startTestPsrm([service], { cgroups });
    t.psrm.start("web", "test");
    expect(await t.becomes("web", "failed")).toMatchObject({ cause: "cannot-start" });
    expect(await t.says("service-cannot-start")).toContain("/no/such/program");
  });
}

test("services do not inherit the board's real-time class", async () => {
  const realtime = becomeRealtime(() => undefined);
  if (!realtime.scheduling.ok) {
    process.stderr.write("skipped: no right to SCHED_FIFO here\n");
    return;
  }
  try {
    await using t = await startTestPsrm([testService({ name: "web" })]);
    t.psrm.start("web", "test");
    await t.becomes("web", "running");
    const pid = t.psrm.status()[0]?.pid ?? 0;
    // Field 41 of proc_pid_stat(5) is the policy, 40 the real-time priority: 0 is SCHED_OTHER.
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
    expect([fields[37], fields[38]]).toEqual(["0", "0"]);
    const board = readFileSync("/proc/self/stat", "latin1").split(") ")[1]?.split(" ") ?? [];
    expect(board[38]).toBe("1");
  } finally {
    realtime.stop();
    Bun.spawnSync(["chrt", "-a", "-o", "-p", "0", String(process.pid)]);
  }
});
