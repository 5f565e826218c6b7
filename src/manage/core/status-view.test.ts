import { expect, test } from "bun:test";

import { slotId } from "../../base/index.ts";
import type { ChassisMap } from "../../netrack/index.ts";
import {
  deafFixture,
  healthyMap,
  nowUs,
  secondsAgo,
  statusFixture,
  withBoard,
  withFault,
} from "../fixtures.ts";
import { staleUs } from "../limits.ts";
import { wrongList } from "./advice.ts";
import type { StatusDocument } from "./documents.ts";
import { statusLines } from "./status-view.ts";
import { columnsOf, type Screen } from "./text.ts";

const screen: Screen = { columns: 100, color: false };

function down(map: ChassisMap, slot: number): ChassisMap {
  const changed = withBoard(map, slot, {
    state: "down",
    sinceUs: secondsAgo(12),
    network: { A: "down", B: "down" },
  });
  return withFault(changed, {
    fault: { kind: "board", slot: slotId(slot) },
    sinceUs: secondsAgo(12),
    text: `slot ${slot} down`,
  });
}

test("a healthy chassis is one calm screen", () => {
  expect(statusLines(statusFixture(healthyMap(3)), screen)).toEqual([
    "demo  OK  every board is reached on both networks  2026-11-24 10:41:07Z",
    "NETWORKS   A 4/4   B 4/4",
    "",
    "SLOT  NAME   ROLE        STATE  A   B   CONFIG  FOR",
    "-     ccn *  ccn         up     ok  ok  v3      60 min",
    "1     c1     controller  up     ok  ok  v3      60 min",
    "2     c2     controller  up     ok  ok  v3      60 min",
    "3     card3  io-card     up     ok  ok  v3      60 min",
    "",
    "HERE   ccn (ccn)  0.1.0  up 2 h   A 10.1.0.1 (fixed, 2 h)   B 20.1.0.1 (fixed, 2 h)",
    "       loop 0.2 ms late (worst 1.4 ms), 45 MB, CPU 1.2 %, 1 s ago; real time",
    "next: ccn status --watch   ccn help",
  ]);
});

test("a deaf board is named in the headline's count, the networks line and the list", () => {
  const lines = statusLines(statusFixture(deafFixture(healthyMap(20), 7, "B")), screen);
  expect(lines[0]).toBe(
    "demo  DEGRADED  one path down; every board is reached  2026-11-24 10:41:07Z",
  );
  expect(lines[1]).toBe(
    "NETWORKS   A 21/21   B 20/21   slot 7 deaf on B for 42 s: cable or port sw-b/7 (hears A)",
  );
  expect(lines.find((line) => line.startsWith("7 "))).toBe(
    "7     card7   io-card     up     ok  DEAF  v3      60 min",
  );
  const at = lines.indexOf("WRONG (1)");
  expect(lines.slice(at + 1, at + 3)).toEqual([
    " 1. slot 7 deaf on B for 42 s: cable or port sw-b/7 (hears A)",
    "    do: change the cable of slot 7 (card7) at port sw-b/7; then the port itself",
  ]);
  expect(lines.at(-1)).toBe("next: ccn networks   (every path)   ccn events -f");
});

test("a dead board shows nothing old, and the list begins with the oldest fault", () => {
  const lines = statusLines(statusFixture(down(deafFixture(healthyMap(4), 3, "A"), 2)), screen);
  expect(lines[0]).toContain("DEGRADED  one board down, one path down; one board not reached");
  expect(lines[1]).toBe(
    "NETWORKS   A 3/5   B 4/5   slot 3 deaf on A for 42 s: cable or port sw-a/3 (hears B) (and 1 more)",
  );
  expect(lines.find((line) => line.startsWith("2 "))).toBe(
    "2     c2     controller  down   DOWN  DOWN  unknown (12 s)  12 s",
  );
  const numbered = lines.filter((line) => /^ \d\. /.test(line));
  expect(numbered).toEqual([
    " 1. slot 3 deaf on A for 42 s: cable or port sw-a/3 (hears B)",
    " 2. slot 2 down for 12 s",
  ]);
});

test("a board alone in the dark says DOWN, a board that never looked says UNKNOWN", () => {
  let map = healthyMap(2);
  for (const slot of [1, 2]) map = down(map, slot);
  expect(statusLines(statusFixture(map), screen)[0]).toContain("demo  DOWN  2 boards down");
  expect(statusLines(statusFixture(undefined), screen).slice(0, 2)).toEqual([
    "demo  UNKNOWN  unknown: NETRACK does not run on this board yet  2026-11-24 10:41:07Z",
    "NETWORKS   unknown: NETRACK does not run on this board yet",
  ]);
  const known = statusFixture(undefined);
  const lost = { ...known, board: { ...known.board, slot: undefined } };
  expect(statusLines(lost, screen)[1]).toBe(
    "NETWORKS   unknown: address got, configuration not yet",
  );
  const addresses = known.board.addresses.map((own) => ({ ...own, address: undefined }));
  expect(statusLines({ ...lost, board: { ...lost.board, addresses } }, screen)[1]).toBe(
    "NETWORKS   unknown: this board has no address yet",
  );
});

test("a picture that is too old is unknown with its age, never shown as the present", () => {
  const fresh = { ...healthyMap(), atUs: secondsAgo(staleUs / 1e6) };
  expect(statusLines(statusFixture(fresh), screen)[0]).toContain("OK");
  const old = { ...deafFixture(healthyMap(), 3, "A"), atUs: secondsAgo(12) };
  const lines = statusLines(statusFixture(old), screen);
  expect(lines[0]).toContain("UNKNOWN  unknown (12 s): NETRACK has stopped looking");
  expect(lines.join("\n")).not.toContain("deaf");
  expect(lines.join("\n")).not.toContain("card3");
});

test("old figures of the process are unknown with their age", () => {
  const document = statusFixture(healthyMap());
  const runtime = {
    ...document.runtime,
    atUs: secondsAgo(12),
    realtime: { on: false, reason: "EPERM" },
  };
  expect(statusLines({ ...document, runtime }, screen).at(-2)).toBe(
    "       unknown (12 s); normal scheduling: EPERM",
  );
});

test("degraded words, old configurations and alarms are in the list with what to do", () => {
  let map = withBoard(healthyMap(), 3, { degraded: "disk 90 % full" });
  map = withBoard(map, 4, { configVersion: 2 });
  const document: StatusDocument = {
    ...statusFixture(map),
    alarms: [
      {
        id: "address-in-use",
        object: "10.1.1.3",
        severity: "major",
        sinceUs: secondsAgo(5),
        text: "held by 52:54:00:99:99:99",
        action: "find that machine and give it another address",
      },
    ],
  };
  const wrong = wrongList(document);
  expect(wrong.map(({ text, mood }) => [mood, text])).toEqual([
    ["bad", "10.1.1.3: held by 52:54:00:99:99:99, for 5 s"],
    ["warn", "slot 3 (card3) says degraded: disk 90 % full"],
    ["warn", "slot 4 (card4) runs configuration v2, the chassis has v3"],
  ]);
  for (const { action } of wrong) expect(action.length).toBeGreaterThan(10);
  const lines = statusLines(document, screen);
  expect(lines.find((line) => line.startsWith("3 "))).toContain("degraded");
  expect(lines.find((line) => line.startsWith("4 "))).toContain("v2 old");
  expect(lines[0]).toContain("DEGRADED  3 notes below; every board is reached");
});

test("a configuration version the map does not know yet is the one the ccn knows", () => {
  const document = statusFixture(withBoard(healthyMap(), 3, { configVersion: undefined }));
  const row = (of: StatusDocument): string =>
    statusLines(of, screen).find((line) => line.startsWith("3 ")) ?? "";
  expect(row(document)).toContain("unknown");
  const config = { slot: slotId(3), fetched: 3, running: 3, atUs: nowUs };
  expect(row({ ...document, configs: [config] })).toContain(" v3 ");
});

test("every kind of fault has an advice that names the place", () => {
  const at = { sinceUs: secondsAgo(1), text: "x" };
  const port = "sw-a/3";
  const faults: ChassisMap["faults"] = [
    { ...at, fault: { kind: "board", slot: slotId(3) } },
    { ...at, fault: { kind: "leaving", slot: slotId(3) } },
    { ...at, fault: { kind: "cable", slot: slotId(3), network: "A", port, carrier: false } },
    { ...at, fault: { kind: "cable", slot: slotId(3), network: "A", port, carrier: true } },
    { ...at, fault: { kind: "one-way", slot: slotId(3), network: "A", port, way: "mute" } },
    { ...at, fault: { kind: "switch", name: "sw-a", network: "A" } },
    { ...at, fault: { kind: "path", from: slotId(1), to: slotId(3), network: "A" } },
  ];
  const actions = wrongList(statusFixture({ ...healthyMap(), faults })).map(({ action }) => action);
  expect(new Set(actions).size).toBe(faults.length);
  for (const action of actions) expect(action).toMatch(/slot 3|sw-a|network A/);
});

test("no line is wider than the screen and no foreign control character gets through", () => {
  const evil = `evil\u001b[2J\u0007${"x".repeat(300)}`;
  let map = deafFixture(healthyMap(20), 7, "B");
  map = withBoard(map, 3, { name: evil, degraded: evil });
  map = { ...map, chassis: evil, faults: map.faults.map((fault) => ({ ...fault, text: evil })) };
  const document = statusFixture(map);
  const board = { ...document.board, chassis: evil, name: evil, version: evil };
  const now = { ...document.now, time: evil };
  for (const columns of [60, 80, 100, 400]) {
    for (const line of statusLines({ ...document, board, now }, { columns, color: false })) {
      expect(columnsOf(line)).toBeLessThanOrEqual(columns);
      expect(line).not.toMatch(/\p{Cc}/u);
    }
  }
});

test("colours only repeat what a word says", () => {
  const document = statusFixture(deafFixture(healthyMap(), 3, "A"));
  const colored = statusLines(document, { columns: 100, color: true }).join("\n");
  expect(colored).toContain("\u001b[");
  const plain = Bun.stripANSI(colored);
  expect(plain).toBe(statusLines(document, screen).join("\n"));
});
