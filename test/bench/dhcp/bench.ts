// Bench `dhcp`: how many exchanges a second does one core serve, and how soon has a whole chassis
// its addresses after power comes? Peers have lease pools instead of switch ports.

import type { Bench, BenchContext, BenchRow, PeerSeries } from "../bench.ts";
import { clientSlots } from "./chassis-file.ts";
import { offer, prepareRate, serverCpuUs } from "./rate.ts";
import { dnsmasq, kea, type Server, type ServerParts, softset } from "./servers.ts";
import { buildSite, serverCore, type Site } from "./site.ts";
import { storm } from "./storm.ts";

/** Boards of a storm: the design's full chassis. */
const stormBoards = 21;
/** How late the switches answer, ms: at once, as most do, as the slowest known. */
const latenciesMs = [1, 50, 900];
/** Seconds perfdhcp sends in one step. */
const stepSeconds = 1;
/** Offered rates double up to here and from the first that is not met are searched in between. */
const rateMin = 2000;
const rateMax = 32_000;
const searchSteps = 3;
/** Offered while the cost of an exchange is measured, exchanges/s, and for how long, s. */
const costRate = 3000;
const costSeconds = 2;
/** Before that, s: ours needs some 15,000 exchanges until its code is compiled. */
const warmSeconds = 6;
/** A rate is met if this share of its exchanges is completed. */
const metRatio = 0.9;

const stormCase = (latencyMs: number): string => `storm-${latencyMs}ms`;

/** The bench in the table of main.ts. */
export const dhcpBench: Bench = {
  question: "How fast do boards get addresses by switch port, against servers with lease pools?",
  cases: ["rate", "cpu", ...latenciesMs.map(stormCase)],
  notes: [
    `rate: completed 4-way exchanges/s, the best of the offered rates tried in a round; perfdhcp as relay on both networks at once, ${clientSlots} MACs in turn on each; one core for the server, another for generators and SNMP agents`,
    "rate: ours asks the switch for every exchange (stand-ins that answer at once, not the lab's agents) and probes each address by ARP every 2 s; an exchange of the same MAC begun during the 80 ms of a probe is lost, 1 to 3 %; Kea and dnsmasq (--no-ping) do neither",
    `cpu: CPU time of the server's process per exchange at ${costRate} exchanges/s, kernel time included; hardly depends on what else runs on the machine`,
    "rate: one MAC gets at most 512 messages/s from ours: 30,720 exchanges/s for all is its bound here",
    `storm: first DISCOVER to last ACK of ${stormBoards} boards on both networks (${2 * stormBoards} clients), switches that have just forgotten all MACs; 80 ms of it are our ARP probe`,
    "storm: peers do not ask the switch; the same rounds of them stand in all three rows",
  ],
  run,
};

async function run(context: BenchContext): Promise<BenchRow[]> {
  const latencies = latenciesMs.filter((latencyMs) => isWanted(context, stormCase(latencyMs)));
  const rows: BenchRow[] = [];
  const on = async (slots: number, measure: (site: Site) => Promise<BenchRow[]>): Promise<void> => {
    context.say(`building a chassis with ${slots} clients`);
    const site = await buildSite(context, slots);
    rows.push(...(await measure(site)));
    await site.close();
  };
  if (isWanted(context, "rate") || isWanted(context, "cpu")) {
    await on(clientSlots, (site) => rateRows(context, site));
  }
  if (latencies.length > 0) await on(stormBoards, (site) => stormRows(context, site, latencies));
  return rows;
}

function isWanted({ only }: BenchContext, name: string): boolean {
  return only?.has(name) ?? true;
}

async function rateRows(context: BenchContext, site: Site): Promise<BenchRow[]> {
  const parts = partsOf(context, site, { relayOnly: true });
  const servers = [softset(parts), kea(parts), dnsmasq(parts, "no-ping")];
  await prepareRate(site);
  const rates = new Map<Server, number[]>(servers.map((server) => [server, []]));
  const costs = new Map<Server, number[]>(servers.map((server) => [server, []]));
  const isAnswered = async (): Promise<void> => {
    while ((await offer(site, clientSlots, stepSeconds)).completed === 0);
  };
  for (let round = 1; round <= context.rounds; round++) {
    for (const server of servers) {
      await site.serve(server, isAnswered);
      await offer(site, costRate, warmSeconds); // dropped
      const costUs = await cpuPerExchange(site);
      costs.get(server)?.push(costUs);
      const said = [`cpu ${costUs.toFixed(1)} us`];
      if (isWanted(context, "rate")) {
        const best = await bestRate(context, site, server);
        rates.get(server)?.push(best);
        said.push(`rate ${Math.round(best)} exchanges/s`);
      }
      context.say(`${round}/${context.rounds} ${server.name}: ${said.join(", ")}`);
      await site.vacate();
    }
  }
  const rows = [rowOf("rate", "exchanges/s", rates), rowOf("cpu", "us/exchange", costs)];
  return rows.filter((row) => isWanted(context, row.case));
}

/**
 * CPU time of the server per exchange at a rate that every server and the generator keep up; what it
 * uses without load (ours: heartbeats, a hundred a second) is taken off.
 */
async function cpuPerExchange(site: Site): Promise<number> {
  const atFirst = await serverCpuUs(site);
  await Bun.sleep(costSeconds * 1000);
  const idle = await serverCpuUs(site);
  const { completed, tookMs } = await offer(site, costRate, costSeconds);
  const usedUs = (await serverCpuUs(site)) - idle;
  const idleUs = ((idle - atFirst) * tookMs) / (costSeconds * 1000);
  return (usedUs - idleUs) / (completed * costSeconds);
}

/**
 * Doubles the offered rate until it is missed twice in a row (once may be the machine), then halves
 * the distance; gives the most that was completed.
 */
async function bestRate(context: BenchContext, site: Site, server: Server): Promise<number> {
  let met = rateMin;
  let missed: number | undefined;
  let best = 0;
  const isMet = async (rate: number): Promise<boolean> => {
    const { begun, completed } = await offer(site, rate, stepSeconds);
    best = Math.max(best, completed);
    if (begun < metRatio * rate) {
      context.say(`${server.name}: perfdhcp managed ${Math.round(begun)} of ${Math.round(rate)}`);
    }
    return completed >= metRatio * rate;
  };
  for (let left = searchSteps; left > 0 && met < rateMax;) {
    const rate = missed === undefined ? met * 2 : (met + missed) / 2;
    if ((await isMet(rate)) || (await isMet(rate))) met = rate;
    else missed = rate;
    if (missed !== undefined) left--;
  }
  return best;
}

async function stormRows(
  context: BenchContext,
  site: Site,
  latencies: readonly number[],
): Promise<BenchRow[]> {
  const parts = partsOf(context, site, { relayOnly: false });
  const ours = softset(parts);
  const oursByLatency = new Map<number, number[]>(latencies.map((latencyMs) => [latencyMs, []]));
  const peers = new Map<Server, number[]>(
    [kea(parts), dnsmasq(parts, "ping"), dnsmasq(parts, "no-ping")].map((server) => [server, []]),
  );
  for (let round = 1; round <= context.rounds; round++) {
    const once = async (server: Server, latencyMs: number, values: number[]): Promise<void> => {
      await site.setLatency(latencyMs);
      await site.serve(server, site.answersClients);
      const { tookMs, spanMs, resent } = await storm(site, stormBoards);
      values.push(tookMs);
      await site.vacate();
      const how = `${tookMs.toFixed(1)} ms (asked within ${spanMs.toFixed(2)} ms, ${resent} resent)`;
      const where = server === ours ? ` at ${latencyMs} ms` : "";
      context.say(`storm ${round}/${context.rounds} ${server.name}${where}: ${how}`);
    };
    for (const [latencyMs, values] of oursByLatency) await once(ours, latencyMs, values);
    for (const [server, values] of peers) await once(server, 0, values);
  }
  return [...oursByLatency].map(([latencyMs, values]) =>
    rowOf(stormCase(latencyMs), "ms", new Map([[ours, values], ...peers])),
  );
}

/** The row of a case; the first server is ours. */
function rowOf(name: string, unit: string, figures: ReadonlyMap<Server, number[]>): BenchRow {
  const [first, ...others] = figures;
  const peers = others.map(([server, values]): PeerSeries => ({
    name: server.name,
    version: server.version,
    values,
  }));
  return { case: name, unit, ours: first?.[1] ?? [], peers };
}

function partsOf(
  { fromSource }: BenchContext,
  { dir, chassisFile, standInChassisFile }: Site,
  { relayOnly }: { readonly relayOnly: boolean },
): ServerParts {
  const file = relayOnly ? standInChassisFile : chassisFile;
  return { chassisFile: file, dir, fromSource, core: serverCore, relayOnly };
}
