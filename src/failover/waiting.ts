// Groups that nobody is active for although this board could be: what they wait for, and what a person
// can do. Looked at once a second; shorter waits are take-overs.

import { ccnSlot, type SlotId } from "../base/index.ts";
import { majority } from "../lease/index.ts";
import { waitingMs } from "./limits.ts";
import { setAlarm, type State } from "./state.ts";

/** Raises and clears `group-waits` for the groups this board may hold. */
export function lookAtWaiting(state: State): void {
  const now = state.options.nowUs();
  for (const [group, config] of state.leaseConfigs) {
    if (!config.holders.includes(state.self)) continue;
    const isServed = (state.observed.groups.get(group)?.claims.size ?? 0) > 0;
    if (isServed) state.waitingSinceUs.delete(group);
    const sinceUs = state.waitingSinceUs.get(group) ?? now;
    if (!isServed) state.waitingSinceUs.set(group, sinceUs);
    const isLong = !isServed && now - sinceUs >= waitingMs * 1000;
    const text = isLong ? `group ${group} is active nowhere: ${reasonOf(state, group)}` : "";
    const id = `group-waits:${group}`;
    setAlarm(state, { id, object: group, severity: "critical", text }, isLong, now);
  }
}

function reasonOf(state: State, group: string): string {
  const config = state.leaseConfigs.get(group);
  if (config === undefined) return "";
  const isHeard = (slot: SlotId): boolean =>
    slot === state.self || (state.heardUntilUs.get(slot) ?? 0) > state.options.nowUs();
  const silent = config.voters.filter((slot) => !isHeard(slot));
  const names = silent.map((slot) => (slot === ccnSlot ? "the ccn" : `slot ${slot}`)).join(", ");
  const votes = config.voters.length - silent.length;
  if (votes < majority(config)) {
    return `${votes} of ${config.voters.length} voters are heard, ${majority(config)} are needed; bring ${names} back`;
  }
  if (!isHeard(ccnSlot)) {
    return "nobody can prove that the silent holder is off while the ccn is down; bring the ccn back, or pull that board and say `slot N attest-removed` on a controller";
  }
  const record = state.observed.groups.get(group)?.record;
  if (record !== undefined && !record.inSync.includes(state.self)) {
    return `only slots ${record.inSync.join(", ")} have the newest data; bring one back, or accept the loss: \`group ${group} promote --accept-loss\``;
  }
  return "see `why` for who refuses";
}
