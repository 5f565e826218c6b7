import { expect, test } from "bun:test";
import { type Incarnation, parseIncarnation, slotId } from "../base/index.ts";
import { arrivals, layCable, mayMakeNamespaces, testIp } from "../kernel/fixtures.ts";
import { type BoardLink, type LinkMessage, openLink } from "./index.ts";

const here = test.skipIf(!mayMakeNamespaces);

function life(digit: string): Incarnation {
  const parsed = parseIncarnation(digit.repeat(16));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

const lives: Record<number, Incarnation> = { 1: life("1"), 2: life("2") };

async function board(
  slot: number,
  netns: number,
  onMessage: (m: LinkMessage) => void,
): Promise<BoardLink> {
  return openLink({
    netns,
    devices: { A: "eth0", B: "eth0" },
    port: 7100,
    keyHex: "0a".repeat(32),
    self: slotId(slot),
    ownLife: () => lives[slot],
    lifeOf: (other) => lives[other],
    addressOf: (other) => testIp(`10.9.0.${other}`),
    onMessage,
    onTrouble: () => undefined,
  });
}

here("what leaves twice arrives once, from the present life, in both directions", async () => {
  using cable = layCable();
  const left = arrivals<LinkMessage>();
  const right = arrivals<LinkMessage>();
  const keep = (into: typeof left) => (message: LinkMessage) =>
    into.add({ ...message, bytes: Uint8Array.from(message.bytes) });
  const one = await board(1, cable.left.netns, keep(left));
  const two = await board(2, cable.right.netns, keep(right));
  expect(one.send(slotId(2), 4, new Uint8Array([7]))).toBe(2);
  expect(await right.next()).toEqual({
    from: slotId(1),
    life: life("1"),
    channel: 4,
    bytes: new Uint8Array([7]),
  });
  expect(two.send(slotId(1), 5, new Uint8Array([8, 9]))).toBe(2);
  expect((await left.next()).bytes).toEqual(new Uint8Array([8, 9]));
  expect(one.send(slotId(2), 4, new Uint8Array([1]))).toBe(2);
  await right.next();
  expect(right.waiting()).toBe(0);
  lives[1] = life("3"); // the former life's packets do not count, those of the new one do
  expect(one.send(slotId(2), 4, new Uint8Array([2]))).toBe(2);
  expect(await right.next()).toMatchObject({ life: life("3") });
  expect(one.send(slotId(9), 4, new Uint8Array([2]))).toBe(0);
  expect(one.counters()).toMatchObject({ sent: 3, unsent: 1 });
  one.close();
  two.close();
});
