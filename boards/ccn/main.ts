// The Continuous Control Node: gives addresses by switch port, hands out configurations, takes
// part in heartbeats. Composition only: which modules run, and what they tell each other.

import { startBoard } from "../shared/start.ts";
import { SOFTSET_VERSION } from "../shared/version.ts";
import { explanationsOfCcn } from "./explanations.ts";
import { runCcn } from "./daemon.ts";

void startBoard({
  role: "ccn",
  version: SOFTSET_VERSION,
  run: runCcn,
  explanations: explanationsOfCcn,
}).then((code) => process.exit(code));
