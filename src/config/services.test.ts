// Groups, services, rules and lease timers as their writer meets them: what a good file gives, and
// that no text breaks the loader. The mistakes are in service-mistakes.test.ts.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { slotId } from "../base/index.ts";
import { loadChassis, votersOf } from "./index.ts";
import { bent, duo, good, load } from "./sample.test.ts";

describe("a good file", () => {
  test("five lines wrap a program; everything else has a default", () => {
    const chassis = load(good);
    expect(chassis.groups).toEqual([
      {
        name: "web",
        services: ["web"],
        addresses: [{ address: "192.168.1.10", prefix: 24, mac: undefined }],
        model: "2N",
        on: [slotId(1), slotId(2)],
        apart: [],
        together: [],
        failback: "never",
        unfenced: "never",
      } as never,
    ]);
    expect(chassis.services).toEqual([
      {
        name: "web",
        run: ["/bin/web", "--port", "80"],
        user: undefined,
        directory: "/",
        environment: {},
        limits: {
          openFiles: undefined,
          processes: undefined,
          memoryBytes: undefined,
          troubleMemoryBytes: undefined,
        },
        group: "web",
        standby: "stopped",
        on: [slotId(1), slotId(2)],
        after: [],
        ready: { by: "alive" },
        readyMs: 10_000,
        alive: { by: "alive" },
        stop: { signal: "SIGTERM", ms: 5000 },
        restart: {
          backoffMs: 0,
          backoffMaxMs: 5000,
          calmMs: 10_000,
          max: 3,
          windowMs: 60_000,
          byExitCode: {},
        },
        onFailure: { dead: "restart", silent: "restart", trouble: "nothing" },
        log: { bytesMax: 10_485_760, files: 3 },
      },
    ]);
    expect(chassis.rules).toEqual([]);
  });

  test("a file without these sections has none of them", () => {
    expect(load(duo)).toMatchObject({ groups: [], services: [], rules: [] });
  });

  test("checks, sizes and exit codes are read in every form", () => {
    const text = bent(
      "group: web }",
      `group: web, ready: { http: 80, path: /up }, alive: { command: [/bin/check, "a|b"], everyMs: 200 },
      limits: { memoryBytes: 2M }, restart: { byExitCode: { 0: done, 3: move } } }
  dog: { run: [/bin/dog, "$HOME"], on: 3, ready: notify, alive: { watchdogMs: 500 }, after: log }
  log: { run: /bin/log, on: [3, 4], alive: { tcp: 7, failures: 2, withinMs: 100 }, ready: { tcp: 7 } }`,
    );
    const [service, dog, log] = load(text).services;
    expect(service?.ready).toEqual({ by: "http", port: 80, path: "/up" });
    expect(service?.alive).toEqual({
      by: "command",
      port: 0,
      path: "/",
      run: ["/bin/check", "a|b"],
      everyMs: 200,
      withinMs: 100,
      failures: 3,
    });
    expect(service?.limits.memoryBytes).toBe(2_097_152);
    expect(service?.restart.byExitCode).toEqual({ 0: "done", 3: "move" });
    expect(dog).toMatchObject({
      run: ["/bin/dog", "$HOME"],
      alive: { by: "watchdog", everyMs: 500 },
    });
    expect(dog?.group).toBeUndefined();
    expect(log?.alive).toMatchObject({ by: "tcp", port: 7, failures: 2, withinMs: 100 });
  });

  test("apart and together hold in both directions", () => {
    const text = `${duo}groups:
  a: { on: [1, 2], apart: b }
  b: { on: [1, 2] }
  c: { on: [1, 2], together: [a] }
`;
    const [a, b, c] = load(text).groups;
    expect([a?.apart, a?.together]).toEqual([["b"], ["c"]]);
    expect([b?.apart, b?.together]).toEqual([["a"], []]);
    expect([c?.apart, c?.together]).toEqual([[], ["a"]]);
  });

  test("voters: the own controllers if there are two, else all; the CCN makes them odd", () => {
    const { boards } = load(duo);
    const voters = (...on: number[]): number[] => votersOf(boards, on.map(slotId)).map(Number);
    expect(voters(1, 2)).toEqual([0, 1, 2]);
    expect(voters(3, 4)).toEqual([0, 1, 2]);
    expect(voters(1, 3)).toEqual([0, 1, 2]);
    const three = load(duo.replace("  3: { role: io-card", "  3: { role: controller")).boards;
    const of = (...on: number[]): number[] => votersOf(three, on.map(slotId)).map(Number);
    expect(of(1, 2, 3)).toEqual([1, 2, 3]);
    expect(of(1, 2)).toEqual([0, 1, 2]);
    expect(of(4)).toEqual([1, 2, 3]);
  });

  test("lease timers follow a slower heartbeat by themselves", () => {
    const { lease } = load(`${duo}timing: { beatMs: 100, lateMs: 50, netMs: 20 }\n`).timing;
    expect(lease).toMatchObject({ leaseMs: 570, stopMs: 70, replMs: 378 });
    expect(lease.grantMs).toBe(Math.ceil((570 / 0.999 + 70) * 1.001));
    expect(load(duo).timing.lease).toMatchObject({ leaseMs: 60, grantMs: 75, stopMs: 8 });
  });
});

test("no text of these sections makes the loader throw", () => {
  const pieces = fc.constantFrom(
    ..."groups: services: rules: web: on: [1,2] { } [ ] , a: b: when: do: move: run: /bin/x group: \n"
      .split(" ")
      .concat(["\n  ", " ", "alive: { tcp: 80 }", "is: down", "board: 1", "- ", "&a ", "*a"]),
  );
  const text = fc.array(pieces, { maxLength: 40 }).map((parts) => duo + parts.join(""));
  fc.assert(
    fc.property(text, (input) => {
      const loaded = loadChassis(input, "x");
      return loaded.ok || loaded.error.length > 0;
    }),
    { numRuns: 300 },
  );
}, 30_000);
