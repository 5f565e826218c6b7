// Who may read which document, and what a report changes.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { monoUs, slotId } from "../base/index.ts";
import { type Chassis, decodeDocument, documentSha256, loadChassisFile } from "../config/index.ts";
import {
  answerRequest,
  type ProvisionAnswer,
  type ProvisionRequest,
  provisionState,
  type ProvisionState,
  setChassis,
} from "./core.ts";

const keyHex = "5a".repeat(32);

function chassis(): Chassis {
  const loaded = loadChassisFile(new URL("../../boards/demo.yaml", import.meta.url).pathname);
  if (!loaded.ok) throw new Error("demo.yaml does not load");
  return loaded.value;
}

const fresh = (): ProvisionState => provisionState(chassis(), keyHex, documentSha256);

/** Asks as slot 3 on network A unless told otherwise. */
function ask(state: ProvisionState, request: Partial<ProvisionRequest>): ProvisionAnswer {
  const base = { method: "GET", path: "/config/slot/3", from: "10.1.1.3", network: "A" } as const;
  return answerRequest(state, { ...base, body: new Uint8Array(0), ...request }, monoUs(7));
}

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

test("a board reads its own document on either network, by version, slot or as itself", () => {
  const state = fresh();
  for (const path of ["/config/slot/3", "/config/v1/slot/3", "/config/self"]) {
    for (const [from, network] of [
      ["10.1.1.3", "A"],
      ["20.1.1.3", "B"],
    ] as const) {
      const given = ask(state, { path, from, network });
      expect(given.status).toBe(200);
      const read = decodeDocument(given.body);
      expect(read.ok && Number(read.value.slot)).toBe(3);
      expect(given.sha256Hex).toBe(documentSha256(given.body).toHex());
    }
  }
  expect(state.counters).toEqual({ served: 6, reported: 0, forbidden: 0, refused: 0 });
});

test("nobody reads another slot's document", () => {
  const state = fresh();
  const strangers: readonly Partial<ProvisionRequest>[] = [
    { from: "10.1.1.4" },
    { from: "10.1.0.1" },
    { from: "10.1.9.9", path: "/config/self" },
    { network: "B" },
    { from: "20.1.1.3" },
    { from: "" },
    { path: "/config/slot/0", from: "10.1.0.1" },
    { path: "/config/slot/4/running", method: "POST", body: json({ version: 1 }) },
  ];
  for (const request of strangers) {
    const given = ask(state, request);
    expect(given.status).toBe(403);
    expect(new TextDecoder().decode(given.body)).not.toContain(keyHex);
  }
  expect(state.counters.forbidden).toBe(strangers.length);
  expect(state.versions.size).toBe(0);
});

test("old versions, unknown paths and methods are refused", () => {
  const state = fresh();
  expect(ask(state, { path: "/config/v2/slot/3" }).status).toBe(404);
  expect(ask(state, { path: "/config/v2/slot/3" }).why).toContain("current one, 1");
  for (const path of ["/", "/config", "/config/slot/003", "/config/slot/3/", "/config/slot/3?x"]) {
    expect(ask(state, { path }).status).toBe(404);
  }
  expect(ask(state, { method: "PUT" }).status).toBe(405);
  expect(ask(state, { path: "/config/slot/3/running" }).status).toBe(405);
});

test("a report is remembered with its time; nonsense is not", () => {
  const state = fresh();
  const path = "/config/slot/3/running";
  expect(ask(state, { path, method: "POST", body: json({ version: 9 }) }).status).toBe(204);
  expect(state.versions.get(slotId(3))).toEqual({
    fetched: undefined,
    running: 9,
    atUs: monoUs(7),
  });
  for (const body of [
    json({}),
    json({ version: -1 }),
    json({ version: 1.5 }),
    json(null),
    new Uint8Array([0xff]),
  ]) {
    expect(ask(state, { path, method: "POST", body }).status).toBe(400);
  }
  expect(state.versions.size).toBe(1);
});

test("what a board fetched is not what it runs, until it says so", () => {
  const state = fresh();
  const path = "/config/slot/3/running";
  ask(state, { path, method: "POST", body: json({ version: 9 }) });
  ask(state, { path: "/config/v1/slot/3" });
  expect(state.versions.get(slotId(3))).toMatchObject({ fetched: 1, running: 9 });
});

test("a new chassis file is served at once and old reports of gone slots are forgotten", () => {
  const state = fresh();
  const path = "/config/slot/3/running";
  ask(state, { path, method: "POST", body: json({ version: 1 }) });
  const old = chassis();
  const boards = old.boards.filter((board) => board.slot !== 3);
  setChassis(state, { ...old, version: 2, boards }, documentSha256);
  expect(state.versions.size).toBe(0);
  expect(ask(state, {}).status).toBe(403);
  const other = { path: "/config/v2/slot/4", from: "10.1.1.4" };
  expect(ask(state, other).status).toBe(200);
  expect(state.documents.get(slotId(4))?.url("B")).toBe("http://20.1.0.1:8067/config/v2/slot/4");
  expect(state.documents.has(slotId(0))).toBe(false);
});

test("no request makes the server throw", () => {
  const state = fresh();
  const path = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.stringMatching(/^\/config(\/v[0-9]{0,12})?\/slot\/[0-9]{0,4}(\/running)?$/),
  );
  const method = fc.constantFrom("GET", "POST", "HEAD", "");
  const from = fc.constantFrom("10.1.1.3", "10.1.1.4", "::1");
  fc.assert(
    fc.property(path, method, from, fc.uint8Array({ maxLength: 40 }), (p, m, f, body) => {
      const given = ask(state, { path: p, method: m, from: f, body });
      return given.status === 200 || given.status === 204 || given.why !== undefined;
    }),
    { numRuns: 3000 },
  );
});
