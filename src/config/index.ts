// The whole surface of config.
export type {
  Board,
  BoardDocument,
  Chassis,
  Network,
  Provision,
  Role,
  SnmpAccess,
  Switch,
  Timing,
} from "./types.ts";
