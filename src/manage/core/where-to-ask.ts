// Refusals that send a person to the right board, with the addresses it can be asked at.

import { ccnSlot, networkIds } from "../../base/index.ts";
import type { BoardFacts } from "../facts.ts";
import { type Problem, problem } from "./problem.ts";

/** `c1 is a controller; only the ccn acts on slots: ask it at 10.1.0.1 or 20.1.0.1`. */
export function onlyTheCcnActs(facts: BoardFacts, does: string): Problem {
  return problem("not-this-board", `${selfText(facts)}; only the ccn ${does}: ${ccnText(facts)}`);
}

/** A board without fail-over says who has it. */
export function noFailoverHere(facts: BoardFacts): Problem {
  const text = `${selfText(facts)} that takes no part in fail-over; ask a controller, or the ccn`;
  return problem("not-this-board", `${text}: ${ccnText(facts)}`);
}

function selfText(facts: BoardFacts): string {
  const { name, role } = facts.identity();
  return `${name} is ${role === "io-card" ? "an" : "a"} ${role}`;
}

function ccnText(facts: BoardFacts): string {
  const ccn = facts.map()?.boards.find(({ slot }) => slot === ccnSlot);
  if (ccn === undefined) return "its address is not known here yet";
  return `ask it at ${networkIds.map((network) => ccn.address[network]).join(" or ")}`;
}
