// Board documents: same content, same bytes; nothing untrusted gets through.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { ok, slotId } from "../base/index.ts";
import {
  boardDocument,
  decodeDocument,
  documentSha256,
  encodeDocument,
  loadChassis,
  loadChassisFile,
  type ReadSecret,
} from "./index.ts";
import type { BoardDocument } from "./types.ts";

const key = "0f".repeat(32);
const file = new URL("../../boards/demo21.yaml", import.meta.url).pathname;

/** Has every key of groups, services and rules; its secrets are not there, so they are given here. */
const full = new URL("../../boards/examples/full.yaml", import.meta.url).pathname;

function document(): BoardDocument {
  const loaded = loadChassisFile(file);
  if (!loaded.ok) throw new Error("demo21.yaml does not load");
  return boardDocument(loaded.value, slotId(7), key);
}

function fullDocument(): BoardDocument {
  const secret = (): ReturnType<ReadSecret> => ok("a-secret-of-some-length");
  const loaded = loadChassis(readFileSync(full, "utf8"), "full.yaml", secret);
  if (!loaded.ok) throw new Error("full.yaml does not load");
  return boardDocument(loaded.value, slotId(3), key);
}

test("the same content gives the same bytes, whatever the order of keys", () => {
  const sorted = document();
  const turned: BoardDocument = {
    ...Object.fromEntries(Object.entries(sorted).toReversed()),
  } as never;
  expect(encodeDocument(turned)).toEqual(encodeDocument(sorted));
  expect(documentSha256(encodeDocument(turned))).toHaveLength(32);
});

test("a document comes back as it was", () => {
  expect(decodeDocument(encodeDocument(document()))).toEqual({ ok: true, value: document() });
});

test("groups, services and rules come back as they were, absent values too", () => {
  const whole = fullDocument();
  const decoded = decodeDocument(encodeDocument(whole));
  expect(decoded).toEqual({ ok: true, value: whole });
  if (!decoded.ok) return;
  // toEqual takes absent for undefined; readers that list keys do not.
  for (const [i, service] of decoded.value.services.entries()) {
    expect(Object.keys(service).toSorted()).toEqual(
      Object.keys(whole.services[i] ?? {}).toSorted(),
    );
  }
});

test("groups, services and rules that lead nowhere are refused", () => {
  const good = fullDocument();
  const [group] = good.groups;
  const [service] = good.services;
  const [rule] = good.rules;
  if (group === undefined || service === undefined || rule === undefined) throw new Error("none");
  const withGroup = (changes: object): unknown => ({
    ...good,
    groups: [{ ...group, ...changes }, ...good.groups.slice(1)],
  });
  const withService = (changes: object): unknown => ({
    ...good,
    services: [{ ...service, ...changes }, ...good.services.slice(1)],
  });
  const withRule = (changes: object): unknown => ({
    ...good,
    rules: [{ ...rule, ...changes }, ...good.rules.slice(1)],
  });
  const bad: unknown[] = [
    { ...good, groups: undefined },
    { ...good, services: undefined },
    { ...good, rules: undefined },
    { ...good, timing: { ...good.timing, lease: undefined } },
    withGroup({ name: "feed" }),
    withGroup({ on: [] }),
    withGroup({ on: [1, 1] }),
    withGroup({ on: [1, 40] }),
    withGroup({ model: "3N" }),
    withGroup({ services: ["nobody"] }),
    withGroup({ apart: ["nobody"] }),
    withGroup({ addresses: [{ address: "192.168.1.999", prefix: 24 }] }),
    withGroup({ addresses: [{ address: "192.168.1.9", prefix: 33 }] }),
    withService({ name: "feed" }),
    withService({ run: [] }),
    withService({ group: "nobody" }),
    withService({ after: ["nobody"] }),
    withService({ directory: "srv" }),
    withService({ on: [40] }),
    withService({ stop: { signal: "TERM", ms: 1 } }),
    withService({ alive: { by: "tcp", port: 80 } }),
    withRule({ act: { do: "move", group: "nobody" } }),
    withRule({ act: { do: "power-cycle", slot: 40 } }),
    withRule({ act: { do: "restart", service: "nobody" } }),
    withRule({ act: { do: "explode" } }),
    withRule({ when: { about: "service", service: "nobody", is: "failed" } }),
    withRule({ when: { about: "board", slot: 40, is: "down" } }),
    withRule({ forMs: -1 }),
    withRule({ name: "page" }),
  ];
  const passed = bad.filter(
    (each) => decodeDocument(new TextEncoder().encode(JSON.stringify(each))).ok,
  );
  expect(passed.map((each) => JSON.stringify(each).slice(0, 200))).toEqual([]);
});

test("no credential of a switch is in a document", () => {
  const text = new TextDecoder().decode(encodeDocument(document()));
  expect(text).not.toContain("snmp");
  expect(text).not.toContain("community");
  expect(text).not.toContain("softset");
});

test("a document that does not hold together is refused without telling the key", () => {
  const good = document();
  const bad: unknown[] = [
    { ...good, slot: 63 },
    { ...good, slot: 64 },
    { ...good, key: key.slice(2) },
    { ...good, key: `${key.slice(1)}Z` },
    { ...good, v: 2 },
    { ...good, boards: [...good.boards, good.boards[1]] },
    { ...good, boards: [] },
    { ...good, networks: { A: good.networks.B, B: good.networks.A } },
    { ...good, timing: { ...good.timing, beatMs: 0 } },
    { ...good, provision: { ...good.provision, hubsGroup: "239.83.66.256" } },
    null,
    [],
  ];
  for (const each of bad) {
    const decoded = decodeDocument(new TextEncoder().encode(JSON.stringify(each)));
    expect(decoded.ok).toBe(false);
    expect(decoded.ok ? "" : decoded.error).not.toContain(key.slice(2, 20));
  }
});

test("unknown keys of a newer CCN are ignored", () => {
  const newer = JSON.stringify({ ...document(), later: { a: 1 } });
  expect(decodeDocument(new TextEncoder().encode(newer))).toEqual({ ok: true, value: document() });
});

test("too many bytes, broken UTF-8 and any damaged document never throw", () => {
  expect(decodeDocument(new Uint8Array(1_048_577)).ok).toBe(false);
  expect(decodeDocument(new Uint8Array([0xff, 0xfe])).ok).toBe(false);
  expect(decodeDocument(new TextEncoder().encode("[".repeat(1_000_000))).ok).toBe(false);
  const bytes = encodeDocument(fullDocument());
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 4 }),
      (hits) => {
        const damaged = bytes.slice();
        for (const [at, value] of hits) damaged[at] = value;
        decodeDocument(damaged);
      },
    ),
    { numRuns: 2000 },
  );
});
