// Which way a lab can be built here: as root, in a user namespace of one's own, or not at all.

import { ok, type Result } from "../base/index.ts";
import { canMakeNamespaces } from "../kernel/index.ts";
import { type LabError, labError } from "./errors.ts";

/**
 * What to put before a command line so that it may build a lab: nothing for root, else what makes
 * it root in namespaces of its own (network too: one can't come back to a foreign one). `permission`
 * says exactly which right is missing.
 */
export function labRightsCommand(): Result<readonly string[], LabError> {
  const rights = canMakeNamespaces();
  if (rights.root) return ok([]);
  if (rights.userNamespaces) return ok(["unshare", "-Urnm", "--"]);
  return labError("permission", `cannot build a lab: ${rights.missing ?? "no namespaces"}`);
}
