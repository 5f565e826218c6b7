// Pools: groups of the models N+1 and N+M that share boards, and with them their spares. The loader
// counts spares with it, REDIRECT spreads loads with it.

import type { Group } from "./service-types.ts";

/**
 * The groups that share boards with `group`, directly or through others, itself among them, in the
 * order of `groups`. Empty for the other models: they share nothing.
 */
export function poolOf<G extends Pick<Group, "model" | "on">>(
  group: G,
  groups: readonly G[],
): readonly G[] {
  const pooled = groups.filter(({ model }) => model === "N+1" || model === "N+M");
  if (!pooled.includes(group)) return [];
  const slots = new Set(group.on);
  for (let size = 0; size < slots.size;) {
    size = slots.size;
    for (const { on } of pooled) {
      if (on.some((slot) => slots.has(slot))) for (const slot of on) slots.add(slot);
    }
  }
  return pooled.filter(({ on }) => on.some((slot) => slots.has(slot)));
}
