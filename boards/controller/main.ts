// A controller: runs services, holds disks, serves files; so far it has its addresses, its
// configuration and its place in the heartbeats. Composition only.

import { runCli } from "../../src/manage/index.ts";
import { explanationsOfNetworkBoard, runNetworkBoard } from "../shared/network-board.ts";
import { SOFTSET_VERSION } from "../shared/version.ts";

void runCli({
  role: "controller",
  version: SOFTSET_VERSION,
  argv: process.argv.slice(2),
  run: (options) => runNetworkBoard("controller", options),
  explanations: explanationsOfNetworkBoard,
}).then((code) => process.exit(code));
