import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { mayMakeNamespaces, must } from "./fixtures.ts";
import { killPid, watchPid } from "./process.ts";

const here = test.skipIf(!mayMakeNamespaces);
const openFds = (): number => readdirSync("/proc/self/fd").length;

/** A process that is not Bun's child: its parent has ended at once. */
function startStranger(): number {
  const shell = Bun.spawnSync(["sh", "-c", "sleep 60 >/dev/null 2>&1 & echo $!"]);
  return Number(shell.stdout.toString());
}

test("the end of a foreign process is told once", async () => {
  const pid = startStranger();
  let times = 0;
  const ended = new Promise<void>((resolve) => {
    const watch = must(
      watchPid(pid, () => {
        times++;
        resolve();
      }),
    );
    must(watch.signal(0));
    must(watch.signal(9));
  });
  await ended;
  expect(times).toBe(1);
});

test("the end of an own child is told, and Bun still gets its exit code", async () => {
  const child = Bun.spawn(["sh", "-c", "exit 7"]);
  await new Promise<void>((resolve) => void must(watchPid(child.pid, resolve)));
  expect(await child.exited).toBe(7);
});

test("a closed watch is silent and leaves no descriptor behind", async () => {
  const before = openFds();
  const pid = startStranger();
  let told = false;
  must(watchPid(pid, () => (told = true))).close();
  const ended = new Promise<void>((resolve) => void must(watchPid(pid, resolve)));
  await Bun.sleep(0);
  must(killPid(pid, 9));
  await ended;
  for (let i = 0; i < 20; i++) {
    const other = startStranger();
    const gone = new Promise<void>((resolve) => void must(watchPid(other, resolve)));
    must(killPid(other, 9));
    await gone;
  }
  expect(told).toBe(false);
  expect(openFds()).toBeLessThanOrEqual(before + 1);
});

test("no such process is ESRCH, and a pid that is none EINVAL", () => {
  expect(watchPid(0x3fffff, () => {})).toMatchObject({ ok: false, error: { code: "ESRCH" } });
  expect(killPid(0x3fffff, 0)).toMatchObject({ ok: false, error: { code: "ESRCH" } });
  expect(killPid(0, 9)).toMatchObject({ ok: false, error: { code: "EINVAL" } });
  expect(killPid(-1, 9)).toMatchObject({ ok: false, error: { code: "EINVAL" } });
});

const surface = JSON.stringify(join(import.meta.dir, "index.ts"));

here(
  "as PID 1 orphans are reaped and own children keep their exit codes",
  async () => {
    const program = `import { reapOrphans } from ${surface};
    const own = new Set();
    let reaped = 0;
    const reap = () => setTimeout(() => (reaped += reapOrphans((pid) => own.has(pid))), 1);
    process.on("SIGCHLD", reap);
    setInterval(reap, 50);
    setTimeout(() => process.exit(9), 8000); // never outlives its test
    const exits = [];
    for (let i = 0; i < 20; i++) {
      // A child that leaves an orphan behind, which ends after it.
      const child = Bun.spawn(["sh", "-c", "sleep 0.05 & exit 3"]);
      own.add(child.pid);
      exits.push(child.exited.finally(() => own.delete(child.pid)));
    }
    const codes = await Promise.all(exits);
    const deadline = performance.now() + 4000;
    while (reaped < 20 && performance.now() < deadline) await Bun.sleep(10);
    console.log(process.pid, codes.every((c) => c === 3), reaped);
    process.exit(0);`;
    const child = Bun.spawn(
      ["unshare", "-pf", "--mount-proc", "--kill-child", process.execPath, "-e", program],
      { stdout: "pipe", stderr: "inherit" },
    );
    expect(await child.stdout.text()).toBe("1 true 20\n");
  },
  10_000,
);

test("a subreaper gets the orphans of its descendants", async () => {
  const program = `import { setSubreaper, reapOrphans } from ${surface};
    console.log(setSubreaper(true).ok);
    const own = Bun.spawn(["sh", "-c", "sleep 0.05 & exit 0"]);
    await own.exited;
    const deadline = performance.now() + 4000;
    let reaped = 0;
    while (reaped < 1 && performance.now() < deadline) {
      await Bun.sleep(10);
      reaped += reapOrphans(() => false);
    }
    console.log(reaped);
    process.exit(0);`;
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "inherit" });
  expect(await child.stdout.text()).toBe("true\n1\n");
}, 10_000);

test("a child with a parent death signal ends with its parent", async () => {
  const inner = `import { setParentDeathSignal } from ${surface};
    console.log(process.pid, setParentDeathSignal(9).ok); setInterval(() => {}, 1000);`;
  const outer = `const c = Bun.spawn([process.execPath, "-e", ${JSON.stringify(inner)}], { stdout: "pipe" });
    for await (const text of c.stdout) process.stdout.write(text);`;
  const parent = Bun.spawn([process.execPath, "-e", outer], { stdout: "pipe", stderr: "inherit" });
  const { value } = await parent.stdout.getReader().read();
  const [pid, set] = new TextDecoder().decode(value).trim().split(" ");
  expect(set).toBe("true");
  const gone = new Promise<void>((resolve) => void must(watchPid(Number(pid), resolve)));
  parent.kill(9);
  await gone;
});

test("an own child that has ended is left for Bun to reap", async () => {
  // In a program of its own, whose only child this is; holding the loop keeps Bun from reaping it.
  const program = `import { reapOrphans } from ${surface};
    import { readFileSync } from "node:fs";
    const child = Bun.spawn(["sh", "-c", "exit 5"]);
    const path = "/proc/" + child.pid + "/stat";
    const deadline = performance.now() + 4000;
    while (!readFileSync(path, "latin1").includes(") Z") && performance.now() < deadline);
    console.log(reapOrphans((pid) => pid === child.pid), await child.exited);`;
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "inherit" });
  expect(await child.stdout.text()).toBe("0 5\n");
});
