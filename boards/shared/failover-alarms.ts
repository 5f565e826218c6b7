// Failover's and the slots' alarms for people: what to do is what `explain` says of their names.

import type { Failover } from "../../src/failover/index.ts";
import { explanations as failover } from "../../src/failover/index.ts";
import type { AlarmReport } from "../../src/history/index.ts";
import { explanations as redirect } from "../../src/redirect/index.ts";
import { explanations as slots } from "../../src/slots/index.ts";

const actions: Readonly<Record<string, { readonly action: string }>> = {
  ...failover,
  ...redirect,
  ...slots,
};

/** One alarm each; an id with a colon is explained by its name before it. */
export function failoverAlarms(running: Failover | undefined): AlarmReport[] {
  if (running === undefined) return [];
  const own = running.alarms().map(({ id, object, severity, sinceUs, text }): AlarmReport => {
    const [name = id] = id.split(":");
    return { id: name, object, severity, sinceUs, text, action: actionOf(name) };
  });
  const ofSlots = running.slotAlarms().map(({ slot, id, sinceUs, text }): AlarmReport => ({
    id,
    object: `slot ${slot}`,
    severity: "major",
    sinceUs,
    text,
    action: actionOf(id),
  }));
  return [...own, ...ofSlots];
}

function actionOf(name: string): string {
  return actions[name]?.action ?? `See: explain ${name}`;
}
