// The hardware of the slots behind one small interface: what a CCN can read and switch of a board
// without the board's help (design 16, 17; PICMG 2.1: BD_SEL#, HEALTHY#, RST#). Real drivers (GPIO,
// IPMI, a PDU) and the virtual chassis implement it. A driver may be slow, stuck or lying: every
// call has a deadline, every answer is what was read back, and who decides believes no single line.

import type { MonoUs, Result, SlotId } from "../base/index.ts";

/** The lines of one slot, read at the CCN's end. */
export type SlotLines = {
  /** A board sits in the slot. */
  readonly present: boolean;
  /** The board's supplies are good. */
  readonly powerGood: boolean;
  /** HEALTHY#: the board says that it works. */
  readonly healthy: boolean;
  /** RST# is asserted, as read back from the line, not as remembered. */
  readonly resetAsserted: boolean;
};

/** What can be switched in a slot. */
export type LineOrder = "assert-reset" | "release-reset" | "power-off" | "power-on";

/** Why there is no reading; the state of the lines is unknown then. */
export type DriverError = {
  readonly kind: "timeout" | "no-such-slot" | "failed";
  readonly text: string;
};

/** What a driver learnt by itself, without being asked (a GPIO edge). */
export type LineEdge = {
  readonly slot: SlotId;
  /** When the line changed (CLOCK_BOOTTIME, us), if the hardware says so. */
  readonly edgeUs: MonoUs | undefined;
};

/** Access to the lines of all slots. No call throws or outlives its deadline. */
export type SlotDriver = {
  /** For people: `lab`, `gpio`. */
  readonly name: string;
  /** Reads the lines of these slots now; a slot the driver does not have is not in the answer. */
  readonly read: (
    slots: readonly SlotId[],
    deadlineMs: number,
  ) => Promise<Result<ReadonlyMap<SlotId, SlotLines>, DriverError>>;
  /**
   * Carries an order out and answers with all lines as read back afterwards; a line that did not
   * move is no error. After the deadline the order must not be carried out any more, unless later
   * orders for that slot are certain to come after it.
   */
  readonly set: (
    slot: SlotId,
    order: LineOrder,
    deadlineMs: number,
  ) => Promise<Result<SlotLines, DriverError>>;
  /** Calls `onEdge` when a line may have changed; undefined where the hardware cannot tell. */
  readonly watch: ((onEdge: (edge: LineEdge) => void) => void) | undefined;
  /** Gives the hardware back; moves no line. */
  readonly close: () => void;
};
