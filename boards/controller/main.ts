// A controller: runs services, holds disks, serves files; its addresses, its
// configuration, heartbeats, failover. Composition only.

import { explanationsOfNetworkBoard, runNetworkBoard } from "../shared/network-board.ts";
import { startBoard } from "../shared/start.ts";
import { SOFTSET_VERSION } from "../shared/version.ts";

void startBoard({
  role: "controller",
  version: SOFTSET_VERSION,
  run: (options) => runNetworkBoard("controller", options),
  explanations: explanationsOfNetworkBoard,
}).then((code) => process.exit(code));
