import { afterEach, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ok } from "../base/index.ts";
import type { RunOptions } from "./call.ts";
import {
  captureTerminal,
  ccnCli,
  cleanUpCli,
  cliOf,
  onCliCleanUp,
  servingBoard,
  temporaryCliDir,
} from "./cli-fixtures.ts";
import { healthyMap, statusFixture } from "./fixtures.ts";

afterEach(cleanUpCli);

test("help asked for is on stdout, help after a mistake on stderr with exit code 2", async () => {
  for (const argv of [["--help"], ["-h"], ["help"]]) {
    const ran = await ccnCli(argv);
    expect([ran.code, ran.err]).toEqual([0, ""]);
    expect(ran.out).toStartWith("usage: ccn COMMAND");
  }
  for (const argv of [
    ["status", "--help"],
    ["help", "status"],
  ]) {
    expect((await ccnCli(argv)).out).toStartWith("usage: ccn status");
  }
  expect((await ccnCli(["help", "config", "check"])).out).toStartWith(
    "usage: ccn config check FILE",
  );
  for (const argv of [[], ["statsu"], ["status", "--jsn"], ["help", "moon"], ["where", "moon"]]) {
    const ran = await ccnCli(argv);
    expect([ran.code, ran.out]).toEqual([2, ""]);
    expect(ran.err).toStartWith("ccn: ");
    expect(ran.err).toContain("usage: ccn");
  }
  expect((await ccnCli(["status", "--jsn"])).err).toContain("did you mean --json?");
  expect((await ccnCli(["leases"], "io-card")).code).toBe(2);
  expect((await ccnCli(["status", "--timeout", "soon"])).code).toBe(2);
  expect((await ccnCli(["events", "-n", "many"])).code).toBe(2);
  expect((await ccnCli(["--version"])).out).toBe("softset ccn 0.1.0\n");
});

test("status, networks, leases and events speak to a running board", async () => {
  const { board, dir } = await servingBoard();
  board.log.log.module("netrack").warn("path-down", { net: "A", peer: "c2" });
  const at = ["--run-dir", dir];
  const status = await ccnCli(["status", ...at]);
  expect([status.code, status.err]).toEqual([0, ""]);
  expect(status.out).toStartWith("demo  OK  every board is reached on both networks");
  expect((await ccnCli(["networks", ...at])).out).toContain("every known path works");
  expect((await ccnCli(["leases", ...at])).out).toContain("10.1.1.1");
  expect((await ccnCli(["events", ...at])).out).toBe(
    "10:41:07.123Z  warn   netrack         path-down  net A, peer c2\n",
  );
  for (const command of ["status", "networks", "leases", "events"]) {
    const ran = await ccnCli([command, "--json", ...at]);
    expect(ran.out.split("\n")).toHaveLength(2);
    expect(JSON.parse(ran.out)).toMatchObject({ v: 1 });
  }
});

test("events shows the last ones only, over several pages", async () => {
  const { board, dir } = await servingBoard();
  for (let i = 1; i <= 2500; i++) board.log.log.info("tick", { i });
  const ran = await ccnCli(["events", "-n", "3", "--run-dir", dir]);
  expect(ran.out.match(/i \d+/g)).toEqual(["i 2498", "i 2499", "i 2500"]);
  expect((await ccnCli(["events", "-n", "0", "--run-dir", dir])).out).toBe("");
});

test("where explains the chain, and a MAC that nobody knows is exit code 3", async () => {
  const { board, dir } = await servingBoard();
  const found = await ccnCli(["where", "7", "--run-dir", dir]);
  expect([found.code, found.err]).toEqual([0, ""]);
  expect(found.out).toBe(
    "A  found      MAC 52:54:00:00:0a:07: switch sw-a, port 7, slot 7, 10.1.1.7\n",
  );
  const unknown = await ccnCli(["where", "52:54:00:99:99:99", "--run-dir", dir]);
  expect([unknown.code, unknown.out]).toEqual([3, "52:54:00:99:99:99: no switch knows it\n"]);
  const json = await ccnCli(["where", "52-54-00-99-99-99", "--json", "--run-dir", dir]);
  expect(json.code).toBe(3);
  expect(JSON.parse(json.out)).toMatchObject({ v: 1, found: false, links: [] });
  board.where = async () =>
    await Promise.resolve({ ok: false, error: "switch sw-a is silent\u001b[2J" } as const);
  const failed = await ccnCli(["where", "7", "--run-dir", dir]);
  expect([failed.code, failed.err]).toEqual([1, "ccn: switch sw-a is silent?[2J\n"]);
});

test("no daemon is exit code 4 with what to do, whether the socket is missing or dead", async () => {
  const dir = temporaryCliDir();
  const missing = await ccnCli(["status", "--run-dir", dir]);
  expect(missing.code).toBe(4);
  expect(missing.err).toContain(`no daemon at ${dir}/api.sock: ENOENT; start it with`);
  expect((await ccnCli(["events", "-f", "--run-dir", dir])).code).toBe(4);
  writeFileSync(join(dir, "api.sock"), "");
  const dead = await ccnCli(["status", "--run-dir", dir]);
  expect(dead.code).toBe(4);
  expect(dead.err).toContain("does not answer");
});

test("no answer in time is exit code 6: state unknown", async () => {
  const { board, dir } = await servingBoard();
  const never = Promise.withResolvers<{ ok: true; value: [] }>();
  board.where = async () => await never.promise;
  const ran = await ccnCli(["where", "7", "--timeout", "0.05", "--run-dir", dir]);
  expect(ran.code).toBe(6);
  expect(ran.err).toContain("within 0.05 s; state unknown");
  never.resolve({ ok: true, value: [] });
});

const isRoot = process.getuid?.() === 0;
if (isRoot) console.log("skipped: exit code 5 for a closed socket; root may open every socket");
test.skipIf(isRoot)("a socket of somebody else is exit code 5", async () => {
  const { dir } = await servingBoard();
  chmodSync(join(dir, "api.sock"), 0);
  const ran = await ccnCli(["status", "--run-dir", dir]);
  expect(ran.code).toBe(5);
  expect(ran.err).toContain("not permitted");
});

test("what the daemon refuses keeps its meaning as exit code; nonsense is refused", async () => {
  const dir = temporaryCliDir();
  let status = 504;
  let body = "<html>";
  const server = Bun.serve({
    unix: join(dir, "api.sock"),
    fetch: () => new Response(body, { status }),
  });
  onCliCleanUp(() => server.stop(true));
  const codes: number[] = [];
  for (status of [504, 503, 404, 403, 400]) {
    codes.push((await ccnCli(["status", "--run-dir", dir])).code);
  }
  expect(codes).toEqual([6, 1, 3, 5, 2]);
  status = 200;
  for (body of [
    "<html>",
    "{}",
    '{"v":2}',
    JSON.stringify({ ...statusFixture(undefined), board: 1 }),
  ]) {
    const ran = await ccnCli(["status", "--run-dir", dir]);
    expect(ran.code).toBe(1);
    expect(ran.err).toContain("is not what this version expects (at ");
  }
});

test("config check says good or prints every mistake with exit code 7", async () => {
  const good = await ccnCli(["config", "check", "boards/demo.yaml"]);
  expect([good.code, good.err]).toEqual([0, ""]);
  expect(good.out).toBe("boards/demo.yaml: good: chassis demo, version 1, 7 boards, 2 switches\n");
  const file = join(temporaryCliDir(), "chassis.yaml");
  writeFileSync(file, "chassis: demo\nversion: zero\nslotz: {}\n");
  const bad = await ccnCli(["config", "check", file]);
  expect(bad.code).toBe(7);
  expect(bad.out).toContain(`${file}:2:`);
  expect(bad.err).toContain("mistakes; nothing was changed");
  const json = await ccnCli(["config", "check", file, "--json"]);
  expect(json.code).toBe(7);
  expect(JSON.parse(json.out)).toMatchObject({ v: 1, file, ok: false });
  expect((await ccnCli(["config", "check", `${file}.no`])).code).toBe(3);
});

test("config check tells what every one or two faults would do, and refuses a bad end", async () => {
  const good = await ccnCli(["config", "check", "boards/examples/two-controllers.yaml"]);
  expect([good.code, good.err]).toEqual([0, ""]);
  expect(good.out).toContain("\nslot 1 dies                            2\n");
  expect(good.out).toContain("two faults: 44 of 56 orders leave every group served");
  const file = "boards/examples/refused.yaml";
  const bad = await ccnCli(["config", "check", file]);
  expect(bad.code).toBe(7);
  expect(bad.out).toContain(
    `${file}: refused: group files: nobody serves it after slot 1 dies, although slot 2 could`,
  );
  expect(bad.out).not.toContain(": good: ");
  expect(bad.err).toContain("has one mistake; nothing was changed");
  const json = await ccnCli(["config", "check", file, "--json"]);
  expect(json.code).toBe(7);
  const document: unknown = JSON.parse(json.out);
  expect(document).toMatchObject({
    v: 1,
    ok: false,
    errors: [],
    problems: [{ faults: "slot 1 dies", group: "files", kind: "needless-none" }],
    pairsLeftOut: 0,
  });
  expect(document).toHaveProperty("endStates.2", {
    faults: "slot 1 dies",
    groups: [expect.objectContaining({ group: "files", active: [] })],
  });
});

test("config check --what-if tells the story of given faults", async () => {
  const file = "boards/examples/two-controllers.yaml";
  const ran = await ccnCli(["config", "check", file, "--what-if", "slot 1 dies, then ccn dies"]);
  expect([ran.code, ran.err]).toEqual([0, ""]);
  expect(ran.out.split("\n").slice(3)).toEqual([
    "slot 1 dies",
    "  take-over web, slot 2: model 2N: slot 1 is down, so group web goes to slot 2",
    "  alarm no-standby:web: group web has 0 of 1 standbys",
    "ccn dies",
    "  nothing is ordered",
    "in the end",
    "  web: active on 2; nobody stands by",
    "",
  ]);
  const json = await ccnCli(["config", "check", file, "--json", "--what-if", "slot 1 dies"]);
  expect(JSON.parse(json.out)).toMatchObject({ v: 1, groups: [{ group: "web", active: [2] }] });
  const wrong = await ccnCli(["config", "check", file, "--what-if", "slot 9 dies"]);
  expect([wrong.code, wrong.out]).toEqual([2, ""]);
  expect(wrong.err).toContain('"slot 9 dies" is no fault of this chassis');
});

test("explain says what an event means; an unknown one is exit code 3 with a hint", async () => {
  const known = await ccnCli(["explain", "path-down"]);
  expect(known).toEqual({
    code: 0,
    out: "path-down\n  A path fell silent.\n  do: Look at its cable.\n",
    err: "",
  });
  const unknown = await ccnCli(["explain", "path-dwon"]);
  expect(unknown.code).toBe(3);
  expect(unknown.err).toContain("did you mean path-down?");
  expect((await ccnCli(["explain", "toString"])).code).toBe(3);
  expect((await ccnCli(["explain"])).out).toContain("path-down  A path fell silent.");
  expect(JSON.parse((await ccnCli(["explain", "path-down", "--json"])).out)).toMatchObject({
    v: 1,
  });
});

test("run hands the daemon its options with every default, and returns its exit code", async () => {
  const orders: RunOptions[] = [];
  const run = async (options: RunOptions): Promise<number> => {
    orders.push(options);
    return await Promise.resolve(5);
  };
  expect(await cliOf(["run"], captureTerminal(), "ccn", run)).toBe(5);
  const argv = "run --device-a a0 --device-b b0 --run-dir /r --state-dir /s --log-level warn";
  expect(
    await cliOf([...argv.split(" "), "--no-realtime"], captureTerminal(), "io-card", run),
  ).toBe(5);
  expect(orders).toEqual([
    {
      config: "/etc/softset/chassis.yaml",
      devices: { A: "eth-a", B: "eth-b" },
      runDir: "/run/softset",
      stateDir: "/var/lib/softset",
      logLevel: "info",
      realtime: true,
    },
    {
      config: undefined,
      devices: { A: "a0", B: "b0" },
      runDir: "/r",
      stateDir: "/s",
      logLevel: "warn",
      realtime: false,
    },
  ]);
  for (const wrong of ["--log-level=loud", "--device-a=eth-b", "--device-a=a/b", "--config="]) {
    expect(await cliOf(["run", wrong], captureTerminal(), "ccn", run)).toBe(2);
  }
  expect(orders).toHaveLength(2);
});

test("run --dry-run checks and says what would run, without running", async () => {
  const run = async (): Promise<number> => await Promise.reject(new Error("ran"));
  const captured = captureTerminal();
  const argv = ["run", "--dry-run", "--config", "boards/demo.yaml"];
  expect(await cliOf(argv, captured, "ccn", run)).toBe(0);
  expect(captured.out).toContain("would run ccn with chassis demo, version 1");
  const harmful = captureTerminal();
  const refused = ["run", "--dry-run", "--config", "boards/examples/refused.yaml"];
  expect(await cliOf(refused, harmful, "ccn", run)).toBe(7);
  expect(harmful.err).toContain("nobody serves it after slot 1 dies");
  const missing = ["run", "--dry-run", "--config", "/nonexistent/chassis.yaml"];
  expect(await cliOf(missing, captureTerminal(), "ccn", run)).toBe(7);
});

test("whatever is thrown ends as exit code 70, never as a rejection", async () => {
  const captured = captureTerminal();
  const run = async (): Promise<number> => await Promise.reject(new Error("a bug"));
  expect(await cliOf(["run"], captured, "ccn", run)).toBe(70);
  expect(captured.err).toContain("our own mistake");
  expect(captured.err).toContain("a bug");
});

test("a long answer goes through a pipe whole, and a reader that leaves early is no mistake", async () => {
  const { board, dir } = await servingBoard();
  board.status = statusFixture(healthyMap(63));
  const program = `
    import { runCli } from ${JSON.stringify(join(import.meta.dir, "index.ts"))};
    const argv = process.argv.slice(1);
    process.exit(await runCli({ role: "ccn", version: "0.1.0", argv, run: async () => 0 }));`;
  const argv = ["status", "--json", "--run-dir", dir];
  const command = [process.execPath, "-e", program, ...argv];
  const whole = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
  const text = await new Response(whole.stdout).text();
  expect(await new Response(whole.stderr).text()).toBe("");
  expect(await whole.exited).toBe(0);
  expect(text.length).toBeGreaterThan(500_000);
  expect(JSON.parse(text)).toMatchObject({ v: 1 });
  const left = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
  await left.stdout.cancel();
  await left.exited;
  expect(await new Response(left.stderr).text()).toBe("");
});

test("the promise of a lookup that comes after its question is dropped quietly", async () => {
  const { board, dir } = await servingBoard();
  const late = Promise.withResolvers<void>();
  board.where = async () => {
    await late.promise;
    return ok([]);
  };
  expect((await ccnCli(["where", "7", "--timeout", "0.02", "--run-dir", dir])).code).toBe(6);
  late.resolve();
  expect((await ccnCli(["status", "--run-dir", dir])).code).toBe(0);
});
