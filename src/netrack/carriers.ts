// Watches the carriers of the two devices (rtnetlink link events): a lost carrier is known within
// half a millisecond, long before silence would show it.

import { type NetworkId, networkIds } from "../base/index.ts";
import {
  findLink,
  inNetns,
  type Link,
  monitorNetlink,
  openNetlink,
  sysErrorText,
} from "../kernel/index.ts";

/** What to watch and whom to tell. */
export type CarrierOptions = {
  readonly netns: number;
  readonly devices: Readonly<Record<NetworkId, string>>;
  readonly onCarrier: (network: NetworkId, up: boolean) => void;
  /** The device came up (again): sockets on it should be opened anew. */
  readonly onDeviceUp: (network: NetworkId) => void;
  readonly onTrouble: (reason: string) => void;
};

/** The running watch. */
export type CarrierWatch = {
  /**
   * Reads both devices again. For when a path fell silent: the kernel tells quickly repeated changes
   * late or, seen after down, up, down within a tenth of a second, not at all.
   */
  readonly check: () => void;
  readonly close: () => void;
};

/** Tells the present state at once, then every change, until closed. Never fails to start. */
export async function watchCarriers(options: CarrierOptions): Promise<CarrierWatch> {
  const known: Record<NetworkId, { carrier: boolean; up: boolean }> = {
    A: { carrier: true, up: true },
    B: { carrier: true, up: true },
  };
  const take = (network: NetworkId, carrier: boolean, up: boolean): void => {
    const before = known[network];
    known[network] = { carrier, up };
    if (up && !before.up) options.onDeviceUp(network);
    if (carrier !== before.carrier) options.onCarrier(network, carrier);
  };
  const onLink = (link: Link, gone: boolean): void => {
    for (const network of networkIds) {
      if (link.name === options.devices[network]) {
        take(network, link.carrier && !gone, link.up && !gone);
      }
    }
  };
  const readAll = (): void => {
    for (const network of networkIds) {
      const link = readLink(options, network);
      if (link === "missing") take(network, false, false);
      else if (link !== undefined) onLink(link, false);
    }
  };
  const watching = await inNetns(options.netns, () =>
    monitorNetlink({ links: true }, (change) => {
      if (change.type === "link") onLink(change.link, change.gone);
      if (change.type === "lost") readAll();
      if (change.type === "ended") options.onTrouble(sysErrorText(change.reason));
    }),
  );
  if (!watching.ok) options.onTrouble(sysErrorText(watching.error));
  readAll();
  const close = (): void => (watching.ok ? watching.value.close() : undefined);
  return { check: readAll, close };
}

/** An interface that is not there is no trouble of the watch: it is a lost carrier. */
function readLink(options: CarrierOptions, network: NetworkId): Link | "missing" | undefined {
  const netlink = inNetns(options.netns, openNetlink);
  if (!netlink.ok) {
    options.onTrouble(sysErrorText(netlink.error));
    return undefined;
  }
  const link = findLink(netlink.value, options.devices[network]);
  netlink.value.close();
  if (link.ok) return link.value;
  if (link.error.code === "ENODEV") return "missing";
  options.onTrouble(sysErrorText(link.error));
  return undefined;
}
