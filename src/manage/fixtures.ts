// Fixed inputs for this room's tests: a healthy chassis built from NETRACK's types, ways to break
// it, and a board's facts over it. Never imported by the product.

import {
  defined,
  incarnationFromBytes,
  type Ipv4,
  type MonoUs,
  monoUs,
  networkIds,
  type NetworkId,
  ok,
  parseIpv4,
  parseMac,
  type SlotId,
  slotId,
} from "../base/index.ts";
import type { BoardStatus, ChassisMap, Diagnosis, PathState } from "../netrack/index.ts";
import { createEventLog, type EventLog } from "./core/event-log.ts";
import type { StatusDocument } from "./core/documents.ts";
import type { BoardFacts, LeaseFact, WhereLink } from "./facts.ts";

/** The fixtures' present: 100,000 s after boot. */
export const nowUs: MonoUs = monoUs(100_000_000_000);
/** The fixtures' wall clock at `nowUs`. */
export const nowTime = "2026-11-24T10:41:07.123Z";

/** A moment before the fixtures' present. */
export function secondsAgo(seconds: number): MonoUs {
  return monoUs(nowUs - seconds * 1e6);
}

/** An address our tests know to be one. */
export function knownIpv4(text: string): Ipv4 {
  const parsed = parseIpv4(text);
  return defined(parsed.ok ? parsed.value : undefined, text);
}

/** A chassis where everything works: the ccn and slots 1 to `slots`, 1 and 2 controllers. */
export function healthyMap(slots = 4): ChassisMap {
  const boards = Array.from({ length: slots + 1 }, (_, slot) => healthyBoard(slotId(slot)));
  const paths: PathState[] = [];
  for (const network of networkIds) {
    for (const from of boards) {
      for (const to of boards) {
        if (from.slot === to.slot) continue;
        const source = to.slot === 0 ? "own" : from.slot === 0 ? "told" : "derived";
        const sinceUs = secondsAgo(3600);
        const ends = { from: from.slot, to: to.slot, network };
        paths.push({ ...ends, up: true, damped: false, sinceUs, source });
      }
    }
  }
  const atUs = secondsAgo(0.01);
  return { self: slotId(0), chassis: "demo", configVersion: 3, atUs, boards, paths, faults: [] };
}

function healthyBoard(slot: SlotId): BoardStatus {
  const last = slot === 0 ? "0.1" : `1.${slot}`;
  return {
    slot,
    name: slot === 0 ? "ccn" : slot <= 2 ? `c${slot}` : `card${slot}`,
    role: slot === 0 ? "ccn" : slot <= 2 ? "controller" : "io-card",
    state: "up",
    sinceUs: secondsAgo(3600),
    network: { A: "ok", B: "ok" },
    address: { A: knownIpv4(`10.1.${last}`), B: knownIpv4(`20.1.${last}`) },
    incarnation: incarnationFromBytes(new Uint8Array(8).fill(slot + 1)),
    configVersion: 3,
    degraded: undefined,
  };
}

/** The map with one board changed. */
export function withBoard(map: ChassisMap, slot: number, change: Partial<BoardStatus>): ChassisMap {
  const boards = map.boards.map((board) => (board.slot === slot ? { ...board, ...change } : board));
  return { ...map, boards };
}

/** The map with one more fault. */
export function withFault(map: ChassisMap, fault: Diagnosis): ChassisMap {
  return { ...map, faults: [...map.faults, fault] };
}

/** The map where `slot` hears nobody on `network` since 42 s, as NETRACK would say it. */
export function deafFixture(map: ChassisMap, slot: number, network: NetworkId): ChassisMap {
  const sinceUs = secondsAgo(42);
  const board = defined(
    map.boards.find((candidate) => candidate.slot === slot),
    `slot ${slot}`,
  );
  const other = network === "A" ? "B" : "A";
  const port = `sw-${network.toLowerCase()}/${slot}`;
  const paths = map.paths.map((path) =>
    path.to === slot && path.network === network ? { ...path, up: false, sinceUs } : path,
  );
  const changed = withBoard(map, slot, { network: { ...board.network, [network]: "deaf" } });
  return withFault(
    { ...changed, paths },
    {
      fault: { kind: "one-way", slot: slotId(slot), network, port, way: "deaf" },
      sinceUs,
      text: `slot ${slot} deaf on ${network}: cable or port ${port} (hears ${other})`,
    },
  );
}

/** The ccn's status document over a map. */
export function statusFixture(map: ChassisMap | undefined): StatusDocument {
  const sinceUs = secondsAgo(7200);
  return {
    v: 1,
    now: { atUs: nowUs, time: nowTime },
    board: {
      role: "ccn",
      name: "ccn",
      slot: slotId(0),
      version: "0.1.0",
      startedUs: sinceUs,
      chassis: "demo",
      configVersion: 3,
      addresses: [
        { network: "A", device: "eth-a", address: knownIpv4("10.1.0.1"), how: "fixed", sinceUs },
        { network: "B", device: "eth-b", address: knownIpv4("20.1.0.1"), how: "fixed", sinceUs },
      ],
    },
    map,
    alarms: [],
    configs: [],
    runtime: {
      latenessUs: 200,
      latenessMaxUs: 1400,
      rssBytes: 45_200_000,
      cpuRatio: 0.012,
      realtime: { on: true, reason: "" },
      atUs: secondsAgo(1),
    },
  };
}

/** A lease of slot `slot` on a network. */
export function leaseOf(slot: number, network: NetworkId): LeaseFact {
  const mac = parseMac(`52:54:00:00:0${network.toLowerCase()}:0${slot}`);
  return {
    mac: defined(mac.ok ? mac.value : undefined, "mac"),
    network,
    switch: `sw-${network.toLowerCase()}`,
    port: String(slot),
    slot: slotId(slot),
    address: knownIpv4(`${network === "A" ? 10 : 20}.1.1.${slot}`),
    sinceUs: secondsAgo(600),
    lastUs: secondsAgo(30),
    kind: "dhcp",
  };
}

/** A link of `where` that ends at a slot. */
export function foundLink(slot: number, network: NetworkId): WhereLink {
  const lease = leaseOf(slot, network);
  const chain = `switch ${lease.switch}, port ${lease.port}, slot ${slot}, ${lease.address}`;
  return { ...lease, found: true, text: `MAC ${lease.mac}: ${chain}` };
}

/** A board made of plain values that a test may change while it runs. */
export type FakeBoard = {
  status: StatusDocument;
  readonly log: EventLog;
  where: NonNullable<BoardFacts["addresses"]>["where"];
  readonly facts: BoardFacts;
};

/** The ccn of a healthy chassis, with an event log whose lines go nowhere. */
export function fakeCcn(): FakeBoard {
  const log = createEventLog({
    board: "ccn",
    sink: () => undefined,
    time: () => nowTime,
    nowUs: () => nowUs,
  });
  const fake: FakeBoard = {
    status: statusFixture(healthyMap()),
    log,
    where: async (query) =>
      await Promise.resolve(ok(query.kind === "slot" ? [foundLink(query.slot, "A")] : [])),
    facts: {
      now: () => fake.status.now,
      identity: () => fake.status.board,
      map: () => fake.status.map,
      events: log.since,
      subscribe: log.subscribe,
      addresses: {
        leases: () => [leaseOf(2, "B"), leaseOf(1, "A"), leaseOf(1, "B")],
        where: async (query) => await fake.where(query),
      },
      counters: () => ({ "geo-dhcp.ack": 7 }),
      alarms: () => fake.status.alarms,
      configs: () => fake.status.configs,
      runtime: () => fake.status.runtime,
    },
  };
  return fake;
}
