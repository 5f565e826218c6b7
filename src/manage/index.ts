// The whole surface of manage: what a board offers to people, its control API and command line.
export { type CliOptions, type RunOptions } from "./call.ts";
export { runCli } from "./cli.ts";
export { createEventLog, type EventLog, type EventLogOptions } from "./core/event-log.ts";
export { exitCodes, type ExitCode } from "./core/exit-codes.ts";
export type {
  AddressFacts,
  AddressOrigin,
  AlarmFact,
  AlarmSeverity,
  BoardFacts,
  ConfigFact,
  EventRecord,
  Identity,
  LeaseFact,
  NowFact,
  OwnAddress,
  RuntimeFact,
  WhereLink,
  WhereQuery,
} from "./facts.ts";
export type {
  FailoverFacts,
  GroupStanding,
  ServiceStanding,
  SlotStanding,
} from "./failover-facts.ts";
export type { EventsDocument, StatusDocument } from "./core/documents.ts";
export { askEvents, askStatus, watchEvents } from "./remote.ts";
export { type ApiOptions, type ApiServer, startApi } from "./server.ts";
export { processTerminal, type Terminal } from "./terminal.ts";
