// The whole surface of psrm, the process starter / restarter / monitor of a board (design 28-30).
//
// It starts programs that know nothing of it, in order, as the user and within the limits of the
// chassis file; knows when they are ready and whether they still answer; and does what the file says
// when one dies, falls silent or is in trouble: restart it here, ask for it to run elsewhere, or
// nothing. It never starts one before the whole process tree of its last start is provably gone.
// `startPsrm` runs it on a board; `runGuard` is what a second process of the same executable runs, so
// that a board that dies by SIGKILL leaves neither services nor public addresses behind. Programs
// that want more speak sd_notify(3) and the lines of core/commands.ts.
//
// Who looks for what: rules in core.ts and core/, bounds in limits.ts, the two ways to hold a process
// tree in tree-cgroup.ts and tree-sweep.ts, log events in explanations.ts.
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
