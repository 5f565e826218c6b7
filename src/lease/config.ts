// What one group's lease is about: who votes, who may hold it, and the times of the protocol
// (their relations are checked by the loader of the chassis file).

import { assert, type SlotId } from "../base/index.ts";

/** Times of the protocol, µs; names as in the rules. */
export type LeaseTimes = {
  /** T_SILENT: a holder not heard for this long is suspected. */
  readonly silentUs: number;
  /** T_LEASE: from the sending of the beat that a voter echoed. */
  readonly leaseUs: number;
  /** T_GRANT: from the receipt of the holder's beat; longer than the lease at any allowed drift. */
  readonly grantUs: number;
  /** T_REPL: a standby that stalls for this long is left out. */
  readonly replicaUs: number;
  /** T_COLD: after a cold start missing members are waited for. */
  readonly coldUs: number;
  /** A candidate asks again after this. */
  readonly askAgainUs: number;
};

/** One group, as one board's core needs it. */
export type LeaseConfig = {
  readonly group: string;
  readonly self: SlotId;
  /** Slots that may hold it, ascending: epoch e belongs to `holders[(e - 1) % length]`. */
  readonly holders: readonly SlotId[];
  /** As config's `votersOf` says; a holder on an I/O card is none of them. */
  readonly voters: readonly SlotId[];
  /** V4: may a grant that ran out free a voter without proof (O2)? */
  readonly unfenced: "never" | "after-lease";
  readonly timing: LeaseTimes;
};

/** Votes that decide. */
export function majority(config: LeaseConfig): number {
  return Math.floor(config.voters.length / 2) + 1;
}

/** Has this board a vote itself? */
export function ownVotes({ voters, self }: LeaseConfig): 0 | 1 {
  return voters.includes(self) ? 1 : 0;
}

/** The only board that may hold an epoch; votes can't split. Undefined for epoch 0. */
export function ownerOf(config: LeaseConfig, epoch: number): SlotId | undefined {
  if (epoch === 0) return undefined;
  const owner = config.holders[(epoch - 1) % config.holders.length];
  assert(owner !== undefined, "a group has holders");
  return owner;
}

/** The lowest epoch above `above` that belongs to `slot`. */
export function nextEpochOf(config: LeaseConfig, slot: SlotId, above: number): number {
  const index = config.holders.indexOf(slot);
  assert(index >= 0, "only holders own epochs");
  const count = config.holders.length;
  const round = Math.floor(above / count) * count + index + 1;
  return round > above ? round : round + count;
}
