// The whole surface of provision: the CCN's configuration server and the chassis key.
export { chassisKey, chassisKeyFile, type KeyError } from "./chassis-key.ts";
export type { BoardVersions, ProvisionCounters, ProvisionDocument } from "./core.ts";
export { explanations } from "./explanations.ts";
export { type ProvisionOptions, type ProvisionServer, startProvision } from "./shell.ts";
