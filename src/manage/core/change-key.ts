// What counts as a change for `--watch`: everything in a document but its clocks and the figures
// that move all the time.

import type { ChassisMap } from "../../netrack/index.ts";
import type { NowFact } from "../facts.ts";
import { freshMap } from "./advice.ts";

/** Two documents with one key show the same; a map that became too old is a change. */
export function changeKey(document: {
  readonly now: NowFact;
  readonly map?: ChassisMap | undefined;
}): string {
  const isFresh = freshMap(document.map, document.now) !== undefined;
  return JSON.stringify([isFresh, document], (key, value: unknown) =>
    moving.has(key) ? undefined : value,
  );
}

/** Keys of clocks and moving figures. */
const moving: ReadonlySet<string> = new Set([
  "now",
  "atUs",
  "lastUs",
  "readUs",
  "entitledUntilUs",
  "runtime",
]);
