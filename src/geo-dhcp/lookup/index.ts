// The whole surface of the switch lookup: where is this MAC?
export { lookupAlarmTexts } from "./alarms.ts";
export { step as stepLookup } from "./core.ts";
export { explainLookup } from "./explain.ts";
export { decodeFdb, type FdbKind, type FdbRow, type FdbTable } from "./forwarding.ts";
export { lookupDeadlineUs } from "./limits.ts";
export type { AnsweredVarbind } from "./mibs.ts";
export { portOfRelay, type RelayPlan } from "./option82.ts";
export { portColumns, portOf, portTables, type PortPlan, type PortTables } from "./ports.ts";
export { resolve as resolvePort } from "./resolve.ts";
export { createSwitchLookup, type SwitchLookupOptions } from "./shell.ts";
export {
  createLookupState,
  type LookupAlarm,
  type LookupEffect,
  type LookupEvent,
  type LookupPlan,
  type LookupState,
} from "./state.ts";
export { lookupStatus } from "./status.ts";
export { answerPacket, type VirtualRows } from "./virtual-switch.ts";
export type {
  Circuit,
  LookupOutcome,
  LookupStatus,
  PortUse,
  RelayInformation,
  SwitchLookup,
  TableRow,
} from "./types.ts";
