// The place of both cases: a virtual chassis whose CCN slot takes one server after the other. Its
// boards are only namespaces with cables; clients and perfdhcp run in them. Servers have core 0 for
// themselves; this process with the clients, perfdhcp and both switches' SNMP agents has core 1.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ccnSlot,
  type Mac,
  macFromBytes,
  type NetworkId,
  networkIds,
  prng,
  type Prng,
  type Result,
  slotId,
} from "../../../src/base/index.ts";
import { createLab, deviceOf, type Lab, type LabError } from "../../../src/lab/index.ts";
import { becomeRealtime, sysErrorText } from "../../../src/kernel/index.ts";
import type { BenchContext } from "../bench.ts";
import { agentPort, chassisText, probeSlot, relaySlot, standInPort } from "./chassis-file.ts";
import { type DhcpClient, openClient } from "./client.ts";
import type { Server } from "./servers.ts";

/** Core of the servers. */
export const serverCore = 0;
/** Core of everything else. */
const loadCore = 1;
const readyMs = 30_000;
/** Characters of a server's log that are shown when it fails. */
const wordsMax = 2000;

/** The chassis, ready for a server. */
export type Site = {
  readonly lab: Lab;
  readonly dir: string;
  /** For the server under test; `standInChassisFile` sends it to the stand-ins. */
  readonly chassisFile: string;
  readonly standInChassisFile: string;
  /** Clients by slot (from 1) and network. */
  readonly clients: readonly Readonly<Record<NetworkId, DhcpClient>>[];
  /** Puts a server into the CCN's slot; returns when `ready` has, its sign that it answers. */
  readonly serve: (server: Server, ready: () => Promise<unknown>) => Promise<void>;
  /** Returns when the server in the CCN's slot has answered a client on both networks. */
  readonly answersClients: () => Promise<unknown>;
  /** Takes the server out. */
  readonly vacate: () => Promise<void>;
  /** Ends it; the context's onStop does so too. */
  readonly close: () => Promise<void>;
  /** How late both switches' agents answer, ms. */
  readonly setLatency: (latencyMs: number) => Promise<void>;
};

/** Builds the chassis with clients in slots 1 to `slots`. */
export async function buildSite(context: BenchContext, slots: number): Promise<Site> {
  pinProcess(context);
  const realtime = becomeRealtime((error) => context.say(sysErrorText(error)));
  context.onStop(() => realtime.stop());
  const dir = mkdtempSync(join(tmpdir(), "softset-bench-"));
  context.onStop(() => rmSync(dir, { recursive: true, force: true }));
  const chassisFile = join(dir, "chassis.yaml");
  const standInChassisFile = join(dir, "chassis-stand-in.yaml");
  writeFileSync(chassisFile, chassisText(agentPort));
  writeFileSync(standInChassisFile, chassisText(standInPort));
  const labDir = join(dir, "lab");
  const boardCommand = (): undefined => undefined; // all slots are filled here, one by one
  const lab = taken(await createLab({ chassisFile, dist: dir, dir: labDir, boardCommand }));
  context.onStop(() => lab.down());
  taken(await lab.up());
  taken(await lab.insert(slotId(relaySlot), { empty: true }));
  const rng = prng(1);
  const clients: Record<NetworkId, DhcpClient>[] = [];
  for (let slot = 1; slot <= slots; slot++) clients.push(await addBoard(lab, slot, rng));
  const prober = await addBoard(lab, probeSlot, rng);
  let ending: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    for (const pair of [...clients, prober]) for (const id of networkIds) pair[id].close();
    await lab.down();
  };
  const close = (): Promise<void> => (ending ??= end());
  context.onStop(close);
  return {
    lab,
    dir,
    chassisFile,
    standInChassisFile,
    clients,
    close,
    serve: async (server, ready) => {
      // The same MACs for all servers: the relay's neighbour table outlives each of them.
      const macs = { A: boardMac("A", ccnSlot), B: boardMac("B", ccnSlot) };
      taken(await lab.insert(ccnSlot, { command: server.command, macs }));
      const isReady = ready().then(() => true);
      if ((await Promise.race([isReady, Bun.sleep(readyMs)])) === true) return;
      const words = (await Bun.file(taken(lab.logFile("ccn"))).text()).slice(-wordsMax);
      throw new Error(`${server.name} did not answer within ${readyMs} ms; it said:\n${words}`);
    },
    answersClients: () => Promise.all(networkIds.map((id) => untilAnswered(prober[id]))),
    vacate: async () => void taken(await lab.pull(ccnSlot)),
    setLatency: async (latencyMs) => {
      for (const { name } of lab.chassis.switches) taken(await lab.setAgent(name, { latencyMs }));
    },
  };
}

/** The value, or a thrown error with the lab's words. */
export function taken<T>(result: Result<T, LabError>): T {
  if (!result.ok) throw new Error(result.error.text);
  return result.value;
}

let isPinned = false;

/** Moves this process with all threads off the servers' core; its children inherit that. */
function pinProcess(context: BenchContext): void {
  const set = (list: string): void =>
    void Bun.spawnSync(["taskset", "-a", "-c", "-p", list, `${process.pid}`]);
  const shown = Bun.spawnSync(["taskset", "-c", "-p", `${process.pid}`]).stdout.toString();
  const before = /: (\S+)\s*$/.exec(shown)?.[1] ?? "0";
  if (before === `${loadCore}` && isPinned) return; // by the site before
  if (!/[,-]/.test(before)) throw new Error("the bench needs two cores: one for the servers alone");
  set(`${loadCore}`);
  isPinned = true;
  context.onStop(() => set(before));
}

/** A board without a program: its namespace with two clients in it. */
async function addBoard(lab: Lab, slot: number, rng: Prng): Promise<Record<NetworkId, DhcpClient>> {
  const macs = { A: boardMac("A", slot), B: boardMac("B", slot) };
  taken(await lab.insert(slotId(slot), { empty: true, macs }));
  const netns = taken(lab.netnsOf(`${slot}`));
  const A = await openClient(netns, deviceOf.A, rng);
  const B = await openClient(netns, deviceOf.B, rng);
  return { A, B };
}

/** Consecutive on each network: perfdhcp counts them up itself. */
function boardMac(network: NetworkId, slot: number): Mac {
  return macFromBytes(new Uint8Array([2, 0xbe, 0, 0, network === "A" ? 1 : 2, slot]));
}

/** Asks every 200 ms, so that a server's start does not cost a back-off. */
async function untilAnswered(client: DhcpClient): Promise<true> {
  for (;;) {
    const answered = await Promise.race([client.ask(), Bun.sleep(200)]);
    if (answered !== undefined) return true;
  }
}
