// What the beats of all boards tell of every group: who says it may act, and the newest record. A
// board that has no vote in a group knows it from here only; it decides nothing by it but where
// things should be.

import { addUs, type MonoUs, type SlotId } from "../../base/index.ts";
import type { GroupTell, LeaseRecord } from "../../wire/index.ts";

/** One group, as heard. */
export type ObservedGroup = {
  /** Until when a board's word that it may act holds. */
  readonly claims: Map<SlotId, MonoUs>;
  /** The newest record a holder told. */
  record: LeaseRecord | undefined;
  /** Highest epoch heard of. */
  epoch: number;
};

/** All groups, as heard. */
export type Observed = {
  readonly groups: ReadonlyMap<string, ObservedGroup>;
  /** T_SILENT, us: who is not heard for so long says nothing any more. */
  readonly silentUs: number;
};

/** Nothing heard yet. */
export function createObserved(groups: readonly string[], silentUs: number): Observed {
  const none = (): ObservedGroup => ({ claims: new Map(), record: undefined, epoch: 0 });
  return { groups: new Map(groups.map((group) => [group, none()])), silentUs };
}

/** Takes what a beat told; true = who is active, the record or the epoch changed. */
export function observe(
  observed: Observed,
  from: SlotId,
  tells: readonly GroupTell[],
  now: MonoUs,
): boolean {
  let hasChanged = false;
  for (const tell of tells) {
    const group = observed.groups.get(tell.group);
    if (group === undefined) continue;
    if (hear(group, from, tell, { now, silentUs: observed.silentUs })) hasChanged = true;
  }
  return hasChanged;
}

function hear(
  group: ObservedGroup,
  from: SlotId,
  tell: GroupTell,
  { now, silentUs }: { readonly now: MonoUs; readonly silentUs: number },
): boolean {
  const was = group.claims.has(from);
  if (tell.entitled) group.claims.set(from, addUs(now, silentUs));
  else group.claims.delete(from);
  let hasChanged = was !== tell.entitled;
  const epoch = Math.max(tell.epoch, tell.promised);
  if (epoch > group.epoch) {
    group.epoch = epoch;
    hasChanged = true;
  }
  const { record } = tell;
  const isNewer =
    record !== undefined &&
    (group.record === undefined ||
      record.epoch > group.record.epoch ||
      (record.epoch === group.record.epoch && record.version > group.record.version));
  if (isNewer) group.record = record;
  return hasChanged || isNewer;
}

/** Forgets boards that fell silent; true = somebody was. */
export function forgetSilent(observed: Observed, now: MonoUs): boolean {
  let hasChanged = false;
  for (const { claims } of observed.groups.values()) {
    for (const [slot, untilUs] of claims) {
      if (untilUs > now) continue;
      claims.delete(slot);
      hasChanged = true;
    }
  }
  return hasChanged;
}
