// What an order to a slot's board would do to the groups it serves. Pure.

import { err, ok, type Result } from "../../base/index.ts";
import type { BoardFacts } from "../facts.ts";
import type { FailoverOrder } from "../../failover/index.ts";
import type { FailoverFacts, GroupStanding } from "../failover-facts.ts";
import type { OrderEffect } from "./failover-documents.ts";
import { type Problem, problem } from "./problem.ts";

type SlotOrder = Extract<FailoverOrder, { readonly verb: "slot" }>;

const doesWhat: Readonly<Record<SlotOrder["action"], string>> = {
  on: "is switched on and let out of reset",
  in: "is switched on and taken back into service",
  off: "is switched off and stays off",
  out: "is switched off to be pulled out",
  cycle: "is switched off and on again",
  reset: "is reset",
};

/** Effect of `slot N ACTION`; the facts are those of a board that controls slots. */
export function effectOfSlotAction(
  facts: BoardFacts,
  failover: FailoverFacts,
  { slot, action }: SlotOrder,
): Result<OrderEffect, Problem> {
  const slots = failover.slots?.() ?? [];
  if (!slots.some((each) => each.slot === slot)) {
    const known = slots.map((each) => each.slot).join(", ") || "none";
    return err(problem("no-such-thing", `no slot ${slot} with lines here; known: ${known}`));
  }
  const board = facts.map()?.boards.find((each) => each.slot === slot);
  const label = board === undefined ? `slot ${slot}` : `slot ${slot} (${board.name})`;
  const does = `${label} ${doesWhat[action]}`;
  if (action === "on" || action === "in") {
    return ok({ will: does, loss: undefined, confirm: undefined });
  }
  const held = failover.groups().filter(({ active }) => active.includes(slot));
  const stories = held.map((group) => leaves(group, slot));
  const beside = failover
    .groups()
    .filter(({ active, inSync }) => !active.includes(slot) && inSync.includes(slot))
    .map(({ group }) => `group ${group} has one board less in sync`);
  const texts = [...stories.map(({ text }) => text), ...beside];
  const lost = stories.filter(({ isServed }) => !isServed).map(({ group }) => group);
  return ok({
    will: texts.length === 0 ? `${does}; it is active for nothing` : `${does}: ${texts.join("; ")}`,
    loss:
      lost.length > 0
        ? `nobody could serve ${lost.join(", ")} while it is away`
        : held.length > 0
          ? "no data; clients wait while the groups move"
          : undefined,
    confirm: held.length > 0 ? String(slot) : "yes",
  });
}

type Leaving = { readonly group: string; readonly text: string; readonly isServed: boolean };

function leaves(
  { group, active, standby, inSync, maintenance }: GroupStanding,
  slot: number,
): Leaving {
  const others = active.filter((each) => each !== slot);
  if (others.length > 0) {
    const text = `group ${group} stays active on ${others.join(", ")}`;
    return { group, text, isServed: true };
  }
  const next = standby.find((each) => each !== slot && inSync.includes(each));
  if (next === undefined) {
    const text = `it is active for ${group}, and no standby is in sync`;
    return { group, text, isServed: false };
  }
  if (maintenance) {
    const text = `it is active for ${group}, and maintenance is on, so nobody takes over`;
    return { group, text, isServed: false };
  }
  return {
    group,
    text: `it is active for ${group}; that would move to slot ${next}`,
    isServed: true,
  };
}
