// The world outside the chassis: a router with one leg on each switch, and a client behind it
// (design 47 to 51, fig. 12). A test that asks a public address from a board's own subnet says
// nothing of routers, and a peer in the middle of the chassis sees other faults than a client.
//
// The two legs are ports of one bridge in the router, isolated from each other. So the router has
// one address, one MAC and one neighbour table for both networks: an announcement heard on either
// moves the public address at once (no time-out, no routing protocol in the way), while no frame
// ever passes from A to B: the two Ethernets stay two. A leg whose switch or cable is gone loses its
// learnt MACs at once (carrier); the board announces on the other network, and that is followed.
// Rejected:
// - Bridge without isolation: joins A and B into one Ethernet, which a storm then takes down whole.
// - Bond, active-backup by carrier: hears the active leg only; when one controller's cable to that
//   network is cut the router's own carrier stays and the public address is unreachable for good.
// - A subnet route over each leg: the kernel follows the metric, not the announcements; a silent
//   switch keeps the better route.
// What this does not see: the router's own cable is cut and the board does not know. Then the entry
// stays until the next announcement of any kind (the board repeats it every 10 s).

import { assert, type Ipv4, ipv4FromU32, ok, type Result } from "../base/index.ts";
import {
  addAddress,
  createBridge,
  createVeth,
  findLink,
  inNetns,
  isolateBridgePort,
  replaceRoute,
  setLink,
  type SysError,
  writeSysctl,
} from "../kernel/index.ts";
import { join } from "node:path";
import { type BoardProcess, killBoardProcess, startBoardProcess } from "./board-process.ts";
import { type LabError, labSystemError } from "./errors.ts";
import { wholeCable } from "./faults.ts";
import { type OutsidePlan, type OutsideSubnet, planOutside } from "./outside-plan.ts";
import { randomMac } from "./plan.ts";
import { closeLabNetns, type LabNetns, makeLabNetns, plugCable, setUp } from "./wiring.ts";
import type { Cable, LabWorld } from "./world.ts";

/** One of the two hosts outside; its programs are those that `exec` starts. */
export type OutsideHost = { readonly netns: LabNetns; readonly process: BoardProcess };

/** The outside of a lab. */
export type OutsideUnit = {
  readonly plan: OutsidePlan;
  readonly router: OutsideHost & { readonly cables: Cable[] };
  readonly client: OutsideHost;
};

/** Names of the hosts for `exec` and `cut`; a board of the same name has precedence. */
export const outsideNames = { router: "router", client: "outside" } as const;

/** The router's interface that both legs are ports of. */
export const routerDevice = "br";
/** The router's interface to the client. */
const linkDevice = "out";
/** The client's only interface. */
export const clientDevice = "eth0";
/** Its index: never that of the other end, see wiring.ts. */
const clientIndex = 1003;
/** Holds the namespaces open. */
const holder: readonly string[] = ["sleep", "infinity"];

/** Builds it if the chassis has public addresses; the switches are there already. */
export async function addOutside(world: LabWorld): Promise<Result<void, LabError>> {
  assert(world.outside === undefined, "the outside is built once");
  const plan = planOutside(world.chassis, world.plans);
  if (plan === undefined) return ok(undefined);
  const router = await startHost(world, outsideNames.router);
  if (!router.ok) return router;
  const client = await startHost(world, outsideNames.client);
  if (!client.ok) {
    await endHost(router.value);
    return client;
  }
  const unit = { plan, router: { ...router.value, cables: [] }, client: client.value };
  const wired = wire(world, unit);
  if (!wired.ok) {
    await endOutside(unit);
    return labSystemError(wired.error);
  }
  world.outside = unit;
  return ok(undefined);
}

/** Ends both hosts with all that runs there. */
export async function endOutside({ router, client }: OutsideUnit): Promise<void> {
  await Promise.all([endHost(router), endHost(client)]);
}

async function startHost(world: LabWorld, name: string): Promise<Result<OutsideHost, LabError>> {
  const netns = makeLabNetns();
  if (!netns.ok) return labSystemError(netns.error);
  const started = await startBoardProcess({
    name,
    netns: netns.value.fd,
    directory: join(world.dir, "outside", name),
    command: holder,
    slots: undefined,
    onEnd: () => {},
  });
  if (!started.ok) closeLabNetns(netns.value);
  return started.ok ? ok({ netns: netns.value, process: started.value }) : started;
}

async function endHost({ netns, process: running }: OutsideHost): Promise<void> {
  await killBoardProcess(running); // late or not: its parent's death ends it, too
  closeLabNetns(netns);
}

function wire(world: LabWorld, unit: OutsideUnit): Result<void, SysError> {
  const { router, client, plan } = unit;
  const bridge = makeRouterBridge(world, unit);
  if (!bridge.ok) return bridge;
  const joined = createVeth(router.netns.nl, {
    name: linkDevice,
    peerName: clientDevice,
    peerIndex: clientIndex,
    peerNetns: client.netns.fd,
  });
  if (!joined.ok) return joined;
  const link = setUp(router.netns.nl, linkDevice);
  if (!link.ok) return link;
  const device = setUp(client.netns.nl, clientDevice);
  if (!device.ok) return device;
  const steps = [
    () => inNetns(router.netns.fd, setRouter),
    () => addressRouter(unit, { bridge: bridge.value, link: link.value }),
    () => addressClient(client, plan, device.value),
  ];
  for (const step of steps) {
    const done = step();
    if (!done.ok) return done;
  }
  return ok(undefined);
}

/** The bridge with both legs, up only when they are isolated: no frame may cross. Its index. */
function makeRouterBridge(
  world: LabWorld,
  { router, plan }: OutsideUnit,
): Result<number, SysError> {
  const { nl } = router.netns;
  const made = createBridge(nl, { name: routerDevice, mac: randomMac(world.rng) });
  if (!made.ok) return made;
  const bridge = findLink(nl, routerDevice);
  if (!bridge.ok) return bridge;
  for (const cable of plan.cables) {
    const own = world.switches.get(cable.switchName);
    if (own === undefined) continue;
    const board = { netns: router.netns, network: cable.network, mac: randomMac(world.rng) };
    const plugged = plugCable(own.net, cable.port, board);
    if (!plugged.ok) return plugged;
    router.cables.push({ plan: cable, cut: wholeCable });
    const leg = findLink(nl, cable.device);
    if (!leg.ok) return leg;
    const { index } = leg.value;
    const joined = setLink(nl, index, { master: bridge.value.index });
    const isolated = joined.ok ? isolateBridgePort(nl, index) : joined;
    if (!isolated.ok) return isolated;
  }
  return setUp(nl, routerDevice);
}

/** In the router's namespace. Proxy ARP answers at once: the kernel's 0 to 0.8 s are for storms. */
function setRouter(): Result<void, SysError> {
  const settings = {
    "net/ipv4/ip_forward": 1,
    "net/ipv4/conf/all/rp_filter": 0,
    "net/ipv4/conf/all/send_redirects": 0,
    [`net/ipv4/conf/${routerDevice}/rp_filter`]: 0,
    [`net/ipv4/conf/${routerDevice}/send_redirects`]: 0,
    [`net/ipv4/conf/${linkDevice}/rp_filter`]: 0,
    [`net/ipv4/conf/${routerDevice}/proxy_arp`]: 1,
    [`net/ipv4/neigh/${routerDevice}/proxy_delay`]: 0,
  };
  for (const [key, value] of Object.entries(settings)) {
    const set = writeSysctl(key, value);
    if (!set.ok) return set;
  }
  return ok(undefined);
}

function addressRouter(
  { router, plan }: OutsideUnit,
  index: { readonly bridge: number; readonly link: number },
): Result<void, SysError> {
  const { nl } = router.netns;
  const { link, subnets, routerPrivate, cables } = plan;
  const give = (address: Ipv4, prefix: number, device: number): Result<void, SysError> =>
    addAddress(nl, { index: device, address, prefix });
  const done = [give(link.router, link.prefix, index.link)];
  for (const { subnet, prefix, router: own, client } of subnets) {
    done.push(
      own === undefined
        ? replaceRoute(nl, { destination: subnet, prefix, index: index.bridge })
        : give(own, prefix, index.bridge),
    );
    if (client === undefined) continue;
    done.push(replaceRoute(nl, { destination: client, prefix: 32, index: index.link }));
  }
  for (const { network } of cables) {
    const { address, prefix } = routerPrivate[network];
    if (address !== undefined) done.push(give(address, prefix, index.bridge));
  }
  return done.find((each) => !each.ok) ?? ok(undefined);
}

function addressClient(
  { netns: { nl } }: OutsideHost,
  { link, subnets }: OutsidePlan,
  index: number,
): Result<void, SysError> {
  const gateway = link.router;
  const done = [
    addAddress(nl, { index, address: link.client, prefix: link.prefix }),
    replaceRoute(nl, { destination: ipv4FromU32(0), prefix: 0, index, gateway }),
    ...subnets.flatMap((subnet) => reachAsNeighbour(nl, subnet, { index, gateway })),
  ];
  return done.find((each) => !each.ok) ?? ok(undefined);
}

/** What the client asks of a public subnet comes from its address in it. */
function reachAsNeighbour(
  nl: LabNetns["nl"],
  { subnet, prefix, client: source }: OutsideSubnet,
  via: { readonly index: number; readonly gateway: Ipv4 },
): Result<void, SysError>[] {
  if (source === undefined) return [];
  return [
    addAddress(nl, { index: via.index, address: source, prefix: 32 }),
    replaceRoute(nl, { destination: subnet, prefix, source, ...via }),
  ];
}
