// Board documents: same content, same bytes; nothing untrusted gets through.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { slotId } from "../base/index.ts";
import {
  boardDocument,
  decodeDocument,
  documentSha256,
  encodeDocument,
  loadChassisFile,
} from "./index.ts";
import type { BoardDocument } from "./types.ts";

const key = "0f".repeat(32);
const file = new URL("../../boards/demo21.yaml", import.meta.url).pathname;

function document(): BoardDocument {
  const loaded = loadChassisFile(file);
  if (!loaded.ok) throw new Error("demo21.yaml does not load");
  return boardDocument(loaded.value, slotId(7), key);
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
  const bytes = encodeDocument(document());
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
