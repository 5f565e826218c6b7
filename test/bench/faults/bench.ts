// Bench `faults`: so many random real faults one after the other, with a client that writes numbered
// requests all the time. Then the audit: nothing acknowledged is missing in the boards' logs, no two
// boards answered in overlapping time, and every fault was named. SEED=N repeats a sequence.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prng } from "../../../src/base/index.ts";
import { monoNowUs } from "../../../src/kernel/index.ts";
import type { Lab } from "../../../src/lab/index.ts";
import { apiSocket } from "../../../src/lab/story/observer.ts";
import { askStatus } from "../../../src/manage/index.ts";
import type { Bench, BenchContext, BenchRow } from "../bench.ts";
import { audit } from "../failover/audit.ts";
import { type Meter, meterCommand, startMeter } from "../failover/meter-process.ts";
import { decodeLog, type LogLine } from "../failover/protocol.ts";
import { longestGapMs } from "../failover/record.ts";
import { outsideOf, type Pair, publicAddress, servicePort, waitUntil } from "../failover/side.ts";
import { openPair } from "../failover/softset.ts";
import { type DrawnFault, drawFault, type Verdict } from "./faults.ts";

/** The bench in the table of main.ts. */
export const faultsBench: Bench = {
  question: "After many random faults: is anything lost, were two boards active, was each named?",
  cases: ["random"],
  notes: [
    "one fault a round; the value is the longest time that a TCP client was without an answer, ms",
    "flap damping is off, for it would hide which fault is which",
    "holdMaxMs is 3000: after `ccn killed, then` a controller the standby is bound (H7) and waits for the dead board's next life, which its slot holds back so long",
    "it ends with an error if anything acknowledged is lost, two boards overlap, or a fault was not named",
  ],
  run,
};

/** A fault is named within this, ms. */
const verdictMs = 2_000;
/** The client is served again, and the pair whole, within this, ms. */
const servedMs = 60_000;

async function run(context: BenchContext): Promise<BenchRow[]> {
  const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
  const folder = mkdtempSync(join(tmpdir(), "softset-faults-"));
  context.onStop(() => rmSync(folder, { recursive: true, force: true }));
  const beganMs = performance.now();
  const pair = await openPair(context, folder, "restart", true);
  await pair.settle();
  const { client } = outsideOf(pair);
  const target = { kind: "tcp", address: publicAddress, port: servicePort, fifo: true } as const;
  const meter = startMeter(client.enter(meterCommand(target)));
  const rng = prng(seed);
  const unnamed: string[] = [];
  const gapsUs: { readonly fromUs: number; readonly toUs: number }[] = [];
  for (let round = 1; round <= context.rounds; round++) {
    const fault = drawFault(rng);
    const fromUs = monoNowUs();
    const said = await once(pair, meter, fault);
    gapsUs.push({ fromUs, toUs: monoNowUs() });
    if (said !== undefined) unnamed.push(`${round}: ${fault.text}: ${said}`);
    const took = `${((monoNowUs() - fromUs) / 1000).toFixed(0)} ms`;
    const words = said === undefined ? "" : ` - ${said}`;
    context.say(`fault ${round}/${context.rounds} seed ${seed}: ${fault.text}, ${took}${words}`);
  }
  const report = await meter.stop();
  const logs = new Map<string, LogLine[]>();
  for (const board of ["c1", "c2"]) {
    logs.set(board, decodeLog(readFileSync(join(folder, `log-${board}`))));
  }
  const findings = audit([report], logs);
  await pair.close();
  const seconds = ((performance.now() - beganMs) / 1000).toFixed(0);
  const { acknowledged, missingCount, overlaps, lives } = findings;
  context.say(
    `seed ${seed}, ${context.rounds} faults in ${seconds} s: ${acknowledged} acknowledged requests, ` +
      `${missingCount} lost, ${overlaps.length} overlaps, ${unnamed.length} faults not named, ` +
      `${lives} lives of the service, ${report.turns.length} turns`,
  );
  const wrong = [
    ...overlaps,
    ...unnamed,
    ...findings.missing.map(({ number }) => `lost ${number}`),
  ];
  if (wrong.length > 0) throw new Error(`seed ${seed}: ${wrong.slice(0, 20).join("; ")}`);
  const ours = gapsUs.map(({ fromUs, toUs }) =>
    longestGapMs(
      report.gaps.filter((gap) => gap.fromUs < toUs),
      fromUs,
    ),
  );
  return [{ case: "random", unit: "ms", ours, peers: [] }];
}

/** One fault until the pair is whole again; what was wrong with its verdict. */
async function once(pair: Pair, meter: Meter, fault: DrawnFault): Promise<string | undefined> {
  const { lab } = pair;
  await fault.make(lab);
  const named =
    fault.verdict === undefined ? undefined : await nameOf(lab, fault.asked, fault.verdict);
  await Bun.sleep(fault.lastsMs);
  await fault.mend(lab);
  await pair.settle();
  await untilCalm(lab);
  const endMs = performance.now() + servedMs;
  for (;;) {
    const { nowUs, lastAnswerUs = 0 } = await meter.status();
    if (nowUs - lastAnswerUs < 20_000) return named;
    if (performance.now() > endMs) return "the client was not served again";
    await Bun.sleep(20);
  }
}

/** Waits until nobody names a fault any more: the next one must be told from this one. */
async function untilCalm(lab: Lab): Promise<void> {
  await waitUntil(async () => {
    for (const board of ["ccn", "c1", "c2"]) {
      const pid = lab.status().slots.find(({ name }) => name === board)?.board?.pid;
      const status = pid === undefined ? undefined : await askStatus(apiSocket(pid), 500);
      if (status?.ok !== true) return `${board} does not answer`;
      const said = status.value.map?.faults[0]?.text;
      if (said !== undefined) return `${board} says: ${said}`;
    }
    return undefined;
  }, servedMs);
}

/** Waits for the verdict; what the board said instead. */
async function nameOf(lab: Lab, board: string, verdict: Verdict): Promise<string | undefined> {
  const endMs = performance.now() + verdictMs;
  let said = "nothing";
  while (performance.now() < endMs) {
    const pid = lab.status().slots.find(({ name }) => name === board)?.board?.pid;
    const status = pid === undefined ? undefined : await askStatus(apiSocket(pid), 500);
    const faults = status?.ok === true ? (status.value.map?.faults ?? []) : [];
    said = faults.map(({ text }) => text).join(", ") || "nothing";
    if (faults.some(({ fault }) => fits({ ...fault }, verdict))) return undefined;
    await Bun.sleep(10);
  }
  return `${board} said: ${said}`;
}

function fits(fault: Readonly<Record<string, unknown>>, verdict: Verdict): boolean {
  return Object.entries(verdict).every(([key, value]) => fault[key] === value);
}
