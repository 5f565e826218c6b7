// The whole surface of slots: lines, power and reset of the boards, and fencing by them.
export type { SlotAlarm, SlotReport, SlotWord } from "./core/report.ts";
export type {
  EvidenceItem,
  FenceOrder,
  FenceProof,
  FenceRefusal,
  LineChange,
  LineName,
  OperatorOrder,
  ProofStrength,
  SlotAction,
  SlotAlarmId,
  SlotCounters,
} from "./core/types.ts";
export type { DriverError, LineEdge, LineOrder, SlotDriver, SlotLines } from "./driver.ts";
export { evidenceText } from "./evidence.ts";
export { explanations } from "./explanations.ts";
export { socketLineBytesMax } from "./limits.ts";
export {
  lineSplitter,
  parseSlotAnswer,
  parseSlotRequest,
  type SlotAnswer,
  slotMessageLine,
  type SlotRequest,
} from "./protocol.ts";
export {
  type FenceAnswer,
  type OperatorAnswer,
  type SlotNews,
  type Slots,
  type SlotsOptions,
  startSlots,
} from "./shell.ts";
export { socketDriver } from "./socket-driver.ts";
