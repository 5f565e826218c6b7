import { expect, test } from "bun:test";
import fc from "fast-check";
import { macToBytes, parseMac, prng } from "../base/index.ts";
import { loadChassis } from "../config/index.ts";
import { nextMac, planCables, planSwitches, randomMac } from "./plan.ts";
import { chassisText } from "./testing.ts";

function planOf(text: string): ReturnType<typeof planAll> {
  const loaded = loadChassis(text, "test.yaml");
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return planAll(loaded.value);
}

function planAll(chassis: Parameters<typeof planSwitches>[0]) {
  const switches = planSwitches(chassis);
  const cables = chassis.boards.map((board) => ({
    board: board.name,
    cables: planCables(chassis, switches, board),
  }));
  return { switches, cables };
}

test("every board has one cable on each network, each to a port of its own", () => {
  const { cables } = planOf(chassisText({ boards: 21 }));
  const ends = cables.flatMap((each) => each.cables);
  expect(ends).toHaveLength(44); // 21 boards and the CCN
  expect(new Set(ends.map((end) => `${end.switchName}/${end.port.name}`)).size).toBe(44);
  expect(ends.slice(0, 2).map((end) => [end.network, end.device])).toEqual([
    ["A", "eth-a"],
    ["B", "eth-b"],
  ]);
});

test("a port keeps its configured name, and its four numbers are never the same", () => {
  const { switches } = planOf(chassisText({ boards: 3, portPrefix: "1/0/" }));
  const port = switches[0]?.ports[6];
  expect(port).toEqual({ number: 7, name: "1/0/7", ifIndex: 10107, bridgePort: 15 });
  for (const each of switches[0]?.ports ?? []) {
    expect(new Set([each.number, each.ifIndex, each.bridgePort]).size).toBe(3);
  }
});

test("a CCN without a configured port gets a free one, never an uplink", () => {
  const { cables, switches } = planOf(chassisText({ boards: 2, ccnPort: false }));
  expect(cables[0]?.cables.map((end) => end.port.name)).toEqual(["23", "23"]);
  expect(switches[0]?.ports.map((port) => port.name)).toContain("24");
});

test("random MACs are unicast, locally administered and follow from the seed", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const mac = randomMac(prng(seed));
      const bytes = new Uint8Array(6);
      macToBytes(mac, bytes);
      expect((bytes[0] ?? 0) & 3).toBe(2);
      expect(randomMac(prng(seed))).toBe(mac);
    }),
  );
});

test("the next MAC counts in the last three bytes only", () => {
  const next = (text: string): string => {
    const mac = parseMac(text);
    return mac.ok ? nextMac(mac.value) : "";
  };
  expect(next("52:54:00:00:00:01")).toBe("52:54:00:00:00:02");
  expect(next("52:54:00:00:ff:ff")).toBe("52:54:00:01:00:00");
  expect(next("52:54:00:ff:ff:ff")).toBe("52:54:00:00:00:00");
});
