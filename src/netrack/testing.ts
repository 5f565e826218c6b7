// For tests of the shell on real sockets: three boards in network namespaces of one process, two
// kernel bridges as switches. `rights.root` says whether that is permitted here; else skip.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, type Ipv4, defined, networkIds, parseIpv4 } from "../base/index.ts";
import {
  addAddress,
  canMakeNamespaces,
  closeNetns,
  createBridge,
  createNetns,
  createVeth,
  findLink,
  inNetns,
  type Netlink,
  openNetlink,
  setLink,
  sysErrorText,
} from "../kernel/index.ts";
import type { Result } from "../base/index.ts";
import type { SysError } from "../kernel/index.ts";
import { testDocument } from "./fixtures.ts";
import type { MapChange, Netrack, NetrackSettings } from "./index.ts";
import { startNetrack } from "./index.ts";

/** May namespaces be made here? */
export const rights = canMakeNamespaces();
/** Two hubs, the CCN among them, and a card. */
export const shape = { hubs: 2, cards: 1 };
/** Interfaces of a board. */
export const devices = { A: "eth-a", B: "eth-b" };
/** The switches. */
export const bridges = { A: "br-a", B: "br-b" };

/** A board and what was heard from it. */
export type TestBoard = {
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

/** The value, or a throw with the error's words. */
export function must<T>(result: Result<T, SysError>): T {
  if (!result.ok) throw new Error(sysErrorText(result.error));
  return result.value;
}

/** A literal address. */
export function ip(text: string): Ipv4 {
  const parsed = parseIpv4(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

let root = "";
let switchNetns = -1;
let switchNl: Netlink | undefined;
/** All boards by slot. */
export const boards: TestBoard[] = [];

/** Index of a link of the switches. */
export function switchLink(name: string): number {
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

/** Starts NETRACK on a board. */
export async function start(
  board: TestBoard,
  more: Partial<NetrackSettings> = {},
): Promise<Netrack> {
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
export async function until(
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

/** Is everybody up and every path too, without a fault? */
export const isHealthy = (netrack: Netrack): boolean => {
  const { boards: all, paths, faults } = netrack.map();
  return (
    all.every(({ state }) => state === "up") &&
    paths.length === 12 &&
    paths.every(({ up }) => up) &&
    faults.length === 0
  );
};

/** Are these the texts of all faults? */
export const says =
  (text: string) =>
  (netrack: Netrack): boolean =>
    netrack
      .map()
      .faults.map((fault) => fault.text.replace(" (this board)", ""))
      .join("|") === text;

/** Sends lines to a board's local socket; the first `lines` answers. */
export async function ask(board: TestBoard, commands: string, lines: number): Promise<unknown[]> {
  let text = "";
  return new Promise<unknown[]>((resolve, reject) => {
    void Bun.connect({
      unix: join(board.runDir, "netrack.sock"),
      socket: {
        open: (socket) => void socket.write(commands),
        data(socket, bytes) {
          text += bytes.toString();
          const all = text.split("\n").slice(0, -1);
          if (all.length < lines) return;
          resolve(all.map((line) => JSON.parse(line)));
          socket.end();
        },
        close: () => reject(new Error(`closed after: ${text}`)),
        error: (_socket, error) => reject(error),
      },
    });
  });
}

/** Makes the switches, plugs in three boards, starts them and waits until all are well. */
export async function openChassis(): Promise<void> {
  root = mkdtempSync(join(tmpdir(), "netrack-"));
  switchNetns = must(createNetns());
  switchNl = inNetns(switchNetns, () => must(openNetlink()));
  for (const network of networkIds) {
    must(createBridge(switchNl, { name: bridges[network] }));
    must(setLink(switchNl, switchLink(bridges[network]), { up: true }));
  }
  for (let slot = 0; slot < 3; slot++) await start(plugIn(slot));
  await until(isHealthy, "everybody hears everybody");
}

/** Stops and removes all of it. */
export function closeChassis(): void {
  for (const { netrack, nl, netns } of boards.splice(0)) {
    netrack?.close();
    nl.close();
    closeNetns(netns);
  }
  switchNl?.close();
  closeNetns(switchNetns);
  rmSync(root, { recursive: true, force: true });
}

/** The board in a slot. */
export const board = (slot: number): TestBoard => defined(boards[slot], `board ${slot}`);

/** Sets a link of the switches up or down. */
export function setSwitchLink(name: string, up: boolean): void {
  must(setLink(defined(switchNl, "switches"), switchLink(name), { up }));
}
