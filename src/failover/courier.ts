// Carries orders to the board that can carry them out, and the answers back. Asked again until the
// answer comes: an order that came twice is carried out once and answered twice.

import type { Incarnation, SlotId } from "../base/index.ts";
import {
  decodeAnswer,
  decodeOrder,
  encodeAnswer,
  encodeOrder,
  type FailoverOrder,
  type OrderAnswer,
} from "./core/orders.ts";
import { channels, orderAgainMs, orderMs, ordersKept } from "./limits.ts";

/** What the courier needs. */
export type CourierOptions = {
  readonly send: (to: SlotId, channel: number, bytes: Uint8Array) => void;
  /** Carries an order out on this board. */
  readonly carryOut: (order: FailoverOrder) => Promise<OrderAnswer>;
};

/** Orders and answers on their way. */
export type Courier = {
  readonly order: (to: SlotId, order: FailoverOrder) => Promise<OrderAnswer>;
  readonly heardOrder: (from: SlotId, life: Incarnation, bytes: Uint8Array) => void;
  readonly heardAnswer: (from: SlotId, bytes: Uint8Array) => void;
  readonly close: () => void;
};

type Asked = { readonly to: SlotId; readonly end: (answer: OrderAnswer) => void };

/** Nothing is under way yet. */
export function startCourier(options: CourierOptions): Courier {
  const asked = new Map<number, Asked>();
  /** Orders that came, by sender's slot, life and number; undefined = being carried out. */
  const taken = new Map<string, OrderAnswer | undefined>();
  let nextId = 1;
  const answer = (to: SlotId, id: number, given: OrderAnswer): void =>
    options.send(to, channels.answer, encodeAnswer({ id, answer: given }));
  return {
    order(to, order) {
      const id = nextId++;
      const bytes = encodeOrder({ id, order });
      return new Promise((resolve) => {
        const ask = (): void => options.send(to, channels.order, bytes);
        const again = setInterval(ask, orderAgainMs);
        const late = setTimeout(
          () => end({ done: false, text: `slot ${to} did not answer within ${orderMs} ms` }),
          orderMs,
        );
        const end = (given: OrderAnswer): void => {
          clearInterval(again);
          clearTimeout(late);
          asked.delete(id);
          resolve(given);
        };
        asked.set(id, { to, end });
        ask();
      });
    },
    heardOrder(from, life, bytes) {
      const read = decodeOrder(bytes);
      if (!read.ok) return;
      const { id, order } = read.value;
      const name = `${from} ${life} ${id}`;
      if (taken.has(name)) {
        const given = taken.get(name);
        if (given !== undefined) answer(from, id, given);
        return;
      }
      if (taken.size >= ordersKept && !forgetOldest(taken)) {
        answer(from, id, { done: false, text: `${ordersKept} orders are under way there already` });
        return;
      }
      taken.set(name, undefined);
      const end = (given: OrderAnswer): void => {
        taken.set(name, given);
        answer(from, id, given);
      };
      options.carryOut(order).then(end, (error: unknown) => {
        end({ done: false, text: `our own mistake, please report it: ${String(error)}` });
      });
    },
    heardAnswer(from, bytes) {
      const read = decodeAnswer(bytes);
      if (!read.ok) return;
      const waiting = asked.get(read.value.id);
      if (waiting?.to === from) waiting.end(read.value.answer);
    },
    close() {
      for (const { end } of asked.values()) end({ done: false, text: "this board stops" });
    },
  };
}

/** Makes room for one; an order that is being carried out stays, or it would be carried out again. */
function forgetOldest(taken: Map<string, OrderAnswer | undefined>): boolean {
  for (const [name, given] of taken) {
    if (given !== undefined) return taken.delete(name);
  }
  return false;
}
