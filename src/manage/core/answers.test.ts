import { expect, test } from "bun:test";
import fc from "fast-check";

import { answerOf } from "../answer.ts";
import { err, ok, parseMac } from "../../base/index.ts";
import type { BoardFacts, WhereQuery } from "../facts.ts";
import { fakeCcn, leaseOf } from "../fixtures.ts";
import { eventsPerAnswer, leasesPerAnswer } from "../limits.ts";
import { apiPaths, parseSince, parseWhereQuery } from "./answers.ts";

const none = { q: undefined, since: undefined };

test("an unknown path names the nearest and all the known ones", async () => {
  const answered = await answerOf(fakeCcn().facts, { path: "/api/v1/statsu", ...none });
  if (answered.ok) throw new Error("answered");
  expect(answered.error).toMatchObject({ v: 1, status: 404, code: "unknown-path" });
  expect(answered.error.detail).toContain("did you mean /api/v1/status?");
  for (const path of apiPaths) expect(answered.error.detail).toContain(path);
});

test("events come in pages, and the next page begins where the last ended", async () => {
  const { facts, log } = fakeCcn();
  for (let i = 0; i < eventsPerAnswer + 5; i++) log.log.info("tick", { i });
  const page = async (since: string): Promise<object> => {
    const answered = await answerOf(facts, { path: "/api/v1/events", q: undefined, since });
    if (!answered.ok) throw new Error(answered.error.detail);
    return answered.value;
  };
  expect(await page("0")).toMatchObject({ next: eventsPerAnswer, more: true });
  expect(await page(String(eventsPerAnswer))).toMatchObject({
    next: eventsPerAnswer + 5,
    more: false,
  });
  expect(await page("9999")).toMatchObject({ next: 9999, more: false, events: [] });
});

test("only whole event numbers are read", () => {
  expect(parseSince(undefined)).toEqual(ok(0));
  expect(parseSince("42")).toEqual(ok(42));
  for (const bad of ["-1", "1.5", "x", "9".repeat(17), "1e3", " 1"]) {
    expect(parseSince(bad).ok).toBe(false);
  }
});

test("where reads a MAC in any notation or a slot, and nothing else", () => {
  const mac = parseMac("52:54:00:12:34:56");
  const wanted = { kind: "mac", mac: mac.ok ? mac.value : undefined };
  for (const text of [
    "52:54:00:12:34:56",
    "52-54-00-12-34-56",
    "525400123456",
    " 52:54:00:12:34:56 ",
  ]) {
    expect(parseWhereQuery(text)).toMatchObject({ ok: true, value: wanted });
  }
  expect(parseWhereQuery("7")).toMatchObject({ ok: true, value: { kind: "slot", slot: 7 } });
  for (const bad of ["64", "-1", "", "c1", "52:54", "7".repeat(100)]) {
    expect(parseWhereQuery(bad).ok).toBe(false);
  }
});

test("the switches' answer, their refusal and a bad question are told apart", async () => {
  const board = fakeCcn();
  const asked: WhereQuery[] = [];
  board.where = async (query) => {
    asked.push(query);
    return await Promise.resolve(err("switch sw-a did not answer on 10.1.0.2:161 within 900 ms"));
  };
  const where = async (q: string | undefined): Promise<object> => {
    const answered = await answerOf(board.facts, {
      path: "/api/v1/where",
      q,
      since: undefined,
    });
    return answered.ok ? answered.value : answered.error;
  };
  expect(await where("7")).toMatchObject({ status: 502, code: "switch-lookup-failed" });
  expect(await where("99")).toMatchObject({ status: 400, code: "bad-question" });
  expect(await where(undefined)).toMatchObject({ status: 400 });
  expect(asked).toHaveLength(1);
});

test("a board that gives no addresses says who does", async () => {
  const facts: BoardFacts = { ...fakeCcn().facts, addresses: undefined };
  for (const path of ["/api/v1/leases", "/api/v1/where"]) {
    const answered = await answerOf(facts, { path, ...none });
    expect(answered).toMatchObject({ ok: false, error: { status: 404, code: "not-this-board" } });
  }
});

test("a long list of leases is cut and its whole length told", async () => {
  const { facts } = fakeCcn();
  const all = Array.from({ length: leasesPerAnswer + 9 }, () => leaseOf(1, "A"));
  const addresses = { leases: () => all, where: async () => await Promise.resolve(ok([])) };
  const answered = await answerOf({ ...facts, addresses }, { path: "/api/v1/leases", ...none });
  if (!answered.ok || !("leases" in answered.value)) throw new Error("no leases");
  expect(answered.value.leases).toHaveLength(leasesPerAnswer);
  expect(answered.value.total).toBe(leasesPerAnswer + 9);
});

test("no question makes the API throw", async () => {
  const { facts } = fakeCcn();
  const text = fc.option(fc.string({ unit: "binary" }), { nil: undefined });
  const path = fc.oneof(fc.constantFrom(...apiPaths), fc.string({ unit: "binary" }));
  await fc.assert(
    fc.asyncProperty(path, text, text, async (asked, q, since) => {
      const answered = await answerOf(facts, { path: asked, q, since });
      if (!answered.ok) expect(answered.error.status).toBeGreaterThanOrEqual(400);
    }),
  );
});
