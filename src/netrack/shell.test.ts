// The shell on real sockets (testing.ts). Skipped, with the reason, without namespaces.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { defined } from "../base/index.ts";
import {
  dropTraffic,
  findLink,
  inNetns,
  listRoutes,
  openUdp,
  passTraffic,
  setLink,
} from "../kernel/index.ts";
import { testDocument } from "./fixtures.ts";
import { bestAddress } from "./index.ts";
import {
  ask,
  board,
  boards,
  bridges,
  closeChassis,
  devices,
  ip,
  isHealthy,
  must,
  openChassis,
  rights,
  says,
  setSwitchLink,
  shape,
  start,
  until,
} from "./testing.ts";

if (!rights.root) {
  process.stderr.write(`skipped: netrack on real sockets: ${rights.missing ?? "not root"}\n`);
}

describe.if(rights.root)("three boards on two kernel bridges", () => {
  beforeAll(openChassis);
  afterAll(closeChassis);

  test("a cut cable is known at once by its carrier, named everywhere, and led round by host routes", async () => {
    const cutAt = performance.now();
    setSwitchLink("A2", false);
    await until(
      (netrack) =>
        netrack
          .map()
          .paths.every(
            ({ from, to, network, up }) => up !== (network === "A" && (from === 2 || to === 2)),
          ),
      "every path of slot 2 on A is down",
    );
    expect(performance.now() - cutAt).toBeLessThan(30);
    await until(
      says("slot 2 cut from A: no carrier, cable or port sw-a/2 (works on B)"),
      "the cable is named",
    );
    for (const slot of [0, 1]) {
      expect(bestAddress(defined(board(slot).netrack, "it").map(), 2 as never)).toEqual({
        network: "B",
        address: "20.1.1.2" as never,
      });
      const routes = must(listRoutes(board(slot).nl));
      expect(routes.find(({ prefix }) => prefix === 32)).toMatchObject({
        destination: "10.1.1.2",
        gateway: "20.1.1.2",
        source: slot === 0 ? "10.1.0.1" : "10.1.1.1",
      } as never);
    }
    setSwitchLink("A2", true);
    await until(isHealthy, "the cable works again");
    await until(({ counters }) => counters()["hostRoutes"] === 0, "detours are gone").catch(
      () => {},
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(must(listRoutes(board(0).nl)).filter(({ prefix }) => prefix === 32)).toEqual([]);
  });

  test("a silent filter in one direction is called deaf", async () => {
    const { index } = must(findLink(board(2).nl, devices.B));
    must(dropTraffic(board(2).nl, index, "ingress"));
    await until(says("slot 2 deaf on B: cable or port sw-b/2 (hears A)"), "slot 2 is deaf on B");
    must(passTraffic(board(2).nl, index, "ingress"));
    await until(isHealthy, "slot 2 hears again");
  });

  test("a whole switch is called a switch", async () => {
    setSwitchLink(bridges.B, false);
    await until(says("switch sw-b down: nobody hears anybody on B"), "switch B is named");
    setSwitchLink(bridges.B, true);
    await until(isHealthy, "switch B works again");
  });

  test("a device that goes down and up is heard again", async () => {
    const { index } = must(findLink(board(1).nl, devices.A));
    must(setLink(board(1).nl, index, { up: false }));
    await until(
      says("slot 1 cut from A: no carrier, cable or port sw-a/1 (works on B)"),
      "it is missed",
    );
    must(setLink(board(1).nl, index, { up: true }));
    await until(isHealthy, "it is back");
  });

  test("a packet that is not sealed with the chassis key is counted and changes nothing", async () => {
    const netrack = defined(board(0).netrack, "the CCN");
    const before = netrack.counters()["wrongMac"] ?? 0;
    const forged = new Uint8Array(48 + 20);
    forged.set([0x53, 0x42, 1, 1, 2, 0, 1, 0]);
    const sent = await inNetns(board(1).netns, () =>
      openUdp({ port: 0, onDatagram: () => {}, onError: () => {} }),
    );
    must(must(sent).send(forged, ip("10.1.0.1"), 5343));
    while ((netrack.counters()["wrongMac"] ?? 0) === before) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    must(sent).close();
    expect(isHealthy(netrack)).toBe(true);
  });

  test("programs ask, subscribe and tell by lines of the local socket", async () => {
    const [best, name, wrong, status] = await ask(
      board(2),
      "best 1\nbest ccn\nbest nobody\nstatus\n",
      4,
    );
    expect(best).toEqual({ ok: true, slot: 1, network: "A", address: "10.1.1.1" });
    expect(name).toEqual({ ok: true, slot: 0, network: "A", address: "10.1.0.1" });
    expect(wrong).toEqual({ ok: false, error: 'no board or service "nobody"' });
    expect(status).toMatchObject({ ok: true, map: { self: 2, chassis: "test" } });
    const told = ask(board(1), "subscribe board 2\n", 2);
    await ask(board(2), "degraded disk is full\n", 1);
    // A reason is no change of the map that subscribers are told of: look at the map itself.
    while (board(0).netrack?.map().boards[2]?.degraded !== "disk is full") {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await ask(board(2), "leaving\n", 1);
    const [, event] = await told;
    expect(event).toMatchObject({ event: { type: "board", slot: 2, state: "leaving", was: "up" } });
    await ask(board(2), "ok\n", 1);
    await until(isHealthy, "slot 2 is well again");
  });

  test("a line without end gets its program dropped with the reason", async () => {
    const [answer] = await ask(board(0), "x".repeat(600), 1);
    expect(answer).toEqual({ ok: false, error: "dropped: a line is longer than 512 bytes" });
  });

  test("a board that leaves is known to leave without a time-out, and a new life of it is up", async () => {
    const leaving = defined(board(1).netrack, "board 1");
    await leaving.leave();
    leaving.close();
    board(1).netrack = undefined;
    await until(says("slot 1 leaving: goes down in order"), "it leaves");
    expect(
      boards
        .flatMap(({ changes }) => changes)
        .some((c) => c.type === "board" && c.state === "down"),
    ).toBe(false);
    await start(board(1));
    await until(isHealthy, "the new life is up");
  });

  test("other modules' extensions travel in the same beats", async () => {
    board(1).netrack?.close();
    await start(board(1), { extend: () => [{ type: 9, bytes: new Uint8Array([1, 2]) }] });
    await until(isHealthy, "the new life is up");
    while (!board(0).received.has("1 9") || !board(2).received.has("1 9")) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect([...board(1).received]).toEqual([]);
  });

  test("a newer configuration of the CCN is taken over and its version told to everybody", async () => {
    await board(0).netrack?.update({ ...testDocument(shape, 0), version: 2 });
    while (!board(1).versions.includes(2) || !board(2).versions.includes(2)) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(board(2).netrack?.map().boards[0]?.configVersion).toBe(2);
    expect(isHealthy(defined(board(0).netrack, "the CCN"))).toBe(true);
  });
});
