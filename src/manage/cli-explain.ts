// `explain`: what an event or alarm means and what to do, from the tables of the board's modules.

import { nearestName } from "../base/index.ts";
import type { CliCall } from "./call.ts";
import { exitCodes } from "./core/exit-codes.ts";
import { explanationLines, explanationList } from "./core/lists-view.ts";
import { cleanText } from "./core/text.ts";
import { screenOf } from "./terminal.ts";

/** Prints one explanation, or the list of all. An unknown event is exit code 3. */
export function explainCommand(call: CliCall): number {
  const { terminal, order, cli } = call;
  const explanations = cli.explanations ?? {};
  const [name] = order.words;
  if (name === undefined) {
    const lines = explanationList(explanations, screenOf(terminal));
    const text = call.json ? JSON.stringify({ v: 1, explanations }) : lines.join("\n");
    terminal.stdout(`${text}\n`);
    return exitCodes.done;
  }
  const explanation = Object.hasOwn(explanations, name) ? explanations[name] : undefined;
  if (explanation === undefined) {
    const near = nearestName(name, Object.keys(explanations));
    const hint = near === undefined ? `${cli.role} explain lists all` : `did you mean ${near}?`;
    terminal.stderr(`${cli.role}: no event "${cleanText(name.slice(0, 60))}"; ${hint}\n`);
    return exitCodes.noSuchThing;
  }
  const text = call.json
    ? JSON.stringify({ v: 1, event: name, ...explanation })
    : explanationLines(name, explanation, screenOf(terminal)).join("\n");
  terminal.stdout(`${text}\n`);
  return exitCodes.done;
}
