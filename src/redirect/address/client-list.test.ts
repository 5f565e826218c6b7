import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Ipv4, ipv4FromU32, macFromBytes } from "../../base/index.ts";
import type { PublicClient, PublicClients } from "../../wire/index.ts";
import {
  applyClients,
  clientsOf,
  createClientCopy,
  createClientSource,
  readClients,
  wholeList,
} from "./client-list.ts";
import { clientsMax } from "./limits.ts";

const address: Ipv4 = ipv4FromU32(0xc0a80101);
const other: Ipv4 = ipv4FromU32(0xc0a80102);
const mac = macFromBytes(Uint8Array.of(2, 0, 0, 0, 0, 9));

const client = (i: number, of: Partial<PublicClient> = {}): PublicClient => ({
  address,
  port: 7000,
  client: ipv4FromU32(0x0a010000 + i),
  clientPort: 40_000,
  network: "A",
  nextHop: ipv4FromU32(0x0a010000 + i),
  mac,
  ...of,
});
const ids = (list: readonly PublicClient[]): string[] => list.map((c) => `${c.client}`).toSorted();

test("only changes are told, and a standby has the same list", () => {
  const source = createClientSource();
  const copy = createClientCopy();
  const tell = (messages: readonly PublicClients[]): boolean[] =>
    messages.map((message) => applyClients(copy, message));
  expect(tell(wholeList(source))).toEqual([true]);
  expect(tell(readClients(source, [client(1), client(2, { address: other })]))).toEqual([true]);
  expect(readClients(source, [client(1), client(2, { address: other })])).toEqual([]);
  expect(ids(clientsOf(copy, address))).toEqual(["10.1.0.1"]);
  const changed = readClients(source, [client(3)]);
  expect(changed.flatMap((m) => m.changes).map((c) => `${c.added} ${c.client.client}`)).toEqual([
    "true 10.1.0.3",
    "false 10.1.0.1",
    "false 10.1.0.2",
  ]);
  tell(changed);
  expect(ids([...copy.clients.values()])).toEqual(["10.1.0.3"]);
});

test("a MAC that is not known for a moment is no news; another MAC is", () => {
  const source = createClientSource();
  readClients(source, [client(1)]);
  expect(readClients(source, [client(1, { mac: undefined })])).toEqual([]);
  expect(clientsOf(source, address)[0]?.mac).toBe(mac);
  const moved = macFromBytes(Uint8Array.of(2, 0, 0, 0, 0, 10));
  expect(readClients(source, [client(1, { mac: moved })])).toHaveLength(1);
  expect(readClients(source, [client(1, { mac: moved, network: "B" })])).toHaveLength(1);
});

test("a lost message is noticed, and the old list kept until the whole one has come", () => {
  const source = createClientSource();
  const copy = createClientCopy();
  expect(readClients(source, [client(1)]).map((m) => applyClients(copy, m))).toEqual([false]);
  for (const message of wholeList(source)) applyClients(copy, message);
  readClients(source, [client(1), client(2)]); // lost
  const next = readClients(source, [client(1), client(2), client(3)]);
  expect(next.map((m) => applyClients(copy, m))).toEqual([false]);
  expect(ids([...copy.clients.values()])).toEqual(["10.1.0.1"]);
  for (const message of wholeList(source)) expect(applyClients(copy, message)).toBe(true);
  expect(ids([...copy.clients.values()])).toEqual(["10.1.0.1", "10.1.0.2", "10.1.0.3"]);
});

test("beyond its bound the list counts; the copy keeps the bound whatever it is told", () => {
  const source = createClientSource();
  const crowd = Array.from({ length: clientsMax + 5 }, (_, i) => client(i));
  const messages = readClients(source, crowd);
  expect([source.clients.size, source.untold]).toEqual([clientsMax, 5]);
  const copy = createClientCopy();
  for (const message of wholeList(source)) applyClients(copy, message);
  expect(copy.clients.size).toBe(clientsMax);
  const more = { isFirst: false, sequence: copy.awaited ?? 0, changes: [] };
  const changes = [{ added: true, client: client(9_000_000) }];
  expect(applyClients(copy, { ...more, changes })).toBe(true);
  expect(copy.clients.size).toBe(clientsMax);
  expect(messages.length).toBeGreaterThan(1);
});

test("the sequence goes round at 2^32", () => {
  const source = createClientSource();
  source.sequence = 0xffffffff;
  const copy = createClientCopy();
  for (const message of wholeList(source)) applyClients(copy, message);
  expect(readClients(source, [client(1)]).map((m) => applyClients(copy, m))).toEqual([true]);
});

test("any readings and any losses: a beat is refused, or the copy equals the source", () => {
  const reading = fc.array(fc.nat(30), { maxLength: 20 });
  fc.assert(
    fc.property(fc.array(fc.tuple(reading, fc.boolean()), { maxLength: 20 }), (rounds) => {
      const source = createClientSource();
      const copy = createClientCopy();
      let isWhole = true;
      for (const [numbers, isLost] of rounds) {
        const list = numbers.map((i) => client(i));
        const changed = readClients(source, list);
        for (const message of isWhole ? wholeList(source) : changed) {
          if (!isLost) isWhole = !applyClients(copy, message);
        }
        const [beat] = readClients(source, list, true);
        if (beat === undefined) throw new Error("a beat is always told");
        if (applyClients(copy, beat)) expect(copy.clients).toEqual(source.clients);
        else isWhole = true;
      }
      for (const message of wholeList(source)) applyClients(copy, message);
      expect(copy.clients).toEqual(source.clients);
    }),
  );
});

test("any messages at all: nothing throws and the copy keeps its bound", () => {
  const anyMessage: fc.Arbitrary<PublicClients> = fc.record({
    isFirst: fc.boolean(),
    sequence: fc.constantFrom(0, 1, 2, 3, 0xffffffff),
    changes: fc.array(fc.record({ added: fc.boolean(), client: fc.nat(9).map((i) => client(i)) })),
  });
  fc.assert(
    fc.property(fc.array(anyMessage), (messages) => {
      const copy = createClientCopy();
      for (const message of messages) {
        const before = copy.awaited;
        const taken = applyClients(copy, message);
        expect(taken).toBe(message.isFirst || message.sequence === before);
      }
      expect(copy.clients.size).toBeLessThanOrEqual(10);
    }),
  );
});
