// A seed's result for people.

import type { Outcome } from "./run.ts";

/** A broken promise as a person needs it: what, where, what led to it, how to see it again. */
export function violationText(outcome: Outcome): string {
  const { violation, seed } = outcome;
  if (violation === undefined) return `seed ${seed}: clean`;
  return [
    `seed ${seed}: broken promise: ${violation.promise}`,
    `  at ${(violation.atMs / 1000).toFixed(6)} s of virtual time, ${outcome.boards} boards`,
    `  ${violation.text}`,
    "  last events:",
    ...violation.lastEvents.map((line) => `    ${line}`),
    `  replay: npm run sim -- --seed ${seed} --scenario ${outcome.scenario} --trace`,
  ].join("\n");
}
