// The lookup over real UDP against agents that behave in every bad way.

import { afterEach, expect, test } from "bun:test";
import { createLog, type Mac, parseMac, slotId } from "../../base/index.ts";
import type { SnmpAccess, Switch } from "../../config/index.ts";
import { monoNowUs } from "../../kernel/index.ts";
import {
  agentOps,
  type AgentManner,
  agentRows,
  type DumpAgent,
  startDumpAgent,
} from "../../../test/fixtures/snmp-dump-agent.ts";
import { basePortColumn, ifNameColumn, macIndex, qPortColumn } from "./mibs.ts";
import { createSwitchLookup } from "./shell.ts";
import type { SwitchLookup } from "./types.ts";

const mac = (n: number): Mac => {
  const parsed = parseMac(`52:54:00:00:00:${n.toString(16).padStart(2, "0")}`);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};
const numbers = Array.from({ length: 22 }, (_, i) => i + 1);
const goodRows = agentRows([
  ...numbers.map((n) => [`${basePortColumn}.${n}`, n] as const),
  ...numbers.map((n) => [`${qPortColumn}.1.${macIndex(mac(n))}`, n] as const),
  ...numbers.map((n) => [`${ifNameColumn}.${n}`, `ge-0/0/${n}`] as const),
]);

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function agentWith(differs: Partial<AgentManner> = {}): Promise<DumpAgent> {
  const agent = await startDumpAgent(goodRows, differs);
  open.push(agent);
  return agent;
}

function lookupOf(
  agent: { address: DumpAgent["address"]; port: number },
  snmp: SnmpAccess = { version: 2, community: "public" },
): SwitchLookup {
  const target: Switch = {
    name: "sw-a",
    network: "A",
    address: agent.address,
    port: agent.port,
    snmp,
    ports: [],
    uplinks: [],
    ccnPort: undefined,
    trustOption82From: [],
    slotOfPort: new Map(numbers.map((n) => [`ge-0/0/${n}`, slotId(n)])),
  };
  const sink = (): void => undefined;
  const log = createLog({ board: "ccn", module: "lookup", level: "warn", sink, now: () => "" });
  const lookup = createSwitchLookup({
    switch: target,
    sourceAddress: agent.address,
    now: monoNowUs,
    log,
  });
  open.push(lookup);
  return lookup;
}

const found = (n: number) => ({ type: "found", port: `ge-0/0/${n}`, slot: slotId(n) }) as const;

for (const version of [1, 2] as const) {
  test(`SNMP version ${version}: 22 boards at once are found with a handful of packets`, async () => {
    const agent = await agentWith();
    const lookup = lookupOf(agent, { version, community: "public" });
    await lookup.table();
    const before = agent.requests.length;
    const outcomes = await Promise.all(numbers.map((n) => lookup.lookup(mac(n))));
    expect(outcomes).toEqual(numbers.map(found));
    expect(agent.requests.length - before).toBeLessThanOrEqual(4);
    expect(agent.requests.at(-1)?.op).toBe(version === 1 ? agentOps.next : agentOps.get);
  });
}

test("a board that moved is found at its new port by the very next lookup", async () => {
  const agent = await agentWith();
  const lookup = lookupOf(agent);
  expect(await lookup.lookup(mac(3))).toEqual(found(3));
  const place = `${qPortColumn}.1.${macIndex(mac(3))}`;
  agent.manner.rows = [...goodRows.filter(({ oid }) => oid !== place), ...agentRows([[place, 9]])];
  expect(await lookup.lookup(mac(3))).toEqual(found(9));
});

test("a switch that needs 900 ms answers within the deadline, a whole storm at once", async () => {
  const agent = await agentWith();
  const lookup = lookupOf(agent);
  await lookup.table();
  agent.manner.delayMs = 900;
  const startUs = monoNowUs();
  const outcomes = await Promise.all(numbers.map((n) => lookup.lookup(mac(n))));
  expect(outcomes).toEqual(numbers.map(found));
  expect(monoNowUs() - startUs).toBeLessThan(1_500_000);
});

test("a silent switch harms only its own requests", async () => {
  const silent = lookupOf(await agentWith({ isSilent: true }));
  const good = lookupOf(await agentWith());
  const lost = silent.lookup(mac(1));
  const startUs = monoNowUs();
  expect(await good.lookup(mac(1))).toEqual(found(1));
  expect(monoNowUs() - startUs).toBeLessThan(500_000);
  expect(await lost).toMatchObject({ type: "no-answer" });
});

test("a dead port (ICMP unreachable) is silence, not an exception", async () => {
  const agent = await startDumpAgent(goodRows);
  agent.close();
  const lookup = lookupOf(agent);
  expect(await lookup.lookup(mac(1))).toMatchObject({ type: "no-answer" });
});

test("a table in circles ends, what was read is used, what is missing gets no answer", async () => {
  const lookup = lookupOf(await agentWith({ circlesUnder: qPortColumn }));
  expect(await lookup.lookup(mac(5))).toEqual(found(5));
  const missing = await lookup.lookup(mac(99));
  expect(missing).toMatchObject({ type: "no-answer" });
  expect(missing.type === "no-answer" ? missing.reason : "").toContain("circles");
});

test("an endless table ends each lookup at its deadline", async () => {
  const lookup = lookupOf(await agentWith({ endlessUnder: qPortColumn }));
  expect(await lookup.lookup(mac(1))).toMatchObject({ type: "no-answer" });
});

test("garbage instead of answers is survived, and named in the status", async () => {
  const seed = 7;
  let n = seed;
  const agent = await agentWith({
    garbage: (request) => {
      n = (n * 1103515245 + 12345) % 2147483648;
      const out = Uint8Array.from(request);
      for (let i = 0; i < 4; i++) out[(n + i * 7) % out.length] = (n >> i) & 255;
      return n % 3 === 0 ? out.subarray(0, n % out.length) : out;
    },
  });
  const lookup = lookupOf(agent);
  expect(await lookup.lookup(mac(1))).toMatchObject({ type: "no-answer" });
  agent.manner.garbage = undefined;
  while ((await lookup.lookup(mac(1))).type !== "found") continue;
});

test("a wrong community is silence that the reason explains", async () => {
  const lookup = lookupOf(await agentWith({ community: "other" }));
  const outcome = await lookup.lookup(mac(1));
  expect(outcome.type === "no-answer" ? outcome.reason : "").toContain("did not answer");
});

test("an agent that hides rows from GET is walked", async () => {
  const lookup = lookupOf(await agentWith({ hiddenFromGet: [qPortColumn] }));
  for (const n of [1, 2, 3, 4]) expect(await lookup.lookup(mac(n))).toEqual(found(n));
  expect(lookup.status().byWalk).toBe(4);
});

test("closing ends what waits", async () => {
  const lookup = lookupOf(await agentWith({ isSilent: true }));
  const waiting = lookup.lookup(mac(1));
  lookup.close();
  expect(await waiting).toMatchObject({ type: "no-answer" });
  expect((await lookup.table()).ok).toBe(false);
});
