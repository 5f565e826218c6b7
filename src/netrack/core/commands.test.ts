import { expect, test } from "bun:test";
import fc from "fast-check";
import { monoUs, slotId } from "../../base/index.ts";
import { parseCommand, wants } from "./commands.ts";

test("every command of the reference is understood", () => {
  const lines: Record<string, object> = {
    "best 7": { type: "best", target: 7 },
    "best card7": { type: "best", target: "card7" },
    status: { type: "status" },
    counters: { type: "counters" },
    "subscribe all": { type: "subscribe", subscription: { type: "all" } },
    "subscribe board 3": { type: "subscribe", subscription: { type: "board", slot: 3 } },
    "subscribe path 3": {
      type: "subscribe",
      subscription: { type: "path", slot: 3, other: undefined },
    },
    "subscribe path 3 0": { type: "subscribe", subscription: { type: "path", slot: 3, other: 0 } },
    "subscribe fault": { type: "subscribe", subscription: { type: "fault" } },
    leaving: { type: "leaving" },
    "degraded  fan 2 stopped\r": { type: "degraded", reason: "fan 2 stopped" },
    ok: { type: "ok" },
    "service web up": { type: "service", name: "web", up: true },
  };
  for (const [line, value] of Object.entries(lines)) {
    expect(parseCommand(line)).toEqual({ ok: true, value: value as never });
  }
});

test("a wrong line is answered with what would be right", () => {
  const lines = [
    "",
    "bets 7",
    "best",
    "best 1 2",
    "subscribe",
    "subscribe board",
    "subscribe board 64",
    "subscribe path 1 x",
    "service web",
    "service web maybe",
    "degraded",
    "ok then",
  ];
  for (const line of lines) {
    const parsed = parseCommand(line);
    expect(parsed.ok ? line : parsed.error).toMatch(/^(use: |no command ".*"; there are: )/);
  }
});

test("no line makes it throw", () => {
  fc.assert(fc.property(fc.string({ maxLength: 600 }), (line) => void parseCommand(line)));
});

test("subscribers hear what they asked for and nothing else", () => {
  const atUs = monoUs(1);
  const [a, b] = [slotId(1), slotId(2)];
  const board = { type: "board", atUs, slot: a, state: "up", was: "down" } as const;
  const path = { type: "path", atUs, from: a, to: b, network: "A", up: true } as const;
  const fault = {
    type: "fault",
    atUs,
    fault: { kind: "board", slot: a },
    text: "x",
    cleared: false,
  } as const;
  const heard = (s: Parameters<typeof wants>[0]): boolean[] =>
    [board, path, fault].map((c) => wants(s, c));
  expect(heard({ type: "all" })).toEqual([true, true, true]);
  expect(heard({ type: "board", slot: a })).toEqual([true, false, false]);
  expect(heard({ type: "board", slot: b })).toEqual([false, false, false]);
  expect(heard({ type: "path", slot: b, other: undefined })).toEqual([false, true, false]);
  expect(heard({ type: "path", slot: b, other: a })).toEqual([false, true, false]);
  expect(heard({ type: "path", slot: b, other: slotId(3) })).toEqual([false, false, false]);
  expect(heard({ type: "fault" })).toEqual([false, false, true]);
});
