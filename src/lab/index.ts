// The whole surface of lab: the virtual chassis as a library, and the SNMP tables of its switches.
export {
  type BoardCommand,
  createLab,
  type Inserted,
  type InsertOptions,
  type Lab,
  type LabOptions,
  roleCommand,
} from "./chassis.ts";
export { type LabError, labExitCodes } from "./errors.ts";
export type { CutManner, KillManner } from "./faults.ts";
export type { CutTarget, LabMoment } from "./orders.ts";
export type { OutsideSubnet } from "./outside-plan.ts";
export type { Outside, OutsidePlace } from "./outside-view.ts";
export type { CommandOutput } from "./output.ts";
export { deviceOf, type LabPort, type LabSwitch, planSwitches } from "./plan.ts";
export { labRightsCommand } from "./rights.ts";
export {
  type LabStatus,
  type OutsideStatus,
  type SeatedBoard,
  type SlotStatus,
  statusText,
  type SwitchStatus,
} from "./status.ts";
export type { LabLine, LineFault } from "./slot-lines.ts";
export { slotSocketInBoard } from "./slot-server.ts";
export type { AgentManner } from "./switch-process.ts";
