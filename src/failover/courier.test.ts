import { afterEach, expect, jest, test } from "bun:test";
import { incarnationFromBytes, type SlotId, slotId } from "../base/index.ts";
import {
  decodeAnswer,
  decodeOrder,
  encodeAnswer,
  encodeOrder,
  type FailoverOrder,
  type OrderAnswer,
} from "./core/orders.ts";
import { type Courier, startCourier } from "./courier.ts";
import { channels, orderAgainMs, orderMs, ordersKept } from "./limits.ts";

const [one, two] = [slotId(1), slotId(2)];
const lifeOf = (byte: number): ReturnType<typeof incarnationFromBytes> =>
  incarnationFromBytes(new Uint8Array(8).fill(byte));
const life = lifeOf(7);
const off: FailoverOrder = { verb: "maintenance", on: true, by: "ops" };
const done: OrderAnswer = { done: true, text: "no elections" };

afterEach(() => jest.useRealTimers());

type Sent = { readonly to: SlotId; readonly channel: number; readonly bytes: Uint8Array };
type Carried = { readonly order: FailoverOrder; readonly end: (answer: OrderAnswer) => void };
type Desk = {
  readonly courier: Courier;
  readonly sent: Sent[];
  /** Orders under way on this board; a test ends them. */
  readonly carried: Carried[];
};

function desk(): Desk {
  const sent: Sent[] = [];
  const carried: Carried[] = [];
  const courier = startCourier({
    send: (to, channel, bytes) => sent.push({ to, channel, bytes }),
    carryOut: (order) => new Promise((resolve) => carried.push({ order, end: resolve })),
  });
  return { courier, sent, carried };
}

/** What was sent as an answer, read. */
function answersOf({ sent }: Desk): { to: SlotId; id: number; text: string }[] {
  return sent.map(({ to, channel, bytes }) => {
    const answer = decodeAnswer(bytes);
    if (channel !== channels.answer || !answer.ok) throw new Error(`channel ${channel}`);
    return { to, id: answer.value.id, text: answer.value.answer.text };
  });
}

/** The promises that are kept already run their continuations. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

test("an order goes to its board, its answer ends the asking", async () => {
  jest.useFakeTimers();
  const here = desk();
  const answer = here.courier.order(two, off);
  const [first] = here.sent;
  if (first === undefined) throw new Error("nothing was sent");
  expect([first.to, first.channel]).toEqual([two, channels.order]);
  expect(decodeOrder(first.bytes)).toEqual({ ok: true, value: { id: 1, order: off } });
  here.courier.heardAnswer(two, encodeAnswer({ id: 1, answer: done }));
  expect(await answer).toEqual(done);
  jest.advanceTimersByTime(orderMs);
  expect(here.sent).toHaveLength(1);
});

test("an order is sent again, the same, until its answer comes", async () => {
  jest.useFakeTimers();
  const here = desk();
  const answer = here.courier.order(two, off);
  jest.advanceTimersByTime(3 * orderAgainMs);
  expect(here.sent).toHaveLength(4);
  expect(new Set(here.sent.map(({ bytes }) => bytes.toHex())).size).toBe(1);
  here.courier.heardAnswer(two, encodeAnswer({ id: 1, answer: done }));
  expect(await answer).toEqual(done);
});

test("no answer is a sentence after the deadline, and nothing is sent any more", async () => {
  jest.useFakeTimers();
  const here = desk();
  let answer: OrderAnswer | undefined;
  void here.courier.order(two, off).then((given) => {
    answer = given;
  });
  jest.advanceTimersByTime(orderMs - 1);
  await settle();
  expect(answer).toBeUndefined();
  jest.advanceTimersByTime(1);
  await settle();
  expect(answer).toEqual({ done: false, text: "slot 2 did not answer within 15000 ms" });
  const { length } = here.sent;
  jest.advanceTimersByTime(orderMs);
  expect(here.sent).toHaveLength(length);
});

test("an answer from another board, of another number, or none at all ends nothing", async () => {
  jest.useFakeTimers();
  const here = desk();
  const answers: OrderAnswer[] = [];
  void here.courier.order(two, off).then((given) => answers.push(given));
  here.courier.heardAnswer(one, encodeAnswer({ id: 1, answer: done }));
  here.courier.heardAnswer(two, encodeAnswer({ id: 2, answer: done }));
  here.courier.heardAnswer(two, new TextEncoder().encode("{"));
  await settle();
  expect(answers).toEqual([]);
  here.courier.heardAnswer(two, encodeAnswer({ id: 1, answer: done }));
  here.courier.heardAnswer(two, encodeAnswer({ id: 1, answer: { done: false, text: "late" } }));
  await settle();
  expect(answers).toEqual([done]);
});

test("two orders at once each get their own answer", async () => {
  jest.useFakeTimers();
  const here = desk();
  const both = [here.courier.order(two, off), here.courier.order(two, { ...off, on: false })];
  here.courier.heardAnswer(two, encodeAnswer({ id: 2, answer: { done: true, text: "second" } }));
  here.courier.heardAnswer(two, encodeAnswer({ id: 1, answer: { done: true, text: "first" } }));
  expect((await Promise.all(both)).map(({ text }) => text)).toEqual(["first", "second"]);
});

test("a courier that closes answers all who wait, and stops asking", async () => {
  jest.useFakeTimers();
  const here = desk();
  const both = [here.courier.order(two, off), here.courier.order(one, off)];
  here.courier.close();
  const stops = { done: false, text: "this board stops" };
  expect(await Promise.all(both)).toEqual([stops, stops]);
  jest.advanceTimersByTime(orderMs);
  expect(here.sent).toHaveLength(2);
});

test("an order asked again is carried out once and answered twice", async () => {
  const here = desk();
  const bytes = encodeOrder({ id: 5, order: off });
  here.courier.heardOrder(one, life, bytes);
  here.courier.heardOrder(one, life, bytes); // still under way: no answer yet
  expect(here.carried.map(({ order }) => order)).toEqual([off]);
  expect(here.sent).toEqual([]);
  here.carried[0]?.end(done);
  await settle();
  here.courier.heardOrder(one, life, bytes);
  await settle();
  expect(here.carried).toHaveLength(1);
  const answer = { to: one, id: 5, text: done.text };
  expect(answersOf(here)).toEqual([answer, answer]);
});

test("the same number from another board or another life is another order", () => {
  const here = desk();
  const bytes = encodeOrder({ id: 5, order: off });
  here.courier.heardOrder(one, life, bytes);
  here.courier.heardOrder(two, life, bytes);
  here.courier.heardOrder(one, lifeOf(8), bytes);
  expect(here.carried).toHaveLength(3);
});

test("what is no order is neither carried out nor answered", () => {
  const here = desk();
  here.courier.heardOrder(one, life, new TextEncoder().encode('{"v":1,"id":1}'));
  expect([here.carried, here.sent]).toEqual([[], []]);
});

test("the oldest answers are forgotten, an order under way never: it would be carried out twice", async () => {
  const here = desk();
  const hear = (id: number): void =>
    here.courier.heardOrder(one, life, encodeOrder({ id, order: off }));
  hear(1);
  for (let id = 2; id <= 2 * ordersKept; id++) {
    hear(id);
    here.carried.at(-1)?.end(done);
    await settle();
  }
  const { length } = here.carried;
  expect(length).toBe(2 * ordersKept);
  hear(1);
  hear(2 * ordersKept);
  expect(here.carried).toHaveLength(length);
  hear(2); // answered long ago, and forgotten
  expect(here.carried).toHaveLength(length + 1);
});

test("when too many orders are under way, one more is refused with a sentence", async () => {
  const here = desk();
  const hear = (id: number): void =>
    here.courier.heardOrder(one, life, encodeOrder({ id, order: off }));
  for (let id = 1; id <= ordersKept + 1; id++) hear(id);
  expect(here.carried).toHaveLength(ordersKept);
  expect(answersOf(here)).toEqual([
    { to: one, id: ordersKept + 1, text: "64 orders are under way there already" },
  ]);
  here.carried[0]?.end(done);
  await settle();
  hear(ordersKept + 1);
  expect(here.carried).toHaveLength(ordersKept + 1);
});
