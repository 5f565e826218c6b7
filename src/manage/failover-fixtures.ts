// A fail-over made of plain values for this room's tests: group web on slots 1 and 2, one takeover in
// its history, one alarm. Orders are remembered, not carried out. Never imported by the product.

import { createLog, incarnationFromBytes, monoUs, ok, slotId } from "../base/index.ts";
import {
  addStep,
  type AlarmBook,
  createTimeline,
  type Moment,
  openAlarmBook,
  type Timeline,
} from "../history/index.ts";
import type { FailoverOrder, OrderAnswer } from "../failover/index.ts";
import type { FailoverFacts } from "./failover-facts.ts";
import { type FakeBoard, fakeCcn, nowUs, secondsAgo } from "./fixtures.ts";

/** The ccn with a fail-over, and what it was ordered. */
export type FakeFailover = {
  readonly board: FakeBoard;
  readonly failover: FailoverFacts;
  readonly orders: FailoverOrder[];
  answer: () => Promise<OrderAnswer>;
};

/** A healthy fail-over; `change` replaces parts of it. */
export function fakeFailover(change: Partial<FailoverFacts> = {}): FakeFailover {
  const ccn = fakeCcn();
  const orders: FailoverOrder[] = [];
  const alarms = oneAlarm();
  const timeline = takeover();
  const failover: FailoverFacts = {
    groups: () => [
      {
        group: "web",
        model: "2N",
        active: [slotId(1)],
        epoch: 2,
        inSync: [slotId(1), slotId(2)],
        standby: [slotId(2)],
        entitledUntilUs: undefined,
        why: "model 2N: slot 1 comes first",
        maintenance: false,
        forced: undefined,
      },
    ],
    services: () => [
      {
        service: "httpd",
        group: "web",
        slot: slotId(1),
        state: "running",
        cause: "ready",
        why: "ready",
        sinceUs: secondsAgo(60),
        pid: 4711,
        start: 2,
        restarts: 1,
        againAtUs: undefined,
        lastExit: "exited with code 3",
        statusText: undefined,
        isUp: true,
      },
    ],
    slots: () => [
      {
        slot: slotId(1),
        word: "in-service",
        sinceUs: secondsAgo(60),
        lines: { present: true, powerGood: true, healthy: true, resetAsserted: false },
        readUs: secondsAgo(0.001),
        incarnation: undefined,
        lastProof: undefined,
        alarms: [],
      },
    ],
    timeline: () => timeline,
    alarms,
    whatIf: (faults) => ok(`${faults}\n  nothing is ordered\n`),
    order: async (order) => {
      orders.push(order);
      return await fake.answer();
    },
    ...change,
  };
  const facts = { ...ccn.facts, failover };
  const fake: FakeFailover = {
    board: { ...ccn, facts },
    failover,
    orders,
    answer: async () => await Promise.resolve({ done: true, text: "it was done" }),
  };
  return fake;
}

function oneAlarm(): AlarmBook {
  const log = createLog({
    board: "ccn",
    module: "t",
    level: "error",
    now: () => "",
    sink: () => undefined,
  });
  const now = (): Moment => ({ atUs: nowUs, wallMs: 1e12 });
  const alarms = openAlarmBook({ stateDir: undefined, log, now });
  alarms.raise("netrack", {
    id: "cable-fault",
    object: "slot 7",
    severity: "major",
    text: "deaf on B",
    action: "Change the cable.",
    sinceUs: secondsAgo(42),
  });
  return alarms;
}

function takeover(): Timeline {
  const life = incarnationFromBytes(new Uint8Array(8).fill(1));
  const timeline = createTimeline({ slot: slotId(1), life });
  const at = (us: number): ReturnType<typeof monoUs> => monoUs(nowUs - 1_000_000 + us);
  const own = { group: "web", epoch: 2 };
  const silent = "slot 2 silent: A seq 88231, B seq 88230";
  addStep(timeline, { step: "detected", text: silent, about: slotId(2) }, at(0));
  addStep(timeline, { ...own, step: "decided", text: "model 2N: slot 1 is next" }, at(36_210));
  addStep(timeline, { ...own, step: "asked", text: "2 of 3 voters" }, at(36_905));
  addStep(timeline, { ...own, step: "service-active", text: "ready" }, at(49_100));
  return timeline;
}
