// The picture as other rooms and people read it.

import { type Incarnation, type MonoUs, parseIncarnation, type SlotId } from "../../base/index.ts";
import type { Board } from "../../config/index.ts";
import type { BoardStatus, ChassisMap, PathState } from "../types.ts";
import { networkWork } from "./faults.ts";
import { isDerived, pathCode, pathSince } from "./picture.ts";
import { tellsDamped, tellsDegraded } from "./rows.ts";
import {
  isHeard,
  networkIndices,
  networkOf,
  type NetworkIndex,
  type Peer,
  type State,
  timeOf,
} from "./state.ts";

/** The whole map. Directions nobody can tell about are left out of `paths`. */
export function mapOf(state: State, now: MonoUs): ChassisMap {
  const { document, picture } = state;
  const boards: BoardStatus[] = [];
  const paths: PathState[] = [];
  for (const from of state.slots) {
    const board = state.boards[from];
    if (board !== undefined) boards.push(boardStatus(state, board));
    for (const to of state.slots) {
      if (from === to) continue;
      for (const network of networkIndices) {
        const path = pathState(state, from, to, network, now);
        if (path !== undefined) paths.push(path);
      }
    }
  }
  return {
    self: state.self,
    chassis: document.chassis,
    configVersion: document.version,
    atUs: now,
    boards,
    paths,
    faults: [...picture.faults],
  };
}

function boardStatus(state: State, board: Board): BoardStatus {
  const { slot } = board;
  const { picture } = state;
  const peer = state.peers[slot];
  return {
    slot,
    name: board.name,
    role: board.role,
    state: picture.boards[slot] ?? "unknown",
    sinceUs: timeOf(picture.boardSinceUs[slot] ?? 0),
    network: { A: networkWork(state, slot, "A"), B: networkWork(state, slot, "B") },
    address: board.address,
    incarnation: incarnationOf(state, slot),
    configVersion: slot === state.self ? state.document.version : peer?.configVersion,
    degraded: slot === state.self ? state.reason : degradedReason(state, peer),
  };
}

function pathState(
  state: State,
  from: SlotId,
  to: SlotId,
  network: NetworkIndex,
  now: MonoUs,
): PathState | undefined {
  const code = pathCode(state, from, to, network);
  if (code === 0) return undefined;
  const source = isDerived(state, from, to) ? "derived" : to === state.self ? "own" : "told";
  return {
    from,
    to,
    network: networkOf(network),
    up: code === 2,
    damped: isDamped(state, from, to, network, now),
    sinceUs: pathSince(state, from, to, network),
    source,
  };
}

function isDamped(
  state: State,
  from: SlotId,
  to: SlotId,
  network: NetworkIndex,
  now: MonoUs,
): boolean {
  if (to === state.self) return (state.peers[from]?.paths[network].dampedUntilUs ?? 0) > now;
  const receiver = state.peers[to];
  return receiver !== undefined && receiver.isDirect && tellsDamped(receiver, from, network);
}

/** The proven life of a board; undefined while nobody hears it. */
export function incarnationOf(state: State, slot: SlotId): Incarnation | undefined {
  if (slot === state.self) return incarnationText(state.hi, state.lo);
  const peer = state.peers[slot];
  if (peer === undefined) return undefined;
  if (peer.isDirect) return incarnationText(peer.hi, peer.lo);
  const hub = state.direct.find((teller) => isHeard(teller) && (teller.rows[slot] ?? -1) >= 0);
  return hub === undefined
    ? undefined
    : incarnationText(hub.rowHi[slot] ?? 0, hub.rowLo[slot] ?? 0);
}

/** Two halves as an incarnation; undefined for 0, 0. */
export function incarnationText(hi: number, lo: number): Incarnation | undefined {
  if (hi === 0 && lo === 0) return undefined;
  const hex = (value: number): string => value.toString(16).padStart(8, "0");
  const parsed = parseIncarnation(hex(hi) + hex(lo));
  return parsed.ok ? parsed.value : undefined;
}

/** Reasons travel to hubs only; io-cards learn that a card is degraded, not why. */
function degradedReason(state: State, peer: Peer | undefined): string | undefined {
  if (peer === undefined) return undefined;
  if (peer.isDirect) return peer.degraded ? (peer.reason ?? "no reason given") : undefined;
  const isTold = state.direct.some((hub) => isHeard(hub) && tellsDegraded(hub, peer.slot));
  return isTold ? "the hubs know why" : undefined;
}
