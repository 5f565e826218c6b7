// The whole surface of lease: who may be active, as a pure core.
export { type LeaseConfig, type LeaseTimes, majority, nextEpochOf, ownerOf } from "./config.ts";
export { step as stepLease, tellOf } from "./core.ts";
export { explanations } from "./explanations.ts";
export { entitledUntil, gateUsMax } from "./core/entitled.ts";
export { createLease, type Durable, type LeaseState } from "./core/state.ts";
export type { LeaseEffect, LeaseEvent, LeaseNote, LeaseNoteName } from "./core/types.ts";
export {
  type HolderChange,
  type LeaseReport,
  type Leases,
  type LeasesOptions,
  startLeases,
} from "./shell.ts";
