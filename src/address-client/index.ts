// The whole surface of address-client: how a board that knows nothing gets its addresses and its
// configuration. The core is for the simulator.
export { addressClient, step as stepAddressClient } from "./core/client.ts";
export type {
  ClientEffect,
  ClientEvent,
  ClientOptions,
  ClientState,
  ConfigurationSource,
  Lease,
  Phase,
} from "./core/types.ts";
export { explanations } from "./explanations.ts";
export { vendorClass } from "./core/messages.ts";
export {
  type AddressClient,
  type AddressClientOptions,
  type AddressClientStatus,
  type NetworkStatus,
  startAddressClient,
} from "./shell.ts";
