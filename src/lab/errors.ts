// What can go wrong in a lab, as one value that also travels over the control socket.

import { err, type Err } from "../base/index.ts";
import { type SysError, sysErrorText } from "../kernel/index.ts";

/** Why the lab did not do as asked; `text` is the whole sentence. */
export type LabError = { readonly kind: LabErrorKind; readonly text: string };

/** `unknown` no such board, slot or switch; `refused` not in this state; `system` the kernel's no. */
export type LabErrorKind =
  | "usage"
  | "unknown"
  | "refused"
  | "system"
  | "permission"
  | "config"
  | "unreachable"
  | "timeout";

/** Exit codes of the command line (STYLE "Logs, CLI, configuration"). */
export const labExitCodes: Readonly<Record<LabErrorKind, number>> = {
  refused: 1,
  system: 1,
  usage: 2,
  unknown: 3,
  unreachable: 4,
  permission: 5,
  timeout: 6,
  config: 7,
};

/** A failed Result. */
export function labError(kind: LabErrorKind, text: string): Err<LabError> {
  return err({ kind, text });
}

/** A failed Result for a refused system call; EPERM and EACCES are `permission`. */
export function labSystemError(error: SysError): Err<LabError> {
  const denied = error.code === "EPERM" || error.code === "EACCES";
  return labError(denied ? "permission" : "system", sysErrorText(error));
}

/** The words of something foreign that was thrown. */
export function thrownText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
