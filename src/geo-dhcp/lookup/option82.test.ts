import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseIpv4, slotId } from "../../base/index.ts";
import { ifNameColumn } from "./mibs.ts";
import { portOfRelay } from "./option82.ts";
import { portTables } from "./ports.ts";
import type { LookupOutcome } from "./types.ts";

const address = (text: string) => {
  const parsed = parseIpv4(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};
const relay = address("10.1.0.2");
const plan = {
  trustOption82From: [relay],
  slotOfPort: new Map([
    ["Gi1/0/7", slotId(7)],
    ["gigabitEthernet 1/0/8", slotId(8)],
    ["9", slotId(9)],
  ]),
  uplinks: ["Gi1/0/24"],
};
const names = new Map<string, unknown>([["10107", new TextEncoder().encode("Gi1/0/7")]]);
const tables = portTables(
  [{ base: ifNameColumn, cursor: "", isDone: true, isLost: false, rows: names }],
  plan,
);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

function ask(circuitId: Uint8Array | undefined, remoteId?: Uint8Array): LookupOutcome | undefined {
  return portOfRelay(plan, tables, { relay, circuitId, remoteId });
}

const seven: LookupOutcome = { type: "found", port: "Gi1/0/7", slot: slotId(7) };

test("a relay that is not trusted is not believed", () => {
  const other = { relay: address("10.1.0.3"), circuitId: text("Gi1/0/7"), remoteId: undefined };
  expect(portOfRelay(plan, tables, other)).toBeUndefined();
});

test("the port name as text, alone, with company, with Cisco's string header", () => {
  expect(ask(text("Gi1/0/7"))).toEqual(seven);
  expect(ask(text("sw-a:Gi1/0/7:100"))).toEqual(seven);
  expect(ask(bytes(1, 7, ...text("Gi1/0/7")))).toEqual(seven);
  expect(ask(text("gigabitEthernet 1/0/8"))).toMatchObject({ slot: slotId(8) });
});

test("an ifIndex of 16 or 32 bits is named by the port tables", () => {
  expect(ask(bytes(0x27, 0x7b))).toEqual(seven);
  expect(ask(bytes(0, 0, 0x27, 0x7b))).toEqual(seven);
  expect(ask(bytes(0, 99))).toBeUndefined();
  expect(
    portOfRelay(plan, undefined, { relay, circuitId: bytes(0, 9), remoteId: undefined }),
  ).toEqual({
    type: "found",
    port: "9",
    slot: slotId(9),
  });
});

test("Cisco's vlan-module-port, when one port of the file fits", () => {
  expect(ask(bytes(0, 4, 0, 100, 1, 7))).toEqual(seven);
  expect(ask(bytes(0, 4, 0, 100, 2, 7))).toBeUndefined();
});

test("the remote id is the second choice, an uplink is told", () => {
  expect(ask(undefined, text("Gi1/0/7"))).toEqual(seven);
  expect(ask(text("Gi1/0/24"))).toEqual({ type: "on-uplink", port: "Gi1/0/24" });
});

test("two ports in one text are no answer", () => {
  expect(ask(text("Gi1/0/7,9"))).toBeUndefined();
});

test("any bytes are survived", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (a, b) => {
      ask(a, b);
    }),
  );
});
