// The whole surface of psrm: starts, watches, restarts and stops the services of a board.
export { parseServiceCommand, type ServiceCommand } from "./core/commands.ts";
export { decodeNotify, type NotifyMessage } from "./core/notify.ts";
export { explanations, type PsrmLogEvent } from "./explanations.ts";
export { parseGuardHold } from "./guard-orders.ts";
export { runGuard } from "./guard.ts";
export { startPsrm } from "./shell.ts";
export type {
  GroupRole,
  GuardedAddress,
  MoveAsked,
  Psrm,
  PsrmOptions,
  ServiceStatus,
} from "./surface.ts";
export type { ProcessExit, ServiceCause, ServiceChange, ServiceState } from "./types.ts";
