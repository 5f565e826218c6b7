// A small good chassis file for tests, and what the loader says of changed copies.

import { expect } from "bun:test";
import { configErrorText, loadChassis } from "./index.ts";
import type { Chassis } from "./types.ts";

export const base = `chassis: lab
version: 3
networks:
  A: { subnet: 10.1.0.0/16, ccn: 10.1.0.1, switch: sw-a }
  B: { subnet: 20.1.0.0/16, ccn: 20.1.0.1, switch: sw-b }
switches:
  sw-a:
    address: 10.1.0.2
    snmp: { version: 2c, community: hush }
    ports: 1/0/1-1/0/48
    uplinks: [1/0/48]
    ccnPort: 1/0/47
  sw-b:
    address: 20.1.0.2
    snmp: { version: 1, community: hush }
slots:
  1: { role: controller, portA: 1/0/1, portB: 1 }
  3: { role: io-card, portA: 1/0/3, portB: 3 }
`;

/** The chassis of a good file. */
export function load(text: string): Chassis {
  const loaded = loadChassis(text, "chassis.yaml");
  if (!loaded.ok) throw new Error(loaded.error.map(configErrorText).join("\n"));
  return loaded.value;
}

/** Every mistake of a file, as a person reads it. */
export function mistakes(text: string): string[] {
  const loaded = loadChassis(text, "chassis.yaml");
  return loaded.ok ? [] : loaded.error.map(configErrorText);
}

/** `base` with one piece replaced; the piece must be there. */
export function changed(from: string, to: string): string {
  expect(base).toContain(from);
  return base.replace(from, to);
}

/** The sample with two controllers and a second card. */
export const duo = changed(
  "  3: {",
  "  2: { role: controller, portA: 1/0/2, portB: 2 }\n  4: { role: io-card, portA: 1/0/4, portB: 4 }\n  3: {",
);
const pair = `groups:\n  web: { on: [1, 2], addresses: [192.168.1.10/24] }\n`;
const web = `services:\n  web: { run: /bin/web --port 80, group: web }\n`;
/** Two controllers, one group with an address, one service. */
export const good = duo + pair + web;

/** `good` with one piece replaced. */
export function bent(from: string, to: string): string {
  expect(good).toContain(from);
  return good.replace(from, to);
}

/** Every mistake without file, line and column. */
export function told(text: string): string[] {
  return mistakes(text).map((line) => line.replace(/^chassis.yaml:\d+:\d+: /, ""));
}
