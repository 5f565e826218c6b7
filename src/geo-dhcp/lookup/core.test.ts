import { expect, test } from "bun:test";
import fc from "fast-check";
import { slotId } from "../../base/index.ts";
import { lookupDeadlineUs, rowPauseUs, rowVarbindsMax, waitingLookupsMax } from "./limits.ts";
import {
  type AnsweredVarbind,
  basePortColumn,
  ifNameColumn,
  macIndex,
  qPortColumn,
  qStatusColumn,
} from "./mibs.ts";
import { lookupStatus } from "./status.ts";
import {
  boardMac,
  boardsOnPorts,
  byOid,
  fdbRows,
  lookupWorld,
  nameBytes,
  readyLookup,
  switchRows,
} from "./testing.ts";
import { answerPacket } from "./virtual-switch.ts";

test("once the tables are known a lookup is one GET of one row", () => {
  const w = readyLookup();
  w.ask(1, 7);
  expect(w.sent.map(({ op, oids }) => [op, oids])).toEqual([
    ["get", [`${qPortColumn}.1.${macIndex(boardMac(7))}`]],
  ]);
  w.answer();
  expect(w.outcomes.get(1)).toEqual({ type: "found", port: "7", slot: slotId(7) });
  expect(lookupStatus(w.state)).toMatchObject({ byRow: 1, requests: 1, ready: true });
});

test("lookups asked before the tables are known are answered by the first walk", () => {
  const w = lookupWorld(switchRows(fdbRows(boardsOnPorts(22))));
  w.ask(1, 3);
  w.answerAll();
  expect(w.outcomes.get(1)).toEqual({ type: "found", port: "3", slot: slotId(3) });
  expect(w.state.counters.walks).toBe(1);
});

test("questions that come while a packet is under way share the next one, at most 24 rows", () => {
  const w = readyLookup();
  for (let n = 1; n <= 22; n++) w.ask(n, n);
  expect(w.sent).toHaveLength(1);
  w.answer();
  expect(w.sent.map(({ oids }) => oids.length)).toEqual([21]);
  w.answerAll();
  expect([...w.outcomes.values()].every(({ type }) => type === "found")).toBe(true);
});

test("behind a slow packet the next one leaves after 2 ms, not after the answer", () => {
  const w = readyLookup();
  for (let n = 1; n <= 22; n++) w.ask(n, n);
  w.passTo(w.nowUs + 2_000);
  expect(w.sent.map(({ oids }) => oids.length)).toEqual([1, 21]);
});

test("a quick switch is asked once a ms, but at once when a packet is full", () => {
  const w = readyLookup();
  const answerAtOnce = (): void => {
    const sent = w.sent.shift();
    if (sent === undefined) throw new Error("no packet was sent");
    const columns = answerPacket(w.rows, sent);
    w.happen({ type: "packet-answered", packet: sent.packet, columns });
  };
  w.ask(1, 1);
  answerAtOnce();
  w.ask(2, 2);
  w.passTo(w.nowUs + rowPauseUs - 1);
  expect(w.sent).toHaveLength(0);
  w.passTo(w.nowUs + 1);
  answerAtOnce();
  for (let n = 1; n < rowVarbindsMax; n++) w.ask(100 + n, n);
  expect(w.sent).toHaveLength(0);
  w.ask(200, rowVarbindsMax);
  expect(w.sent).toHaveLength(1);
});

test("the same MAC asked twice is one row with two answers", () => {
  const w = readyLookup();
  w.ask(1, 1);
  w.ask(2, 7);
  w.ask(3, 7);
  w.answer();
  expect(w.sent[0]?.oids).toHaveLength(1);
  w.answer();
  expect([w.outcomes.get(2), w.outcomes.get(3)].map((o) => o?.type)).toEqual(["found", "found"]);
});

test("a MAC in a new VLAN is missed by GET and found by a walk, which answers all who wait", () => {
  const w = readyLookup();
  w.rows = switchRows([...fdbRows(boardsOnPorts(20)), ...fdbRows({ 21: 21, 22: 22 }, 5)]);
  w.ask(1, 21);
  w.answer();
  w.ask(2, 22);
  w.answerAll();
  expect([w.outcomes.get(1), w.outcomes.get(2)]).toMatchObject([{ port: "21" }, { port: "22" }]);
});

test("a MAC that is nowhere is not-found, after a walk", () => {
  const w = readyLookup();
  w.ask(1, 200);
  w.answerAll();
  expect(w.outcomes.get(1)).toEqual({ type: "not-found" });
});

test("a question during a walk is not answered from what the walk read before it", () => {
  const many = fdbRows(
    Object.fromEntries(Array.from({ length: 120 }, (_, i) => [i + 1, (i % 20) + 1])),
  );
  const w = readyLookup(switchRows(many));
  w.state.areRowsRefused = true;
  w.ask(1, 200);
  w.answer();
  // The walk has read boards 1 to 20. Board 3 now moves to port 9, board 110 to port 11.
  w.rows = switchRows(many).map(([oid, value]) => {
    if (oid === `${qPortColumn}.1.${macIndex(boardMac(3))}`) return [oid, 9];
    if (oid === `${qPortColumn}.1.${macIndex(boardMac(110))}`) return [oid, 11];
    return [oid, value];
  });
  w.ask(2, 3);
  w.ask(3, 110);
  const walks = w.state.counters.walks;
  while (w.state.counters.walks === walks) w.answer();
  expect(w.outcomes.get(3)).toEqual({ type: "found", port: "11", slot: slotId(11) });
  expect(w.outcomes.get(2)).toBeUndefined();
  w.answerAll();
  expect(w.outcomes.get(2)).toEqual({ type: "found", port: "9", slot: slotId(9) });
});

test("an answer that was under way when the question came does not answer it", () => {
  const many = fdbRows(boardsOnPorts(22));
  const w = readyLookup(switchRows(many));
  w.state.areRowsRefused = true;
  w.ask(1, 5);
  const old = switchRows(many);
  w.ask(2, 6);
  w.rows = switchRows(fdbRows({ ...boardsOnPorts(22), 6: 16 }));
  while (w.outcomes.get(1) === undefined) w.answer(old);
  expect(w.outcomes.get(2)).toBeUndefined();
  w.answerAll();
  expect(w.outcomes.get(2)).toMatchObject({ port: "16" });
});

test("out-of-order tables let nobody join a walk halfway", () => {
  const many = fdbRows(
    Object.fromEntries(Array.from({ length: 100 }, (_, i) => [i + 1, (i % 20) + 1])),
  );
  const shuffled = [...many.slice(0, 30), ...many.slice(60), ...many.slice(30, 60)];
  const w = readyLookup(switchRows(shuffled));
  w.state.areRowsRefused = true;
  w.ask(1, 200);
  w.answer();
  w.ask(2, 50);
  w.answerAll();
  expect(w.outcomes.get(2)).toMatchObject({ type: "found" });
  expect(w.state.counters.walks).toBe(3);
});

test("a switch that hides rows from GET is walked from then on, with an alarm", () => {
  const w = readyLookup();
  const answer = (): void => {
    const packet = w.sent.shift();
    w.passTo(w.nowUs + 1_000);
    if (packet === undefined) return;
    const columns = packet.op === "get" ? packet.oids.map(() => []) : answerPacket(w.rows, packet);
    w.happen({ type: "packet-answered", packet: packet.packet, columns });
  };
  for (let n = 1; n <= 3; n++) {
    w.ask(n, n);
    while (!w.outcomes.has(n)) answer();
  }
  w.ask(4, 4);
  expect(w.sent[0]?.op).toBe("bulk");
  expect(w.alarms).toEqual(["switch-rows-refused"]);
});

test("a GET that is too big is asked in halves", () => {
  const w = readyLookup();
  for (let n = 1; n <= 22; n++) w.ask(n, n);
  w.answer();
  const big = w.sent.shift();
  w.happen({ type: "packet-failed", packet: big?.packet ?? 0, kind: "too-big", text: "TooBig" });
  expect(w.sent[0]?.oids).toHaveLength(12);
  w.answerAll();
  w.passTo(w.nowUs + 2_000);
  w.answerAll();
  expect(w.outcomes.size).toBe(22);
});

test("SNMPv1 asks for the OID before the row, so that one missing row harms no other", () => {
  const w = readyLookup(switchRows(fdbRows({ ...boardsOnPorts(22), 0: 5 })).toSorted(byOid), {
    snmpVersion: 1,
  });
  w.ask(1, 7);
  w.ask(2, 0);
  w.ask(3, 200);
  expect(w.sent[0]?.op).toBe("next");
  w.answerAll();
  expect([w.outcomes.get(1), w.outcomes.get(2), w.outcomes.get(3)]).toMatchObject([
    { port: "7" },
    { port: "5" },
    { type: "not-found" },
  ]);
});

test("the status of an entry is asked for where the switch has it: invalid is as good as absent", () => {
  const statusOf = (n: number, status: number) =>
    [`${qStatusColumn}.1.${macIndex(boardMac(n))}`, status] as const;
  const w = readyLookup(switchRows([...fdbRows({ 1: 1, 2: 2 }), statusOf(1, 3), statusOf(2, 2)]));
  w.ask(1, 1);
  w.ask(2, 2);
  expect(w.sent[0]?.oids).toHaveLength(2);
  w.answerAll();
  expect([w.outcomes.get(1)?.type, w.outcomes.get(2)?.type]).toEqual(["found", "not-found"]);
});

test("an unknown bridge port has the port tables read anew before the answer", () => {
  const w = readyLookup(switchRows(fdbRows({ 1: 30 })), {
    slotOfPort: new Map([["blade", slotId(30)]]),
  });
  w.passTo(60_000_000);
  w.ask(1, 1);
  const plugged = [
    [`${basePortColumn}.30`, 30] as const,
    [`${ifNameColumn}.30`, nameBytes("blade")] as const,
  ];
  w.rows = [...w.rows, ...plugged].toSorted(byOid);
  w.answerAll();
  expect(w.outcomes.get(1)).toEqual({ type: "found", port: "blade", slot: slotId(30) });
});

test("a silent switch ends each lookup at its deadline, opens the circuit and says so once", () => {
  const w = readyLookup();
  const askedUs = w.nowUs;
  w.ask(1, 1);
  w.passTo(askedUs + lookupDeadlineUs - 1);
  expect(w.outcomes.size).toBe(0);
  w.passTo(askedUs + lookupDeadlineUs);
  expect(w.outcomes.get(1)).toMatchObject({ type: "no-answer" });
  w.ask(2, 2);
  w.passTo(6_000_000);
  w.ask(3, 3);
  w.passTo(9_000_000);
  expect(w.alarms).toEqual(["switch-silent"]);
  expect(lookupStatus(w.state).circuit).toBe("open");
  w.sent.length = 0;
  w.ask(4, 4);
  w.answerAll();
  expect([w.outcomes.get(4)?.type, w.alarms.at(-1), lookupStatus(w.state).circuit]).toEqual([
    "found",
    "switch-answers",
    "closed",
  ]);
});

test("while the circuit is open one row packet is under way", () => {
  const w = readyLookup();
  w.ask(1, 1);
  w.passTo(5_000_000);
  w.sent.length = 0;
  for (let n = 2; n <= 20; n++) w.ask(n, n);
  w.passTo(w.nowUs + 50_000);
  expect(w.sent.filter(({ op }) => op === "get")).toHaveLength(1);
});

test("a lost packet is sent again in time, a late answer is still taken", () => {
  const w = readyLookup();
  w.ask(1, 1);
  const first = w.sent.shift();
  w.passTo(150_000);
  expect(w.sent).toHaveLength(1);
  const packet = first ?? w.sent[0];
  if (packet === undefined) throw new Error("nothing was sent");
  w.happen({
    type: "packet-answered",
    packet: packet.packet,
    columns: answerPacket(w.rows, packet),
  });
  expect(w.outcomes.get(1)?.type).toBe("found");
});

test("a table request gets every row, a silent switch gets it an error in words", () => {
  const w = readyLookup();
  w.happen({ type: "table-asked", request: 1 });
  w.answerAll();
  expect(w.tables).toMatchObject([{ table: { ok: true } }]);
  w.happen({ type: "table-asked", request: 2 });
  w.passTo(20_000_000);
  expect(w.tables[1]).toMatchObject({ request: 2, table: { ok: false } });
});

test("more lookups than may wait are refused and counted", () => {
  const w = readyLookup();
  for (let n = 0; n <= waitingLookupsMax; n++) w.ask(n, n % 256);
  expect(w.outcomes.get(waitingLookupsMax)).toMatchObject({ type: "no-answer" });
  expect([w.state.counters.refused, w.alarms]).toEqual([1, ["switch-lookups-refused"]]);
});

test("half-read port tables name no port: they are read again instead", () => {
  const w = lookupWorld(switchRows(fdbRows(boardsOnPorts(22))));
  w.ask(1, 7);
  for (let i = 0; i < 2; i++) {
    const packet = w.sent.shift()?.packet ?? 0;
    w.happen({ type: "packet-failed", packet, kind: "error", text: "GeneralError" });
  }
  w.answerAll();
  expect([w.state.ports, w.outcomes.size]).toEqual([undefined, 0]);
  w.passTo(1_100_000);
  w.answerAll();
  expect(w.outcomes.get(1)).toEqual({ type: "found", port: "7", slot: slotId(7) });
});

test("closing answers everybody, and nothing happens afterwards", () => {
  const w = readyLookup();
  w.ask(1, 1);
  w.happen({ type: "table-asked", request: 2 });
  w.happen({ type: "closed" });
  expect([w.outcomes.get(1)?.type, w.tables.length]).toEqual(["no-answer", 1]);
  w.sent.length = 0;
  w.happen({ type: "timer-fired" });
  expect(w.sent).toEqual([]);
});

test("ports of the chassis file that the switch does not have raise an alarm with their names", () => {
  const w = readyLookup(undefined, { slotOfPort: new Map([["ge-0/0/1", slotId(1)]]) });
  expect(w.alarms).toEqual(["switch-ports-unmatched"]);
  expect(w.state.lastError).toContain("ge-0/0/1");
});

const varbind: fc.Arbitrary<AnsweredVarbind> = fc.record({
  oid: fc.oneof(
    fc.constantFrom(qPortColumn, basePortColumn, "", "1", `${qPortColumn}.1.82.84.0.0.0.7`),
    fc.array(fc.nat(300), { maxLength: 9 }).map((parts) => [qPortColumn, ...parts].join(".")),
  ),
  type: fc.nat(255),
  value: fc.oneof(fc.integer(), fc.constant(null), fc.uint8Array({ maxLength: 20 })),
});

test("whatever a switch answers: nothing throws, every lookup ends once and in time", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(fc.array(fc.array(varbind, { maxLength: 5 }), { maxLength: 6 }), fc.nat(3)),
        {
          maxLength: 40,
        },
      ),
      (answers) => {
        const w = lookupWorld(switchRows(fdbRows(boardsOnPorts(22))));
        let request = 0;
        for (const answer of answers) {
          w.ask(++request, request % 25);
          const packet = w.sent.shift();
          w.passTo(w.nowUs + 50_000);
          if (packet === undefined) continue;
          const id = packet.packet;
          if (answer === 0)
            w.happen({
              type: "packet-answered",
              packet: id,
              columns: answerPacket(w.rows, packet),
            });
          else if (typeof answer === "number") {
            const kind = (["end", "too-big", "error"] as const)[answer - 1] ?? "lost";
            w.happen({ type: "packet-failed", packet: id, kind, text: "no" });
          } else w.happen({ type: "packet-answered", packet: id, columns: answer });
        }
        w.passTo(w.nowUs + lookupDeadlineUs);
        expect(w.outcomes.size).toBe(request);
        expect(w.state.waiting.size).toBe(0);
      },
    ),
    { numRuns: 300 },
  );
});
