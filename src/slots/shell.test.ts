// The shell over drivers that are good, slow, stuck, broken and wrong.

import { afterEach, expect, test } from "bun:test";
import { createLog, err, monoUs, ok, type SlotId, slotId } from "../base/index.ts";
import { monoNowUs } from "../kernel/index.ts";
import type { LineEdge, LineOrder, SlotDriver, SlotLines } from "./driver.ts";
import { type SlotNews, type Slots, startSlots } from "./index.ts";
import { good, life, order, slot1 } from "./testing.ts";

type Board = SlotDriver & {
  lines: SlotLines;
  readonly orders: LineOrder[];
  readonly edge: (edge: LineEdge) => void;
};

/** A board whose lines do as ordered, at once. */
function board(over: Partial<SlotDriver> = {}): Board {
  let edge: (edge: LineEdge) => void = () => {};
  const own: Board = {
    name: "test",
    lines: good,
    orders: [],
    read: async (slots) => ok(new Map(slots.map((slot): [SlotId, SlotLines] => [slot, own.lines]))),
    async set(_slot, line) {
      own.orders.push(line);
      if (line === "assert-reset")
        own.lines = { ...own.lines, resetAsserted: true, healthy: false };
      if (line === "release-reset")
        own.lines = { ...own.lines, resetAsserted: false, healthy: true };
      if (line === "power-off") own.lines = { ...own.lines, powerGood: false, healthy: false };
      if (line === "power-on") own.lines = { ...own.lines, powerGood: true };
      return ok(own.lines);
    },
    watch: (onEdge) => {
      edge = onEdge;
    },
    close: () => {},
    edge: (each) => edge(each),
    ...over,
  };
  return own;
}

const open: Slots[] = [];
const logged: string[] = [];

function start(driver: SlotDriver, slots: readonly SlotId[] = [slot1]): Slots {
  logged.length = 0;
  const sink = (line: string): void => void logged.push(line);
  const log = createLog({ board: "ccn", module: "slots", level: "info", sink, now: () => "now" });
  const started = startSlots({ driver, slots, log });
  open.push(started);
  return started;
}

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await Bun.sleep(1);
}

/** Heartbeats until the lines are trusted, then T_SILENT. */
async function trusted(slots: Slots): Promise<void> {
  let lastUs = monoNowUs();
  for (let beats = 0; beats < 3; beats++) {
    lastUs = monoNowUs();
    slots.heardBeat(slot1, life(1), lastUs);
    await until(() => (slots.report()[0]?.readUs ?? 0) > lastUs);
  }
  await until(() => monoNowUs() > lastUs + 38_000);
}

test("a fence is proven strongly, and held until its record is committed", async () => {
  const driver = board();
  const slots = start(driver);
  await trusted(slots);
  const atUs = monoNowUs();
  const answer = await slots.fence(order());
  const tookUs = monoNowUs() - atUs;
  expect(answer).toMatchObject({ kind: "proof", proof: { strength: "strong", rule: "F4" } });
  expect(tookUs).toBeGreaterThanOrEqual(1000); // two readings 1 ms apart
  expect(slots.report()[0]?.word).toBe("held");
  expect(driver.orders).toEqual(["assert-reset"]);
  slots.committed("files", 2);
  await until(() => slots.report()[0]?.word === "in-service");
  expect(driver.orders).toEqual(["assert-reset", "release-reset"]);
  expect(slots.counters()).toMatchObject({ fences: 1, proofsStrong: 1, proofsWeak: 0, refused: 0 });
});

test("a start reads all lines and orders nothing", async () => {
  const driver = board();
  const slots = start(driver, [slot1, slotId(2), slotId(0)]);
  await until(() => slots.report().every(({ lines }) => lines !== undefined));
  expect(slots.report().map(({ slot, word }) => [Number(slot), word])).toEqual([
    [1, "in-service"],
    [2, "in-service"],
  ]);
  expect(driver.orders).toEqual([]);
});

test("a driver that never answers costs T_FENCE, and the answer says so", async () => {
  const never = () => new Promise<never>(() => {});
  const slots = start(board({ read: never, set: never }));
  const atUs = monoNowUs();
  const answer = await slots.fence(order());
  expect(answer).toMatchObject({ kind: "refused", reason: "driver-silent" });
  expect(monoNowUs() - atUs).toBeGreaterThan(19_000);
  expect(logged.some((line) => line.includes("slot-driver-failed"))).toBe(true);
  await until(() => slots.alarms().some(({ id }) => id === "slot-lines-unread"));
  expect(slots.counters().driverLate).toBeGreaterThan(0);
});

test("a driver that throws or refuses is a failed order, not a crash", async () => {
  const throws = (): never => {
    throw new Error("broken driver");
  };
  const refuses = async () => err({ kind: "failed" as const, text: "no rights" });
  for (const set of [throws, refuses]) {
    const slots = start(board({ set }));
    await trusted(slots);
    expect(await slots.fence(order())).toMatchObject({ kind: "refused", reason: "lines-stuck" });
    expect(slots.counters().ordersFailed).toBeGreaterThanOrEqual(2);
  }
});

test("a driver that answers before it acts is believed only when lines confirm", async () => {
  const driver: Board = board({
    async set(_slot, line) {
      driver.orders.push(line);
      return ok(driver.lines);
    },
  });
  const slots = start(driver);
  await trusted(slots);
  expect((await slots.fence(order())).kind).toBe("refused");
  expect(driver.orders).toEqual(["assert-reset", "power-off"]);
  const news: SlotNews[] = [];
  slots.subscribe((each) => news.push(each));
  driver.lines = { present: true, powerGood: false, healthy: false, resetAsserted: true };
  const strong = (): boolean =>
    news.some((each) => each.type === "proof" && each.proof.strength === "strong");
  await until(strong);
  expect(slots.alarms()).toEqual([]);
});

test("a slot that the driver does not have is told", async () => {
  const slots = start(board({ read: async () => ok(new Map()) }));
  await until(() => slots.alarms().length > 0);
  expect(slots.alarms()[0]).toMatchObject({ slot: slot1, id: "slot-lines-unread" });
  expect(slots.alarms()[0]?.text).toContain("no such slot");
});

test("an edge is read at once and told with its exact delay", async () => {
  const driver = board();
  const slots = start(driver);
  await until(() => slots.report()[0]?.lines !== undefined);
  const news: SlotNews[] = [];
  slots.subscribe((each) => news.push(each));
  driver.lines = { ...good, healthy: false };
  driver.edge({ slot: slot1, edgeUs: monoNowUs() });
  driver.edge({ slot: slotId(9), edgeUs: undefined });
  await until(() => news.length > 0);
  expect(news[0]).toMatchObject({ type: "line-changed", change: { line: "healthy", good: false } });
  const delay = news[0]?.type === "line-changed" ? news[0].change.delayUsMax : Infinity;
  expect(delay).toBeLessThan(50_000);
});

test("a chattering line is read once a millisecond and does not drown the log", async () => {
  let reads = 0;
  const driver: Board = board({
    read: async (slots) => {
      reads++;
      driver.lines = { ...good, healthy: reads % 2 === 0 };
      return ok(new Map(slots.map((slot): [SlotId, SlotLines] => [slot, driver.lines])));
    },
  });
  const slots = start(driver);
  let changes = 0;
  slots.subscribe(() => changes++);
  const beganUs = monoNowUs();
  while (changes < 400) {
    driver.edge({ slot: slot1, edgeUs: monoNowUs() });
    await new Promise((resolve) => setImmediate(resolve));
  }
  const seconds = (monoNowUs() - beganUs) / 1_000_000;
  expect(reads).toBeLessThanOrEqual(seconds * 1010 + 10); // every 100 ms besides
  const told = logged.filter((line) => line.includes("event=slot-line-changed"));
  expect(told.length).toBeLessThanOrEqual(128 * (Math.floor(seconds) + 1));
});

test("a second group is answered by the same fence, the same order again as well", async () => {
  const driver = board();
  const slots = start(driver);
  await trusted(slots);
  const answers = await Promise.all([
    slots.fence(order()),
    slots.fence(order({ group: "mail" })),
    slots.fence(order()),
  ]);
  expect(answers.map(({ kind }) => kind)).toEqual(["proof", "proof", "proof"]);
  expect(await slots.fence(order({ group: "web" }))).toMatchObject({ kind: "proof" });
  expect(driver.orders).toEqual(["assert-reset"]);
});

test("an operator's order is answered when it was read back", async () => {
  const slots = start(board());
  const operate = (action: "off" | "on" | "out" | "in") =>
    slots.operate({ slot: slot1, action, by: "ops" });
  await until(() => slots.report()[0]?.lines !== undefined);
  const [first, second] = await Promise.all([operate("off"), operate("on")]);
  expect(first).toEqual({ done: true, text: "read back" });
  expect(second).toEqual({ done: false, text: 'slot 1 still carries out "off"' });
  expect(slots.report()[0]?.word).toBe("off");
  expect((await operate("out")).done).toBe(true);
  expect(slots.report()[0]?.word).toBe("out");
  expect((await operate("on")).text).toContain('"in" takes it back');
  expect((await operate("in")).done).toBe(true);
  expect((await slots.operate({ slot: slotId(9), action: "on", by: "ops" })).done).toBe(false);
});

test("whoever waits when the slots are closed is answered", async () => {
  const never = () => new Promise<never>(() => {});
  const slots = start(board({ set: never }));
  const fence = slots.fence(order());
  const off = slots.operate({ slot: slotId(1), action: "off", by: "ops" });
  slots.close();
  expect(await fence).toMatchObject({ kind: "refused", reason: "closed" });
  expect((await off).done).toBe(false);
  expect(await slots.fence(order())).toMatchObject({ kind: "refused", reason: "closed" });
  expect((await slots.operate({ slot: slot1, action: "on", by: "ops" })).done).toBe(false);
  slots.heardBeat(slot1, life(1), monoUs(1));
});

test("subscribers are bounded and can leave", () => {
  const slots = start(board());
  const leave = Array.from({ length: 64 }, () => slots.subscribe(() => {}));
  expect(slots.subscribe(() => {})).toBeUndefined();
  leave[0]?.();
  expect(slots.subscribe(() => {})).toBeDefined();
});
