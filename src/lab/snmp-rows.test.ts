import { expect, test } from "bun:test";
import fc from "fast-check";
import { macFromBytes, parseMac } from "../base/index.ts";
import { loadChassis } from "../config/index.ts";
import { planSwitches } from "./plan.ts";
import {
  bridgeRows,
  compareOids,
  emptyPort,
  forwardingRows,
  interfaceNameRows,
  interfaceRows,
  type SnmpRow,
  snmpTypes,
  systemRows,
  vlanRows,
} from "./snmp-rows.ts";
import { chassisText } from "./testing.ts";

const loaded = loadChassis(chassisText({ boards: 3, portPrefix: "1/0/" }), "test.yaml");
if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
const plan = planSwitches(loaded.value)[0];
const own = macOf("02:00:00:00:00:fe");
if (plan === undefined) throw new Error("no switch in the fixture");
const port7 = plan.ports[6];
if (port7 === undefined) throw new Error("no port 7 in the fixture");

function macOf(text: string) {
  const mac = parseMac(text);
  if (!mac.ok) throw new Error(mac.error);
  return mac.value;
}

function valueAt(rows: readonly SnmpRow[], oid: string): SnmpRow["value"] | undefined {
  const value = rows.find((row) => row.oid === oid)?.value;
  return value instanceof Uint8Array && value.every((byte) => byte >= 32 && byte < 127)
    ? new TextDecoder().decode(value)
    : value;
}

test("the chain MAC, bridge port, ifIndex, ifName leads to the configured port name", () => {
  const learnt = [{ mac: macOf("52:54:00:12:34:56"), port: port7 }];
  const bridgePort = valueAt(
    forwardingRows(learnt, own),
    "1.3.6.1.2.1.17.4.3.1.2.82.84.0.18.52.86",
  );
  expect(bridgePort).toBe(15);
  const inVlans = vlanRows(plan, learnt, own);
  expect(valueAt(inVlans, "1.3.6.1.2.1.17.7.1.2.2.1.2.7.82.84.0.18.52.86")).toBe(15);
  expect(valueAt(inVlans, "1.3.6.1.2.1.17.7.1.4.2.1.3.0.1")).toBe(7); // FDB id of VLAN 1
  const ifIndex = valueAt(bridgeRows(plan, own), `1.3.6.1.2.1.17.1.4.1.2.${String(bridgePort)}`);
  expect(ifIndex).toBe(10107);
  const stateOf = () => emptyPort(own);
  const names = interfaceNameRows(plan, stateOf, own);
  expect(valueAt(names, `1.3.6.1.2.1.31.1.1.1.1.${String(ifIndex)}`)).toBe("1/0/7");
  expect(valueAt(interfaceRows(plan, stateOf, own), `1.3.6.1.2.1.2.2.1.2.${String(ifIndex)}`)).toBe(
    "1/0/7",
  );
});

test("the switch's own MAC is on port 0 with status self", () => {
  const rows = forwardingRows([], own);
  expect(valueAt(rows, "1.3.6.1.2.1.17.4.3.1.2.2.0.0.0.0.254")).toBe(0);
  expect(valueAt(rows, "1.3.6.1.2.1.17.4.3.1.3.2.0.0.0.0.254")).toBe(4);
});

test("a port with a cable shows its state and counters, 32-bit ones wrapped", () => {
  const counters = {
    ...emptyPort(own).counters,
    inOctets: 2 ** 32 + 5,
    inPackets: 9,
    inMulticasts: 2,
  };
  const stateOf = (port: typeof port7) =>
    port.number === 7 ? { up: true, mac: own, counters } : emptyPort(own);
  const rows = interfaceRows(plan, stateOf, own);
  expect(valueAt(rows, "1.3.6.1.2.1.2.2.1.8.10107")).toBe(1);
  expect(valueAt(rows, "1.3.6.1.2.1.2.2.1.8.10106")).toBe(2);
  expect(valueAt(rows, "1.3.6.1.2.1.2.2.1.10.10107")).toBe(5);
  expect(valueAt(rows, "1.3.6.1.2.1.2.2.1.11.10107")).toBe(7);
  const wide = valueAt(interfaceNameRows(plan, stateOf, own), "1.3.6.1.2.1.31.1.1.1.6.10107");
  expect(wide).toEqual(new Uint8Array([0, 0, 0, 1, 0, 0, 0, 5]));
});

test("VLAN member lists have a bit for each bridge port", () => {
  const members = valueAt(vlanRows(plan, [], own), "1.3.6.1.2.1.17.7.1.4.2.1.4.0.1");
  expect(members).toEqual(new Uint8Array([0, 0xff, 0xff, 0xff])); // ports 9 to 32
});

test("every table is in strict OID order, whatever was learnt", () => {
  const macs = fc.uniqueArray(fc.uint8Array({ minLength: 6, maxLength: 6 }), {
    maxLength: 40,
    selector: (bytes) => bytes.join(),
  });
  fc.assert(
    fc.property(macs, (list) => {
      const learnt = list
        .map((bytes) => ({ mac: macFromBytes(bytes), port: port7 }))
        .filter(({ mac }) => mac !== own);
      const tables = [
        forwardingRows(learnt, own),
        vlanRows(plan, learnt, own),
        bridgeRows(plan, own),
      ];
      tables.push(interfaceRows(plan, () => emptyPort(own), own));
      tables.push(systemRows({ plan, upTime: 5 }));
      for (const rows of tables) {
        for (let i = 1; i < rows.length; i++) {
          expect(compareOids(rows[i - 1]?.parts ?? [], rows[i]?.parts ?? [])).toBeLessThan(0);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test("sysUpTime is TimeTicks and sysName the switch's name", () => {
  const rows = systemRows({ plan, upTime: 1234 });
  expect(rows.find((row) => row.oid === "1.3.6.1.2.1.1.3.0")).toMatchObject({
    type: snmpTypes.timeTicks,
    value: 1234,
  });
  expect(valueAt(rows, "1.3.6.1.2.1.1.5.0")).toBe("sw-a");
});
