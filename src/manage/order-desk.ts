// Orders of people to this board: read, checked against what is there, carried out, answered. At most
// `ordersMax` at once. One that takes longer than its deadline goes on; its answer is "state unknown".

import { err, ok, type Result } from "../base/index.ts";
import type { OrderDocument } from "./core/failover-documents.ts";
import { effectOfOrder } from "./core/order-effect.ts";
import { type OrderRequest, parseOrderBody } from "./core/orders.ts";
import { type Problem, problem } from "./core/problem.ts";
import { noFailoverHere } from "./core/where-to-ask.ts";
import type { BoardFacts } from "./facts.ts";
import type { OrderAnswer } from "../failover/index.ts";
import type { FailoverFacts } from "./failover-facts.ts";
import { ordersMax } from "./limits.ts";

/** Where orders are given. */
export type OrderDesk = {
  /** Reads a body and carries its order out. Rejects only by our own mistake. */
  readonly take: (body: string) => Promise<Result<OrderDocument, Problem>>;
};

/** The desk of a board. */
export function orderDesk(facts: BoardFacts): OrderDesk {
  let running = 0;
  return {
    take: async (body) => {
      const parsed = parseOrderBody(body);
      if (!parsed.ok) return err(problem("bad-order", parsed.error));
      const { failover } = facts;
      if (failover === undefined) return err(noFailoverHere(facts));
      const { order, dryRun } = parsed.value;
      const effect = effectOfOrder(facts, failover, order);
      if (!effect.ok) return effect;
      if (dryRun) {
        return ok({ v: 1, now: facts.now(), effect: effect.value, answer: undefined });
      }
      if (running >= ordersMax) {
        const text = `${running} orders are being carried out; wait for one to end`;
        return err(problem("too-many-orders", text));
      }
      running += 1;
      try {
        const answer = await carryOut(failover, order);
        return ok({ v: 1, now: facts.now(), effect: effect.value, answer });
      } finally {
        running -= 1;
      }
    },
  };
}

async function carryOut(
  failover: FailoverFacts,
  order: OrderRequest["order"],
): Promise<OrderAnswer> {
  if (order.verb !== "alarm-ack") return await failover.order(order);
  const done = failover.alarms.acknowledge(order.alarm, { who: order.by, text: order.text });
  if (!done.ok) return { done: false, text: done.error };
  return { done: true, text: `alarm ${order.alarm} is acknowledged` };
}
