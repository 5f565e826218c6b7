// For this room's tests: boards and a client on two bridges, each in a network namespace of its own,
// all in this process; made only where the right to make them is there.

import {
  createLog,
  defined,
  type Ipv4,
  type Mac,
  type NetworkId,
  networkIds,
  parseIpv4,
  parseMac,
  type Result,
} from "../../base/index.ts";
import {
  addAddress,
  canMakeNamespaces,
  closeNetns,
  createBridge,
  createNetns,
  createVeth,
  deleteLink,
  findLink,
  type Gate,
  inNetns,
  type Netlink,
  openGate,
  openNetlink,
  setBridgePortState,
  setLink,
  type SysError,
  sysErrorText,
} from "../../kernel/index.ts";
import { openPublicAddresses, type PublicAddresses } from "./shell.ts";
import type { AddressReport, PublicAddressSetting } from "./types.ts";

/** True where this process may make namespaces and a gate; says what is missing where not. */
export const mayMoveAddresses: boolean = tryRights();

function tryRights(): boolean {
  const { root, missing } = canMakeNamespaces();
  const gate = root ? openGate([]) : undefined;
  if (gate?.ok === true) {
    gate.value.close();
    return true;
  }
  const reason = gate === undefined ? (missing ?? "not root") : sysErrorText(gate.error);
  process.stderr.write(`skipped: public addresses with real packets: ${reason}\n`);
  return false;
}

/** The value of a Result that a test needs; throws its text. */
export function must<T>(result: Result<T, SysError>): T {
  if (!result.ok) throw new Error(sysErrorText(result.error));
  return result.value;
}

/** An address literal of a test. */
export function testIp(text: string): Ipv4 {
  const parsed = parseIpv4(text);
  return defined(parsed.ok ? parsed.value : undefined, `address ${text}`);
}

/** A MAC literal of a test. */
export function testMac(text: string): Mac {
  const parsed = parseMac(text);
  return defined(parsed.ok ? parsed.value : undefined, `MAC ${text}`);
}

/** The public address of most tests. */
export const publicIp: Ipv4 = testIp("192.168.1.1");
/** The client's address, on network A. */
export const clientIp: Ipv4 = testIp("192.168.1.50");
/** The client's MAC on network A. */
export const clientMac: Mac = testMac("02:00:00:00:0a:63");
/** The public address with the boards' own MACs. */
export const plainSetting: PublicAddressSetting = { address: publicIp, prefix: 24, mac: undefined };

/** A namespace with an interface on each network. */
export type Seat = { readonly netns: number; readonly nl: Netlink };

/** Boards 1 and 2, a client, and the bridges between them. */
export type Chassis = Disposable & {
  readonly boards: readonly [Seat, Seat];
  readonly client: Seat;
  /** Takes a board's interface out; `replug` also puts a new one in, without addresses. */
  readonly unplug: (board: "b1" | "b2", network: NetworkId) => void;
  readonly replug: (board: "b1" | "b2", network: NetworkId) => void;
  /** Stops or passes all frames of a seat on a network; its carrier stays. */
  readonly cut: (seat: "b1" | "b2" | "cl", network: NetworkId, isCut: boolean) => void;
};

/** Last byte of each seat's MACs. */
const numbers: Readonly<Record<string, number>> = { b1: 1, b2: 2, cl: 0x63 };
const devices = { A: "eth-a", B: "eth-b" } as const;

/** Lays cables: 10.1.1.1 and 20.1.1.1 are board 1, .2 board 2; the client is 192.168.1.50 on A and
 * 20.1.1.99 on B. */
export function layChassis(): Chassis {
  const seats: Seat[] = [];
  const seat = (): Seat => {
    const netns = must(createNetns());
    const made = { netns, nl: inNetns(netns, () => must(openNetlink())) };
    seats.push(made);
    return made;
  };
  const middle = seat();
  for (const network of networkIds) {
    const name = `br${network}`;
    must(createBridge(middle.nl, { name }));
    must(setLink(middle.nl, must(findLink(middle.nl, name)).index, { up: true }));
  }
  const { lay, unplug } = cabling(middle);
  const plug = (at: Seat, name: string): void => {
    for (const network of networkIds) lay(at, name, network);
  };
  const give = (at: Seat, network: NetworkId, address: string, prefix: number): void => {
    const { index } = must(findLink(at.nl, devices[network]));
    must(addAddress(at.nl, { index, address: testIp(address), prefix }));
  };
  const boards = [seat(), seat()] as const;
  for (const [i, board] of boards.entries()) {
    plug(board, `b${i + 1}`);
    give(board, "A", `10.1.1.${i + 1}`, 16);
    give(board, "B", `20.1.1.${i + 1}`, 16);
  }
  const client = seat();
  plug(client, "cl");
  give(client, "A", clientIp, 24);
  give(client, "B", "20.1.1.99", 16);
  for (const at of [...boards, client]) {
    for (const network of networkIds) awaitCarrier(at.nl, devices[network]);
  }
  return {
    boards,
    client,
    unplug,
    replug(name, network) {
      const board = boards[name === "b1" ? 0 : 1];
      unplug(name, network);
      lay(board, name, network);
      awaitCarrier(board.nl, devices[network]);
    },
    cut(name, network, isCut) {
      const { index } = must(findLink(middle.nl, `${name}${network}`));
      must(setBridgePortState(middle.nl, index, isCut ? "disabled" : "forwarding"));
    },
    [Symbol.dispose]() {
      for (const { netns, nl } of seats) {
        nl.close();
        closeNetns(netns);
      }
    },
  };
}

type Cabling = {
  readonly lay: (at: Seat, name: string, network: NetworkId) => void;
  readonly unplug: (name: string, network: NetworkId) => void;
};

/** Cables between seats and the bridges; every interface has an index of its own. */
function cabling(middle: Seat): Cabling {
  let peerIndex = 100;
  return {
    lay(at, name, network) {
      const port = `${name}${network}`;
      const number = hex(numbers[name] ?? 0);
      const peerMac = testMac(`02:00:00:00:0${network.toLowerCase()}:${number}`);
      const peerName = devices[network];
      peerIndex++;
      const ends = { name: port, peerName, peerMac, peerNetns: at.netns, peerIndex };
      must(createVeth(middle.nl, ends));
      const master = must(findLink(middle.nl, `br${network}`)).index;
      const { index } = must(findLink(middle.nl, port));
      must(setLink(middle.nl, index, { master }));
      must(setLink(middle.nl, index, { up: true }));
      must(setLink(at.nl, must(findLink(at.nl, peerName)).index, { up: true }));
    },
    unplug(name, network) {
      must(deleteLink(middle.nl, must(findLink(middle.nl, `${name}${network}`)).index));
    },
  };
}

/** Public addresses on a board, with their gate and what they told. */
export type Holder = Disposable & {
  readonly addresses: PublicAddresses;
  readonly gate: Gate;
  readonly reports: AddressReport[];
  readonly log: string[];
};

/** Opens them; `onReport` is called in the middle of a takeover. */
export async function openHolder(
  seat: Seat,
  settings: readonly PublicAddressSetting[] = [plainSetting],
  onReport: (report: AddressReport) => void = () => {},
): Promise<Holder> {
  const gate = must(inNetns(seat.netns, () => openGate(Object.values(devices))));
  const reports: AddressReport[] = [];
  const log: string[] = [];
  const addresses = must(
    await openPublicAddresses({
      netns: seat.netns,
      devices,
      addresses: settings,
      gate,
      log: createLog({
        board: "test",
        module: "redirect",
        level: "warn",
        sink: (line) => log.push(line),
        now: () => "",
      }),
      onReport(report) {
        reports.push(report);
        onReport(report);
      },
    }),
  );
  return {
    addresses,
    gate,
    reports,
    log,
    [Symbol.dispose]() {
      addresses.close();
      must(inNetns(seat.netns, () => gate.remove()));
    },
  };
}

/** The kernel opens a link's queue shortly after its carrier came; what is sent before is lost. */
function awaitCarrier(nl: Netlink, name: string): void {
  for (let i = 0; i < 100_000; i++) if (must(findLink(nl, name)).carrier) return;
  throw new Error(`${name} gets no carrier`);
}

function hex(value: number): string {
  return value.toString(16).padStart(2, "0");
}
