// What goes into NETRACK's core and what comes out: the contract between the core and whoever
// drives it, a board's shell or a simulator. All times are CLOCK_BOOTTIME microseconds.
//
// How to drive it: call `step(state, event, now)` for each event in the order of arrival and carry
// out the effects in order. There is one timer, replaced by every `set-timer`. A beat that came in
// must have had a good MAC; everything else about it (slot, freshness, order) the core judges.

import type { MonoUs, NetworkId, SlotId } from "../../base/index.ts";
import type { BoardDocument } from "../../config/index.ts";
import type { Beat, BeatExtension } from "../../wire/index.ts";
import type { MapChange } from "../types.ts";

/** What a core needs to begin: a state is one life (incarnation) of one board. */
export type NetrackOptions = {
  /** The board's configuration; the core looks at slot, boards, networks, switches and timing. */
  readonly document: BoardDocument;
  /** This life's random 64 bits, two halves; 0, 0 is not a life. */
  readonly incarnationHi: number;
  readonly incarnationLo: number;
  readonly now: MonoUs;
};

/** What happened. */
export type Event =
  /** Once, first: sends the first beat and sets the timer. */
  | { readonly type: "start" }
  /** A beat with a good MAC arrived on `network`'s socket. */
  | { readonly type: "beat"; readonly network: NetworkId; readonly beat: Beat }
  /** The time of the last `set-timer` has come (or passed: the core measures by how much). */
  | { readonly type: "timer" }
  /** Answer to a `drain` effect: every packet that had been queued was handed in as `beat`. */
  | { readonly type: "drained" }
  /** The board's own interface on `network` lost or got its carrier. */
  | { readonly type: "carrier"; readonly network: NetworkId; readonly up: boolean }
  /** Local programs say: this board goes down in order, is degraded, is well again. */
  | { readonly type: "leaving" }
  | { readonly type: "degraded"; readonly reason: string }
  | { readonly type: "well" }
  /** A module of this board has something to tell in its extension: beat soon. */
  | { readonly type: "news" }
  /** A newer configuration of the same slot and chassis. */
  | { readonly type: "document"; readonly document: BoardDocument };

/** Why the shell or the simulator should look: counted always, told at most once a second each. */
export type Alarm =
  /** Two living boards claim one slot: both answer fresh. */
  | { readonly type: "two-incarnations"; readonly slot: SlotId }
  /** A path is held down because it fell too often. */
  | { readonly type: "path-damped"; readonly slot: SlotId; readonly network: NetworkId }
  /** This board's loop was late by more than `timing.lateMs`. */
  | { readonly type: "late"; readonly latenessUs: number };

/** What is to be done, in order. */
export type Effect =
  /**
   * Send on `beat.network` (to hubsGroup from an io-card, to boardsGroup from a hub), MAC behind
   * it. The caller may append extensions of other modules to `beat.extensions`.
   */
  | { readonly type: "send-beat"; readonly beat: Beat }
  /** Replace the one timer. */
  | { readonly type: "set-timer"; readonly atUs: MonoUs }
  /** Hand in everything queued on the sockets as `beat` events, then `drained`. */
  | { readonly type: "drain" }
  /** The map changed; tell subscribers. */
  | { readonly type: "changed"; readonly change: MapChange }
  | { readonly type: "alarm"; readonly alarm: Alarm }
  /** The CCN runs this configuration version; tells only changes. */
  | { readonly type: "ccn-version"; readonly version: number }
  /** An accepted, proven beat carried extensions of other modules (all types but 1). */
  | {
      readonly type: "extensions";
      readonly from: SlotId;
      readonly network: NetworkId;
      readonly seq: number;
      /** The sender's proven life, two halves. */
      readonly incarnationHi: number;
      readonly incarnationLo: number;
      /** Newest beat of ours that the sender had heard on either network; undefined if none. */
      readonly echoedSeq: number | undefined;
      readonly extensions: readonly BeatExtension[];
    };

/** Beats and judgements counted since the start; the shell adds its own (`ShellCounters`). */
export type CoreCounters = {
  beatsAccepted: number;
  beatsSent: number;
  outOfTurnSent: number;
  /** Out-of-turn beats not sent because the budget was used up; the next regular one tells. */
  outOfTurnRefused: number;
  /** Slot not in the configuration, or this board's own. */
  unknownSlot: number;
  ownSlot: number;
  /** Heard an io-card although this board is none of its hubs. */
  notForUs: number;
  /** A beat for A came in on B or the other way round: crossed cables. */
  wrongNetwork: number;
  /** Same sequence again; older sequence (late or replayed). */
  duplicate: number;
  oldSequence: number;
  /** Life that is over, or not (yet) proven to be of now. */
  staleIncarnation: number;
  unproven: number;
  lateTicks: number;
  pathFalls: number;
  pathDamped: number;
  twoIncarnations: number;
};
