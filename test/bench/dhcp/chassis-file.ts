// The chassis all cases run on: 60 slots for clients, one for the relay that perfdhcp is, one for a
// client that proves a server ready.

/** Slots that hold a client. */
export const clientSlots = 60;
/** Slot of the relay. */
export const relaySlot = 61;
/** Slot of the client that proves a server ready. */
export const probeSlot = 62;
/** Community of both switches. */
const community = "bench";

/** UDP port of the switches' own agents. */
export const agentPort = 161;
/** UDP port of the fast stand-ins for these agents. */
export const standInPort = 1161;

/** The chassis file's text; the server asks the switches at UDP `snmpPort`. */
export function chassisText(snmpPort: number): string {
  const sw = (name: string, address: string): string =>
    `  ${name}: { address: ${address}, port: ${snmpPort}, snmp: { version: 2c, community: ${community} }, ports: 1-63, ccnPort: 63 }`;
  const slots = Array.from({ length: probeSlot }, (_, i) => {
    const role = i < 2 ? "controller" : "io-card";
    return `  ${i + 1}: { role: ${role}, portA: ${i + 1}, portB: ${i + 1} }`;
  });
  return [
    "chassis: bench",
    "version: 1",
    "networks:",
    "  A: { subnet: 10.1.0.0/16, ccn: 10.1.0.1, switch: sw-a }",
    "  B: { subnet: 20.1.0.0/16, ccn: 20.1.0.1, switch: sw-b }",
    "switches:",
    sw("sw-a", "10.1.0.2"),
    sw("sw-b", "20.1.0.2"),
    "slots:",
    ...slots,
    "macs: any",
    "",
  ].join("\n");
}
