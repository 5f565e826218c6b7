// A random chassis as its owner would write it: YAML text, loaded by the product's own loader, so
// that the simulated boards get exactly what real ones get.

import { nextBelow, nextChance, nextOf, nextU32, type Prng } from "../../src/base/index.ts";
import { type Chassis, configErrorText, loadChassis } from "../../src/config/index.ts";

/** The text, what the loader made of it, and the key of the chassis. */
export type SimChassis = {
  readonly text: string;
  readonly chassis: Chassis;
  readonly key: string;
  /** Fabric ports of the CCN; the file need not name them. */
  readonly ccnPort: Readonly<Record<"A" | "B", number>>;
};

/** Ports of both switches: 1 to this; a number is its own name. */
export const portsMax = 24;

/** 1 to 3 controllers, 1 to 8 I/O cards, the CCN; ports shuffled, one slot left free. */
export function randomChassis(rng: Prng): SimChassis {
  const controllers = 1 + nextBelow(rng, 3);
  const cards = 1 + nextBelow(rng, 8);
  const ports = { A: shuffledPorts(rng), B: shuffledPorts(rng) };
  const take = (network: "A" | "B"): number => ports[network].pop() ?? portsMax;
  const ccnPort = { A: take("A"), B: take("B") };
  const names = (id: "A" | "B"): string =>
    nextChance(rng, 0.5) ? `, ccnPort: ${ccnPort[id]}` : "";
  const lines = [
    "chassis: sim",
    "version: 3",
    "networks:",
    "  A: { subnet: 10.1.0.0/16, ccn: 10.1.0.1, switch: sw-a }",
    "  B: { subnet: 20.1.0.0/16, ccn: 20.1.0.1, switch: sw-b }",
    "switches:",
    `  sw-a: { address: 10.1.0.2, snmp: { version: 2c, community: x }, ports: 1-24${names("A")} }`,
    `  sw-b: { address: 20.1.0.2, snmp: { version: 2c, community: x }, ports: 1-24${names("B")} }`,
    "slots:",
  ];
  let slot = nextChance(rng, 0.8) ? 0 : nextBelow(rng, 40);
  for (let i = 0; i < controllers + cards; i++) {
    slot += nextChance(rng, 0.8) ? 1 : 2;
    const role = i < controllers ? "controller" : "io-card";
    lines.push(`  ${slot}: { role: ${role}, portA: ${take("A")}, portB: ${take("B")} }`);
  }
  lines.push(`timing: { ${timing(rng)} }`);
  const text = `${lines.join("\n")}\n`;
  const loaded = loadChassis(text, "sim.yaml");
  if (!loaded.ok) {
    throw new Error(
      `the simulator's chassis is refused:\n${loaded.error.map(configErrorText).join("\n")}`,
    );
  }
  let key = "";
  while (key.length < 64) key += nextU32(rng).toString(16).padStart(8, "0");
  return { text, chassis: loaded.value, key, ccnPort };
}

/** Mostly the defaults, sometimes slower beats; damping short enough to be seen within seconds. */
function timing(rng: Prng): string {
  const flap = `flapMax: ${2 + nextBelow(rng, 3)}, flapWindowMs: 2000, flapHoldMs: ${nextOf(rng, [0, 200, 400])}`;
  return nextChance(rng, 0.8) ? flap : `beatMs: 20, silentMs: 75, ${flap}`;
}

function shuffledPorts(rng: Prng): number[] {
  const ports = Array.from({ length: portsMax }, (_, i) => i + 1);
  for (let i = ports.length - 1; i > 0; i--) {
    const j = nextBelow(rng, i + 1);
    const [a, b] = [ports[i] ?? 0, ports[j] ?? 0];
    ports[i] = b;
    ports[j] = a;
  }
  return ports;
}
