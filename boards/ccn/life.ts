// The CCN's life on the chassis: NETRACK and failover as on every board, and what only the CCN has,
// the slots' hardware and the switches' word on where a board is.

import { existsSync } from "node:fs";
import {
  ccnSlot,
  type Mac,
  type NetworkId,
  networkIds,
  type Result,
  type SlotId,
} from "../../src/base/index.ts";
import { boardDocument, type Chassis } from "../../src/config/index.ts";
import type { GeoDhcp, SwitchLookup } from "../../src/geo-dhcp/index.ts";
import type { RunOptions } from "../../src/manage/index.ts";
import { type SlotDriver, socketDriver } from "../../src/slots/index.ts";
import { type BoardLife, startLife } from "../shared/failover.ts";
import type { BoardProcess } from "../shared/process.ts";

/** Where the program of a slot hardware serves its lines, if there is one. */
const slotSocket = "/run/slots/socket";

/** What asks the switches. */
export type Switches = {
  readonly lookups: Readonly<Record<NetworkId, SwitchLookup>>;
  readonly servers: Readonly<Record<NetworkId, GeoDhcp>>;
};

/** Begins it, to be ended with the process. */
export async function startCcnLife(
  board: BoardProcess,
  options: RunOptions,
  { chassis, keyHex }: { readonly chassis: Chassis; readonly keyHex: string },
  switches: Switches,
): Promise<Result<BoardLife, string>> {
  const { devices, runDir, stateDir } = options;
  const { log } = board.events;
  const started = await startLife(
    {
      role: "ccn",
      name: chassis.boards.find(({ slot }) => slot === ccnSlot)?.name ?? "ccn",
      devices,
      runDir,
      stateDir,
      log,
      onConfigVersion: undefined,
      driver: slotHardware(board),
      placesOf: (slot, mac) => placesOf(switches, slot, mac),
    },
    boardDocument(chassis, ccnSlot, keyHex),
  );
  if (!started.ok) return started;
  const life = started.value;
  board.runtime.onStop(() => life.close());
  board.runtime.onStop(() => life.leave());
  board.ownChildren.isOwn = (pid) => life.failover()?.isPsrmChild(pid) === true;
  return started;
}

function slotHardware(board: BoardProcess): SlotDriver | undefined {
  if (!existsSync(slotSocket)) return undefined;
  const log = board.events.log.module("slots");
  const driver = socketDriver(slotSocket, (text) => log.warn("slot-nonsense", { text }));
  board.runtime.onStop(() => driver.close());
  return driver;
}

/** Of a MAC that moves with its address, or of the board in a slot by the MACs it asked with. */
async function placesOf(
  { lookups, servers }: Switches,
  slot: SlotId,
  mac: Mac | undefined,
): Promise<readonly (SlotId | undefined)[]> {
  return Promise.all(
    networkIds.map(async (network) => {
      if (mac === undefined) return (await servers[network].where(slot)).slot;
      const outcome = await lookups[network].lookup(mac);
      return outcome.type === "found" ? outcome.slot : undefined;
    }),
  );
}
