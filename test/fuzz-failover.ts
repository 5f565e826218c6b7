// What is fuzzed of failover: orders and their answers, evidence, and what a board reports.

import { err, incarnationFromBytes, ok, slotId } from "../src/base/index.ts";
import {
  encodeAnswer,
  encodeOrder,
  type FailoverVerb,
  type SentOrder,
} from "../src/failover/core/orders.ts";
import { decodeEvidence, encodeEvidence } from "../src/failover/evidence.ts";
import { decodeOrder, decodeOrderAnswer } from "../src/failover/index.ts";
import { decodeBoardReport, encodeBoardReport } from "../src/wire/index.ts";
import type { FuzzTarget } from "./fuzz-targets.ts";
import { must } from "./fixtures/wire/values.ts";

const [one, two] = [slotId(1), slotId(2)];
const verbs: readonly FailoverVerb[] = [
  { verb: "service-move", service: "httpd", to: two },
  { verb: "service-move", service: "httpd", to: undefined },
  { verb: "service-stop", service: "httpd", slot: one },
  { verb: "slot", slot: two, action: "cycle" },
  { verb: "promote", group: "web", reason: "slot 1 burnt" },
  { verb: "attest-removed", slot: one, reason: "I hold it in my hands: \u00e9\u{1f525}" },
  { verb: "admit-blank", group: "web", reason: "new disk" },
  { verb: "maintenance", on: true },
];
const orders = verbs.map((verb, at): SentOrder => ({ id: at + 1, order: { ...verb, by: "ops" } }));
const answers = [
  { id: 1, answer: { done: true, text: "slot 2 is active for web" } },
  { id: 2 ** 53 - 1, answer: { done: false, text: "" } },
];
const service = {
  service: "httpd",
  state: "running",
  cause: "ready",
  asksMove: true,
  isUp: true,
  start: 3,
  restarts: 2,
  pid: 4711,
  ageMs: 90_000,
} as const;
const reportBytesMax = 2048;
const reports = [
  { electionsOff: false, maintenance: [], services: [] },
  { electionsOff: true, maintenance: [one, two], services: [] },
  {
    electionsOff: false,
    maintenance: [two],
    services: [service, { ...service, service: "db", pid: undefined, asksMove: false }],
  },
];
const life = incarnationFromBytes(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]));

/** The decoders of failover. */
export const failoverFuzzTargets: readonly FuzzTarget[] = [
  {
    name: "order",
    decode: decodeOrder,
    again: (bytes) => {
      const read = decodeOrder(bytes);
      return read.ok ? ok(encodeOrder(read.value)) : undefined;
    },
    corpus: orders.map((order) => encodeOrder(order)),
  },
  {
    name: "order-answer",
    decode: decodeOrderAnswer,
    again: (bytes) => {
      const read = decodeOrderAnswer(bytes);
      return read.ok ? ok(encodeAnswer(read.value)) : undefined;
    },
    corpus: answers.map((answer) => encodeAnswer(answer)),
  },
  {
    name: "evidence",
    decode: (bytes) => {
      const read = decodeEvidence(bytes);
      return read === undefined ? err("no evidence") : ok(read);
    },
    again: (bytes) => {
      const read = decodeEvidence(bytes);
      return read === undefined ? undefined : ok(encodeEvidence(read));
    },
    corpus: ["", "HEALTHY# went bad"].map((what) => encodeEvidence({ slot: one, life, what })),
  },
  {
    name: "board-report",
    decode: decodeBoardReport,
    again: (bytes) => {
      const read = decodeBoardReport(bytes);
      return read.ok ? encodeBoardReport(read.value, reportBytesMax) : undefined;
    },
    corpus: reports.map((report) => must(encodeBoardReport(report, reportBytesMax))),
  },
];
