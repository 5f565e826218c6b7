// The whole surface of config: the chassis file, and what each board is told of it.
export { boardDocument, decodeDocument, encodeDocument } from "./document.ts";
export { type ConfigError, configErrorText } from "./errors.ts";
export { documentBytesMax } from "./limits.ts";
export { defaultLeaseTiming } from "./lease-timing.ts";
export { loadChassis } from "./load.ts";
export { poolOf } from "./pools.ts";
export { documentSha256, loadChassisFile } from "./shell.ts";
export { isHostOf, networkAddress, overlaps, type Subnet, subnetText } from "./subnet.ts";
export type {
  AliveCheck,
  FailureAction,
  Group,
  PublicAddress,
  ReadyCheck,
  RedundancyModel,
  RestartPolicy,
  Rule,
  RuleAction,
  RuleCondition,
  Service,
  ServiceLimits,
} from "./service-types.ts";
export type {
  Board,
  BoardDocument,
  Chassis,
  LeaseTiming,
  Network,
  Provision,
  Role,
  SnmpAccess,
  Switch,
  Timing,
} from "./types.ts";
export type { ReadSecret } from "./values.ts";
export { type VotingBoards, votersOf } from "./voters.ts";
