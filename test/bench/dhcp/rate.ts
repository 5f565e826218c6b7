// Four-way exchanges a second by perfdhcp, which plays a relay (giaddr = itself, RFC 2131 §4.1).
// Its MACs are those of the client boards, one after the other (-R and -b): with MACs drawn at
// random (-M) one MAC comes twice within a millisecond now and then, which no board does, and ours
// answers only the newest of two DISCOVERs of one board that are in flight.

import { ipv4FromU32, slotId } from "../../../src/base/index.ts";
import { addAddress, findLink, inNetns, openNetlink } from "../../../src/kernel/index.ts";
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
};

/** 10.1.255.1 */
const relayAddress = ipv4FromU32(0x0a01ff01);
/** Until perfdhcp gives up on answers after it has stopped sending, us. */
const exitWaitUs = 300_000;

/** Gives the relay its address and starts the stand-in for the switch's agent. */
export async function prepareRate({ lab, clients }: Site): Promise<{ close: () => void }> {
  const { switchName, prefix } = lab.chassis.networks.A;
  const relay = taken(lab.netnsOf(`${slotId(relaySlot)}`));
  const added = inNetns(relay, () => {
    const netlink = openNetlink();
    if (!netlink.ok) return netlink;
    const link = findLink(netlink.value, deviceOf.A);
    const done = link.ok
      ? addAddress(netlink.value, { index: link.value.index, address: relayAddress, prefix })
      : link;
    netlink.value.close();
    return done;
  });
  if (!added.ok) throw new Error(`cannot give the relay its address: ${added.error.code}`);
  const theSwitch = lab.chassis.switches.find(({ name }) => name === switchName);
  if (theSwitch === undefined) throw new Error(`the chassis has no switch ${switchName}`);
  return startStandIn({
    netns: taken(lab.netnsOf(switchName)),
    address: theSwitch.address,
    port: standInPort,
    learnt: clients.map(({ A }, i) => ({ mac: A.mac, port: i + 1 })),
  });
}

/** Offers `rate` exchanges/s for `seconds`. */
export async function offer(
  { lab, clients }: Site,
  rate: number,
  seconds: number,
): Promise<PerfResult> {
  for (const { A } of clients) A.beSeen();
  const load = ["-r", `${rate}`, "-p", `${seconds}`, "-W", `${exitWaitUs}`];
  const who = ["-R", `${clientSlots}`, "-b", `mac=${clients[0]?.A.mac ?? ""}`];
  const words = ["perfdhcp", "-4", "-l", relayAddress, ...load, ...who, lab.chassis.networks.A.ccn];
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
