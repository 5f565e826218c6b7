// Who votes about a group (leases.md §1): its controllers, plus the CCN if that makes the number
// odd. Kept in one place, because the loader, the what-if and the leases must not disagree.

import { ccnSlot, type SlotId } from "../base/index.ts";
import type { Role } from "./types.ts";

/** Slots and roles: all that decides who votes. */
export type VotingBoards = readonly { readonly slot: SlotId; readonly role: Role }[];

/**
 * The voters of a group that may be active on `on`: its own controllers when there are two or more,
 * else (a group on I/O cards, or on one controller) all controllers; plus the CCN if that makes the
 * number odd. One's own single vote would be no protection: it dies with its board.
 */
export function votersOf(boards: VotingBoards, on: readonly SlotId[]): SlotId[] {
  const controllers = boards.filter((each) => each.role === "controller").map((each) => each.slot);
  const own = controllers.filter((slot) => on.includes(slot));
  const voters = own.length >= 2 ? own : controllers;
  const hasCcn = boards.some((each) => each.slot === ccnSlot);
  return voters.length % 2 === 0 && voters.length > 0 && hasCcn ? [ccnSlot, ...voters] : voters;
}
