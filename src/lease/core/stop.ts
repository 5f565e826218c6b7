// The end of a tenure: whatever the reason, the shell hears `inactive` before anything that lets
// another board begin.

import type { Run } from "./state.ts";
import { note } from "./state.ts";

/** This board holds its epoch no longer; nothing if it holds none. */
export function stopActing(run: Run, why: string): void {
  const { state } = run;
  const { acting } = state;
  if (acting === undefined) return;
  state.acting = undefined;
  if (!acting.isTold) return;
  note(run, "lease-lost", { epoch: acting.epoch, slot: state.config.self, why });
  run.effects.push({ type: "inactive", why });
}
