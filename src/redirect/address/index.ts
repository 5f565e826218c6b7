// The whole surface of public addresses: taking, keeping and giving them up, who talks to them, and
// how the other boards reach them. The gate that shuts a lapsed address is the kernel room's.
export { applyClients, type ClientCopy, clientsOf, createClientCopy } from "./client-list.ts";
export { type AddressState, createAddressState, stepAddresses } from "./core.ts";
export { type DeviceNames, devicesOfNetworks } from "./devices.ts";
export type { AddressEffect, AddressEvent } from "./events.ts";
export { explanations } from "./explanations.ts";
export { type Gatherer, type GatherOptions, startGathering } from "./gather.ts";
export {
  openPublicRoutes,
  type PublicPlace,
  type PublicRoute,
  type PublicRouteOptions,
  type PublicRoutes,
  publicRoutesOf,
  type Reach,
} from "./public-routes.ts";
export { openPublicAddresses, type PublicAddresses, type PublicAddressOptions } from "./shell.ts";
export type { AddressReport, AddressStep, PublicAddressSetting } from "./types.ts";
