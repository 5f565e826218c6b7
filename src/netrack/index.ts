// The whole surface of netrack: the map of the chassis, who keeps it and who asks for it.
export { step } from "./core.ts";
export { bestAddress, type BestAddress } from "./core/best.ts";
export { diagnose, type DiagnosedBoard, type DiagnosisView, faultKey } from "./core/diagnosis.ts";
export type {
  Alarm,
  CoreCounters,
  Effect as NetrackEffect,
  Event as NetrackEvent,
  NetrackOptions,
} from "./core/events.ts";
export { mapOf } from "./core/map.ts";
export { createNetrack, graceUs, type State as NetrackState } from "./core/state.ts";
export { explanations, type NetrackLogEvent } from "./explanations.ts";
export { startNetrack } from "./shell.ts";
export type { Netrack, NetrackSettings, ReceivedExtensions, Tell } from "./surface.ts";
export type {
  BoardState,
  BoardStatus,
  ChassisMap,
  Diagnosis,
  Fault,
  MapChange,
  PathState,
} from "./types.ts";
