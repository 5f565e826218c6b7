// Programs that talk to PSRM themselves: sd_notify(3) messages and the line protocol, from real
// processes, wanted and unwanted ones.

import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { killPid } from "../kernel/index.ts";
import { clientsMax, commandBytesMax, commandsPerReadMax } from "./limits.ts";
import { testService } from "./testing.ts";
import { startTestPsrm, ways } from "./testing-shell.ts";

/** A program that sends lines of its stdin or arguments to NOTIFY_SOCKET; then runs on. */
const notifier = (body: string): string[] => [
  process.execPath,
  "-e",
  `import { ok } from ${JSON.stringify(join(import.meta.dir, "../base/index.ts"))};
   import { makeSocket, sendDatagram } from ${JSON.stringify(join(import.meta.dir, "../kernel/socket.ts"))};
   const fd = makeSocket({ family: 1, type: 2 | 0x80000, protocol: 0, text: "" }, () => ok(undefined)).value;
   const to = (name) => Uint8Array.from([1, 0, 0, ...Buffer.from(name.slice(1))]);
   const notify = (text, name = process.env.NOTIFY_SOCKET) =>
     sendDatagram(fd, { bytes: Buffer.from(text), to: to(name), text: () => "" });
   process.on("SIGTERM", () => process.exit(0));
   setTimeout(() => process.exit(9), 20_000);
   ${body}`,
];

for (const way of ways) {
  const cgroups = way === "cgroup";

  test(`${way}: READY, STATUS and WATCHDOG of a real program; silence when they stop`, async () => {
    const service = testService({
      name: "web",
      ready: { by: "notify" },
      alive: { by: "watchdog", everyMs: 100 },
      run: notifier(`
        notify("STATUS=loading");
        notify("READY=1\\nSTATUS=serving " + process.env.WATCHDOG_USEC);
        const feeding = setInterval(() => notify("WATCHDOG=1"), 20);
        setTimeout(() => clearInterval(feeding), 300);`),
    });
    await using t = await startTestPsrm([service], { cgroups });
    t.psrm.start("web", "test");
    const { atUs } = await t.becomes("web", "running");
    while (t.psrm.status()[0]?.statusText !== "serving 100000") await Bun.sleep(1);
    const silent = await t.becomes("web", "stopping");
    expect(silent).toMatchObject({ cause: "silent", why: "no WATCHDOG=1 for 100 ms" });
    expect(silent.atUs - atUs).toBeGreaterThan(290_000);
    await t.becomes("web", "running", 2);
  });

  test(`${way}: a child's message counts, a stranger's does not, whoever it says it is`, async () => {
    const child = notifier(`notify("READY=1"); await Bun.sleep(100);`);
    const service = testService({
      name: "web",
      ready: { by: "notify" },
      run: notifier(`
        console.log(process.env.NOTIFY_SOCKET);
        process.stdin.resume();
        const go = Bun.spawn(["sleep", "0.3"]);
        await go.exited;
        Bun.spawn(${JSON.stringify(child)});`),
    });
    await using t = await startTestPsrm([service], { cgroups });
    t.psrm.start("web", "test");
    while (t.psrm.status()[0]?.lastLines.length === 0) await Bun.sleep(1);
    const name = t.psrm.status()[0]?.lastLines[0] ?? "";
    expect(name).toMatch(/^@softset\/[0-9a-f]{16}\/web\/[0-9a-f]{16}$/);
    // This very process is the board's, not the service's.
    const stranger = Bun.spawn(
      notifier(`notify("READY=1", ${JSON.stringify(name)}); process.exit(0);`),
    );
    expect(await t.says("notify-refused")).toContain(
      `process ${stranger.pid} is not of the service`,
    );
    expect(t.psrm.status()[0]?.state).toBe("starting");
    await stranger.exited;
    await t.becomes("web", "running");
  });

  test(`${way}: nonsense from a service's own process is refused and changes nothing`, async () => {
    const service = testService({
      name: "web",
      ready: { by: "notify" },
      run: notifier(
        `notify("no equals sign"); notify("READY=1\\n".repeat(600)); notify("READY=1");`,
      ),
    });
    await using t = await startTestPsrm([service], { cgroups });
    t.psrm.start("web", "test");
    await t.becomes("web", "running");
    const refused = t.lines.filter((line) => line.includes("event=notify-refused"));
    expect(refused.map((line) => /reason="([^"]*)/.exec(line)?.[1]?.slice(0, 27))).toEqual([
      "a line is not VARIABLE=valu",
      "longer than 4096 bytes",
    ]);
  });
}

const systemdNotify = Bun.which("systemd-notify");
if (systemdNotify === null) process.stderr.write("skipped: systemd-notify(1) is not here\n");

for (const way of ways) {
  test.skipIf(systemdNotify === null)(
    `${way}: systemd-notify(1) from a shell script is understood, and does not wait in vain`,
    async () => {
      const script =
        "systemd-notify --ready --status='from a shell'; echo told; systemd-notify WATCHDOG=1; wait";
      const service = testService({
        name: "web",
        ready: { by: "notify" },
        run: ["/bin/bash", "-c", `sleep 600 & ${script}`],
      });
      await using t = await startTestPsrm([service], { cgroups: way === "cgroup" });
      t.psrm.start("web", "test");
      await t.becomes("web", "running");
      while (t.psrm.status()[0]?.lastLines.length === 0) await Bun.sleep(1);
      expect(t.psrm.status()[0]).toMatchObject({ lastLines: ["told"], statusText: "from a shell" });
      expect(t.lines.filter((line) => line.includes("notify-refused"))).toEqual([]);
    },
  );
}

type Talk = {
  readonly send: (text: string) => void;
  readonly next: () => Promise<Record<string, unknown>>;
  readonly closed: Promise<void>;
};

async function connect(path: string): Promise<Talk> {
  const lines: Record<string, unknown>[] = [];
  const takers: ((line: Record<string, unknown>) => void)[] = [];
  let text = "";
  const closed = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data(_socket, bytes) {
        text += bytes.toString();
        const parts = text.split("\n");
        text = parts.pop() ?? "";
        for (const part of parts) {
          const taker = takers.shift();
          if (taker === undefined) lines.push(JSON.parse(part));
          else taker(JSON.parse(part));
        }
      },
      close: () => closed.resolve(),
    },
  });
  return {
    send: (line) => void socket.write(`${line}\n`),
    next: () =>
      new Promise((resolve) => {
        const line = lines.shift();
        if (line === undefined) takers.push(resolve);
        else resolve(line);
      }),
    closed: closed.promise,
  };
}

test("a program tells its trouble, asks its role, hears of changes and asks to be moved", async () => {
  const service = testService({ name: "web", group: "g" });
  await using t = await startTestPsrm([service]);
  const path = join(t.folder, "psrm", "web.sock");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  t.psrm.start("web", "test");
  await t.becomes("web", "running");
  const talk = await connect(path);
  talk.send("active");
  expect(await talk.next()).toEqual({ ok: true, role: "standby" });
  talk.send("subscribe");
  expect(await talk.next()).toEqual({ ok: true, role: "standby", state: "running" });
  t.psrm.setRole("g", "active");
  t.psrm.setRole("g", "active");
  t.psrm.setRole("other", "active");
  expect(await talk.next()).toEqual({ event: "role", role: "active" });
  talk.send("trouble the licence\u0007 server is away");
  const trouble = { event: "state", state: "trouble", cause: "trouble" };
  expect(await talk.next()).toEqual({ ...trouble, why: "the licence  server is away" });
  expect(await talk.next()).toEqual({ ok: true, action: "nothing" });
  talk.send("ok");
  expect(await talk.next()).toMatchObject({ event: "state", state: "running" });
  expect(await talk.next()).toEqual({ ok: true });
  talk.send("status");
  expect(await talk.next()).toMatchObject({ ok: true, status: { service: "web", start: 1 } });
  talk.send("fly");
  expect((await talk.next())["error"]).toContain("trouble TEXT");
  talk.send("move my disk is slow");
  expect(await talk.next()).toMatchObject({ event: "state", state: "stopping", cause: "asked" });
  expect(await talk.next()).toEqual({ ok: true });
  await t.becomes("web", "failed");
  expect(t.moves).toEqual([{ service: "web", group: "g", cause: "asked", why: "my disk is slow" }]);
});

test("a service in no group is always active and cannot be moved", async () => {
  await using t = await startTestPsrm([testService({ name: "web" })]);
  const talk = await connect(join(t.folder, "psrm", "web.sock"));
  talk.send("active");
  expect(await talk.next()).toEqual({ ok: true, role: "active" });
  talk.send("move x");
  expect(await talk.next()).toMatchObject({ ok: false });
});

test("programs that go beyond the bounds are dropped with the reason", async () => {
  await using t = await startTestPsrm([testService({ name: "web" })]);
  const path = join(t.folder, "psrm", "web.sock");
  const long = await connect(path);
  long.send("x".repeat(commandBytesMax + 1));
  expect((await long.next())["error"]).toContain("longer than");
  await long.closed;
  const many = await connect(path);
  many.send("active\n".repeat(commandsPerReadMax + 1));
  for (let i = 0; i < commandsPerReadMax; i++)
    expect(await many.next()).toMatchObject({ ok: true });
  expect((await many.next())["error"]).toContain("at once");
  await many.closed;
  const crowd = [];
  for (let i = 0; i < clientsMax; i++) crowd.push(await connect(path));
  const last = await connect(path);
  expect((await last.next())["error"]).toContain("connected already");
  await last.closed;
  crowd[0]?.send("active");
  expect(await crowd[0]?.next()).toMatchObject({ ok: true });
  expect(t.lines.filter((line) => line.includes("service-socket-dropped"))).toHaveLength(3);
});

test("memory beyond troubleMemoryBytes is trouble", async () => {
  const service = testService({
    name: "web",
    run: ["/bin/sh", "-c", 'x=$(head -c 30000000 /dev/zero | tr "\\0" x); sleep 600; : "$x"'],
    limits: { troubleMemoryBytes: 20_000_000 },
  });
  await using t = await startTestPsrm([service]);
  t.psrm.start("web", "test");
  const change = await t.becomes("web", "trouble");
  expect(change.why).toMatch(/^\d+ bytes of memory, more than 20000000$/);
}, 10_000);

test("a service that floods its output neither stops nor holds up the others", async () => {
  const flood = testService({
    name: "flood",
    run: ["/usr/bin/yes", "x".repeat(100)],
    log: { bytesMax: 100_000 },
  });
  await using t = await startTestPsrm([flood, testService({ name: "web" })]);
  t.psrm.start("flood", "test");
  t.psrm.start("web", "test");
  await t.says("service-log-dropped");
  const lateMs: number[] = [];
  for (let i = 0; i < 200; i++) {
    const began = performance.now();
    await Bun.sleep(1);
    lateMs.push(performance.now() - began - 1);
  }
  killPid(t.psrm.status()[1]?.pid ?? 0, 9);
  await t.becomes("web", "running", 2);
  expect(t.psrm.status()[0]).toMatchObject({ state: "running", start: 1 });
  const sorted = lateMs.toSorted((a, b) => a - b);
  process.stderr.write(
    `flood: loop late by ms p50 ${sorted[100]?.toFixed(2)} p99 ${sorted[198]?.toFixed(2)}\n`,
  );
  expect(sorted[100]).toBeLessThan(20);
});
