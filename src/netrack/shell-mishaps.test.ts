// What must not stop a board's heartbeats, on real sockets (testing.ts).

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { defined } from "../base/index.ts";
import { findLink, listRoutes, replaceRoute, setLink } from "../kernel/index.ts";
import { testDocument } from "./fixtures.ts";
import {
  board,
  closeChassis,
  devices,
  ip,
  isHealthy,
  must,
  openChassis,
  rights,
  shape,
  start,
  until,
} from "./testing.ts";

if (!rights.root) {
  process.stderr.write(`skipped: netrack on real sockets: ${rights.missing ?? "not root"}\n`);
}

describe.if(rights.root)("mishaps on three boards", () => {
  beforeEach(openChassis);
  afterEach(closeChassis);

  test("a module that tells something while it hears of a change does not disturb the order of changes", async () => {
    const netrack = defined(board(0).netrack, "the CCN");
    const seqs: number[] = [];
    const stops = [
      netrack.subscribe((change) => {
        if (change.type === "board" && change.slot === 2) netrack.tell({ type: "leaving" });
      }),
      netrack.subscribe((change, seq) => {
        if (change.type === "board") seqs.push(seq);
      }),
    ];
    board(2).netrack?.tell({ type: "leaving" });
    await until((_, { changes }) => changes.length > 0 && seqs.length >= 2, "both leave");
    for (const stop of stops) stop();
    for (const slot of [0, 2]) board(slot).netrack?.tell({ type: "well" });
    await until(isHealthy, "all are well");
    expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
  });

  test("extensions that don't fit are left out, and the board goes on beating", async () => {
    board(1).netrack?.close();
    const huge = [{ type: 9, bytes: new Uint8Array(1400) }];
    const netrack = await start(board(1), { extend: () => huge });
    await until(isHealthy, "its bare beats are heard");
    expect(netrack.counters()["encodeFailed"]).toBeGreaterThan(0);
  });

  test("a configuration taken over while no socket can be opened is beaten for as soon as one can", async () => {
    const nl = board(2).nl;
    const rename = (from: string, to: string): void => {
      const { index } = must(findLink(nl, from));
      must(setLink(nl, index, { up: false }));
      must(setLink(nl, index, { name: to }));
      must(setLink(nl, index, { up: true }));
    };
    for (const name of [devices.A, devices.B]) rename(name, `${name}-off`);
    const moved = (slot: number): ReturnType<typeof testDocument> => {
      const document = testDocument(shape, slot, 3);
      return { ...document, provision: { ...document.provision, beatPort: 5344 } };
    };
    for (const slot of [0, 1, 2]) await board(slot).netrack?.update(moved(slot));
    for (const name of [devices.A, devices.B]) rename(`${name}-off`, name);
    await until(isHealthy, "slot 2 is back on the new port");
    expect(board(2).lines.some((line) => line.includes("no heartbeats on A for now"))).toBe(true);
  });

  test("a board that starts removes the detours of its predecessor, and nothing else", async () => {
    const { nl, netrack } = board(2);
    netrack?.close();
    const { index } = must(findLink(nl, devices.B));
    const [destination, gateway, source] = [ip("10.1.0.1"), ip("20.1.0.1"), ip("10.1.1.2")];
    must(replaceRoute(nl, { destination, prefix: 32, index, gateway, source }));
    must(replaceRoute(nl, { destination: ip("7.7.7.0"), prefix: 24, index, gateway }));
    await start(board(2));
    const left = must(listRoutes(nl)).filter((route) => route.gateway !== undefined);
    expect(left.map((route) => `${route.destination}`)).toEqual(["7.7.7.0"]);
  });
});
