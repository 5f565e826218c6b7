// Peer: keepalived (VRRPv3, RFC 5798) on two boards without any program of ours. One instance on each
// network, both with the public address, so that it too outlives the loss of a network. `plain` is
// as it comes: an advertisement a second. `fast` is the shortest interval that the protocol has,
// 10 ms, with real-time priority, and GARPs repeated every second (the least there is), without
// which a router that follows announcements does not learn of the loss of one network.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defined, networkIds } from "../../../src/base/index.ts";
import {
  findLink,
  inNetns,
  listAddresses,
  monoNowUs,
  openNetlink,
} from "../../../src/kernel/index.ts";
import { createLab, deviceOf, type Lab } from "../../../src/lab/index.ts";
import type { BenchContext } from "../bench.ts";
import { buildResponder } from "./responder/build.ts";
import {
  type BoardName,
  chassisText,
  type Pair,
  publicAddress,
  servicePort,
  type Side,
  waitUntil,
} from "./side.ts";

/** The two set-ups. */
export type KeepalivedManner = "plain" | "fast";

/** VRRP priority by board; the first is master whenever it runs (preemption is keepalived's default). */
const priorities: Readonly<Record<BoardName, number>> = { c1: 200, c2: 100 };
/** Priority of a master that is to hand over: lower than every other. */
const leavingPriority = 50;
/** Until a pair has elected its master, ms: with one-second advertisements 4 s. */
const electMs = 20_000;

/** The side in this set-up. Throws if keepalived is not installed. */
export function keepalived(manner: KeepalivedManner): Side {
  if (Bun.which("keepalived") === null) {
    throw new Error("keepalived is not installed; as root: npm run bench installs it");
  }
  const told = Bun.spawnSync(["keepalived", "--version"]).stderr.toString();
  const version = /v(\d[\d.]*)/.exec(told)?.[1] ?? "unknown";
  return {
    name: manner === "plain" ? "keepalived" : "keepalived 10 ms",
    version,
    open: (context, folder) => openPair(context, folder, manner),
  };
}

async function openPair(
  context: BenchContext,
  folder: string,
  manner: KeepalivedManner,
): Promise<Pair> {
  const responder = buildResponder(folder);
  const chassisFile = join(folder, "chassis.yaml");
  writeFileSync(chassisFile, chassisText([]));
  const configOf = (board: BoardName): string => join(folder, `${board}.conf`);
  const configure = (board: BoardName, priority: number): void =>
    writeFileSync(configOf(board), configText(manner, priority), { mode: 0o600 });
  for (const board of Object.keys(priorities)) configure(board, defined(priorities[board], board));
  const made = await createLab({
    chassisFile,
    dist: folder,
    dir: join(folder, "lab"),
    boardCommand: ({ name, slot }) => {
      if (priorities[name] === undefined) return ["sleep", "infinity"];
      return ["sh", "-c", bootText({ name, slot, responder, config: configOf(name) })];
    },
  });
  if (!made.ok) throw new Error(made.error.text);
  const lab = made.value;
  context.onStop(() => lab.down());
  const up = await lab.up();
  if (!up.ok) throw new Error(up.error.text);
  const reload = async (board: BoardName): Promise<number> => {
    const atUs = monoNowUs();
    await run(lab, board, "kill -HUP $(cat /run/keepalived.pid)");
    return atUs;
  };
  return {
    lab,
    settle: () => waitUntil(() => unsettled(lab), electMs),
    killService: undefined,
    async handOver(board) {
      configure(board, leavingPriority);
      return reload(board);
    },
    async takeBack(board) {
      configure(board, defined(priorities[board], board));
      await reload(board);
    },
    close: () => lab.down(),
  };
}

/** The master has the address on both networks, the other on none, and both run. */
function unsettled(lab: Lab): string | undefined {
  const [master, standby] = ["c1", "c2"];
  const states = lab.status().slots;
  for (const name of [master, standby]) {
    if (states.find((slot) => slot.name === name)?.board?.running !== true)
      return `${name} is down`;
  }
  const [mine, theirs] = [devicesWithAddress(lab, "c1"), devicesWithAddress(lab, "c2")];
  if (mine === networkIds.length && theirs === 0) return undefined;
  return `c1 has the address on ${mine} networks, c2 on ${theirs}`;
}

function devicesWithAddress(lab: Lab, board: BoardName): number {
  const netns = lab.netnsOf(board);
  if (!netns.ok) return 0;
  return inNetns(netns.value, () => {
    const netlink = openNetlink();
    if (!netlink.ok) return 0;
    const all = listAddresses(netlink.value);
    const links = networkIds.map((network) => findLink(netlink.value, deviceOf[network]));
    netlink.value.close();
    const indexes = links.flatMap((link) => (link.ok ? [link.value.index] : []));
    const own = (all.ok ? all.value : []).filter(({ address }) => address === publicAddress);
    return own.filter(({ index }) => indexes.includes(index)).length;
  });
}

async function run(lab: Lab, board: BoardName, script: string): Promise<void> {
  const done = await lab.exec(board, ["sh", "-c", script]);
  if (!done.ok) throw new Error(done.error.text);
  if (done.value.code !== 0) throw new Error(`${board}: ${script}: ${done.value.stderr}`);
}

/** A board as an administrator would set it up; the service runs on both, as is usual. */
function bootText(board: {
  readonly name: string;
  readonly slot: number;
  readonly responder: string;
  readonly config: string;
}): string {
  const { name, slot, responder, config } = board;
  const lines = ["set -e"];
  for (const [network, first] of [
    ["A", 10],
    ["B", 20],
  ] as const) {
    const device = deviceOf[network];
    lines.push(
      `ip addr flush dev ${device}`,
      `ip addr add ${first}.1.1.${slot}/16 dev ${device}`,
      `for k in arp_ignore=1 arp_announce=2 rp_filter=2; do echo \${k#*=} >/proc/sys/net/ipv4/conf/${device}/\${k%=*}; done`,
    );
  }
  lines.push(
    `${responder} ${name} ${servicePort} &`,
    `exec keepalived --dont-fork --log-console -f ${config} -p /run/keepalived.pid -r /run/vrrp.pid`,
  );
  return lines.join("\n");
}

function configText(manner: KeepalivedManner, priority: number): string {
  const isFast = manner === "fast";
  const instance = (id: string, device: string, router: number): string[] => [
    `vrrp_instance ${id} {`,
    "  state BACKUP",
    `  interface ${device}`,
    `  virtual_router_id ${router}`,
    `  priority ${priority}`,
    `  advert_int ${isFast ? "0.01" : "1"}`,
    ...(isFast ? ["  garp_master_refresh 1"] : []),
    `  virtual_ipaddress { ${publicAddress}/24 dev ${device} }`,
    "}",
  ];
  return [
    "global_defs {",
    "  vrrp_version 3",
    ...(isFast ? ["  vrrp_rt_priority 20"] : []),
    "}",
    ...instance("A", deviceOf.A, 51),
    ...instance("B", deviceOf.B, 52),
    "",
  ].join("\n");
}
