import { expect, test } from "bun:test";
import { type Chassis, loadChassis } from "../config/index.ts";
import { planOutside } from "./outside-plan.ts";
import { planCables, planSwitches } from "./plan.ts";
import { chassisText } from "./testing.ts";

function chassisWith(addresses: string, text = chassisText({ boards: 3 })): Chassis {
  const loaded = loadChassis(
    `${text}groups:\n  web: { on: [1, 2], addresses: ${addresses} }\n`,
    "t",
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value;
}

function planOf(chassis: Chassis) {
  return planOutside(chassis, planSwitches(chassis));
}

test("a chassis without public addresses has no outside, and no port for it", () => {
  const loaded = loadChassis(chassisText({ boards: 3 }), "t");
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  expect(planOf(loaded.value)).toBeUndefined();
});

test("the router is .254 and the client .253, or the last free hosts below", () => {
  expect(planOf(chassisWith("[192.168.1.10/24]"))?.subnets).toMatchObject([
    { subnet: "192.168.1.0", router: "192.168.1.254", client: "192.168.1.253" },
  ]);
  expect(planOf(chassisWith("[192.168.1.254/24, 192.168.1.252/24]"))?.subnets).toMatchObject([
    { router: "192.168.1.253", client: "192.168.1.251", addresses: { length: 2 } },
  ]);
  expect(planOf(chassisWith("[192.168.1.10/28, 172.16.0.1/32]"))?.subnets).toMatchObject([
    { router: "192.168.1.14", client: "192.168.1.13" },
    { router: undefined, client: undefined },
  ]);
});

test("its legs are on ports of nobody else", () => {
  const bare = chassisText({ boards: 3 })
    .split("\n")
    .filter((line) => !/^    (ports|uplinks|ccnPort):/.test(line))
    .join("\n");
  for (const text of [
    chassisText({ boards: 3 }),
    chassisText({ boards: 3, ccnPort: false }),
    chassisText({ boards: 22 }), // no port is left
    bare,
  ]) {
    const chassis = chassisWith("[192.168.1.10/24]", text);
    const switches = planSwitches(chassis);
    const outside = planOutside(chassis, switches)?.cables ?? [];
    expect(outside.map(({ network }) => network)).toEqual(["A", "B"]);
    const boards = chassis.boards.flatMap((board) => planCables(chassis, switches, board));
    const ends = [...outside, ...boards].map(
      ({ switchName, port }) => `${switchName} ${port.name}`,
    );
    expect(new Set(ends).size).toBe(ends.length);
    expect(outside.every(({ port }) => port.name !== "24" || text === bare)).toBe(true); // uplink
    const numbers = switches[0]?.ports.map(({ number }) => number) ?? [];
    expect(new Set(numbers).size).toBe(numbers.length);
  }
});

test("the client's own network is none of the chassis'", () => {
  expect(planOf(chassisWith("[192.168.1.10/24]"))?.link).toHaveProperty("client", "198.51.100.2");
  expect(planOf(chassisWith("[198.51.100.10/24]"))?.link).toHaveProperty("client", "203.0.113.2");
});

test("the router has the last free host of A and B", () => {
  expect(planOf(chassisWith("[192.168.1.10/24]"))?.routerPrivate).toMatchObject({
    A: { address: "10.1.255.254", prefix: 16 },
    B: { address: "20.1.255.254" },
  });
});
