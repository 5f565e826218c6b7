// The address client of a board: one interface client a network, one document for the board.

import {
  type Ipv4,
  type Log,
  type MonoUs,
  type NetworkId,
  networkIds,
  ok,
  prng,
  type Result,
} from "../base/index.ts";
import type { BoardDocument } from "../config/index.ts";
import {
  findLink,
  type Link,
  monitorNetlink,
  type Netlink,
  type NetlinkChange,
  openNetlink,
  type SysError,
} from "../kernel/index.ts";
import { startConfiguration } from "./configuration.ts";
import type { Phase } from "./core/types.ts";
import { type Interface, startInterface } from "./interface.ts";
import { linkLookMs } from "./limits.ts";

/** What the address client needs. */
export type AddressClientOptions = {
  /** Interface of each network, `eth-a` and `eth-b`. */
  readonly devices: Readonly<Record<NetworkId, string>>;
  readonly log: Log;
  /** Host name told to the server; left out = `softset-` and the MAC. */
  readonly hostName?: string;
  /** Keep an address whose lease ended unanswered (default true). */
  readonly keepExpired?: boolean;
  /** A new document, checked; called again with each newer one. */
  readonly onDocument: (document: BoardDocument) => void;
  /** The kernel has the address from now on, or has it no longer. */
  readonly onAddress: (network: NetworkId, address: Ipv4 | undefined) => void;
};

/** One network, for `status`. */
export type NetworkStatus = {
  readonly phase: Phase;
  readonly address: Ipv4 | undefined;
  readonly prefix: number | undefined;
  readonly source: "dhcp" | "rarp" | undefined;
  readonly server: Ipv4 | undefined;
  readonly expireUs: MonoUs | undefined;
};

/** What the address client knows. */
export type AddressClientStatus = {
  readonly networks: Readonly<Record<NetworkId, NetworkStatus>>;
  readonly version: number | undefined;
  readonly sha256Hex: string | undefined;
};

/** A running address client. */
export type AddressClient = {
  status(): AddressClientStatus;
  /** The CCN's beat tells the version it runs; a newer one is fetched. */
  noticeVersion(version: number): void;
  /** Stops; addresses stay on the interfaces, so that a restarted process goes on with them. */
  close(): void;
};

/**
 * Starts asking on both networks. Devices that are not there (yet) are waited for. The error is a
 * kernel without netlink or without the right to use it.
 */
export async function startAddressClient(
  options: AddressClientOptions,
): Promise<Result<AddressClient, SysError>> {
  const { devices, log } = options;
  const opened = openNetlink();
  if (!opened.ok) return opened;
  const netlink = opened.value;
  const heldBy = (network: NetworkId): Ipv4 | undefined => interfaces[network].state.held?.address;
  const configuration = startConfiguration({
    log,
    addressOf: heldBy,
    onDocument(document) {
      for (const network of networkIds) {
        interfaces[network].prefixKnown(document.networks[network].prefix);
      }
      options.onDocument(document);
    },
  });
  const client = { hostName: options.hostName, keepExpired: options.keepExpired ?? true };
  const start = (network: NetworkId): Interface =>
    startInterface({
      network,
      device: devices[network],
      netlink,
      log,
      client,
      rng: prng(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0),
      onAddress: options.onAddress,
      onConfiguration(of, source) {
        configuration.offer(of, source);
        const known = configuration.current()?.document.networks[of].prefix;
        // Afterwards: the interface is still carrying out what brought us here.
        if (known !== undefined) queueMicrotask(() => interfaces[of].prefixKnown(known));
      },
    });
  const interfaces = { A: start("A"), B: start("B") };
  const read = (network: NetworkId): void => {
    const link = findLink(netlink, devices[network]);
    interfaces[network].linkChanged(link.ok ? link.value : undefined);
  };
  const monitor = await monitorNetlink({ links: true }, (change) =>
    onChange(change, { devices, interfaces, read, log }),
  );
  if (!monitor.ok) {
    netlink.close();
    return monitor;
  }
  for (const network of networkIds) read(network);
  const looks = setInterval(() => {
    for (const network of networkIds) lookAgain(netlink, devices[network], interfaces[network]);
  }, linkLookMs);
  looks.unref();
  return ok({
    status() {
      const current = configuration.current();
      return {
        networks: { A: statusOf(interfaces.A), B: statusOf(interfaces.B) },
        version: current?.document.version,
        sha256Hex: current?.sha256Hex,
      };
    },
    noticeVersion: (version) => configuration.noticeVersion(version),
    close() {
      clearInterval(looks);
      configuration.close();
      monitor.value.close();
      for (const network of networkIds) interfaces[network].close();
      netlink.close();
    },
  });
}

/** Changes of the carrier that made no event of their own show in its count. */
function lookAgain(netlink: Netlink, device: string, known: Interface): void {
  const link = findLink(netlink, device);
  const changes = link.ok ? link.value.carrierChanges : undefined;
  if (changes !== known.carrierChanges()) known.linkChanged(link.ok ? link.value : undefined);
}

type Listening = {
  readonly devices: Readonly<Record<NetworkId, string>>;
  readonly interfaces: Readonly<Record<NetworkId, Interface>>;
  readonly read: (network: NetworkId) => void;
  readonly log: Log;
};

function onChange(change: NetlinkChange, { devices, interfaces, read, log }: Listening): void {
  if (change.type === "lost") {
    for (const network of networkIds) read(network);
  } else if (change.type === "ended") {
    log.error("address-link-monitor-ended", { reason: change.reason.code });
  } else if (change.type === "link") {
    const link: Link = change.link;
    const network = networkIds.find((id) => devices[id] === link.name);
    if (network === undefined) return;
    interfaces[network].linkChanged(change.gone ? undefined : link);
  }
}

function statusOf({ state }: Interface): NetworkStatus {
  const { held, phase } = state;
  return {
    phase,
    address: held?.address,
    prefix: held?.prefix,
    source: held?.source,
    server: held?.server,
    expireUs: held?.expireUs,
  };
}
