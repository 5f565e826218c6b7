// The shipped lease core, explored exhaustively within small bounds; `npm run model` goes further.

import { expect, test } from "bun:test";
import { type Bounds, small } from "./bounds.ts";
import { explore } from "./explore.ts";

/** One run may take this long on a loaded machine, ms. */
const timeoutMs = 120_000;

const runs: readonly Bounds[] = [
  { ...small, name: "no crash", epochs: 2 },
  { ...small, name: "expiry frees voters", epochs: 2, unfenced: "after-lease" },
  { ...small, name: "cold start", epochs: 2, start: "cold" },
  { ...small, name: "lying lines", epochs: 2, lies: true },
  { ...small, name: "grants bound", epochs: 2, versions: 3, binds: true },
];

for (const bounds of runs) {
  test(
    `${bounds.name}: never two actives, in every world within the bounds`,
    () => {
      const found = explore(bounds, () => undefined);
      expect(found.broken?.steps ?? []).toEqual([]);
      expect(found.isWhole).toBe(true);
      expect(found.states).toBeGreaterThan(100);
    },
    timeoutMs,
  );
}
