// H1: may this board act right now? Asked at every act, and its answer is the deadline of the gate
// in the kernel, which shuts the public addresses even while this process is stopped.

import { addUs, type MonoUs } from "../../base/index.ts";
import { majority, ownVotes } from "../config.ts";
import { isAlone } from "./record.ts";
import { type LeaseState, never } from "./state.ts";

/** The gate's deadline is never further away, µs: what is told of it is at most this old. */
export const gateUsMax = 1_000_000;

/**
 * Until when this board may act; not after `now` = it may not. Its own committed record of this
 * epoch, not released (H1), and live leases from a majority (H2, H7), or alone in sync (H3).
 */
export function entitledUntil(state: LeaseState, now: MonoUs): MonoUs {
  const { acting, record, config } = state;
  if (acting?.committed === undefined) return never;
  if (state.promised !== acting.epoch || record.epoch !== acting.epoch) return never;
  const horizon = addUs(now, gateUsMax);
  const isSole = isAlone(acting.committed, config.self) && isAlone(record, config.self);
  if (isSole) return horizon;
  return earlier(horizon, leaseMajorityUntil(state, now));
}

/** Until when a majority of voters, this board among them, grants. */
export function leaseMajorityUntil(state: LeaseState, now: MonoUs): MonoUs {
  const { acting, record, config } = state;
  if (acting === undefined) return never;
  const others = majority(config) - ownVotes(config);
  if (others <= 0) return addUs(now, gateUsMax);
  const ends = config.voters
    .filter((slot) => slot !== config.self)
    .map((slot) => {
      // H7: a grant that does not run out counts only while the newest proposal keeps it so.
      const isBound =
        acting.committed?.bound.includes(slot) === true && record.bound.includes(slot);
      return isBound ? addUs(now, gateUsMax) : (acting.leases[slot] ?? never);
    })
    .toSorted((a, b) => b - a);
  return ends[others - 1] ?? never;
}

function earlier(a: MonoUs, b: MonoUs): MonoUs {
  return a < b ? a : b;
}
