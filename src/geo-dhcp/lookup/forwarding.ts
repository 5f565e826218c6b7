// The forwarding table of a switch, read from its walked columns. The row index should be
// FDB id + MAC (Q-BRIDGE) or MAC (BRIDGE), but agents put the MAC's length 6 before it, or other
// parts before or behind. The MAC is always taken from the index: the address column is often
// missing. Also knows by which OIDs the row of one MAC can be asked for directly.

import type { Mac } from "../../base/index.ts";
import { rowPrefixesMax } from "./limits.ts";
import { indexParts, macOfParts, uintOf } from "./mibs.ts";

/** Which MIB a table is from. */
export type FdbKind = "q-bridge" | "bridge";

/** What one entry says: a port number, its status, and the FDB id if the table has them. */
export type FdbRow = {
  readonly mac: Mac;
  readonly fdb: number | undefined;
  readonly bridgePort: number;
  readonly status: number | undefined;
};

/** A whole table. */
export type FdbTable = {
  readonly kind: FdbKind;
  readonly rows: ReadonlyMap<Mac, readonly FdbRow[]>;
  /** MACs per bridge port. */
  readonly macsOnPort: ReadonlyMap<number, number>;
  /** Index texts before the MAC, the fullest first; empty = rows can't be asked for directly. */
  readonly prefixes: readonly string[];
  /** More FDB ids exist than `prefixes` has. */
  readonly hasMorePrefixes: boolean;
  readonly hasStatus: boolean;
  /** Rows whose index or value made no sense. */
  readonly unreadable: number;
};

type Raw = { readonly parts: readonly number[]; readonly port: number; readonly index: string };

/** Reads the port column and (possibly empty) status column of one table. */
export function decodeFdb(
  kind: FdbKind,
  ports: ReadonlyMap<string, unknown>,
  statuses: ReadonlyMap<string, unknown>,
): FdbTable {
  const byLength = new Map<number, Raw[]>();
  let unreadable = 0;
  for (const [index, value] of ports) {
    const parts = indexParts(index);
    const port = uintOf(value);
    if (parts === undefined || port === undefined) {
      unreadable++;
      continue;
    }
    const list = byLength.get(parts.length);
    const raw = { parts, port, index };
    if (list === undefined) byLength.set(parts.length, [raw]);
    else list.push(raw);
  }
  const rows = new Map<Mac, FdbRow[]>();
  const macsOnPort = new Map<number, number>();
  const prefixCounts = new Map<string, number>();
  let isDirect = byLength.size === 1;
  for (const [length, raws] of byLength) {
    const at = macPlace(kind, raws);
    isDirect &&= at.macAt + 6 === length;
    for (const raw of raws) {
      const mac = macOfParts(raw.parts, at.macAt);
      if (mac === undefined) {
        unreadable++;
        continue;
      }
      const fdb = at.fdbAt < 0 ? undefined : raw.parts[at.fdbAt];
      addTo(rows, { mac, fdb, bridgePort: raw.port, status: uintOf(statuses.get(raw.index)) });
      macsOnPort.set(raw.port, (macsOnPort.get(raw.port) ?? 0) + 1);
      const prefix = raw.parts.slice(0, at.macAt).join(".");
      prefixCounts.set(prefix, (prefixCounts.get(prefix) ?? 0) + 1);
    }
  }
  const fullest = [...prefixCounts].sort((a, b) => b[1] - a[1]).slice(0, rowPrefixesMax);
  const prefixes = isDirect ? fullest.map(([prefix]) => prefix) : [];
  return {
    kind,
    rows,
    macsOnPort,
    prefixes,
    hasMorePrefixes: prefixCounts.size > rowPrefixesMax,
    hasStatus: statuses.size > 0,
    unreadable,
  };
}

function addTo(rows: Map<Mac, FdbRow[]>, row: FdbRow): void {
  const list = rows.get(row.mac);
  if (list === undefined) rows.set(row.mac, [row]);
  else list.push(row);
}

/** Where MAC and FDB id stand in indices of one length, judged over all rows of that length. */
function macPlace(kind: FdbKind, raws: readonly Raw[]): { macAt: number; fdbAt: number } {
  const standard = kind === "q-bridge" ? 1 : 0;
  const length = raws[0]?.parts.length ?? 0;
  if (length <= standard + 6) return { macAt: Math.max(0, length - 6), fdbAt: length - 7 };
  const every = (holds: (raw: Raw) => boolean): boolean => raws.every(holds);
  if (every(({ parts }) => parts[standard] === 6)) {
    return { macAt: standard + 1, fdbAt: standard - 1 };
  }
  const isMacAt = (at: number) => (raw: Raw) => macOfParts(raw.parts, at) !== undefined;
  const last = raws[0]?.parts.at(-1);
  const isTail =
    raws.some(({ parts }) => (parts.at(-1) ?? 0) > 255) ||
    every(({ parts }) => parts.at(-1) === last) ||
    every(({ parts, port }) => parts.at(-1) === port);
  if (isTail && every(isMacAt(standard))) return { macAt: standard, fdbAt: standard - 1 };
  const fromEnd = length - 6;
  if (every(isMacAt(fromEnd)))
    return { macAt: fromEnd, fdbAt: kind === "q-bridge" ? fromEnd - 1 : -1 };
  return { macAt: standard, fdbAt: standard - 1 };
}
