// Four-way exchanges a second by perfdhcp, which plays a relay (giaddr = itself, RFC 2131 §4.1): one
// on each network, half of the load each. Its MACs are those of the client boards, one after the
// other (-R and -b): with MACs drawn at random (-M) one MAC comes twice within a millisecond now and
// then, which no board does, and ours answers only the newest of two DISCOVERs in flight.

import { ipv4FromU32, type NetworkId, networkIds } from "../../../src/base/index.ts";
import {
  addAddress,
  findLink,
  inNetns,
  monoNowUs,
  openNetlink,
  sysErrorText,
} from "../../../src/kernel/index.ts";
import { deviceOf } from "../../../src/lab/index.ts";
import { clientSlots, relaySlot, standInPort } from "./chassis-file.ts";
import { type Site, taken } from "./site.ts";
import { startStandIn } from "./snmp-stand-in.ts";

/** What one run of perfdhcp saw. */
export type PerfResult = {
  /** Exchanges begun a second: less than ordered if the generator's core is too slow. */
  readonly begun: number;
  /** Exchanges completed a second of the sending period (perfdhcp's own Rate divides by more). */
  readonly completed: number;
  /** From its start to its end. */
  readonly tookMs: number;
};

/** 10.1.255.1 and 20.1.255.1. */
const relayAddresses = { A: ipv4FromU32(0x0a01ff01), B: ipv4FromU32(0x1401ff01) } as const;
/** Until perfdhcp gives up on answers after it has stopped sending, us. */
const exitWaitUs = 300_000;

/** Gives the relay its addresses and starts the stand-ins for the switches' agents. */
export async function prepareRate(site: Site): Promise<void> {
  for (const network of networkIds) await prepareNetwork(site, network);
}

async function prepareNetwork({ lab, clients }: Site, network: NetworkId): Promise<void> {
  const { switchName, prefix } = lab.chassis.networks[network];
  const address = relayAddresses[network];
  const added = inNetns(taken(lab.netnsOf(`${relaySlot}`)), () => {
    const netlink = openNetlink();
    if (!netlink.ok) return netlink;
    const link = findLink(netlink.value, deviceOf[network]);
    const done = link.ok
      ? addAddress(netlink.value, { index: link.value.index, address, prefix })
      : link;
    netlink.value.close();
    return done;
  });
  if (!added.ok) throw new Error(`cannot give the relay its address: ${sysErrorText(added.error)}`);
  const theSwitch = lab.chassis.switches.find(({ name }) => name === switchName);
  if (theSwitch === undefined) throw new Error(`the chassis has no switch ${switchName}`);
  await startStandIn({
    netns: taken(lab.netnsOf(switchName)),
    address: theSwitch.address,
    port: standInPort,
    learnt: clients.map((pair, i) => ({ mac: pair[network].mac, port: i + 1 })),
  });
}

/** Offers `rate` exchanges/s for `seconds`, half of it on each network. */
export async function offer(site: Site, rate: number, seconds: number): Promise<PerfResult> {
  const startedUs = monoNowUs();
  const halves = await Promise.all(
    networkIds.map((network) => offerOn(site, network, { rate: rate / 2, seconds })),
  );
  return {
    begun: halves.reduce((sum, { begun }) => sum + begun, 0),
    completed: halves.reduce((sum, { completed }) => sum + completed, 0),
    tookMs: (monoNowUs() - startedUs) / 1000,
  };
}

/** CPU time that the process in the CCN's slot has used so far, us (all threads). */
export async function serverCpuUs({ lab }: Site): Promise<number> {
  const asked = await lab.exec("ccn", ["sh", "-c", "cat /proc/1/task/*/schedstat"]);
  const lines = taken(asked).stdout.trim().split("\n");
  return lines.reduce((sum, line) => sum + Number(line.split(" ")[0]), 0) / 1000;
}

async function offerOn(
  { lab, clients }: Site,
  network: NetworkId,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<Omit<PerfResult, "tookMs">> {
  for (const pair of clients) pair[network].beSeen();
  const load = ["-r", `${Math.round(rate)}`, "-p", `${seconds}`, "-W", `${exitWaitUs}`];
  const who = ["-R", `${clientSlots}`, "-b", `mac=${clients[0]?.[network].mac ?? ""}`];
  const { ccn } = lab.chassis.networks[network];
  const words = ["perfdhcp", "-4", "-l", relayAddresses[network], ...load, ...who, ccn];
  const argv = taken(lab.enter(`${relaySlot}`, words));
  const child = Bun.spawn(argv, { stdout: "pipe", stderr: "pipe" });
  const [text, problems] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const [discovers] = counts(text, "sent packets");
  const [, acks] = counts(text, "received packets");
  if (discovers === undefined || acks === undefined) {
    throw new Error(`perfdhcp said nothing of use: ${problems}${text}`);
  }
  return { begun: discovers / seconds, completed: acks / seconds };
}

/** The figures of both halves of the exchange, DISCOVER-OFFER first. */
function counts(text: string, what: string): number[] {
  return [...text.matchAll(new RegExp(`^${what}: (\\d+)`, "gm"))].map((match) => Number(match[1]));
}
