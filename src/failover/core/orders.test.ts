import { expect, test } from "bun:test";
import fc from "fast-check";
import { slotId } from "../../base/index.ts";
import { orderBytesMax, orderTextCharacters } from "../limits.ts";
import {
  decodeAnswer,
  decodeOrder,
  encodeAnswer,
  encodeOrder,
  type FailoverOrder,
  type FailoverVerb,
  type SentOrder,
} from "./orders.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const asJson = (value: unknown): Uint8Array => bytesOf(JSON.stringify(value));

const anySlot = fc.integer({ min: 0, max: 63 }).map(slotId);
const maybeSlot = fc.option(anySlot, { nil: undefined });
const anyName = fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/);
const anyWords = fc.stringMatching(/^[ -~]{0,256}$/);
const anyVerb: fc.Arbitrary<FailoverVerb> = fc.oneof(
  fc.record({ verb: fc.constant("service-move"), service: anyName, to: maybeSlot }),
  fc.record({
    verb: fc.constantFrom("service-stop", "service-start", "service-restart"),
    service: anyName,
    slot: maybeSlot,
  }),
  fc.record({
    verb: fc.constant("slot"),
    slot: anySlot,
    action: fc.constantFrom("on", "off", "cycle", "reset", "out", "in"),
  }),
  fc.record({
    verb: fc.constantFrom("promote", "admit-blank"),
    group: anyName,
    reason: anyWords,
  }),
  fc.record({ verb: fc.constant("attest-removed"), slot: anySlot, reason: anyWords }),
  fc.record({ verb: fc.constant("maintenance"), on: fc.boolean() }),
);
const anyId = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const anyText = fc.string({ unit: "binary", maxLength: 3 * orderTextCharacters });

function read(bytes: Uint8Array): SentOrder {
  const order = decodeOrder(bytes);
  if (!order.ok) throw new Error(order.error);
  return order.value;
}

test("every order survives its bytes, with who gave it", () => {
  fc.assert(
    fc.property(anyId, anyVerb, anyWords, (id, verb, by) => {
      const sent = { id, order: { ...verb, by } };
      expect(read(encodeOrder(sent))).toEqual(sent);
    }),
    { numRuns: 500 },
  );
});

test("an order with texts of any length and script fits a packet; its names are whole", () => {
  fc.assert(
    fc.property(anyName, anyText, anyText, (group, reason, by) => {
      const bytes = encodeOrder({ id: 1, order: { verb: "promote", group, reason, by } });
      expect(bytes.length).toBeLessThanOrEqual(orderBytesMax);
      const { order } = read(bytes);
      if (order.verb !== "promote") throw new Error(order.verb);
      expect(order.group).toBe(group);
      expect(reason.startsWith(order.reason)).toBe(true);
      expect(by.startsWith(order.by)).toBe(true);
    }),
  );
});

test("a reason that takes six bytes a character is cut, one that fits is not", () => {
  const promote = (reason: string): FailoverOrder => ({
    verb: "promote",
    group: "web",
    reason,
    by: "ops",
  });
  const back = (reason: string): string => {
    const { order } = read(encodeOrder({ id: 1, order: promote(reason) }));
    return order.verb === "promote" ? order.reason : "";
  };
  expect(back("é".repeat(256))).toBe("é".repeat(256));
  expect(back("x".repeat(257))).toBe("x".repeat(256));
  expect(back("\u0001".repeat(256))).toBe("\u0001".repeat(128));
});

test("every answer survives its bytes, a long one cut to what fits a packet", () => {
  fc.assert(
    fc.property(anyId, fc.boolean(), anyText, (id, done, text) => {
      const bytes = encodeAnswer({ id, answer: { done, text } });
      expect(bytes.length).toBeLessThanOrEqual(orderBytesMax);
      const answer = decodeAnswer(bytes);
      if (!answer.ok) throw new Error(answer.error);
      expect({ id: answer.value.id, done: answer.value.answer.done }).toEqual({ id, done });
      expect(text.startsWith(answer.value.answer.text)).toBe(true);
    }),
  );
  const short = { id: 3, answer: { done: true, text: "slot 2 is active for web" } };
  expect(decodeAnswer(encodeAnswer(short))).toEqual({ ok: true, value: short });
});

const by = "ops";
const stop = { verb: "service-stop", service: "httpd", by };
const hostile: Readonly<Record<string, unknown>> = {
  "another version": { v: 2, id: 1, order: stop },
  "no version": { id: 1, order: stop },
  "a list": [{ v: 1, id: 1, order: stop }],
  nothing: null,
  "no number": { v: 1, order: stop },
  "number 0": { v: 1, id: 0, order: stop },
  "a number below 0": { v: 1, id: -1, order: stop },
  "half a number": { v: 1, id: 1.5, order: stop },
  "a number beyond 2^53": { v: 1, id: 2 ** 53, order: stop },
  "a number in words": { v: 1, id: "1", order: stop },
  "no order": { v: 1, id: 1 },
  "an order in words": { v: 1, id: 1, order: "service-stop" },
  "an order as a list": { v: 1, id: 1, order: [stop] },
  "nobody's order": { v: 1, id: 1, order: { ...stop, by: undefined } },
  "an order by a number": { v: 1, id: 1, order: { ...stop, by: 7 } },
  "an order by a very long name": { v: 1, id: 1, order: { ...stop, by: "x".repeat(257) } },
  "an unknown verb": { v: 1, id: 1, order: { ...stop, verb: "format" } },
  "an inherited verb": { v: 1, id: 1, order: { ...stop, verb: "constructor" } },
  "no service": { v: 1, id: 1, order: { verb: "service-stop", by } },
  "a service that is an object": { v: 1, id: 1, order: { ...stop, service: {} } },
  "a stop on slot 64": { v: 1, id: 1, order: { ...stop, slot: 64 } },
  "a stop on slot -1": { v: 1, id: 1, order: { ...stop, slot: -1 } },
  "a stop on a slot in words": { v: 1, id: 1, order: { ...stop, slot: "2" } },
  "a stop on slot null": { v: 1, id: 1, order: { ...stop, slot: null } },
  "a move to slot 64": { v: 1, id: 1, order: { verb: "service-move", service: "a", to: 64, by } },
  "a slot without its number": { v: 1, id: 1, order: { verb: "slot", action: "off", by } },
  "a slot and half": { v: 1, id: 1, order: { verb: "slot", slot: 1.5, action: "off", by } },
  "a slot to be melted": { v: 1, id: 1, order: { verb: "slot", slot: 1, action: "melt", by } },
  "maintenance, perhaps": { v: 1, id: 1, order: { verb: "maintenance", on: "yes", by } },
  "a promotion without reason": { v: 1, id: 1, order: { verb: "promote", group: "web", by } },
  "a promotion of nothing": { v: 1, id: 1, order: { verb: "promote", reason: "burnt", by } },
  "a removal without slot": { v: 1, id: 1, order: { verb: "attest-removed", reason: "x", by } },
  "a removal without reason": { v: 1, id: 1, order: { verb: "attest-removed", slot: 1, by } },
  "admittance without reason": { v: 1, id: 1, order: { verb: "admit-blank", group: "web", by } },
};
for (const [what, value] of Object.entries(hostile)) {
  test(`${what} is refused with a reason`, () => {
    const order = decodeOrder(asJson(value));
    expect(order).toEqual({ ok: false, error: expect.stringMatching(/\w/) });
  });
}

test("the stop that the hostile ones vary is an order itself", () => {
  expect(read(asJson({ v: 1, id: 1, order: stop })).order).toMatchObject(stop);
});

test("what is no JSON, cut or longer than a packet is refused", () => {
  const whole = encodeOrder({ id: 1, order: { verb: "maintenance", on: true, by } });
  for (let length = 0; length < whole.length; length++) {
    expect(decodeOrder(whole.subarray(0, length))).toEqual({ ok: false, error: "not JSON" });
  }
  const padded = new Uint8Array(orderBytesMax + 1).fill(0x20);
  padded.set(whole);
  expect(decodeOrder(padded.subarray(0, orderBytesMax)).ok).toBe(true);
  const error = `longer than ${orderBytesMax} bytes`;
  expect(decodeOrder(padded)).toEqual({ ok: false, error });
  expect(decodeAnswer(padded)).toEqual({ ok: false, error });
});

test("keys that are not the order's are not carried on", () => {
  const order = { verb: "maintenance", on: true, by, slot: 3, extra: { deep: [1] } };
  const text = `{"v":1,"id":1,"__proto__":{"a":1},"order":${JSON.stringify(order)}}`;
  expect(read(bytesOf(text))).toEqual({ id: 1, order: { verb: "maintenance", on: true, by } });
});

test("an answer that lacks something is none", () => {
  const whole = { v: 1, id: 1, done: true, text: "done" };
  expect(decodeAnswer(asJson(whole)).ok).toBe(true);
  const wrong = [{ v: 0 }, { id: 0 }, { done: "yes" }, { done: undefined }, { text: 5 }];
  for (const change of [...wrong, { text: "x".repeat(257) }]) {
    expect(decodeAnswer(asJson({ ...whole, ...change })).ok).toBe(false);
  }
});
