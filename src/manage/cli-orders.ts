// Commands that change something: ask the daemon what the order would do, tell the person, have it
// confirmed, give it, say how it ended. With --dry-run only the first; with --yes nobody is asked.

import { type CliCall, printLines, tellRefusal, usageMistake } from "./call.ts";
import { postOrder } from "./client.ts";
import { exitCodes } from "./core/exit-codes.ts";
import { isOrderDocument, type OrderEffect } from "./core/failover-documents.ts";
import { type OrderBody, orderBody } from "./core/order-words.ts";
import { cleanText, wrapText } from "./core/text.ts";
import { orderCharacters } from "./limits.ts";
import { screenOf } from "./terminal.ts";

/** `service S VERB`, `slot N VERB`, `group G VERB`, `alarm N ack`, `maintenance on|off`. */
export async function orderCommand(
  call: CliCall,
  command: Parameters<typeof orderBody>[0],
): Promise<number> {
  const { order, cli, terminal } = call;
  const body = orderBody(command, order.words, order.options);
  if (!body.ok) return usageMistake(cli, terminal, body.error, order.command);
  const by = terminal.user.slice(0, orderCharacters.by);
  return await giveOrder(call, { ...body.value, by });
}

async function giveOrder(call: CliCall, body: OrderBody): Promise<number> {
  const asked = await postOrder(call.daemon, { ...body, dryRun: true }, isOrderDocument);
  if (!asked.ok) return tellRefusal(call, asked.error);
  const { effect } = asked.value;
  const { options } = call.order;
  if (options.has("dry-run")) {
    printLines(
      call,
      call.json ? [JSON.stringify(asked.value)] : effectLines(call, effect, "would"),
    );
    return exitCodes.done;
  }
  if (effect.confirm !== undefined && !options.has("yes")) {
    const refused = await confirmed(call, effect, effect.confirm);
    if (refused !== undefined) return refused;
  }
  const given = await postOrder(call.daemon, body, isOrderDocument);
  if (!given.ok) return tellRefusal(call, given.error);
  const { answer } = given.value;
  const isDone = answer?.done === true;
  const text = cleanText(answer?.text ?? "the daemon did not say how it ended");
  if (call.json) printLines(call, [JSON.stringify(given.value)]);
  else if (isDone) printLines(call, [text]);
  else call.terminal.stderr(`${call.cli.role}: not done: ${text}\n`);
  return isDone ? exitCodes.done : exitCodes.failed;
}

/** Undefined: go on. Else the exit code; nothing was changed. */
async function confirmed(
  call: CliCall,
  effect: OrderEffect,
  word: string,
): Promise<number | undefined> {
  const { terminal, cli } = call;
  terminal.stderr(
    effectLines(call, effect, "will")
      .map((line) => `${line}\n`)
      .join(""),
  );
  if (terminal.ask === undefined) {
    terminal.stderr(`${cli.role}: nothing was changed: nobody can be asked here, add --yes\n`);
    return exitCodes.usage;
  }
  const answer = await terminal.ask(`type ${cleanText(word)} to go on: `);
  if (answer?.trim() === word) return undefined;
  terminal.stderr(`${cli.role}: not confirmed; nothing was changed\n`);
  return exitCodes.failed;
}

function effectLines(call: CliCall, effect: OrderEffect, word: "will" | "would"): string[] {
  const { columns } = screenOf(call.terminal);
  const wrapped = (label: string, text: string): string[] =>
    wrapText(cleanText(text), columns - 10).map((line, i) =>
      i === 0 ? `${label.padEnd(10)}${line}` : `${" ".repeat(10)}${line}`,
    );
  const loss = effect.loss ?? "nothing is lost";
  return [...wrapped(`${word}:`, effect.will), ...wrapped("at risk:", loss)];
}
