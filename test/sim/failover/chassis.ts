// A random chassis with groups for the failover scenario, as its owner would write it: 2 or 3
// controllers and the CCN, 1 to 3 groups on two or three of them, sometimes freed by leases alone.
// No groups on I/O cards: those beat to hubs only, so that a standby card never hears its holder.

import { nextBelow, nextChance, nextU32, type Prng } from "../../../src/base/index.ts";
import { configErrorText, loadChassis } from "../../../src/config/index.ts";
import type { SimChassis } from "../chassis.ts";

/** Ports of the CCN; board n sits on port n of both switches. */
const ccnPort = { A: 23, B: 23 } as const;

/** The text, loaded by the product's own loader. */
export function failoverChassis(rng: Prng): SimChassis {
  const controllers = 2 + nextBelow(rng, 2);
  const lines = [
    "chassis: failover",
    "version: 1",
    "networks:",
    "  A: { subnet: 10.1.0.0/16, ccn: 10.1.0.1, switch: sw-a }",
    "  B: { subnet: 20.1.0.0/16, ccn: 20.1.0.1, switch: sw-b }",
    "switches:",
    "  sw-a: { address: 10.1.0.2, snmp: { version: 2c, community: x }, ports: 1-24, ccnPort: 23 }",
    "  sw-b: { address: 20.1.0.2, snmp: { version: 2c, community: x }, ports: 1-24, ccnPort: 23 }",
    "slots:",
  ];
  for (let slot = 1; slot <= controllers; slot++) {
    lines.push(`  ${slot}: { role: controller, portA: ${slot}, portB: ${slot} }`);
  }
  lines.push("groups:");
  const groups = 1 + nextBelow(rng, 3);
  for (let i = 0; i < groups; i++) {
    const on = Array.from({ length: controllers }, (_, at) => at + 1);
    if (controllers === 3 && nextChance(rng, 0.3)) on.splice(nextBelow(rng, 3), 1);
    const unfenced = nextChance(rng, 0.3) ? ", unfenced: after-lease" : "";
    lines.push(`  g${i}: { on: [${on.join(", ")}]${unfenced} }`);
  }
  // A cold start waits for missing members; a second of it says as much as ten.
  const damping = "flapMax: 3, flapWindowMs: 2000, flapHoldMs: 200";
  lines.push(`timing: { ${damping}, lease: { coldMs: 1000 } }`);
  const text = `${lines.join("\n")}\n`;
  const loaded = loadChassis(text, "failover.yaml");
  if (!loaded.ok) {
    const words = loaded.error.map(configErrorText).join("\n");
    throw new Error(`the simulator's chassis is refused:\n${words}`);
  }
  let key = "";
  while (key.length < 64) key += nextU32(rng).toString(16).padStart(8, "0");
  return { text, chassis: loaded.value, key, ccnPort };
}
