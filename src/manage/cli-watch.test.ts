import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";

import { monoUs } from "../base/index.ts";
import {
  captureTerminal,
  ccnCli,
  cleanUpCli,
  cliOf,
  servingBoard,
  temporaryCliDir,
} from "./cli-fixtures.ts";
import { deafFixture, healthyMap, statusFixture } from "./fixtures.ts";
import { startApi } from "./server.ts";

afterEach(cleanUpCli);

test.each(["-f", "--watch"])("events %s shows what happens until it is stopped", async (flag) => {
  const { board, dir } = await servingBoard();
  const startedUs = monoUs(board.status.board.startedUs + 0.5);
  board.status = { ...board.status, board: { ...board.status.board, startedUs } };
  board.log.log.info("past");
  const captured = captureTerminal();
  const ended = cliOf(["events", flag, "--json", "--run-dir", dir], captured);
  await captured.until((out) => out.includes('"past"'));
  board.log.log.info("present");
  await captured.until((out) => out.includes('"present"'));
  captured.stop();
  expect(await ended).toBe(0);
  const lines = captured.out.trimEnd().split("\n");
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { v: 1, seq: 1, event: "past" },
    { v: 1, seq: 2, event: "present" },
  ]);
});

test("status --watch --json prints a line per change and none for the passing of time", async () => {
  const { board, dir } = await servingBoard();
  let asked = 0;
  const askedOften = Promise.withResolvers<void>();
  const identity = board.facts.identity;
  const counting = {
    ...board.facts,
    identity: () => {
      if (++asked === 3) askedOften.resolve();
      return identity();
    },
  };
  const path = join(dir, "counting", "api.sock");
  const started = await startApi({ facts: counting, path });
  if (!started.ok) throw new Error(started.error);
  const captured = captureTerminal();
  const argv = ["status", "--watch", "--json", "--run-dir", join(dir, "counting")];
  const ended = cliOf(argv, captured);
  const lines = (): string[] => captured.out.split("\n").filter((line) => line !== "");
  await captured.until(() => lines().length === 1);
  await askedOften.promise;
  expect(lines()).toHaveLength(1);
  board.status = statusFixture(deafFixture(healthyMap(), 3, "A"));
  await captured.until(() => lines().length === 2);
  await started.value.close();
  await captured.until(() => lines().length === 3);
  captured.stop();
  expect(await ended).toBe(0);
  const documents = lines().map((line): unknown => JSON.parse(line));
  expect(documents[0]).toMatchObject({ v: 1, map: { faults: [] } });
  expect(documents[1]).toMatchObject({ v: 1, map: { faults: [{ fault: { slot: 3 } }] } });
  expect(documents[2]).toMatchObject({ v: 1, unreachable: true, exit: 4 });
});

test("--watch redraws a terminal in place and never more lines than it has", async () => {
  const { board, dir } = await servingBoard();
  board.status = statusFixture(deafFixture(healthyMap(20), 7, "B"));
  const captured = captureTerminal({ columns: 80, rows: 10 });
  const ended = cliOf(["status", "--watch", "--run-dir", dir], captured);
  await captured.until((out) => out.split("\u001b[H").length >= 3);
  captured.stop();
  expect(await ended).toBe(0);
  const frames = captured.out.split("\u001b[H").slice(1);
  for (const frame of frames) {
    expect(frame.split("\n").length).toBeLessThanOrEqual(10);
    expect(frame).toContain("demo  DEGRADED");
    expect(frame).toContain("more lines; make the window taller");
  }
  const unsized = captureTerminal({ columns: 0, rows: 0 });
  const endedToo = cliOf(["status", "--watch", "--run-dir", dir], unsized);
  await unsized.until((out) => out.includes("\u001b[J"));
  unsized.stop();
  expect(await endedToo).toBe(0);
  expect(unsized.out).toContain("next: ccn networks");
  const empty = temporaryCliDir();
  expect((await ccnCli(["status", "--watch", "--run-dir", empty])).code).toBe(4);
});
