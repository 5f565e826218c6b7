// The line protocol and the driver that speaks it, against servers that are right, rude and gone.

import { afterEach, expect, test } from "bun:test";
import fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { slotId } from "../base/index.ts";
import type { LineEdge, SlotDriver } from "./driver.ts";
import { socketLineBytesMax } from "./limits.ts";
import {
  lineSplitter,
  parseSlotAnswer,
  parseSlotRequest,
  type SlotAnswer,
  slotMessageLine,
  type SlotRequest,
} from "./protocol.ts";
import { socketDriver } from "./socket-driver.ts";
import { good, slot1 } from "./testing.ts";

const requests: SlotRequest[] = [
  { id: 1, read: [1, 2] },
  { id: 2, slot: 1, set: "assert-reset" },
];
const answers: SlotAnswer[] = [
  { id: 1, lines: [{ slot: 1, ...good }] },
  { id: 2, error: { kind: "no-such-slot", text: "?" } },
  { edge: 1, edgeUs: 12.5 },
  { edge: 1 },
];

test("every message survives its line", () => {
  for (const each of requests) {
    expect(parseSlotRequest(slotMessageLine(each).trimEnd())).toEqual({ ok: true, value: each });
  }
  for (const each of answers) {
    expect(parseSlotAnswer(slotMessageLine(each).trimEnd())).toEqual({ ok: true, value: each });
  }
});

test("what is no message is an error with the words that were found", () => {
  const wrong = [
    "",
    "x",
    "{}",
    "null",
    '{"id":1,"read":[64]}',
    '{"id":1,"slot":1,"set":"explode"}',
    '{"id":-1,"read":[]}',
    '{"id":1,"slot":1,"set":"power-on","more":1}',
    `{"id":1,"read":[${"1,".repeat(70)}1]}`,
    " ".repeat(socketLineBytesMax + 1),
  ];
  for (const line of wrong) expect(parseSlotRequest(line).ok).toBe(false);
  expect(parseSlotAnswer('{"id":1,"lines":[{"slot":1,"present":1}]}').ok).toBe(false);
});

test("no bytes make the splitter or the parsers throw, and lines are bounded", () => {
  const valid = [...requests, ...answers].map(slotMessageLine).join("");
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.tuple(fc.nat(valid.length), fc.uint8Array({ maxLength: 8 })).map(([at, noise]) => {
      const whole = new TextEncoder().encode(valid);
      whole.set(noise.subarray(0, whole.length - at), at);
      return whole;
    }),
  );
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 6 }), (parts) => {
      const split = lineSplitter();
      for (const part of parts) {
        for (const line of split(part) ?? []) {
          parseSlotRequest(line);
          parseSlotAnswer(line);
        }
      }
    }),
    { numRuns: 2000 },
  );
  const split = lineSplitter();
  expect(split(new Uint8Array(socketLineBytesMax).fill(65))).toEqual([]);
  expect(split(new Uint8Array(2).fill(65))).toBeUndefined();
});

const folders: string[] = [];
const drivers: SlotDriver[] = [];
const servers: { stop(force: boolean): void }[] = [];

afterEach(() => {
  for (const each of drivers.splice(0)) each.close();
  for (const each of servers.splice(0)) each.stop(true);
  for (const each of folders.splice(0)) rmSync(each, { recursive: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "softset-slots-"));
  folders.push(made);
  return made;
}

/** A server that answers each request line with what `answer` gives, if anything. */
function serve(path: string, answer: (request: SlotRequest) => string | undefined): void {
  servers.push(
    Bun.listen({
      unix: path,
      socket: {
        data(socket, bytes) {
          for (const line of new TextDecoder().decode(bytes).trimEnd().split("\n")) {
            const request = parseSlotRequest(line);
            const text = request.ok ? answer(request.value) : undefined;
            if (text !== undefined) socket.write(text);
          }
        },
      },
    }),
  );
}

async function driverAt(path: string, nonsense: string[] = []): Promise<SlotDriver> {
  const driver = socketDriver(path, (text) => nonsense.push(text));
  drivers.push(driver);
  return driver;
}

/** Asks until the driver is connected. */
async function connected(driver: SlotDriver): Promise<void> {
  for (;;) {
    const answer = await driver.read([slot1], 20);
    if (answer.ok || !answer.error.text.includes("not connected")) return;
    await Bun.sleep(1);
  }
}

test("a driver reads and sets over its socket, and hears edges", async () => {
  const path = join(folder(), "s");
  const asked: SlotRequest[] = [];
  serve(path, (request) => {
    asked.push(request);
    const lines = [{ slot: 1, ...good, resetAsserted: "set" in request }];
    return slotMessageLine({ edge: 1, edgeUs: 7 }) + slotMessageLine({ id: request.id, lines });
  });
  const driver = await driverAt(path);
  const edges: LineEdge[] = [];
  driver.watch?.((edge) => edges.push(edge));
  await connected(driver);
  const read = await driver.read([slot1], 500);
  expect(read.ok && read.value.get(slot1)).toEqual(good);
  const set = await driver.set(slot1, "assert-reset", 500);
  expect(set).toEqual({ ok: true, value: { ...good, resetAsserted: true } });
  expect(asked.at(-1)).toMatchObject({ slot: 1, set: "assert-reset" });
  expect(edges[0]).toEqual({ slot: slot1, edgeUs: 7 as never });
  expect(await driver.set(slotId(2), "power-on", 500)).toMatchObject({
    ok: false,
    error: { kind: "no-such-slot" },
  });
});

test("a late, wrong or missing answer is a timeout; nonsense is told", async () => {
  const path = join(folder(), "s");
  const nonsense: string[] = [];
  serve(path, (request) => {
    if ("set" in request) return undefined;
    return `what?\n${slotMessageLine({ id: request.id + 1000, lines: [] })}`;
  });
  const driver = await driverAt(path, nonsense);
  await connected(driver);
  expect(await driver.read([slot1], 20)).toMatchObject({ ok: false, error: { kind: "timeout" } });
  expect(await driver.set(slot1, "power-off", 20)).toMatchObject({
    ok: false,
    error: { kind: "timeout" },
  });
  expect(nonsense[0]).toContain("what?");
});

test("without a server calls fail at once; it connects when there is one, and again", async () => {
  const path = join(folder(), "s");
  const driver = await driverAt(path);
  expect(await driver.read([slot1], 1000)).toMatchObject({ ok: false, error: { kind: "failed" } });
  const answer = (request: SlotRequest): string =>
    slotMessageLine({ id: request.id, lines: [{ slot: 1, ...good }] });
  for (let life = 0; life < 2; life++) {
    serve(path, answer);
    await connected(driver);
    expect((await driver.read([slot1], 500)).ok).toBe(true);
    for (const each of servers.splice(0)) each.stop(true);
    rmSync(path, { force: true });
    while ((await driver.read([slot1], 20)).ok) await Bun.sleep(1);
  }
});

test("calls under way when the connection ends fail with it, and calls are bounded", async () => {
  const path = join(folder(), "s");
  serve(path, () => undefined);
  const driver = await driverAt(path);
  await connected(driver);
  const waiting = Array.from({ length: 256 }, () => driver.read([slot1], 60_000));
  expect(await driver.read([slot1], 60_000)).toMatchObject({ ok: false });
  for (const each of servers.splice(0)) each.stop(true);
  for (const each of await Promise.all(waiting)) {
    expect(each).toMatchObject({ ok: false, error: { kind: "failed" } });
  }
});
