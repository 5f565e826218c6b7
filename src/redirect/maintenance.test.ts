// Taking a board out (design 62): it is drained, and called safe to pull only when it is.

import { describe, expect, test } from "bun:test";
import { type Bench, benchOf, chassisOf, words } from "./sample.test.ts";

const webText = `groups:
  web: { on: [1, 2] }
services:
  web: { run: /bin/web, group: web }
`;
const down = { state: "down" } as const;
const out = { maintenance: true } as const;

/** Web active on slot 1, and REDIRECT knows it. */
function webOnOne(text = webText): Bench {
  const bench = benchOf(chassisOf(text));
  bench.tell();
  bench.tell({ groups: { web: [[1]] } });
  return bench;
}

describe("maintenance", () => {
  test("drains a board: its groups are handed over, then it is safe to pull", () => {
    const bench = webOnOne();
    const first = bench.tell({ boards: { 1: out }, groups: { web: [[1]] } });
    expect(first.map(words)).toEqual(["hand-over web 1>2", "alarm no-standby:web", "unsafe 1"]);
    expect(first.at(-1)).toMatchObject({
      why: "group web is active on slot 1; it is being handed over",
    });
    const still = { service: "web", slot: 1, state: "running" } as const;
    expect(
      bench.tell({ boards: { 1: out }, services: [still], groups: { web: [[2]] } }).at(-1),
    ).toMatchObject({ isSafe: false, why: "service web still runs on slot 1" });
    expect(bench.tell({ boards: { 1: out }, groups: { web: [[2]] } }).map(words)).toEqual([
      "safe 1",
    ]);
    expect(bench.tell({ boards: { 1: { ...out, ...down } }, groups: { web: [[2], [2]] } })).toEqual(
      [],
    );
  });

  test("a board with the only copy is never safe to pull, and keeps its group", () => {
    const bench = webOnOne();
    const effects = bench.tell({ boards: { 1: out, 2: down }, groups: { web: [[1], [1]] } });
    expect(effects.map(words)).toEqual(["alarm no-standby:web", "unsafe 1"]);
    expect(effects.at(-1)).toMatchObject({
      why: "group web is active on slot 1; no other slot can have it",
    });
    expect(bench.active("web")).toEqual([1]);
  });

  test("the only living copy of a group's newest data is not pulled, even if idle", () => {
    const bench = benchOf(chassisOf(webText));
    const idle = { groups: { web: [[], [1]] } };
    expect(bench.tell({ boards: { 1: out }, ...idle }).at(-1)).toMatchObject({
      isSafe: false,
      why: "slot 1 has the only living copy of group web's newest data",
    });
    expect(bench.tell({ boards: { 1: out }, groups: { web: [[], [1, 2]] } }).at(-1)).toMatchObject({
      isSafe: true,
    });
  });

  test("a leaving board hands over without an order", () => {
    const bench = webOnOne();
    const effects = bench.tell({ boards: { 1: { state: "leaving" } }, groups: { web: [[1]] } });
    expect(effects[0]).toMatchObject({
      how: "hand-over",
      why: "model 2N: slot 1 is leaving, so group web goes to slot 2",
    });
  });

  test("services without a group end on a drained board and come back afterwards", () => {
    const bench = benchOf(chassisOf("services:\n  probe: { run: /bin/p, on: [3, 4] }\n"));
    expect(bench.tell().map(words)).toEqual(["start probe@3", "start probe@4"]);
    expect(bench.tell({ boards: { 3: out } }).map(words)).toEqual(["stop probe@3", "safe 3"]);
    expect(bench.tell().map(words)).toEqual(["start probe@3"]);
  });
});
