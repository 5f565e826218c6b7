import { expect, test } from "bun:test";

import { type LogLevel, monoUs } from "../../base/index.ts";
import type { EventRecord } from "../facts.ts";
import { eventRingRecords } from "../limits.ts";
import { createEventLog, type EventLog, sentenceOf } from "./event-log.ts";

function recorder(level: LogLevel = "info"): { log: EventLog; lines: string[] } {
  const lines: string[] = [];
  let second = 0;
  const log = createEventLog({
    board: "c1",
    level,
    sink: (line) => lines.push(line),
    time: () => new Date(second++ * 1000).toISOString(),
    nowUs: () => monoUs(second),
  });
  return { log, lines };
}

test("one call writes the line and keeps the event", () => {
  const { log, lines } = recorder();
  log.log.module("netrack").warn("path-down", { net: "A", peer: "c2", silentMs: 52 });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("board=c1 module=netrack event=path-down net=A peer=c2 silentMs=52");
  const [event] = log.since(0);
  expect(event).toMatchObject({
    seq: 1,
    level: "warn",
    module: "netrack",
    event: "path-down",
    fields: { net: "A", peer: "c2", silentMs: 52 },
    sentence: "path down: net A, peer c2, silentMs 52",
  });
});

test("the ring keeps the newest events and forgets the oldest", () => {
  const { log } = recorder();
  for (let i = 1; i <= eventRingRecords + 10; i++) log.log.info("tick", { i });
  const all = log.since(0);
  expect(all).toHaveLength(eventRingRecords);
  expect(all[0]?.seq).toBe(11);
  expect(all.at(-1)?.seq).toBe(eventRingRecords + 10);
  expect(log.since(eventRingRecords + 8).map(({ seq }) => seq)).toEqual([
    eventRingRecords + 9,
    eventRingRecords + 10,
  ]);
  expect(log.since(Number.MAX_SAFE_INTEGER)).toEqual([]);
});

test("events are kept from info on even if only errors are printed; debug only on demand", () => {
  const quiet = recorder("error");
  quiet.log.log.info("started");
  quiet.log.log.debug("detail");
  expect(quiet.lines).toEqual([]);
  expect(quiet.log.since(0).map(({ event }) => event)).toEqual(["started"]);
  const loud = recorder("debug");
  loud.log.log.debug("detail");
  expect(loud.log.since(0)).toHaveLength(1);
  expect(loud.lines).toHaveLength(1);
});

test("a repeat that the log only counts does not fill the ring", () => {
  const lines: string[] = [];
  const log = createEventLog({
    board: "c1",
    sink: (line) => lines.push(line),
    time: () => "2026-11-24T10:41:07.000Z",
    nowUs: () => monoUs(1),
  });
  for (let i = 0; i < 100; i++) log.log.warn("storm", { mac: "x" });
  log.log.warn("other");
  expect(log.since(0).map(({ event }) => event)).toEqual(["storm", "other"]);
  expect(lines).toHaveLength(2);
});

test("subscribers hear every later event until they leave", () => {
  const { log } = recorder();
  log.log.info("before");
  const heard: EventRecord[] = [];
  const leave = log.subscribe((event) => heard.push(event));
  log.log.info("during");
  leave();
  log.log.info("after");
  expect(heard.map(({ event }) => event)).toEqual(["during"]);
});

test("a sentence is the event's own text, harmless and bounded", () => {
  expect(sentenceOf("x", { text: "slot 7 deaf on B" })).toBe("slot 7 deaf on B");
  expect(sentenceOf("board-up", {})).toBe("board up");
  expect(sentenceOf("x", { text: "a\u001b[2J\n" })).toBe("a?[2J?");
  expect(sentenceOf("x", { text: "y".repeat(10_000) }).length).toBeLessThanOrEqual(300);
});
