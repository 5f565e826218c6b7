// Decides which port a MAC is on, from all entries a switch has for it. The most specific wins:
// a slot port beats a port without slot, that beats an uplink; a learnt entry beats a static one;
// fewer MACs on the port beat more; what is equal after that is ambiguous and gets no address.

import type { Mac } from "../../base/index.ts";
import type { FdbRow } from "./forwarding.ts";
import { statusInvalid, statusLearned, statusSelf } from "./mibs.ts";
import { portOf, type PortOf, type PortTables } from "./ports.ts";
import type { LookupOutcome, TableRow } from "./types.ts";

/** The outcome of one MAC, and whether a port was not in the port tables (they may be old). */
export type Resolved = { readonly outcome: LookupOutcome; readonly hasUnknownPort: boolean };

type Candidate = { readonly at: PortOf; readonly row: FdbRow };

/** Judges the entries of one MAC; `macsOnPort` counts MACs per bridge port, as last walked. */
export function resolve(
  mac: Mac,
  rows: readonly FdbRow[],
  tables: PortTables,
  macsOnPort: ReadonlyMap<number, number>,
): Resolved {
  if (mac === tables.bridgeAddress) return { outcome: { type: "self" }, hasUnknownPort: false };
  const candidates = rows
    .filter((row) => row.status !== statusInvalid)
    .map((row) => ({ row, at: useOf(tables, row) }));
  const hasUnknownPort = candidates.some(({ at }) => !at.isKnown);
  for (const use of ["slot", "none", "uplink"] as const) {
    const best = mostSpecific(
      candidates.filter(({ at }) => at.use === use),
      macsOnPort,
    );
    if (best.length > 0) return { outcome: outcomeOf(best), hasUnknownPort };
  }
  const type = candidates.length > 0 ? "self" : "not-found";
  return { outcome: { type }, hasUnknownPort };
}

/** One entry as a row for people. */
export function tableRow(row: FdbRow, tables: PortTables): TableRow {
  const at = row.mac === tables.bridgeAddress ? undefined : useOf(tables, row);
  const { port, ifIndex } = portOf(tables, row.bridgePort);
  const vlan = row.fdb === undefined ? undefined : tables.vlanOfFdb.get(row.fdb);
  return {
    mac: row.mac,
    port,
    use: at?.use ?? "self",
    slot: at?.slot,
    bridgePort: row.bridgePort,
    ifIndex,
    fdb: row.fdb,
    vlan,
  };
}

function useOf(tables: PortTables, row: FdbRow): PortOf {
  const at = portOf(tables, row.bridgePort);
  return row.status === statusSelf ? { ...at, use: "self", slot: undefined, isKnown: true } : at;
}

/** The best candidates, one per port. */
function mostSpecific(
  candidates: readonly Candidate[],
  macsOnPort: ReadonlyMap<number, number>,
): PortOf[] {
  const rank = ({ row }: Candidate): number =>
    row.status === undefined || row.status === statusLearned ? 0 : 1;
  const count = ({ row }: Candidate): number => macsOnPort.get(row.bridgePort) ?? 0;
  const compare = (a: Candidate, b: Candidate): number => rank(a) - rank(b) || count(a) - count(b);
  const sorted = [...candidates].sort(compare);
  const best = new Map<string, PortOf>();
  const [first] = sorted;
  for (const candidate of sorted) {
    if (first !== undefined && compare(first, candidate) === 0) {
      best.set(candidate.at.port, candidate.at);
    }
  }
  return [...best.values()];
}

function outcomeOf(best: readonly PortOf[]): LookupOutcome {
  const [first] = best;
  if (first === undefined) return { type: "not-found" };
  const { port, slot } = first;
  if (slot !== undefined && best.every((at) => at.slot === slot)) {
    return { type: "found", port, slot };
  }
  if (best.length > 1) return { type: "ambiguous", ports: best.map((at) => at.port).sort() };
  return first.use === "uplink" ? { type: "on-uplink", port } : { type: "no-slot", port };
}
