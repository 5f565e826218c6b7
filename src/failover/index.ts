// The whole surface of failover: the rooms that decide (lease, redirect, psrm, slots), joined on one
// board. shell.ts makes them; core/tenure.ts is the order of a takeover.
export type { FailoverOrder, FailoverVerb, OrderAnswer } from "./core/orders.ts";
export { decodeAnswer as decodeOrderAnswer, decodeOrder } from "./core/orders.ts";
export { explanations } from "./explanations.ts";
export { startFailover } from "./shell.ts";
export type {
  Failover,
  FailoverAlarm,
  FailoverOptions,
  GroupStatus,
  ServicePlace,
} from "./surface.ts";
