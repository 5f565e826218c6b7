// The whole surface of base: what every other room may use.
export { assert, AssertionFailed, defined, unreachable } from "./assert.ts";
export type { Explanation, Explanations } from "./explanations.ts";
export {
  createLog,
  type Log,
  type LogFields,
  type LogLevel,
  type LogOptions,
  type LogSink,
} from "./log.ts";
export { lineBudget, type LineBudget, takeLine } from "./line-budget.ts";
export { nearestName } from "./nearest-name.ts";
export { nextBelow, nextChance, nextOf, nextU32, nextUnit, prng, type Prng } from "./prng.ts";
export { boundedQueue, push, pushDroppingOldest, shift, type BoundedQueue } from "./queue.ts";
export { err, ok, type Err, type Ok, type Result } from "./result.ts";
export {
  addUs,
  ccnSlot,
  type Incarnation,
  incarnationFromBytes,
  incarnationToBytes,
  type Ipv4,
  ipv4FromBytes,
  ipv4FromU32,
  ipv4ToBytes,
  ipv4ToU32,
  type Mac,
  macFromBytes,
  macToBytes,
  type MonoUs,
  monoUs,
  msToUs,
  type NetworkId,
  networkIds,
  parseIncarnation,
  parseIpv4,
  parseMac,
  parseSlotId,
  type SlotId,
  slotId,
  slotMax,
} from "./units.ts";
