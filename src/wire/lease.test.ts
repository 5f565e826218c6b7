import { expect, test } from "bun:test";
import { type Incarnation, parseIncarnation, slotId } from "../base/index.ts";
import {
  decodeLeaseMessage,
  decodeLeaseRecord,
  decodeLeaseTells,
  encodeLeaseMessage,
  encodeLeaseRecord,
  encodeLeaseTells,
  type LeaseMessage,
  type LeaseProof,
  type LeaseRecord,
} from "./index.ts";

function life(hex: string): Incarnation {
  const parsed = parseIncarnation(hex);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

const record: LeaseRecord = {
  epoch: 7,
  version: 2,
  incarnation: life("0123456789abcdef"),
  inSync: [slotId(1), slotId(2)],
  bound: [slotId(2)],
  forced: { who: "ops", reason: "slot 1 burnt" },
};
const proofs: LeaseProof[] = [
  { kind: "off", slot: slotId(1), incarnation: life("00000000000000ff"), strong: true },
  { kind: "released", epoch: 6, logEnd: { epoch: 6, seq: 2 ** 52 + 1 } },
];

test("what a beat tells comes back as it was, with and without a record", () => {
  const common = { promised: 7, epoch: 7, version: 2, logEnd: { epoch: 7, seq: 9 } };
  const tells = [
    { group: "files", ...common, entitled: true, record },
    { group: "web", ...common, entitled: false, record: undefined },
  ];
  const bytes = encodeLeaseTells(tells, 200);
  expect(bytes.ok && decodeLeaseTells(bytes.value)).toEqual({ ok: true, value: tells });
  expect(encodeLeaseTells(tells, 90).ok).toBe(false);
});

test("every packet comes back as it was", () => {
  const to = life("1111111111111111");
  const messages: LeaseMessage[] = [
    { type: "ask", epoch: 8, record, proofs },
    { type: "promise", epoch: 8, to, record: { ...record, forced: undefined }, proofs: [] },
    { type: "refuse", epoch: 8, reason: "not-in-sync", promised: 9, record, proofs },
    { type: "release", epoch: 7, logEnd: { epoch: 7, seq: 3 }, successor: slotId(2) },
    { type: "release", epoch: 7, logEnd: { epoch: 7, seq: 3 }, successor: undefined },
    { type: "state-question" },
    { type: "state", to, isBlank: true, promised: 4, record, asked: 5 },
  ];
  for (const message of messages) {
    const bytes = encodeLeaseMessage("files", message, 1000);
    if (!bytes.ok) throw new Error("does not fit");
    expect(decodeLeaseMessage(bytes.value)).toEqual({
      ok: true,
      value: { group: "files", message },
    });
    for (let cut = 0; cut < bytes.value.length; cut++) {
      expect(decodeLeaseMessage(bytes.value.subarray(0, cut)).ok).toBe(false);
    }
  }
});

test("a record on disk comes back; slots that do not ascend and a byte too much are refused", () => {
  const bytes = encodeLeaseRecord(record);
  expect(decodeLeaseRecord(bytes)).toEqual({ ok: true, value: record });
  expect(decodeLeaseRecord(new Uint8Array([...bytes, 0])).ok).toBe(false);
  const twice = encodeLeaseRecord({ ...record, inSync: [slotId(2), slotId(2)] });
  expect(decodeLeaseRecord(twice).ok).toBe(false);
});
