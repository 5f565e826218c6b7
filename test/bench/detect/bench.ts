// `npm run bench -- detect`: how soon every board knows, how often it is wrong, what it costs.

import type { Bench } from "../bench.ts";
import { faultCases, measureFaults } from "./faults.ts";
import { loadCases, measureFalseVerdicts } from "./load.ts";
import { measureUsage, usageCases } from "./usage.ts";

/** Trials of each fault per round asked for: 7 rounds are 56 trials. */
const trialsPerRound = 8;

/** The bench. */
export const detectBench: Bench = {
  question: "How long from a fault to every board's map being right, and at what price?",
  cases: [...faultCases, ...loadCases, ...usageCases],
  notes: [
    "fault cases: from the order to the kernel until the last board's map shows every affected path down, by the boards' own stamps of one clock; links stay up (heartbeats alone) but in own-carrier",
    "own-carrier: the board's own map only",
    "false-verdicts: paths, boards or faults that any board called down under load; BENCH_SECONDS sets the length",
    "cpu, rss: per board of an idle chassis; hubs are controllers and the CCN",
  ],
  run: async (context) => [
    ...(await measureFaults(context, context.rounds * trialsPerRound)),
    ...(await measureUsage(context)),
    ...(await measureFalseVerdicts(context)),
  ],
};
