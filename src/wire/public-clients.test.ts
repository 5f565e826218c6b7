import { expect, test } from "bun:test";
import { ipv4FromU32, macFromBytes } from "../base/index.ts";
import { must } from "../../test/fixtures/wire/values.ts";
import { publicClientsBytesMax, publicClientsMax } from "./limits.ts";
import {
  decodePublicClients,
  encodePublicClients,
  type PublicClientChange,
} from "./public-clients.ts";

const change = (i: number): PublicClientChange => ({
  added: i % 3 !== 0,
  client: {
    address: ipv4FromU32(0xc0a80101),
    port: 2049,
    client: ipv4FromU32(0xc0a80200 + i),
    clientPort: 40_000 + i,
    network: i % 2 === 0 ? "A" : "B",
    nextHop: ipv4FromU32(0xc0a80132),
    mac: i % 5 === 0 ? undefined : macFromBytes(Uint8Array.of(2, 0, 0, 0, 0, i)),
  },
});

test("a full message comes back as it was and fits its bound", () => {
  const changes = Array.from({ length: publicClientsMax }, (_, i) => change(i));
  const into = new Uint8Array(publicClientsBytesMax);
  const message = { isFirst: true, sequence: 0xffffffff, changes };
  const length = must(encodePublicClients(message, into));
  expect(length).toBe(publicClientsBytesMax);
  expect(must(decodePublicClients(into))).toEqual(message);
});

test("what is off its shape is refused with the place", () => {
  const into = new Uint8Array(publicClientsBytesMax);
  const message = { isFirst: false, sequence: 1, changes: [change(1)] };
  const good = into.slice(0, must(encodePublicClients(message, into)));
  const place = (at: number, value: number): unknown => {
    const bytes = good.slice();
    bytes[at] = value;
    const read = decodePublicClients(bytes);
    return read.ok ? "accepted" : read.error.atByte;
  };
  expect(place(0, 2)).toBe(0);
  expect(place(3, 2)).toBe(2);
  expect(place(2, 1)).toBe(2);
  expect(place(8, 3)).toBe(8);
  expect(place(9, 2)).toBe(9);
  expect(place(1, 0x80)).toBe("accepted"); // an unknown flag
  expect(decodePublicClients(good.subarray(0, good.length - 1)).ok).toBe(false);
});

test("more entries than a message holds, no room, and port 0 are refused", () => {
  const many = Array.from({ length: publicClientsMax + 1 }, (_, i) => change(i));
  const into = new Uint8Array(4096);
  expect(encodePublicClients({ isFirst: true, sequence: 0, changes: many }, into).ok).toBe(false);
  const one = { isFirst: true, sequence: 0, changes: [change(1)] };
  expect(encodePublicClients(one, new Uint8Array(31)).ok).toBe(false);
  const { client } = change(1);
  const none = [{ added: true, client: { ...client, clientPort: 0 } }];
  expect(encodePublicClients({ isFirst: true, sequence: 0, changes: none }, into).ok).toBe(false);
});
