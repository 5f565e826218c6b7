// What one board knows, as plain data: itself, every board it hears directly (a peer), what each
// peer told of the others (rows), and the picture worked out from both. Only `step` changes it.
//
// Slots index arrays; the two networks are 0 (A) and 1 (B); a cell of a from × to × network table
// is at `cellAt`. Incarnations are two u32 numbers, so that no text is made per packet.

import { assert, monoUs, type MonoUs, type NetworkId, type SlotId } from "../../base/index.ts";
import { slotMax } from "../../base/index.ts";
import type { Board, BoardDocument, Role } from "../../config/index.ts";
import { outOfTurnBudget, startGraceBeats } from "../limits.ts";
import type { BoardState, Diagnosis } from "../types.ts";
import type { CoreCounters, NetrackOptions } from "./events.ts";

/** Slots that can exist. */
export const slotCount = slotMax + 1;
/** Both networks as indices. */
export const networkIndices = [0, 1] as const;
/** A network as an index: 0 = A, 1 = B. */
export type NetworkIndex = (typeof networkIndices)[number];

/** One direction from a peer to us on one network: do we hear it? */
export type InPath = {
  up: boolean;
  /** Heard at least once in the peer's present life: only then a new rise must wait. */
  wasUp: boolean;
  heardUs: number;
  /** Newest sequence number; valid if `hasSeq`. */
  seq: number;
  hasSeq: boolean;
  /** Start of the present run without a miss, or -1. */
  regularUs: number;
  /** Last falls, oldest first, for damping. */
  falls: number[];
  dampedUntilUs: number;
  /** The peer says that it has no carrier here. */
  peerLost: boolean;
};

/** A life of a slot that is over. */
export type RetiredLife = {
  readonly hi: number;
  readonly lo: number;
  /** Its newest sequence number, and ours when it ended. */
  readonly seq: number;
  readonly ownSeq: number;
};

/** A configured board other than ourselves. */
export type Peer = {
  readonly slot: SlotId;
  readonly isHub: boolean;
  /** We hear its beats ourselves: it is a hub, or we are. */
  readonly isDirect: boolean;
  /** 0, 0 = none known. */
  hi: number;
  lo: number;
  /** It echoed our life and a recent sequence number: its beats are of now. */
  isProven: boolean;
  provenUs: number;
  /** Newest sequence number on any network whose content we took over. */
  seq: number;
  hasSeq: boolean;
  readonly paths: readonly [InPath, InPath];
  readonly retired: RetiredLife[];
  leaving: boolean;
  degraded: boolean;
  reason: string | undefined;
  configVersion: number | undefined;
  latenessUs: number;
  /** When its last path fell; -1 = never heard. */
  lostUs: number;
  /** Per slot: flags it told (see core/rows.ts), -1 = it said nothing. */
  readonly rows: Int32Array;
  readonly rowHi: Uint32Array;
  readonly rowLo: Uint32Array;
  /** Newest sequence numbers of ours that it has heard, on A and on B. */
  readonly echoSeqs: [number, number];
};

/** Intervals in microseconds. */
export type TimingUs = {
  readonly beatUs: number;
  readonly silentUs: number;
  readonly lateUs: number;
  readonly netUs: number;
  readonly upAfterUs: number;
  readonly flapMax: number;
  readonly flapWindowUs: number;
  readonly flapHoldUs: number;
};

/** A path as the picture has it: 0 nobody can tell, 1 down, 2 up. */
export type PathCode = 0 | 1 | 2;

/** The map worked out from own hearing and told rows; changed only by core/picture.ts. */
export type Picture = {
  /** PathCode by `cellAt`, for pairs with a hub in them. */
  readonly cells: Uint8Array;
  readonly cellSinceUs: Float64Array;
  readonly boards: BoardState[];
  readonly boardSinceUs: Float64Array;
  /** PathCode by slot * 2 + network: is it heard there by anybody; does it hear anybody there? */
  readonly sends: Uint8Array;
  readonly hears: Uint8Array;
  readonly networkSinceUs: Float64Array;
  /** This board hears nobody and its own cut is the smaller explanation. */
  isIsolated: boolean;
  readonly dirty: Uint8Array;
  isDirty: boolean;
  /** A picture held back until overdue peers are heard or lost; -1 = none. */
  recheckUs: number;
  faults: Diagnosis[];
  /** First change not yet diagnosed, and when to diagnose; -1 = nothing to do. */
  unsettledUs: number;
  settleUs: number;
};

/** One life of one board. */
export type State = {
  readonly self: SlotId;
  readonly hi: number;
  readonly lo: number;
  /** Start of the grace: when this life began, or a configuration brought boards to get to know. */
  graceFromUs: number;
  document: BoardDocument;
  isHub: boolean;
  timing: TimingUs;
  /** Configured slots, ascending, this board's own among them. */
  slots: readonly SlotId[];
  /** By slot. */
  readonly boards: (Board | undefined)[];
  readonly peers: (Peer | undefined)[];
  /** Peers heard directly, ascending. */
  direct: readonly Peer[];
  seq: number;
  leaving: boolean;
  reason: string | undefined;
  readonly ownLost: [boolean, boolean];
  ccnVersion: number | undefined;
  /** Time of the next regular beat, of the last one, of the last beat of any kind. */
  nextTickUs: number;
  lastTickUs: number;
  lastSendUs: number;
  /** What the caller's timer is set to. */
  timerUs: number;
  /** Earliest silence deadline seen at the last judgement. */
  deadlineUs: number;
  latenessUs: number;
  /** Lateness added to deadlines, and until when. */
  allowanceUs: number;
  allowanceUntilUs: number;
  /** Since when packets are being drained; -1 = not. */
  drainUs: number;
  /** ... and this board was stopped before it. */
  wasStopped: boolean;
  /** The start grace is over: this board has an opinion on boards it never heard. */
  isGrown: boolean;
  /** Something we tell has changed since our last beat. */
  hasNews: boolean;
  budget: number;
  readonly alarmUs: Map<string, number>;
  readonly counters: CoreCounters;
  readonly picture: Picture;
};

/** A board that has just started and has heard nobody. Give it a `start` event first. */
export function createNetrack(options: NetrackOptions): State {
  const { document, now } = options;
  assert(options.incarnationHi !== 0 || options.incarnationLo !== 0, "an incarnation is not 0");
  const state: State = {
    self: document.slot,
    hi: options.incarnationHi >>> 0,
    lo: options.incarnationLo >>> 0,
    graceFromUs: now,
    document,
    isHub: false,
    timing: timingUs(document),
    slots: [],
    boards: Array.from({ length: slotCount }, () => undefined),
    peers: Array.from({ length: slotCount }, () => undefined),
    direct: [],
    seq: 0,
    leaving: false,
    reason: undefined,
    ownLost: [false, false],
    ccnVersion: undefined,
    nextTickUs: now,
    lastTickUs: now,
    lastSendUs: 0,
    timerUs: -1,
    deadlineUs: Number.MAX_SAFE_INTEGER,
    latenessUs: 0,
    allowanceUs: 0,
    allowanceUntilUs: 0,
    drainUs: -1,
    wasStopped: false,
    isGrown: false,
    hasNews: false,
    budget: outOfTurnBudget,
    alarmUs: new Map(),
    counters: noCounts(),
    picture: emptyPicture(now),
  };
  configure(state, document, now);
  return state;
}

/**
 * Takes over a configuration of the same slot; what is known of boards that stay is kept. Boards
 * that are new, or heard in a new way, get the grace of a start: else they'd be down until heard.
 */
export function configure(state: State, document: BoardDocument, now: MonoUs): void {
  assert(document.slot === state.self, "a configuration is of the board's own slot");
  state.document = document;
  state.timing = timingUs(document);
  state.slots = document.boards.map(({ slot }) => slot).sort((a, b) => a - b);
  state.isHub = document.boards.some(({ slot, role }) => slot === state.self && isHubRole(role));
  state.boards.fill(undefined);
  for (const board of document.boards) state.boards[board.slot] = board;
  for (let slot = 0; slot < slotCount; slot++) {
    const board = state.boards[slot];
    if (board === undefined || board.slot === state.self) {
      if (state.peers[slot] !== undefined) forgetSlot(state.picture, slot);
      state.peers[slot] = undefined;
      continue;
    }
    const isHub = isHubRole(board.role);
    const old = state.peers[slot];
    const isDirect = isHub || state.isHub;
    if (old !== undefined && old.isHub === isHub && old.isDirect === isDirect) continue;
    state.peers[slot] = newPeer(board.slot, isHub, isDirect);
    state.graceFromUs = now;
    state.isGrown = false;
  }
  state.direct = state.peers.filter((peer) => peer !== undefined).filter((peer) => peer.isDirect);
  for (const slot of state.slots) touch(state, slot);
}

/** Controllers and the CCN hear and judge everybody; io-cards hear hubs. */
export function isHubRole(role: Role): boolean {
  return role !== "io-card";
}

/** What is known of `slot`'s paths may be out of date. */
export function touch(state: State, slot: SlotId): void {
  state.picture.dirty[slot] = 1;
  state.picture.isDirty = true;
}

/** Place of a direction in a from × to × network table. */
export function cellAt(from: SlotId, to: SlotId, network: NetworkIndex): number {
  return (from * slotCount + to) * 2 + network;
}

/** A network's index. */
export function indexOf(network: NetworkId): NetworkIndex {
  return network === "A" ? 0 : 1;
}

/** A network's letter. */
export function networkOf(index: NetworkIndex): NetworkId {
  return index === 0 ? "A" : "B";
}

/** When a board that is new to others has an opinion on boards it has not heard. */
export function grownUs(state: State): number {
  return state.graceFromUs + graceUs(state);
}

/** How long after its start a board has no opinion on boards it has not heard, µs. */
export function graceUs(state: State): number {
  return state.timing.silentUs + startGraceBeats * state.timing.beatUs;
}

/** Do we hear this board ourselves, on any network? */
export function isHeard(peer: Peer): boolean {
  return peer.paths[0].up || peer.paths[1].up;
}

/** Signed distance of two sequence numbers, RFC 1982: > 0 if `a` is the newer one. */
export function seqDistance(a: number, b: number): number {
  return (a - b) | 0;
}

/** Forgets what a board told when it is no longer heard: it would be news of yesterday. */
export function forgetRows(peer: Peer): void {
  peer.rows.fill(-1);
}

/** A time of the state as MonoUs. */
export function timeOf(us: number): MonoUs {
  return monoUs(Math.max(0, us));
}

function newPeer(slot: SlotId, isHub: boolean, isDirect: boolean): Peer {
  return {
    slot,
    isHub,
    isDirect,
    hi: 0,
    lo: 0,
    isProven: false,
    provenUs: 0,
    seq: 0,
    hasSeq: false,
    paths: [newPath(), newPath()],
    retired: [],
    leaving: false,
    degraded: false,
    reason: undefined,
    configVersion: undefined,
    latenessUs: 0,
    lostUs: -1,
    rows: new Int32Array(slotCount).fill(-1),
    rowHi: new Uint32Array(slotCount),
    rowLo: new Uint32Array(slotCount),
    echoSeqs: [0, 0],
  };
}

function newPath(): InPath {
  return {
    up: false,
    wasUp: false,
    heardUs: 0,
    seq: 0,
    hasSeq: false,
    regularUs: -1,
    falls: [],
    dampedUntilUs: 0,
    peerLost: false,
  };
}

function emptyPicture(now: MonoUs): Picture {
  const pairs = slotCount * slotCount * 2;
  return {
    cells: new Uint8Array(pairs),
    cellSinceUs: new Float64Array(pairs).fill(now),
    boards: Array.from({ length: slotCount }, () => "unknown"),
    boardSinceUs: new Float64Array(slotCount).fill(now),
    sends: new Uint8Array(slotCount * 2),
    hears: new Uint8Array(slotCount * 2),
    networkSinceUs: new Float64Array(slotCount * 2).fill(now),
    isIsolated: false,
    dirty: new Uint8Array(slotCount),
    isDirty: true,
    recheckUs: -1,
    faults: [],
    unsettledUs: -1,
    settleUs: -1,
  };
}

/** A slot that is not configured any more: whoever comes there later is a stranger. */
function forgetSlot(picture: Picture, slot: number): void {
  picture.boards[slot] = "unknown";
  picture.sends.fill(0, slot * 2, slot * 2 + 2);
  picture.hears.fill(0, slot * 2, slot * 2 + 2);
  picture.cells.fill(0, slot * slotCount * 2, (slot + 1) * slotCount * 2);
  for (let from = 0; from < slotCount; from++) {
    picture.cells.fill(0, (from * slotCount + slot) * 2, (from * slotCount + slot) * 2 + 2);
  }
}

function timingUs(document: BoardDocument): TimingUs {
  const { timing } = document;
  return {
    beatUs: timing.beatMs * 1000,
    silentUs: timing.silentMs * 1000,
    lateUs: timing.lateMs * 1000,
    netUs: timing.netMs * 1000,
    upAfterUs: timing.upAfterMs * 1000,
    flapMax: timing.flapMax,
    flapWindowUs: timing.flapWindowMs * 1000,
    flapHoldUs: timing.flapHoldMs * 1000,
  };
}

function noCounts(): CoreCounters {
  return {
    beatsAccepted: 0,
    beatsSent: 0,
    outOfTurnSent: 0,
    outOfTurnRefused: 0,
    unknownSlot: 0,
    ownSlot: 0,
    notForUs: 0,
    wrongNetwork: 0,
    duplicate: 0,
    oldSequence: 0,
    staleIncarnation: 0,
    unproven: 0,
    lateTicks: 0,
    pathFalls: 0,
    pathDamped: 0,
    twoIncarnations: 0,
  };
}
