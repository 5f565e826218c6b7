// Names what is broken: the smallest set of things that explains every path that is down. Pure and
// without memory; `DiagnosisView` is the map it is asked about. Its rules, in order:
//
// 1. A board that is down or leaving is a fault of its own and is left out of the rest, as are
//    boards nobody can tell about. A board that hears nobody (`isIsolated`) blames its own cables.
// 2. Per network, from the paths between boards that are up, one of them a hub:
//    a. all of these boards without carrier: the switch.
//    b. boards whose every path is down, taken in the order that explains most: their cables,
//       unless nobody hears anybody and it would take two cables or more (or it would take three
//       and they are most of the boards): then the switch. Cables all the same if exactly those
//       boards report their carrier lost and others have it.
//    c. boards that hear nobody, or that nobody hears: one direction, deaf or mute.
//    d. what is left: single paths.
//
// Ambiguous, and how it is settled: two boards that lost each other on a network, or one hub that
// lost all its cards. A lost carrier names its owner; without one, two boards blame the switch and
// a lone hub its own cable (one cable is smaller). A single direction between two boards fits deaf
// and mute alike: it is called a path. A board cut off on both networks is called down.

import { type NetworkId, networkIds, type SlotId } from "../../base/index.ts";
import type { BoardState, Fault } from "../types.ts";
import type { PathCode } from "./state.ts";

/** One board as the diagnosis sees it. */
export type DiagnosedBoard = {
  readonly slot: SlotId;
  readonly isHub: boolean;
  readonly state: BoardState;
  readonly port: Readonly<Record<NetworkId, string | undefined>>;
};

/** The map to be explained. `path` is asked for pairs with a hub in them only. */
export type DiagnosisView = {
  readonly self: SlotId;
  readonly boards: readonly DiagnosedBoard[];
  readonly switchName: Readonly<Record<NetworkId, string>>;
  /** This board hears nobody, and that is its own fault. */
  readonly isIsolated: boolean;
  readonly path: (from: SlotId, to: SlotId, network: NetworkId) => PathCode;
  readonly isCarrierLost: (slot: SlotId, network: NetworkId) => boolean;
};

/** Everything that is wrong, boards first, then network A, then B. */
export function diagnose(view: DiagnosisView): Fault[] {
  const faults: Fault[] = [];
  for (const { slot, state } of view.boards) {
    if (state === "down") faults.push({ kind: "board", slot });
    if (state === "leaving") faults.push({ kind: "leaving", slot });
  }
  const present = view.boards.filter(({ state }) => state === "up");
  for (const network of networkIds) {
    const self = view.boards.find(({ slot }) => slot === view.self);
    if (!view.isIsolated) faults.push(...networkFaults(view, network, present));
    else if (self !== undefined) faults.push(cableFault(view, network, self));
  }
  return faults;
}

/** Names a fault, so that the same fault is known again. */
export function faultKey(fault: Fault): string {
  switch (fault.kind) {
    case "board":
    case "leaving":
      return `${fault.kind} ${fault.slot}`;
    case "cable":
      return `cable ${fault.slot} ${fault.network}`;
    case "one-way":
      return `${fault.way} ${fault.slot} ${fault.network}`;
    case "switch":
      return `switch ${fault.network}`;
    case "path":
      return `path ${fault.from} ${fault.to} ${fault.network}`;
    default:
      return fault satisfies never;
  }
}

type Edge = { readonly from: SlotId; readonly to: SlotId };
type Network = {
  readonly view: DiagnosisView;
  readonly network: NetworkId;
  readonly present: readonly DiagnosedBoard[];
  /** Known paths that are up, and those that are down. */
  readonly up: readonly Edge[];
  readonly down: readonly Edge[];
};

function networkFaults(
  view: DiagnosisView,
  network: NetworkId,
  present: readonly DiagnosedBoard[],
): Fault[] {
  const net = edgesOf(view, network, present);
  if (net.down.length === 0) return [];
  const dark = present.filter(({ slot }) => view.isCarrierLost(slot, network));
  const switchFault: Fault = { kind: "switch", name: view.switchName[network], network };
  if (present.length > 1 && dark.length === present.length) return [switchFault];
  const cut = cutBoards(net, dark);
  if (isSwitch(net, cut, dark)) {
    const rest = net.down.filter((edge) => !cut.some((board) => touches(edge, board.slot)));
    return [switchFault, ...oneWayFaults({ ...net, down: rest })];
  }
  const left = net.down.filter((edge) => !cut.some((board) => touches(edge, board.slot)));
  const cables = cut.map((board) => cableFault(view, network, board));
  return [...cables, ...oneWayFaults({ ...net, down: left })];
}

function edgesOf(
  view: DiagnosisView,
  network: NetworkId,
  present: readonly DiagnosedBoard[],
): Network {
  const up: Edge[] = [];
  const down: Edge[] = [];
  for (const from of present) {
    for (const to of present) {
      if (from === to || (!from.isHub && !to.isHub)) continue;
      const code = view.path(from.slot, to.slot, network);
      if (code === 2) up.push({ from: from.slot, to: to.slot });
      if (code === 1) down.push({ from: from.slot, to: to.slot });
    }
  }
  return { view, network, present, up, down };
}

/** Boards whose cable explains most: all their paths are down, in both directions. */
function cutBoards(net: Network, dark: readonly DiagnosedBoard[]): DiagnosedBoard[] {
  const cut: DiagnosedBoard[] = [];
  let left = net.down;
  const dead = net.present.filter(({ slot }) => {
    const sends = net.down.some((edge) => edge.from === slot);
    const hears = net.down.some((edge) => edge.to === slot);
    return sends && hears && !net.up.some((edge) => touches(edge, slot));
  });
  for (;;) {
    let best: DiagnosedBoard | undefined;
    let bestScore = 0;
    for (const board of dead) {
      const count = left.filter((edge) => touches(edge, board.slot)).length;
      // A lost carrier is evidence: of equally good explanations the dark one is taken.
      const score = count === 0 ? 0 : count + (dark.includes(board) ? 0.5 : 0);
      if (score > bestScore) {
        best = board;
        bestScore = score;
      }
    }
    if (best === undefined) return cut;
    const { slot } = best;
    cut.push(best);
    left = left.filter((edge) => !touches(edge, slot));
  }
}

function isSwitch(
  net: Network,
  cut: readonly DiagnosedBoard[],
  dark: readonly DiagnosedBoard[],
): boolean {
  const [first] = cut;
  if (first === undefined) return false;
  if (net.present.length === 2) return net.up.length === 0 && !dark.includes(first);
  // All but one went dark: that one's kernel has not noticed yet (it may tell a carrier change up to
  // a second late), or it is a lone hub whose own cable is whole.
  if (net.up.length === 0 && dark.length >= net.present.length - 1) {
    return cut.length > 1 || !dark.includes(first);
  }
  if (cut.length === 1) return false;
  const isEachDark = cut.every((board) => dark.includes(board));
  if (isEachDark && cut.length < net.present.length) return false;
  if (net.up.length === 0) return true;
  return cut.length >= 3 && cut.length * 2 > net.present.length;
}

/** One direction of a board, then single paths. */
function oneWayFaults(net: Network): Fault[] {
  const { network } = net;
  const faults: Fault[] = [];
  let left = net.down;
  for (;;) {
    const best = bestOneWay(net, left);
    if (best === undefined) break;
    const { board, way } = best;
    const port = board.port[network];
    faults.push({ kind: "one-way", slot: board.slot, network, port, way });
    left = left.filter((edge) => (way === "deaf" ? edge.to : edge.from) !== board.slot);
  }
  for (const { from, to } of left) faults.push({ kind: "path", from, to, network });
  return faults;
}

type OneWay = { readonly board: DiagnosedBoard; readonly way: "deaf" | "mute" };

/** The direction of a board that explains most; one that fits both ends of its only path is none. */
function bestOneWay(net: Network, left: readonly Edge[]): OneWay | undefined {
  let best: OneWay | undefined;
  let bestCount = 0;
  for (const board of net.present) {
    for (const way of ["deaf", "mute"] as const) {
      const end = way === "deaf" ? "to" : "from";
      if (net.up.some((edge) => edge[end] === board.slot)) continue;
      const explained = left.filter((edge) => edge[end] === board.slot);
      const [only] = explained;
      if (only === undefined || explained.length <= bestCount) continue;
      if (explained.length === 1 && fitsOtherEnd(net, only, way)) continue;
      best = { board, way };
      bestCount = explained.length;
    }
  }
  return best;
}

function fitsOtherEnd(net: Network, edge: Edge, way: OneWay["way"]): boolean {
  if (way === "deaf") return !net.up.some(({ from }) => from === edge.from);
  return !net.up.some(({ to }) => to === edge.to);
}

function cableFault(view: DiagnosisView, network: NetworkId, board: DiagnosedBoard): Fault {
  const { slot } = board;
  const carrier = !view.isCarrierLost(slot, network);
  return { kind: "cable", slot, network, port: board.port[network], carrier };
}

function touches(edge: Edge, slot: SlotId): boolean {
  return edge.from === slot || edge.to === slot;
}
