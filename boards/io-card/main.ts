// An I/O card: an encapsulated set of resources on the network; its addresses, its
// configuration, heartbeats, failover. Composition only.

import { explanationsOfNetworkBoard, runNetworkBoard } from "../shared/network-board.ts";
import { startBoard } from "../shared/start.ts";
import { SOFTSET_VERSION } from "../shared/version.ts";

void startBoard({
  role: "io-card",
  version: SOFTSET_VERSION,
  run: (options) => runNetworkBoard("io-card", options),
  explanations: explanationsOfNetworkBoard,
}).then((code) => process.exit(code));
