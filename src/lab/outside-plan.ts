// What lies outside the chassis, worked out from its file: a router with one leg on each switch, and
// a client behind it. Pure; outside.ts builds it and says why it is built so.
//
// In every public subnet the router is host .254 and the client host .253, or the last free ones.
// The router's answers for the client (proxy ARP, RFC 1027) make it a neighbour of the boards, so
// they need no route outwards. The client also has an address in a network of its own (RFC 5737),
// for boards that do have such a route.

import { type Ipv4, ipv4FromU32, ipv4ToU32, type NetworkId } from "../base/index.ts";
import { type Chassis, networkAddress, overlaps, type Subnet } from "../config/index.ts";
import { type CablePlan, hasPublicAddresses, type LabSwitch, planRouterCables } from "./plan.ts";

/** A public subnet as the outside has it; no hosts where it is too small for them. */
export type OutsideSubnet = Subnet & {
  readonly router: Ipv4 | undefined;
  readonly client: Ipv4 | undefined;
  /** The chassis' public addresses in it. */
  readonly addresses: readonly Ipv4[];
};

/** The router's address in network A or B: the last free host. */
export type PrivateAddress = { readonly address: Ipv4 | undefined; readonly prefix: number };

/** The outside of one chassis. */
export type OutsidePlan = {
  readonly cables: readonly CablePlan[];
  readonly subnets: readonly OutsideSubnet[];
  /** The router's address in networks A and B, for its routing protocols. */
  readonly routerPrivate: Readonly<Record<NetworkId, PrivateAddress>>;
  /** The network between router and client. */
  readonly link: Subnet & { readonly router: Ipv4; readonly client: Ipv4 };
};

/** Host number that the router would like to have. */
const routerHost = 254;
/** Networks for documentation, /24 each (RFC 5737); a chassis that uses one gets the next. */
const clientNetworks = [0xc6336400, 0xcb007100, 0xc0000200];
/** Hosts looked at for a free one; every subnet has fewer public addresses than that. */
const hostsTriedMax = 4096;

/** Undefined if the chassis has no public addresses. */
export function planOutside(
  chassis: Chassis,
  switches: readonly LabSwitch[],
): OutsidePlan | undefined {
  if (!hasPublicAddresses(chassis)) return undefined;
  const { A, B } = chassis.networks;
  const taken = new Set<Ipv4>([
    ...chassis.groups.flatMap((group) => group.addresses.map(({ address }) => address)),
    ...chassis.boards.flatMap(({ address }) => [address.A, address.B]),
    ...chassis.switches.map(({ address }) => address),
  ]);
  return {
    cables: planRouterCables(chassis, switches),
    subnets: publicSubnets(chassis, taken),
    routerPrivate: {
      A: { address: lastFree(A, taken), prefix: A.prefix },
      B: { address: lastFree(B, taken), prefix: B.prefix },
    },
    link: linkNetwork(chassis),
  };
}

function publicSubnets(chassis: Chassis, taken: ReadonlySet<Ipv4>): OutsideSubnet[] {
  const found = new Map<string, OutsideSubnet>();
  for (const { address, prefix } of chassis.groups.flatMap((group) => group.addresses)) {
    const subnet = { subnet: networkAddress({ subnet: address, prefix }), prefix };
    const key = `${subnet.subnet}/${prefix}`;
    const known = found.get(key);
    if (known !== undefined) {
      found.set(key, { ...known, addresses: [...known.addresses, address] });
      continue;
    }
    const router = lastFree(subnet, taken, routerHost);
    const client = router && lastFree(subnet, new Set([...taken, router]), routerHost);
    found.set(key, { ...subnet, router, client, addresses: [address] });
  }
  return [...found.values()];
}

/** The host with number `most` or the nearest free one below it; default: from the last host on. */
function lastFree(
  { subnet, prefix }: Subnet,
  taken: ReadonlySet<Ipv4>,
  most: number = Number.MAX_SAFE_INTEGER,
): Ipv4 | undefined {
  const first = ipv4ToU32(networkAddress({ subnet, prefix }));
  const last = 2 ** (32 - prefix) - 2; // the last number is the broadcast address
  const from = Math.min(most, last);
  for (let host = from; host >= 1 && host > from - hostsTriedMax; host--) {
    const address = ipv4FromU32(first + host);
    if (!taken.has(address)) return address;
  }
  return undefined;
}

/** The first network for documentation that does not overlap with anything of the chassis. */
function linkNetwork(chassis: Chassis): OutsidePlan["link"] {
  const used: Subnet[] = [chassis.networks.A, chassis.networks.B];
  for (const { address, prefix } of chassis.groups.flatMap((group) => group.addresses)) {
    used.push({ subnet: address, prefix });
  }
  const isFree = (base: number): boolean =>
    used.every((net) => !overlaps({ subnet: ipv4FromU32(base), prefix: 24 }, net));
  const base = clientNetworks.find(isFree) ?? clientNetworks[0] ?? 0;
  return {
    subnet: ipv4FromU32(base),
    prefix: 24,
    router: ipv4FromU32(base + 1),
    client: ipv4FromU32(base + 2),
  };
}
