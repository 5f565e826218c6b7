import { expect, test } from "bun:test";
import {
  addUs,
  incarnationFromBytes,
  ipv4FromU32,
  monoUs,
  type SlotId,
  slotId,
} from "../../base/index.ts";
import type { Group } from "../../config/index.ts";
import type { ChassisMap } from "../../netrack/index.ts";
import type { BoardReport, LeaseRecord, ReportedService } from "../../wire/index.ts";
import { type FactSources, redirectFacts } from "./facts.ts";
import { createObserved, forgetSilent, observe } from "./observed.ts";

const t0 = monoUs(1_000_000);
const silentUs = 45_000;
const [one, two] = [slotId(1), slotId(2)];
const loopback = ipv4FromU32(0x7f000001);
const web: Group = {
  name: "web",
  services: ["httpd"],
  addresses: [],
  model: "2N",
  on: [one, two],
  apart: [],
  together: [],
  failback: "never",
  unfenced: "never",
};
const record: LeaseRecord = {
  epoch: 7,
  version: 0,
  incarnation: incarnationFromBytes(new Uint8Array(8).fill(7)),
  inSync: [one, two],
  bound: [],
  forced: undefined,
};

type MapBoard = ChassisMap["boards"][number];

function board(slot: SlotId, change: Partial<MapBoard> = {}): MapBoard {
  return {
    slot,
    name: `c${slot}`,
    role: "controller",
    state: "up",
    sinceUs: t0,
    network: { A: "ok", B: "ok" },
    address: { A: loopback, B: loopback },
    incarnation: undefined,
    configVersion: undefined,
    degraded: undefined,
    ...change,
  };
}

function mapOf(change: Partial<ChassisMap> = {}): ChassisMap {
  const boards = [board(one), board(two)];
  const chassis = { self: one, chassis: "lab", configVersion: 1, atUs: t0 };
  return { ...chassis, boards, paths: [], faults: [], ...change };
}

function httpd(change: Partial<ReportedService> = {}): ReportedService {
  return {
    service: "httpd",
    state: "running",
    cause: "ready",
    asksMove: false,
    isUp: true,
    start: 1,
    restarts: 0,
    pid: 77,
    ageMs: 5,
    ...change,
  };
}

const reportOf = (...services: readonly ReportedService[]): BoardReport => ({
  electionsOff: false,
  maintenance: [],
  services,
});

function factsOf(change: Partial<FactSources> = {}): ReturnType<typeof redirectFacts> {
  return redirectFacts({
    map: mapOf(),
    groups: [web],
    observed: createObserved(["web"], silentUs),
    reports: new Map(),
    maintenance: new Set(),
    everywhere: () => [],
    alarms: [],
    ...change,
  });
}

/** A chassis in which these slots said that they may act, and one of them its record. */
function heard(
  claims: readonly SlotId[],
  told: LeaseRecord | undefined,
): ReturnType<typeof createObserved> {
  const observed = createObserved(["web"], silentUs);
  for (const slot of claims) {
    const logEnd = { epoch: 7, seq: 0 };
    const tell = { group: "web", promised: 7, epoch: 7, version: 0, entitled: true, logEnd };
    observe(observed, slot, [{ ...tell, record: told }], t0);
  }
  return observed;
}

test("what the map says of a board is told as it is, with the operator's word", () => {
  const boards = [
    board(one, { state: "leaving", degraded: "disk slow" }),
    board(two, { network: { A: "mute", B: "unknown" } }),
  ];
  const facts = factsOf({ map: mapOf({ boards }), maintenance: new Set([two]) });
  expect(facts.boards).toEqual([
    {
      slot: one,
      state: "leaving",
      degraded: "disk slow",
      maintenance: false,
      paths: { A: true, B: true },
    },
    {
      slot: two,
      state: "up",
      degraded: undefined,
      maintenance: true,
      paths: { A: false, B: false },
    },
  ]);
});

test("a network is gone when its switch is the culprit, not when a cable is", () => {
  const diagnosis = { sinceUs: t0, text: "" };
  const cable = { kind: "cable", slot: one, network: "A", port: "7", carrier: false } as const;
  const sw = { kind: "switch", name: "sw-b", network: "B" } as const;
  const faults = [cable, sw].map((fault) => ({ ...diagnosis, fault }));
  expect(factsOf().networks).toEqual({ A: true, B: true });
  expect(factsOf({ map: mapOf({ faults }) }).networks).toEqual({ A: true, B: false });
});

test("who says that it may act is active, in order of slots", () => {
  const { groups } = factsOf({ observed: heard([two, one], record) });
  expect(groups).toEqual([{ group: "web", active: [one, two], inSync: [one, two] }]);
});

test("a claimant that fell silent is active no more; its record still says who is in sync", () => {
  const observed = heard([one], record);
  forgetSilent(observed, addUs(t0, silentUs));
  expect(factsOf({ observed }).groups).toEqual([{ group: "web", active: [], inSync: [one, two] }]);
});

test("no record, or one that nobody ever held: any slot may begin", () => {
  expect(factsOf().groups[0]?.inSync).toBeUndefined();
  const observed = heard([one], { ...record, epoch: 0 });
  expect(factsOf({ observed }).groups[0]?.inSync).toBeUndefined();
});

test("a group nobody told of is active nowhere", () => {
  const mail = { ...web, name: "mail" };
  expect(factsOf({ groups: [mail], observed: heard([one], record) }).groups).toEqual([
    { group: "mail", active: [], inSync: undefined },
  ]);
});

test("a group that is active everywhere has no lease: its slots are asked for", () => {
  const all = { ...web, model: "all-active" } as const;
  const facts = factsOf({
    groups: [all],
    observed: heard([one], record),
    everywhere: (group) => (group.name === "web" ? [two] : []),
  });
  expect(facts.groups).toEqual([{ group: "web", active: [two], inSync: undefined }]);
});

const words: readonly (readonly [
  ReportedService["state"],
  ReportedService["cause"],
  ReturnType<typeof redirectFacts>["services"][number]["state"],
])[] = [
  ["stopped", "ordered", "stopped"],
  ["done", "done", "stopped"],
  ["waiting", "dead", "starting"],
  ["starting", "ordered", "starting"],
  ["running", "ready", "running"],
  ["stopping", "ordered", "running"],
  ["trouble", "silent", "silent"],
  ["trouble", "trouble", "trouble"],
  ["failed", "restarted-too-often", "restarted-too-often"],
  ["failed", "cannot-start", "failed"],
];
for (const [state, cause, expected] of words) {
  test(`a service that is ${state} (${cause}) is ${expected} to the rules`, () => {
    const reports = new Map([[two, reportOf(httpd({ state, cause, asksMove: true }))]]);
    expect(factsOf({ reports }).services).toEqual([
      { service: "httpd", slot: two, state: expected, asksMove: true },
    ]);
  });
}

test("the same service on two boards is two facts; alarms are handed on", () => {
  const reports = new Map([
    [one, reportOf(httpd(), httpd({ service: "db" }))],
    [two, reportOf(httpd({ state: "stopped", cause: "ordered" }))],
  ]);
  const facts = factsOf({ reports, alarms: ["fan-2"] });
  expect(facts.services.map(({ service, slot, state }) => [service, slot, state])).toEqual([
    ["httpd", one, "running"],
    ["db", one, "running"],
    ["httpd", two, "stopped"],
  ]);
  expect(facts.alarms).toEqual(["fan-2"]);
});
