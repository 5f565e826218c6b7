import { expect, test } from "bun:test";
import { join } from "node:path";

const surface = JSON.stringify(join(import.meta.dir, "index.ts"));
const probe = becomeRealtimeProbe();
const here = test.skipIf(probe !== undefined);
if (probe !== undefined) process.stderr.write(`skipped: real-time scheduling: ${probe}\n`);

/** Asks in a program of its own, so that the test process stays normal. */
function becomeRealtimeProbe(): string | undefined {
  const program = `import { becomeRealtime, sysErrorText } from ${surface};
    const got = becomeRealtime(() => undefined); got.stop();
    console.log(got.scheduling.ok ? "ok" : sysErrorText(got.scheduling.error));`;
  const said = Bun.spawnSync([process.execPath, "-e", program]).stdout.toString().trim();
  return said === "ok" ? undefined : said;
}

here(
  "all threads but Workers are FIFO, children are normal, memory stays small",
  async () => {
    const program = `import { becomeRealtime } from ${surface};
    import { readdirSync, readFileSync } from "node:fs";
    const got = becomeRealtime(() => undefined);
    const worker = new Worker("data:text/javascript,setInterval(()=>{},1000);postMessage(1)");
    await new Promise((resolve) => (worker.onmessage = resolve));
    await Bun.file("/proc/self/stat").text(); // starts a helper thread after the first pass
    await Bun.sleep(700);
    const odd = [];
    let workers = 0;
    for (const tid of readdirSync("/proc/self/task")) {
      const stat = readFileSync("/proc/self/task/" + tid + "/stat", "latin1");
      const comm = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
      const policy = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[38]);
      const isWorker = comm.startsWith("Worker");
      if (isWorker) workers++;
      if (policy !== (isWorker ? 0 : 1)) odd.push(comm + ":" + policy);
    }
    const child = Bun.spawnSync(["sh", "-c", "cat /proc/self/stat"]).stdout.toString();
    const childPolicy = child.slice(child.lastIndexOf(")") + 2).split(" ")[38];
    const rss = process.memoryUsage().rss / 1e6;
    const locked = Number(/VmLck:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "latin1"))?.[1]);
    console.log(got.scheduling.ok, got.memory.ok, odd.join(), workers > 0, childPolicy, rss < 200);
    console.log(locked > 10_000);
    process.exit(0);`;
    const child = Bun.spawn([process.execPath, "-e", program], {
      stdout: "pipe",
      stderr: "inherit",
    });
    expect(await child.stdout.text()).toBe("true true  true 0 true\ntrue\n");
  },
  10_000,
);

test("without the right, the refusal says so and nothing is applied again", async () => {
  const program = `import { becomeRealtime, sysErrorText } from ${surface};
    const got = becomeRealtime(() => undefined);
    console.log(got.scheduling.ok ? "ok" : sysErrorText(got.scheduling.error));`;
  const run = ["sh", "-c", 'ulimit -r 0; exec "$0" -e "$1"', process.execPath, program];
  const asRoot = process.getuid?.() === 0 && Bun.which("setpriv") !== null;
  const dropped = asRoot ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all", ...run] : run;
  const child = Bun.spawn(dropped, { stdout: "pipe", stderr: "inherit" });
  const said = (await child.stdout.text()).trim();
  expect(said).toMatch(/^cannot set SCHED_FIFO for thread \S+: EPERM; /);
});
