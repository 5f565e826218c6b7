// A what-if as text for people: fault by fault, each order with the sentence that explains it, and
// where every group ends.

import { unreachable } from "../../base/index.ts";
import type { RedirectEffect } from "../types.ts";
import type { GroupEnd, WhatIf } from "./what-if.ts";

/** Lines for a terminal. */
export function whatIfText({ steps, groups, isAtRest }: WhatIf): string[] {
  const lines = steps.flatMap(({ text, effects }) => [
    text,
    ...(effects.length === 0 ? ["  nothing is ordered"] : effects.map((each) => orderText(each))),
  ]);
  if (!isAtRest) lines.push("never comes to rest: rules undo each other");
  return [...lines, "in the end", ...groups.map(endText)];
}

function orderText(effect: RedirectEffect): string {
  switch (effect.type) {
    case "wish":
      return `  ${effect.how} ${effect.group}, slot ${effect.to}: ${effect.why}`;
    case "start":
    case "stop":
    case "restart":
      return `  ${effect.type} ${effect.service} on slot ${effect.slot}: ${effect.why}`;
    case "raise-alarm":
      return `  alarm ${effect.id}: ${effect.text}`;
    case "clear-alarm":
      return `  alarm ${effect.id} ends`;
    case "power-cycle":
      return `  power-cycle slot ${effect.slot}: ${effect.why}`;
    case "run":
      return `  run ${effect.run.join(" ")}: ${effect.why}`;
    case "safe-to-pull":
      return `  slot ${effect.slot} is ${effect.isSafe ? "safe" : "not safe"} to pull: ${effect.why}`;
    case "set-timer":
      return "  look again later";
    default:
      return unreachable(effect);
  }
}

function endText({ group, active, standby, waits }: GroupEnd): string {
  if (waits !== undefined) return `  ${group}: nobody; ${waits}`;
  const beside = standby.length === 0 ? "nobody stands by" : `${standby.join(", ")} stands by`;
  return `  ${group}: active on ${active.join(", ")}; ${beside}`;
}
