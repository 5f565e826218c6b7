import { afterEach, expect, test } from "bun:test";
import fc from "fast-check";
import { join } from "node:path";
import { type RanCli, ccnCli, cleanUpCli, servingBoard } from "./cli-fixtures.ts";
import {
  isAlarmsDocument,
  isGroupsDocument,
  isServicesDocument,
  isSlotsDocument,
  isWhyDocument,
} from "./core/failover-documents.ts";
import { parseOrderBody } from "./core/orders.ts";
import { type FakeFailover, fakeFailover } from "./failover-fixtures.ts";
import { fakeCcn, withBoard, healthyMap } from "./fixtures.ts";

afterEach(cleanUpCli);

type Running = { readonly fake: FakeFailover; readonly run: typeof runAt; readonly dir: string };
const runAt = async (line: string, answer?: string): Promise<RanCli> =>
  await ccnCli(line.split(" "), "ccn", answer);

async function running(change: Parameters<typeof fakeFailover>[0] = {}): Promise<Running> {
  const fake = fakeFailover(change);
  const { dir } = await servingBoard(fake.board);
  const run = async (line: string, answer?: string): Promise<RanCli> =>
    await runAt(`${line} --run-dir ${dir}`, answer);
  return { fake, run, dir };
}

test("status shows each group in a line and how many alarms stand", async () => {
  const { run } = await running();
  const { out } = await run("status");
  expect(out).toContain("\nweb  active slot 1, standby slot 2 in sync\n");
  expect(out).toContain("\nALARMS     1 major\n");
});

test("every reading command speaks text and JSON of its document", async () => {
  const { run } = await running();
  const cases = [
    ["groups", "epoch 2; model 2N: slot 1 comes first", isGroupsDocument],
    ["services", "httpd on slot 1: ready; last time it exited with code 3", isServicesDocument],
    ["slots", "in service", isSlotsDocument],
    ["alarms", "slot 7: deaf on B, for 42 s", isAlarmsDocument],
    ["why", "slot 2 silent: A seq 88231", isWhyDocument],
    ["why --list", "49.1 ms", isWhyDocument],
  ] as const;
  for (const [command, says, guard] of cases) {
    const text = await run(command);
    expect([command, text.code, text.err]).toEqual([command, 0, ""]);
    expect(text.out).toContain(says);
    expect(guard(JSON.parse((await run(`${command} --json`)).out), [])).toBe(true);
  }
  expect((await run("slot 1")).out).toContain("power on, health good, reset -");
  expect((await run("slot 9")).code).toBe(3);
  expect((await run("what-if slot 1 dies")).out).toBe("slot 1 dies\n  nothing is ordered\n");
});

test("why has cause, rule and microseconds; an unknown number is exit code 3", async () => {
  const { run } = await running();
  const { out } = await run("why 1");
  expect(out).toContain("cause  slot 2 silent");
  expect(out).toContain("rule   model 2N: slot 1 is next");
  expect(out).toMatch(/36 905 +695 +- {2}slot 1 {2}asked +2 of 3 voters/);
  expect((await run("why 9")).code).toBe(3);
  expect((await run("why x")).code).toBe(2);
  expect((await run("why 1 --list")).code).toBe(2);
});

test("an order says its effect, is confirmed by its word, and is given with who gave it", async () => {
  const { run, fake } = await running();
  const done = await run("slot 1 reset", "1");
  expect([done.code, done.out]).toEqual([0, "it was done\n"]);
  expect(done.err).toContain("it is active for web; that would move to slot 2");
  expect(fake.orders).toEqual([{ verb: "slot", slot: 1, action: "reset", by: "ops" } as never]);
  for (const answer of ["yes", ""]) expect((await run("slot 1 reset", answer)).code).toBe(1);
  expect((await run("slot 1 reset")).code).toBe(2);
  expect((await run("slot 1 reset --dry-run")).out).toContain("would:");
  expect(fake.orders).toHaveLength(1);
  expect((await run("slot 1 reset --yes")).code).toBe(0);
  expect(fake.orders).toHaveLength(2);
});

test("each verb becomes its order", async () => {
  const { run, fake } = await running({});
  for (const line of [
    "service httpd move 2",
    "service httpd stop 1",
    "service httpd start",
    "maintenance on",
    "group web admit --blank --reason new",
  ]) {
    expect([line, (await run(`${line} --yes`)).code]).toEqual([line, 0]);
  }
  expect(fake.orders.map(({ verb }) => verb)).toEqual([
    "service-move",
    "service-stop",
    "service-start",
    "maintenance",
    "admit-blank",
  ]);
});

test("what does not exist, does not fit or is not done has its exit code", async () => {
  const { run, fake } = await running();
  expect((await run("service httpx move 2 --yes")).code).toBe(3);
  expect((await run("service httpd move 1 --yes")).code).toBe(1);
  expect((await run("service httpd dance --yes")).code).toBe(2);
  expect((await run("group web promote --reason x --yes")).code).toBe(2);
  expect((await run("group web promote --accept-loss --yes")).code).toBe(2);
  // The ccn holds no group; slot 1 is heard.
  expect((await run("group web promote --accept-loss --reason x --yes")).code).toBe(3);
  expect((await run("slot 1 attest-removed --reason x --yes")).code).toBe(1);
  expect(fake.orders).toEqual([]);
  fake.answer = async () => await Promise.resolve({ done: false, text: "being fenced" });
  const refused = await run("maintenance on --yes");
  expect([refused.code, refused.err]).toEqual([1, "ccn: not done: being fenced\n"]);
  const never = Promise.withResolvers<{ done: boolean; text: string }>();
  fake.answer = async () => await never.promise;
  expect((await run("maintenance on --yes --timeout 0.1")).code).toBe(6);
  never.resolve({ done: true, text: "" });
});

test("a removed board can be attested, with its number typed", async () => {
  const { run, fake } = await running();
  const map = withBoard(healthyMap(), 1, { state: "down" });
  Object.assign(fake.board.facts, { map: () => map });
  expect((await run("slot 1 attest-removed --reason burnt", "1")).code).toBe(0);
  expect(fake.orders).toMatchObject([{ verb: "attest-removed", reason: "burnt" }]);
});

test("an alarm is acknowledged in the book and shown so", async () => {
  const { run, fake } = await running();
  expect((await run("alarm 1 ack -m ordered")).out).toBe("alarm 1 is acknowledged\n");
  expect((await run("alarms")).out).toContain("seen by ops: ordered");
  expect((await run("status")).out).toContain("one alarm acknowledged");
  expect((await run("alarm 2 ack -m x")).code).toBe(3);
  expect((await run("alarm 1 ack")).code).toBe(2);
  expect(fake.orders).toEqual([]);
});

test("a board without slots names the ccn's address; one without fail-over says so", async () => {
  const { run } = await running({ slots: undefined });
  const refused = await run("slots");
  expect(refused.code).toBe(3);
  expect(refused.err).toContain("ask it at 10.1.0.1 or 20.1.0.1");
  expect((await run("slot 1 off --yes")).err).toContain("only the ccn acts on slots");
  const { dir } = await servingBoard(fakeCcn());
  expect((await runAt(`groups --run-dir ${dir}`)).code).toBe(3);
});

test("no body is more than refused: wrong method, size, shape, names", async () => {
  const { fake, dir } = await running();
  const post = async (body: string, method = "POST"): Promise<number> => {
    const unix = join(dir, "api.sock");
    const init = method === "GET" ? {} : { body };
    return (await fetch("http://x/api/v1/orders", { method, unix, ...init })).status;
  };
  expect(await post("", "GET")).toBe(405);
  expect(await post("x".repeat(5000))).toBe(413);
  const bodies = [
    "",
    "[]",
    '{"verb":"slot","slot":1,"action":"explode","by":"x"}',
    '{"verb":"slot","slot":0,"action":"off","by":"x"}',
    '{"verb":"slot","slot":1,"action":"off","by":"x","dryrun":true}',
    '{"verb":"slot","slot":1,"action":"off"}',
    '{"verb":"promote","group":"web","reason":" ","by":"x"}',
    '{"verb":"toString","by":"x"}',
  ];
  for (const body of bodies) expect([body, await post(body)]).toEqual([body, 400]);
  expect(fake.orders).toEqual([]);
});

test("no text makes the reader of orders throw", () => {
  const verb = fc.constantFrom("slot", "promote", "service-move", "alarm-ack", "maintenance", "x");
  const key = fc.constantFrom("slot", "to", "by", "group", "reason", "on", "alarm", "dryRun", "z");
  const body = fc
    .tuple(verb, fc.dictionary(key, fc.jsonValue()))
    .map(([word, rest]) => JSON.stringify({ ...rest, verb: word }));
  fc.assert(
    fc.property(fc.oneof(body, fc.string({ unit: "binary" })), (text) => {
      const read = parseOrderBody(text);
      if (!read.ok) expect(read.error).not.toBe("");
    }),
  );
});
