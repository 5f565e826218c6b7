// What `explain` knows on every board: the tables of the modules that run everywhere. Each role
// adds those of its own modules in its own file, so that no executable carries another's modules.

import type { Explanations } from "../../src/manage/index.ts";
import { explanations as netrack } from "../../src/netrack/index.ts";
import { explanations as runtime } from "../../src/runtime/index.ts";

type Row = { readonly event: string; readonly meaning: string; readonly whatToDo: string };

/** A module's rows as one table by event name. */
export function byName(rows: readonly Row[]): Explanations {
  return Object.fromEntries(
    rows.map(({ event, meaning, whatToDo }) => [event, { meaning, action: whatToDo }]),
  );
}

/** What runs everywhere. */
export const everywhere: Explanations = { ...netrack, ...byName(runtime) };
