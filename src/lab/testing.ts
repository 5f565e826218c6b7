// Fixtures of this room's tests: chassis files of any size, and what a test of the real thing needs.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canMakeNamespaces } from "../kernel/index.ts";

/** A chassis file: two controllers, then I/O cards, on ports 1 to `boards` of both switches. */
export function chassisText(of: {
  readonly boards: number;
  readonly portPrefix?: string;
  /** False: the file does not say where the CCN is. */
  readonly ccnPort?: boolean;
  /** SNMP section of both switches. */
  readonly snmp?: string;
}): string {
  const { boards, portPrefix = "", ccnPort = true, snmp = "{ version: 2c, community: test }" } = of;
  const port = (n: number): string => JSON.stringify(`${portPrefix}${n}`);
  const lab = (name: string, address: string): string[] => [
    `  ${name}:`,
    `    address: ${address}`,
    `    snmp: ${snmp}`,
    `    ports: ${JSON.stringify(`${portPrefix}1-24`)}`,
    `    uplinks: [${port(24)}]`,
    ...(ccnPort ? [`    ccnPort: ${port(23)}`] : []),
  ];
  const slots = Array.from({ length: boards }, (_, i) => {
    const role = i < 2 ? "controller" : "io-card";
    return `  ${i + 1}: { role: ${role}, portA: ${port(i + 1)}, portB: ${port(i + 1)} }`;
  });
  return [
    "chassis: lab-test",
    "version: 1",
    "networks:",
    "  A: { subnet: 10.1.0.0/16, ccn: 10.1.0.1, switch: sw-a }",
    "  B: { subnet: 20.1.0.0/16, ccn: 20.1.0.1, switch: sw-b }",
    "switches:",
    ...lab("sw-a", "10.1.0.2"),
    ...lab("sw-b", "20.1.0.2"),
    "slots:",
    ...slots,
    "macs: any",
    "",
  ].join("\n");
}

/** A folder of this test alone. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "softset-lab-test-"));
}

/** Why tests with namespaces cannot run here; undefined if they can. Says so once. */
export function namespacesMissing(): string | undefined {
  const rights = canMakeNamespaces();
  if (rights.root) return undefined;
  const reason = rights.missing ?? "run as root, or: unshare -Urnm npm test";
  console.error(`skipped: virtual chassis: ${reason}`);
  return reason;
}
