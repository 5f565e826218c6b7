// The CCN's own addresses: fixed in the chassis file, the only ones nobody gives it.

import { err, networkIds, type NetworkId, ok, type Result } from "../../src/base/index.ts";
import type { Chassis } from "../../src/config/index.ts";
import {
  addAddress,
  findLink,
  openNetlink,
  setLink,
  type SysError,
  sysErrorText,
} from "../../src/kernel/index.ts";

/** Sets both interfaces up with their addresses; one that is there already is fine. */
export function setFixedAddresses(
  chassis: Chassis,
  devices: Readonly<Record<NetworkId, string>>,
): Result<void, string> {
  const netlink = openNetlink();
  if (!netlink.ok) return err(sysErrorText(netlink.error));
  try {
    for (const network of networkIds) {
      const link = findLink(netlink.value, devices[network]);
      if (!link.ok) return err(interfaceText(network, link.error));
      const { index } = link.value;
      const up = setLink(netlink.value, index, { up: true });
      if (!up.ok) return err(interfaceText(network, up.error));
      const { ccn: address, prefix } = chassis.networks[network];
      const added = addAddress(netlink.value, { index, address, prefix });
      if (!added.ok && added.error.code !== "EEXIST") {
        return err(interfaceText(network, added.error));
      }
    }
    return ok(undefined);
  } finally {
    netlink.value.close();
  }
}

function interfaceText(network: NetworkId, error: SysError): string {
  const option = `--device-${network.toLowerCase()}`;
  return `network ${network}: ${sysErrorText(error)}; name the interface with ${option}`;
}
