// The kernel's view of one switch as SNMP sections, in the switch's own namespace. Tables are read
// when a request touches them and the last reading is older than `tableAgeUsMax`; rows are built
// again only if something in them changed, so a GET of one forwarding row costs a dump at most.

import { readFileSync } from "node:fs";
import { assert, type Mac, type MonoUs, type Result, ok } from "../base/index.ts";
import {
  type Link,
  listForwarding,
  listLinks,
  monoNowUs,
  type Netlink,
  type SysError,
} from "../kernel/index.ts";
import { tableAgeUsMax } from "./limits.ts";
import { kernelPort, type LabPort, type LabSwitch } from "./plan.ts";
import { parsePortCounters } from "./port-counters.ts";
import type { SnmpSection } from "./snmp-answer.ts";
import {
  bridgeRows,
  emptyPort,
  forwardingRows,
  interfaceNameRows,
  interfaceRows,
  type LearntMac,
  type PortState,
  type SnmpRow,
  systemRows,
  vlanRows,
} from "./snmp-rows.ts";
import { bridgeName } from "./wiring.ts";

/** The sections of a switch, in OID order. Refusals of the kernel go to `onError`; rows stay old. */
export function switchSections(
  nl: Netlink,
  plan: LabSwitch,
  onError: (error: SysError) => void,
): Result<SnmpSection[], SysError> {
  const links = listLinks(nl);
  if (!links.ok) return links;
  const own = links.value.find((link) => link.name === bridgeName)?.mac;
  assert(own !== undefined, "the lab makes the bridge before its agent");
  const startedUs = monoNowUs();
  const interfaces = cached(() => readInterfaces(nl, plan, own), onError);
  const learnt = cached(() => readLearnt(nl, plan), onError);
  const stateOf = (states: PortStates) => (port: LabPort) =>
    states.byNumber.get(port.number) ?? emptyPort(own);
  const base = bridgeRows(plan, own);
  const mib2 = [1, 3, 6, 1, 2, 1];
  return ok([
    {
      prefix: [...mib2, 1],
      rows: () => systemRows({ plan, upTime: centiseconds(startedUs, monoNowUs()) }),
    },
    {
      prefix: [...mib2, 2],
      rows: rowsOf(interfaces, (states) => interfaceRows(plan, stateOf(states), own)),
    },
    { prefix: [...mib2, 17, 1], rows: () => base },
    { prefix: [...mib2, 17, 4], rows: rowsOf(learnt, (macs) => forwardingRows(macs.learnt, own)) },
    { prefix: [...mib2, 17, 7], rows: rowsOf(learnt, (macs) => vlanRows(plan, macs.learnt, own)) },
    {
      prefix: [...mib2, 31],
      rows: rowsOf(interfaces, (states) => interfaceNameRows(plan, stateOf(states), own)),
    },
  ]);
}

/** TimeTicks wrap after 497 days (RFC 2578 §7.1.8). */
function centiseconds(fromUs: MonoUs, toUs: MonoUs): number {
  return Math.floor((toUs - fromUs) / 10_000) % 2 ** 32;
}

/** A reading with a text that differs whenever anything in it does. */
type Reading = { readonly fingerprint: string };
type PortStates = Reading & { readonly byNumber: ReadonlyMap<number, PortState> };
type LearntMacs = Reading & { readonly learnt: readonly LearntMac[] };

/** The newest reading, at most `tableAgeUsMax` old; undefined while the kernel has refused all. */
function cached<T extends Reading>(
  read: () => Result<T, SysError>,
  onError: (error: SysError) => void,
): () => T | undefined {
  let value: T | undefined;
  let readUs = -Infinity;
  return () => {
    const now = monoNowUs();
    if (now - readUs < tableAgeUsMax) return value;
    const got = read();
    if (got.ok) {
      value = got.value;
      readUs = now;
    } else onError(got.error);
    return value;
  };
}

/** Rows that are built again only when the reading is a different one. */
function rowsOf<T extends Reading>(
  newest: () => T | undefined,
  build: (reading: T) => SnmpRow[],
): () => readonly SnmpRow[] {
  let rows: readonly SnmpRow[] = [];
  let fingerprint = "";
  return () => {
    const reading = newest();
    if (reading === undefined || reading.fingerprint === fingerprint) return rows;
    fingerprint = reading.fingerprint;
    rows = build(reading);
    return rows;
  };
}

function readInterfaces(nl: Netlink, plan: LabSwitch, own: Mac): Result<PortStates, SysError> {
  const links = listLinks(nl);
  if (!links.ok) return links;
  const byName = new Map<string, Link>(links.value.map((link) => [link.name, link]));
  const text = readFileSync("/proc/thread-self/net/dev", "utf8");
  const counters = parsePortCounters(text);
  const byNumber = new Map<number, PortState>();
  let states = "";
  for (const port of plan.ports) {
    const link = byName.get(kernelPort(port));
    if (link === undefined) continue;
    const up = link.up && link.carrier;
    const counted = counters.get(link.name) ?? emptyPort(own).counters;
    byNumber.set(port.number, { up, mac: link.mac ?? own, counters: counted });
    states += `${link.name} ${up} `;
  }
  return ok({ byNumber, fingerprint: states + text });
}

function readLearnt(nl: Netlink, plan: LabSwitch): Result<LearntMacs, SysError> {
  const rows = listForwarding(nl);
  if (!rows.ok) return rows;
  const others = rows.value.filter((row) => !row.isLocal);
  const fingerprint = `learnt ${others.map((row) => `${row.mac} ${row.portIndex}`).join(" ")}`;
  if (others.length === 0) return ok({ learnt: [], fingerprint });
  const links = listLinks(nl);
  if (!links.ok) return links;
  const portByName = new Map(plan.ports.map((port) => [kernelPort(port), port]));
  const portByIndex = new Map(links.value.map((link) => [link.index, portByName.get(link.name)]));
  const learnt: LearntMac[] = [];
  for (const { mac, portIndex } of others) {
    const port = portByIndex.get(portIndex);
    if (port !== undefined) learnt.push({ mac, port });
  }
  return ok({ learnt, fingerprint: `${fingerprint} ${links.value.map((l) => l.name).join(" ")}` });
}
