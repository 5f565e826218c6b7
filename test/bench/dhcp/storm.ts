// Many boards that get power at one moment: from the first DISCOVER until the last ACK.

import { networkIds } from "../../../src/base/index.ts";
import {
  inNetns,
  listLinks,
  monoNowUs,
  openNetlink,
  sysErrorText,
} from "../../../src/kernel/index.ts";
import type { Lab } from "../../../src/lab/index.ts";
import { type Site, taken } from "./site.ts";

/** What one storm was. */
export type StormResult = {
  /** First DISCOVER to last ACK. */
  readonly tookMs: number;
  /** First to last DISCOVER: how much of a storm it was. */
  readonly spanMs: number;
  /** Messages sent twice. */
  readonly resent: number;
};

/** Longest wait for the last ACK, ms: dnsmasq with its ping check needs 18 s for 21 boards. */
const stormMsMax = 120_000;

/** Lets the boards in slots 1 to `boards` ask on both networks. The switches know none of them. */
export async function storm(site: Site, boards: number): Promise<StormResult> {
  await forgetMacs(site, boards);
  const clients = site.clients.slice(0, boards).flatMap((pair) => networkIds.map((id) => pair[id]));
  for (const client of clients) client.prepare();
  const firstUs = monoNowUs();
  const asked = clients.map((client) => client.ask());
  const lastUs = monoNowUs();
  const late = Bun.sleep(stormMsMax).then(() => undefined);
  const answers = await Promise.race([Promise.all(asked), late]);
  if (answers === undefined) throw new Error(`not all boards had addresses after ${stormMsMax} ms`);
  const ackUs = Math.max(...answers.map((answer) => answer.ackUs));
  const sent = answers.reduce((sum, answer) => sum + answer.sent, 0);
  return {
    tookMs: (ackUs - firstUs) / 1000,
    spanMs: (lastUs - firstUs) / 1000,
    resent: sent - 2 * clients.length,
  };
}

/** Takes all cables of these boards out and in again, as far as the switches can tell. */
async function forgetMacs({ lab }: Site, boards: number): Promise<void> {
  for (let slot = 1; slot <= boards; slot++) taken(await lab.cut({ name: `${slot}` }));
  taken(await lab.heal());
  // The kernel tells a bridge of a link that is back up to a second later.
  while (!areForwarding(lab)) await Bun.sleep(10);
}

function areForwarding(lab: Lab): boolean {
  return lab.chassis.switches.every(({ name }) => {
    const netlink = inNetns(taken(lab.netnsOf(name)), openNetlink);
    if (!netlink.ok) throw new Error(sysErrorText(netlink.error));
    const links = listLinks(netlink.value);
    netlink.value.close();
    if (!links.ok) throw new Error(sysErrorText(links.error));
    return links.value.every(
      ({ bridgePort }) => bridgePort === undefined || bridgePort.state === "forwarding",
    );
  });
}
