import { expect, test } from "bun:test";

import type { EventRecord } from "../facts.ts";
import { foundLink, leaseOf, nowTime, nowUs, statusFixture } from "../fixtures.ts";
import {
  eventLine,
  explanationLines,
  explanationList,
  leasesLines,
  whereLines,
} from "./lists-view.ts";
import { columnsOf } from "./text.ts";

const screen = { columns: 100, color: false };
const { now } = statusFixture(undefined);

test("leases are sorted by slot and network and say who asked when", () => {
  const leases = [leaseOf(2, "B"), leaseOf(1, "B"), leaseOf(1, "A")];
  expect(leasesLines({ v: 1, now, leases, total: 5 }, screen)).toEqual([
    "SLOT  NET  ADDRESS   MAC                SWITCH  PORT  BY    FOR     ASKED",
    "1     A    10.1.1.1  52:54:00:00:0a:01  sw-a    1     dhcp  10 min  30 s ago",
    "1     B    20.1.1.1  52:54:00:00:0b:01  sw-b    1     dhcp  10 min  30 s ago",
    "2     B    20.1.1.2  52:54:00:00:0b:02  sw-b    2     dhcp  10 min  30 s ago",
    "and 2 more; use --json",
  ]);
  expect(leasesLines({ v: 1, now, leases: [], total: 0 }, screen)).toEqual([
    "no address given since the ccn's daemon started",
  ]);
});

test("where tells the chain of each network and where it breaks", () => {
  const broken = { ...foundLink(7, "B"), found: false, text: "MAC x: switch sw-b, on uplink 24" };
  const links = [foundLink(7, "A"), broken];
  expect(whereLines({ v: 1, now, query: "7", found: true, links }, screen)).toEqual([
    "A  found      MAC 52:54:00:00:0a:07: switch sw-a, port 7, slot 7, 10.1.1.7",
    "B  NOT found  MAC x: switch sw-b, on uplink 24",
  ]);
  expect(whereLines({ v: 1, now, query: "\u001b[2J", found: false, links: [] }, screen)).toEqual([
    "?[2J: no switch knows it",
  ]);
});

test("an event is one line with time, level, module, name and sentence", () => {
  const event: EventRecord = {
    seq: 1,
    time: nowTime,
    atUs: nowUs,
    level: "warn",
    module: "netrack",
    event: "path-down",
    fields: {},
    sentence: "path down: net A, peer c2",
  };
  expect(eventLine(event, screen)).toBe(
    "10:41:07.123Z  warn   netrack         path-down  net A, peer c2",
  );
  const evil = { ...event, module: "m\u001b[2J".repeat(9), sentence: "\n".repeat(500) };
  const line = eventLine(evil, screen);
  expect(line).not.toMatch(/\p{Cc}/u);
  expect(columnsOf(line)).toBeLessThanOrEqual(100);
});

test("an explanation says the meaning and what to do", () => {
  const explanation = { meaning: "a path fell silent", action: "look at its cable" };
  expect(explanationLines("path-down", explanation, screen)).toEqual([
    "path-down",
    "  a path fell silent",
    "  do: look at its cable",
  ]);
  expect(explanationList({ b: explanation, a: explanation }, screen)).toEqual([
    "EVENT  MEANING",
    "a      a path fell silent",
    "b      a path fell silent",
  ]);
  expect(explanationList({}, screen)).toEqual(["no event of this executable has an explanation"]);
});
