// A public address on a board whose slot is empty, held by what the product holds it with: for tests
// and benches that need no daemon. The device names are the lab's.

import { addUs, createLog, type Ipv4 } from "../../src/base/index.ts";
import { type Gate, inNetns, monoNowUs, openGate } from "../../src/kernel/index.ts";
import { deviceOf, type Lab } from "../../src/lab/index.ts";
import {
  openPublicAddresses,
  type PublicAddresses,
  type PublicAddressSetting,
} from "../../src/redirect/address/index.ts";
import { valueOf } from "./chassis.ts";

/** A lease of an hour: nothing of a test lapses. */
const leaseUs = 3_600_000_000;

/** A board's public addresses. */
export type Holder = {
  readonly addresses: PublicAddresses;
  /** Takes the address for an hour. */
  readonly acquire: (address: Ipv4) => void;
  readonly release: (address: Ipv4) => void;
  readonly close: () => void;
};

/** Opens them on the board in this slot; throws where a gate may not be made. */
export async function holdOn(
  lab: Lab,
  slot: number,
  settings: readonly PublicAddressSetting[],
): Promise<Holder> {
  const netns = valueOf(lab.netnsOf(`${slot}`));
  const gate: Gate = valueOf(inNetns(netns, () => openGate(Object.values(deviceOf))));
  const log = createLog({
    board: `${slot}`,
    module: "redirect",
    level: "warn",
    sink: (line) => console.error(line),
    now: () => "",
  });
  const options = { netns, devices: deviceOf, addresses: settings, gate, log };
  const addresses = valueOf(await openPublicAddresses({ ...options, onReport: () => {} }));
  return {
    addresses,
    acquire(address) {
      addresses.acquire({ address, clients: [], untilUs: addUs(monoNowUs(), leaseUs) });
    },
    release: (address) => addresses.release(address, []),
    close() {
      addresses.close();
      valueOf(inNetns(netns, () => gate.remove()));
    },
  };
}
