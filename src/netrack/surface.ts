// What NETRACK is given and what it gives: its interface to the other modules of a board.

import type { Incarnation, Log, MonoUs, NetworkId, SlotId } from "../base/index.ts";
import type { BoardDocument } from "../config/index.ts";
import type { Beat, BeatExtension } from "../wire/index.ts";
import type { ChassisMap, MapChange } from "./types.ts";

/** What NETRACK needs on a board. */
export type NetrackSettings = {
  readonly document: BoardDocument;
  /** Interfaces of the two networks; they may come and go. */
  readonly devices: Readonly<Record<NetworkId, string>>;
  /** Directory of `netrack.sock`; made if it is not there. */
  readonly runDir: string;
  readonly log: Log;
  /** The first subscriber. */
  readonly onChange?: (change: MapChange, seq: number) => void;
  /** The CCN says that it runs this configuration version; told when it changes. */
  readonly onConfigVersion?: (version: number) => void;
  /** Extensions of other modules for every beat that is about to leave, once per network. */
  readonly extend?: (beat: Beat) => readonly BeatExtension[];
  /** Extensions of an accepted beat, in order of arrival. */
  readonly onExtensions?: (received: ReceivedExtensions) => void;
  /** Lead programs that know nothing of NETRACK over the other network; default true. */
  readonly hostRoutes?: boolean;
};

/** What another board's modules sent. */
export type ReceivedExtensions = {
  readonly from: SlotId;
  readonly network: NetworkId;
  readonly seq: number;
  /** The sender's proven life. */
  readonly incarnation: Incarnation;
  /** Newest beat of ours that the sender had heard; undefined if none of this life. */
  readonly echoedSeq: number | undefined;
  readonly extensions: readonly BeatExtension[];
  readonly atUs: MonoUs;
};

/** What local programs can say about this board. */
export type Tell =
  | { readonly type: "leaving" }
  | { readonly type: "degraded"; readonly reason: string }
  | { readonly type: "well" }
  | { readonly type: "service"; readonly name: string; readonly up: boolean };

/** NETRACK running on this board. */
export type Netrack = {
  readonly map: () => ChassisMap;
  /** The proven life of a board, this one's own included; undefined while it is not heard. */
  readonly lifeOf: (slot: SlotId) => Incarnation | undefined;
  /** Calls `onChange` for every change until the returned function is called. `seq` counts all. */
  readonly subscribe: (onChange: (change: MapChange, seq: number) => void) => () => void;
  /** Counted since the start; names are stable. */
  readonly counters: () => Readonly<Record<string, number>>;
  /** Takes over a newer configuration of the same slot. */
  readonly update: (document: BoardDocument) => Promise<void>;
  readonly tell: (what: Tell) => void;
  /** A module has something new in its extension: a beat goes out now if the bounds allow. */
  readonly beatSoon: () => void;
  /** Slots of boards that are up and whose programs said that they run a service, ascending. */
  readonly slotsOfService: (name: string) => readonly SlotId[];
  /** Says goodbye in several beats; resolves when they are out. */
  readonly leave: () => Promise<void>;
  /** Stops, removes host routes and the socket. */
  readonly close: () => void;
};
