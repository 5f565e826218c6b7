// The shell on real sockets: three boards in network namespaces of one process, two kernel bridges
// as switches. Skipped, with the reason, where namespaces are not permitted.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, defined, type NetworkId, networkIds, parseIpv4 } from "../base/index.ts";
import {
  addAddress,
  canMakeNamespaces,
  closeNetns,
  createBridge,
  createNetns,
  createVeth,
  dropTraffic,
  findLink,
  inNetns,
  listRoutes,
  type Netlink,
  openNetlink,
  openUdp,
  passTraffic,
  setLink,
  sysErrorText,
} from "../kernel/index.ts";
import type { Result } from "../base/index.ts";
import type { SysError } from "../kernel/index.ts";
import { testDocument } from "./fixtures.ts";
import type { MapChange, Netrack, NetrackSettings } from "./index.ts";
import { bestAddress, startNetrack } from "./index.ts";

const rights = canMakeNamespaces();
if (!rights.root) {
  process.stderr.write(`skipped: netrack on real sockets: ${rights.missing ?? "not root"}\n`);
}

const shape = { hubs: 2, cards: 1 };
const devices = { A: "eth-a", B: "eth-b" };
const bridges = { A: "br-a", B: "br-b" };

type TestBoard = {
  readonly slot: number;
  readonly netns: number;
  readonly nl: Netlink;
  readonly runDir: string;
  readonly lines: string[];
  readonly changes: MapChange[];
  /** `from type` of every foreign extension, once. */
  readonly received: Set<string>;
  readonly versions: number[];
  netrack: Netrack | undefined;
};

function must<T>(result: Result<T, SysError>): T {
  if (!result.ok) throw new Error(sysErrorText(result.error));
  return result.value;
}

function ip(text: string): ReturnType<typeof must<never>> {
  const parsed = parseIpv4(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value as never;
}

let root = "";
let switchNetns = -1;
let switchNl: Netlink | undefined;
const boards: TestBoard[] = [];

function switchLink(name: string): number {
  return must(findLink(defined(switchNl, "the switches"), name)).index;
}

function plugIn(slot: number): TestBoard {
  const netns = must(createNetns());
  const nl = inNetns(netns, () => must(openNetlink()));
  const sw = defined(switchNl, "the switches");
  for (const network of networkIds) {
    const name = `${network}${slot}`;
    must(createVeth(sw, { name, peerName: devices[network], peerNetns: netns }));
    must(setLink(sw, switchLink(name), { up: true, master: switchLink(bridges[network]) }));
    const { index } = must(findLink(nl, devices[network]));
    const net = network === "A" ? "10.1" : "20.1";
    const address = ip(slot === 0 ? `${net}.0.1` : `${net}.1.${slot}`);
    must(addAddress(nl, { index, address, prefix: 16 }));
    must(setLink(nl, index, { up: true }));
  }
  const board: TestBoard = {
    slot,
    netns,
    nl,
    runDir: join(root, `board-${slot}`),
    lines: [],
    changes: [],
    received: new Set(),
    versions: [],
    netrack: undefined,
  };
  boards.push(board);
  return board;
}

async function start(board: TestBoard, more: Partial<NetrackSettings> = {}): Promise<Netrack> {
  const log = createLog({
    board: `slot${board.slot}`,
    module: "netrack",
    level: "debug",
    sink: (line) => board.lines.push(line),
    now: () => "2026-11-24T10:00:00.000Z",
  });
  const started = await inNetns(board.netns, () =>
    startNetrack({
      document: testDocument(shape, board.slot),
      devices,
      runDir: board.runDir,
      log,
      onChange: (change) => board.changes.push(change),
      onConfigVersion: (version) => board.versions.push(version),
      onExtensions: ({ from, extensions }) => {
        for (const { type } of extensions) board.received.add(`${from} ${type}`);
      },
      ...more,
    }),
  );
  if (!started.ok) throw new Error(started.error);
  board.netrack = started.value;
  return started.value;
}

/** Waits until every started board's map fulfils `isRight`; each change wakes it up. */
async function until(
  isRight: (netrack: Netrack, board: TestBoard) => boolean,
  what: string,
): Promise<void> {
  const running = boards.filter(({ netrack }) => netrack !== undefined);
  const isDone = (): boolean =>
    running.every((board) => board.netrack !== undefined && isRight(board.netrack, board));
  await new Promise<void>((resolve, reject) => {
    const stops: (() => void)[] = [];
    const end = (finish: () => void): void => {
      clearTimeout(limit);
      for (const stop of stops) stop();
      finish();
    };
    const limit = setTimeout(() => {
      const said = running.map(({ slot, netrack }) => [
        slot,
        netrack?.map().faults.map((f) => f.text),
      ]);
      end(() => reject(new Error(`not within 3 s: ${what}; ${JSON.stringify(said)}`)));
    }, 3000);
    const look = (): void => (isDone() ? end(resolve) : undefined);
    for (const { netrack } of running) stops.push(netrack?.subscribe(look) ?? (() => {}));
    look();
  });
}

const isHealthy = (netrack: Netrack): boolean => {
  const { boards: all, paths, faults } = netrack.map();
  return (
    all.every(({ state }) => state === "up") &&
    paths.length === 12 &&
    paths.every(({ up }) => up) &&
    faults.length === 0
  );
};

const says = (text: string) => (netrack: Netrack) =>
  netrack
    .map()
    .faults.map((fault) => fault.text.replace(" (this board)", ""))
    .join("|") === text;

async function ask(board: TestBoard, commands: string, lines: number): Promise<object[]> {
  let text = "";
  return new Promise((resolve, reject) => {
    void Bun.connect({
      unix: join(board.runDir, "netrack.sock"),
      socket: {
        open: (socket) => void socket.write(commands),
        data(socket, bytes) {
          text += bytes.toString();
          const all = text.split("\n").slice(0, -1);
          if (all.length < lines) return;
          resolve(all.map((line) => JSON.parse(line) as object));
          socket.end();
        },
        close: () => reject(new Error(`closed after: ${text}`)),
        error: (_socket, error) => reject(error),
      },
    });
  });
}

describe.if(rights.root)("three boards on two kernel bridges", () => {
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "netrack-"));
    switchNetns = must(createNetns());
    switchNl = inNetns(switchNetns, () => must(openNetlink()));
    for (const network of networkIds) {
      must(createBridge(switchNl, { name: bridges[network] }));
      must(setLink(switchNl, switchLink(bridges[network]), { up: true }));
    }
    for (let slot = 0; slot < 3; slot++) await start(plugIn(slot));
    await until(isHealthy, "everybody hears everybody");
  });

  afterAll(() => {
    for (const { netrack, nl, netns } of boards) {
      netrack?.close();
      nl.close();
      closeNetns(netns);
    }
    switchNl?.close();
    closeNetns(switchNetns);
    rmSync(root, { recursive: true, force: true });
  });

  const board = (slot: number): TestBoard => defined(boards[slot], `board ${slot}`);
  const port = (slot: number, network: NetworkId): number => switchLink(`${network}${slot}`);
  const setPort = (slot: number, network: NetworkId, up: boolean): void =>
    must(setLink(defined(switchNl, "switches"), port(slot, network), { up }));

  test("a cut cable is known at once by its carrier, named everywhere, and led round by host routes", async () => {
    const cutAt = performance.now();
    setPort(2, "A", false);
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
    setPort(2, "A", true);
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
    const index = switchLink(bridges.B);
    must(setLink(defined(switchNl, "switches"), index, { up: false }));
    await until(says("switch sw-b down: nobody hears anybody on B"), "switch B is named");
    must(setLink(defined(switchNl, "switches"), index, { up: true }));
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
    await start(board(1), { extend: () => [{ type: 9, bytes: new Uint8Array([1, 2]) }] });
    await until(isHealthy, "the new life is up");
  });

  test("other modules' extensions travel in the same beats", async () => {
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
