// The status of a lookup core as people and metrics read it.

import type { LookupState } from "./state.ts";
import type { LookupStatus } from "./types.ts";

/** A copy of what the core counts and knows, with the percentiles of its newest lookups. */
export function lookupStatus(state: LookupState): LookupStatus {
  return {
    switchName: state.plan.switchName,
    circuit: state.circuit,
    circuitSinceUs: state.circuitSinceUs,
    ...state.counters,
    outcomes: { ...state.counters.outcomes },
    latencyUs: latency(state.latenciesUs),
    lastError: state.lastError,
    ready: state.ports !== undefined && state.fdb !== undefined,
  };
}

function latency(samples: readonly number[]): LookupStatus["latencyUs"] {
  if (samples.length === 0) return undefined;
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}
