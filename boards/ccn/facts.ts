// What only the CCN can tell: who has which address, which configuration the boards run, how the
// switches answer.

import { networkIds, ok } from "../../src/base/index.ts";
import type { Given } from "../../src/geo-dhcp/index.ts";
import type { AlarmReport } from "../../src/history/index.ts";
import { monoNowUs } from "../../src/kernel/index.ts";
import type {
  BoardFacts,
  LeaseFact,
  RunOptions,
  WhereLink,
  WhereQuery,
} from "../../src/manage/index.ts";
import { commonFacts, prefixed } from "../shared/facts.ts";
import type { BoardProcess } from "../shared/process.ts";
import type { CcnParts } from "./parts.ts";

/** The facts of a running CCN. */
export function ccnFacts(sources: {
  readonly board: BoardProcess;
  readonly options: RunOptions;
  readonly parts: CcnParts;
}): BoardFacts {
  const { parts, options } = sources;
  const startedUs = monoNowUs();
  const common = commonFacts({
    ...sources,
    role: "ccn",
    netrack: () => parts.life.netrack,
    life: () => parts.life,
    moreAlarms: () => [...conflictAlarms(parts), ...switchAlarms(parts)],
    addresses: () =>
      networkIds.map((network) => ({
        network,
        device: options.devices[network],
        address: parts.chassis.networks[network].ccn,
        how: "fixed",
        sinceUs: startedUs,
      })),
  });
  return {
    ...common,
    get failover() {
      return common.failover;
    },
    addresses: { leases: () => leases(parts), where: (query) => where(parts, query) },
    counters: () => ({ ...common.counters(), ...counters(parts) }),
    configs: () =>
      [...parts.provision.versions()].map(([slot, versions]) => ({ slot, ...versions })),
  };
}

function leases(parts: CcnParts): LeaseFact[] {
  return networkIds.flatMap((network) => parts.servers[network].leases().map(leaseOf));
}

function leaseOf(given: Given): LeaseFact {
  return {
    mac: given.mac,
    network: given.network,
    switch: given.switchName,
    port: given.port,
    slot: given.slot,
    address: given.address,
    sinceUs: given.firstUs,
    lastUs: given.atUs,
    kind: given.by,
  };
}

async function where(
  parts: CcnParts,
  query: WhereQuery,
): ReturnType<NonNullable<BoardFacts["addresses"]>["where"]> {
  const what = query.kind === "mac" ? query.mac : query.slot;
  const answers = await Promise.all(
    networkIds.map((network) => parts.servers[network].where(what)),
  );
  return ok(
    answers.map((answer): WhereLink => ({
      network: answer.network,
      mac: answer.mac,
      switch: answer.switchName,
      port: answer.port,
      slot: answer.slot,
      address: answer.address,
      found: answer.slot !== undefined && answer.address !== undefined,
      text: answer.text,
    })),
  );
}

function counters(parts: CcnParts): Record<string, number> {
  const all: Record<string, number> = prefixed("provision", { ...parts.provision.counters() });
  for (const network of networkIds) {
    Object.assign(all, prefixed(`geo-dhcp.${network}`, parts.servers[network].counters()));
    const { requests, packetsSent, packetsLost, walks } = parts.lookups[network].status();
    Object.assign(
      all,
      prefixed(`lookup.${network}`, { requests, packetsSent, packetsLost, walks }),
    );
  }
  return all;
}

function conflictAlarms(parts: CcnParts): AlarmReport[] {
  return networkIds.flatMap((network) =>
    parts.servers[network].alarms().map(({ event, address, sinceUs, text }) => ({
      id: event,
      object: address,
      severity: "major",
      sinceUs,
      text,
      action: "Find the holder with `ccn where MAC`; change its address or pull it out.",
    })),
  );
}

function switchAlarms(parts: CcnParts): AlarmReport[] {
  return networkIds
    .map((network) => parts.lookups[network].status())
    .filter(({ circuit }) => circuit === "open")
    .map(({ switchName, circuitSinceUs, lastError }) => ({
      id: "switch-silent",
      object: switchName,
      severity: "major",
      sinceUs: circuitSinceUs,
      text: `switch ${switchName} does not answer SNMP: ${lastError ?? "no answer"}`,
      action: "Check its management address, community or keys, and its SNMP access list.",
    }));
}
