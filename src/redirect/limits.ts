// Every bound of REDIRECT, with its reason.

/** A wish that the leases did not carry out within this is doubted: 50 take-overs long. */
export const wishMs = 5000;
/** A group goes back by itself only to a slot that was well for this long (`when-calm`). */
export const calmMs = 600_000;
/** A rule fires at most this often in `ruleWindowMs`; then it rests and an alarm says so (as F8). */
export const ruleFiresMax = 3;
/** The window of `ruleFiresMax`, ms. */
export const ruleWindowMs = 600_000;
/** Entries of each list of facts that are looked at: 128 services on 63 slots; the rest is ignored. */
export const factsMax = 8192;
/** Faults of one what-if. */
export const whatIfFaultsMax = 8;
/** Steps of the core until a what-if state must have come to rest; more is a file that never rests. */
export const settleStepsMax = 64;
/** Timers further away than this are not waited for in a what-if: an operator is there by then. */
export const horizonMs = 3_600_000;
/** States times groups of one table; beyond it pairs are left out. 20 boards with 20 groups need
 * 40 000 (0.6 s), with 40 groups 170 000. */
export const endStateGroupsMax = 200_000;
