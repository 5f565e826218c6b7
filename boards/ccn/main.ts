// The Continuous Control Node: gives addresses by switch port, hands out configurations, takes
// part in heartbeats. Composition only: which modules run, and what they tell each other.

import { SOFTSET_VERSION } from "../shared/version.ts";
import { runCli } from "../../src/manage/index.ts";
import { explanationsOfCcn } from "./explanations.ts";
import { runCcn } from "./daemon.ts";

void runCli({
  role: "ccn",
  version: SOFTSET_VERSION,
  argv: process.argv.slice(2),
  run: runCcn,
  explanations: explanationsOfCcn,
}).then((code) => process.exit(code));
