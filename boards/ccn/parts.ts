// What a running CCN consists of: made by daemon.ts, read by facts.ts.

import type { NetworkId } from "../../src/base/index.ts";
import type { Chassis } from "../../src/config/index.ts";
import type { GeoDhcp, SwitchLookup } from "../../src/geo-dhcp/index.ts";
import type { ProvisionServer } from "../../src/provision/index.ts";
import type { BoardLife } from "../shared/failover.ts";

/** The parts of a running CCN. */
export type CcnParts = {
  chassis: Chassis;
  readonly lookups: Readonly<Record<NetworkId, SwitchLookup>>;
  readonly servers: Readonly<Record<NetworkId, GeoDhcp>>;
  readonly provision: ProvisionServer;
  readonly life: BoardLife;
};
