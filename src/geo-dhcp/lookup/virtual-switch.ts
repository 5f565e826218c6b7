// A switch for tests and simulations of the lookup core: answers its packets from a list of rows,
// in the rows' order, without sockets or time. The caller decides when an answer arrives.

import type { AnsweredVarbind } from "./mibs.ts";
import type { LookupEffect } from "./state.ts";

/** Objects in the order the agent serves them: OID and value (number = INTEGER, bytes = string). */
export type VirtualRows = readonly (readonly [string, number | Uint8Array])[];

/** What the agent answers to a packet; exceptions as RFC 3416 says. */
export function answerPacket(
  rows: VirtualRows,
  packet: LookupEffect & { type: "send-packet" },
): (readonly AnsweredVarbind[])[] {
  const places = new Map(rows.map(([oid], i) => [oid, i]));
  const at = (i: number | undefined, oid: string, exception: number): AnsweredVarbind => {
    const row = i === undefined ? undefined : rows[i];
    if (row === undefined) return { oid, type: exception, value: null };
    return { oid: row[0], type: typeof row[1] === "number" ? 2 : 4, value: row[1] };
  };
  const next = (oid: string): AnsweredVarbind => {
    const place = places.get(oid);
    const i = place === undefined ? rows.findIndex(([o]) => isAfter(o, oid)) : place + 1;
    return at(i < 0 ? undefined : i, oid, 130);
  };
  if (packet.op === "get") return packet.oids.map((oid) => [at(places.get(oid), oid, 129)]);
  return packet.oids.map((oid) => {
    const column: AnsweredVarbind[] = [];
    const count = packet.op === "next" ? 1 : packet.repetitions;
    for (let cursor = oid; column.length < count;) {
      const varbind = next(cursor);
      column.push(varbind);
      if (varbind.type === 130) break;
      cursor = varbind.oid;
    }
    return column;
  });
}

function isAfter(a: string, b: string): boolean {
  const x = a.split(".");
  const y = b.split(".");
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const difference = Number(x[i]) - Number(y[i]);
    if (difference !== 0) return difference > 0;
  }
  return x.length > y.length;
}
