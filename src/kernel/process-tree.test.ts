import { expect, test } from "bun:test";
import { must } from "./fixtures.ts";
import { watchPid } from "./process.ts";
import { childrenOf, hasVariable, killGroup, listProcesses, readProcess } from "./process-tree.ts";
import { becomeRealtime } from "./realtime.ts";
import { spawnAtOwnClass } from "./spawn-class.ts";
import { sysErrorText } from "./errors.ts";
import { libc } from "./libc.ts";

test("a process is found with its parent, group, session and environment", async () => {
  const child = Bun.spawn(["sleep", "60"], { detached: true, env: { MARK: "here", PATH: "/bin" } });
  expect(readProcess(child.pid)).toMatchObject({
    pid: child.pid,
    parent: process.pid,
    group: child.pid,
    session: child.pid,
    isAlive: true,
  });
  expect(must(childrenOf(process.pid))).toContain(child.pid);
  expect(listProcesses()).toContain(child.pid);
  expect(hasVariable(child.pid, "MARK=he")).toBe(true);
  expect(hasVariable(child.pid, "ARK=he")).toBe(false);
  must(killGroup(child.pid, 9));
  await child.exited;
  expect(readProcess(child.pid)).toBeUndefined();
  expect(killGroup(child.pid, 9)).toMatchObject({ error: { code: "ESRCH" } });
});

test("a name with blanks and parentheses does not confuse the facts", async () => {
  const child = Bun.spawn(["bash", "-c", "printf 'a) R 1 (b' > /proc/$$/comm; read x"], {
    stdin: "pipe",
  });
  while (!(await Bun.file(`/proc/${child.pid}/comm`).text()).startsWith("a)")) await Bun.sleep(1);
  expect(readProcess(child.pid)).toMatchObject({ parent: process.pid, isAlive: true });
  child.kill(9);
  await child.exited;
});

test("no group but a real one can be signalled", () => {
  for (const group of [0, 1, -5, 1.5]) {
    expect(killGroup(group, 9)).toMatchObject({ error: { code: "EINVAL" } });
  }
});

test("a program started by a real-time thread is normal, and so is what it starts", async () => {
  const realtime = becomeRealtime(() => undefined);
  if (!realtime.scheduling.ok) {
    process.stderr.write(`skipped: ${sysErrorText(realtime.scheduling.error)}\n`);
    return;
  }
  try {
    const before = libc.sched_getscheduler(0);
    const started = spawnAtOwnClass(() => Bun.spawn(["sh", "-c", "sleep 60 & wait"]));
    if (!started.ok) throw new Error(sysErrorText(started.error.error));
    const { pid } = started.value;
    expect(libc.sched_getscheduler(pid)).toBe(0);
    let children: number[] = [];
    while (children.length === 0) children = must(childrenOf(pid));
    expect(children.map((child) => libc.sched_getscheduler(child))).toEqual([0]);
    expect(libc.sched_getscheduler(0)).toBe(before);
    const ended = children.map(
      (child) => new Promise<void>((resolve) => void must(watchPid(child, resolve)).signal(9)),
    );
    await Promise.all([...ended, started.value.exited]);
  } finally {
    realtime.stop();
    Bun.spawnSync(["chrt", "-a", "-o", "-p", "0", String(process.pid)]);
  }
});
