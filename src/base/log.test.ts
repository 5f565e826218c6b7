import { expect, test } from "bun:test";
import { createLog } from "./log.ts";

function logWithClock(): {
  lines: string[];
  clock: { now: string };
  log: ReturnType<typeof createLog>;
} {
  const lines: string[] = [];
  const clock = { now: "2026-11-24T10:00:00.000Z" };
  const options = { board: "c1", module: "netrack", level: "info", now: () => clock.now } as const;
  return { lines, clock, log: createLog({ ...options, sink: (line) => lines.push(line) }) };
}

test("an event is one line that can be split at spaces", () => {
  const { lines, log } = logWithClock();
  log.warn("path-down", { net: "A", peer: "c2", silentMs: 52, why: 'said "no"\nand left' });
  expect(lines).toEqual([
    'time=2026-11-24T10:00:00.000Z level=warn board=c1 module=netrack event=path-down net=A peer=c2 silentMs=52 why="said \\"no\\"\\nand left"\n',
  ]);
});

test("repeats within a second are counted, not printed", () => {
  const { lines, clock, log } = logWithClock();
  for (let i = 0; i < 5; i++) log.error("bad-mac", { peer: 3 });
  clock.now = "2026-11-24T10:00:01.000Z";
  log.error("bad-mac", { peer: 3 });
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain("repeated=4");
});

test("events below the level are silent", () => {
  const { lines, log } = logWithClock();
  log.debug("tick");
  log.module("psrm").info("started");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("module=psrm");
});
