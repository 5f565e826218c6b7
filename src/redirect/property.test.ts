// Promises that hold for any configuration and any facts, sensible or not.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { monoUs, type SlotId } from "../base/index.ts";
import type { Group } from "../config/index.ts";
import { anyBoardSlot, anyConfig, anyEvent, anyFacts } from "./arbitrary.test.ts";
import {
  calmFacts,
  createRedirect,
  placementsOf,
  type RedirectConfig,
  type RedirectEffect,
  type RedirectFacts,
  step,
} from "./index.ts";
import {
  createWorld,
  factsOf,
  isAlive,
  leaseOf,
  settleWorld,
  strike,
  type World,
} from "./foresight/world.ts";

/** Longest time of one property, ms: they are many runs, and other work may hold the machine. */
const propertyMs = 60_000;

/** What "able" means, written a second time so that it does not repeat the core's mistakes. */
function isAble(facts: RedirectFacts, group: Group, slot: SlotId): boolean {
  const board = facts.boards.find((each) => each.slot === slot);
  if (board === undefined || board.state !== "up" || board.maintenance) return false;
  if (!board.paths.A && !board.paths.B) return false;
  const fact = facts.groups.findLast((each) => each.group === group.name);
  const isIn = fact?.inSync === undefined || fact.inSync.includes(slot);
  if (!isIn && !(fact?.active.includes(slot) ?? false)) return false;
  return group.services.every((name) => {
    const report = facts.services.findLast((each) => each.service === name && each.slot === slot);
    return report === undefined || (!report.asksMove && report.state !== "restarted-too-often");
  });
}

const stateOf = (facts: RedirectFacts, slot: SlotId): string =>
  facts.boards.find((each) => each.slot === slot)?.state ?? "unknown";

describe("any configuration, any events", () => {
  test(
    "no two actives, only on its own slots, never on a dead or cut-off board",
    () => {
      fc.assert(
        fc.property(anyConfig(), fc.array(anyEvent, { maxLength: 8 }), (config, events) => {
          const state = createRedirect(config);
          let nowUs = 1;
          let facts: RedirectFacts | undefined;
          let { groups } = config;
          for (const { event, afterMs } of events) {
            nowUs += afterMs * 1000;
            if (event.type === "facts") facts = event.facts;
            if (event.type === "config") ({ groups } = event.config);
            step(state, event, monoUs(nowUs));
            if (facts === undefined) continue;
            for (const { group: name, active, standby } of placementsOf(state)) {
              const group = groups.find((each) => each.name === name);
              if (group === undefined) throw new Error("unknown group");
              if (group.model !== "all-active") expect(active.length).toBeLessThanOrEqual(1);
              for (const slot of [...active, ...standby]) {
                expect(group.on).toContain(slot);
                expect(stateOf(facts, slot)).not.toBe("down");
              }
              for (const slot of standby) expect(active).not.toContain(slot);
              for (const slot of active) checkPlace(facts, group, slot);
            }
          }
        }),
        { numRuns: 1500 },
      );
    },
    propertyMs,
  );

  test(
    "the same facts twice: no new action",
    () => {
      fc.assert(
        fc.property(
          anyConfig(),
          fc.array(anyEvent, { maxLength: 5 }),
          anyFacts,
          (config, events, facts) => {
            const state = createRedirect(config);
            let nowUs = 1;
            for (const { event, afterMs } of events) {
              nowUs += afterMs * 1000;
              step(state, event, monoUs(nowUs));
            }
            const tell = (): RedirectEffect[] =>
              step(state, { type: "facts", facts }, monoUs(nowUs));
            tell();
            // Another moment to look again is no action.
            expect(tell().filter(({ type }) => type !== "set-timer")).toEqual([]);
            expect(tell()).toEqual([]);
          },
        ),
        { numRuns: 1500 },
      );
    },
    propertyMs,
  );

  test(
    "the same facts for an hour: an end to all wishes",
    () => {
      fc.assert(
        fc.property(anyConfig(), anyFacts, (config, facts) => {
          const state = createRedirect(config);
          let nowUs = 1;
          let wishes = 0;
          for (let i = 0; i < 400; i++) {
            const effects = step(state, { type: "facts", facts }, monoUs(nowUs));
            wishes = effects.filter(({ type }) => type === "wish").length;
            nowUs += 10_000_000;
          }
          expect(wishes).toBe(0);
        }),
        { numRuns: 60 },
      );
    },
    propertyMs,
  );

  test(
    "with leases that follow at once, failback comes to rest",
    () => {
      let moved = 0;
      fc.assert(
        fc.property(anyConfig(false), anyFacts, (config, facts) => {
          const state = createRedirect(config);
          const { boards } = calmFacts(config);
          let groups = facts.groups.map((each) => ({ ...each, inSync: undefined }));
          let wishes = 0;
          for (let i = 0; i < 40; i++) {
            const now = monoUs(1 + i * 600_000_000);
            const effects = step(
              state,
              { type: "facts", facts: { ...facts, boards, groups } },
              now,
            );
            wishes = effects.filter(({ type }) => type === "wish").length;
            if (i > 0) moved += wishes;
            groups = placementsOf(state).map(({ group, active }) => ({
              group,
              active: [...active],
              inSync: undefined,
            }));
          }
          expect(wishes).toBe(0);
        }),
        { numRuns: 400 },
      );
      expect(moved).toBeGreaterThan(10);
    },
    propertyMs,
  );

  test(
    "every decision names rule, cause and effect",
    () => {
      fc.assert(
        fc.property(anyConfig(), anyFacts, (config, facts) => {
          const state = createRedirect(config);
          const effects = step(state, { type: "facts", facts }, monoUs(1));
          for (const effect of effects) checkSentence(effect);
        }),
      );
    },
    propertyMs,
  );
});

/** A group on a board in maintenance or leaving stays only if no other slot is able. */
export function checkPlace(facts: RedirectFacts, group: Group, slot: SlotId): void {
  const board = facts.boards.find((each) => each.slot === slot);
  if (board === undefined || board.state === "unknown") return;
  expect(board.paths.A || board.paths.B).toBe(true);
  if (!board.maintenance && board.state !== "leaving") return;
  expect(group.on.filter((other) => isAble(facts, group, other))).toEqual([]);
}

function checkSentence(effect: RedirectEffect): void {
  if (effect.type !== "wish") return;
  expect(effect.why).toMatch(/^(model \S+): .+, so .+$/);
  expect(effect.why).toContain(effect.group);
}

/** A chassis at rest after these faults, from calm on. */
function worldAfter(config: RedirectConfig, dead: readonly SlotId[]): World {
  const world = createWorld(config, calmFacts(config));
  settleWorld(world);
  for (const slot of dead) {
    strike(world, { kind: "board", slot });
    settleWorld(world);
  }
  return world;
}

describe("on a chassis on paper", () => {
  const dead = fc.array(anyBoardSlot, { maxLength: 2 });

  test(
    "maintenance, then removal, never loses a group that had another able board",
    () => {
      let drained = 0;
      fc.assert(
        fc.property(anyConfig(false), dead, anyBoardSlot, (config, before, slot) => {
          const world = worldAfter(config, before);
          if (!isAlive(world, slot)) return;
          const had = config.groups.filter(
            ({ name, model, on }) =>
              leaseOf(world, name).active.includes(slot) &&
              (model === "all-active"
                ? leaseOf(world, name).active.length > 1
                : on.some(
                    (other) =>
                      other !== slot &&
                      isAlive(world, other) &&
                      (leaseOf(world, name).inSync ?? []).includes(other),
                  )),
          );
          strike(world, { kind: "out", slot });
          const told = settleWorld(world).filter(({ type }) => type === "safe-to-pull");
          for (const { name } of had) {
            expect(leaseOf(world, name).active).not.toContain(slot);
            expect(leaseOf(world, name).active.length).toBeGreaterThan(0);
          }
          const last = told.at(-1);
          if (last?.type !== "safe-to-pull" || !last.isSafe) return;
          drained += had.length;
          const served = config.groups.filter(({ name }) => leaseOf(world, name).active.length > 0);
          strike(world, { kind: "board", slot });
          settleWorld(world);
          for (const { name, unfenced } of served) {
            // Pulling a voter may take the majority; that is told before, but it is not the drain's.
            if (!hadVotes(world, name)) continue;
            expect([name, unfenced, leaseOf(world, name).active.length > 0]).toEqual([
              name,
              unfenced,
              true,
            ]);
          }
        }),
        { numRuns: 800 },
      );
      expect(drained).toBeGreaterThan(100);
    },
    propertyMs,
  );

  test(
    "comes to rest and stays there, whatever dies, with any rules",
    () => {
      let rested = 0;
      fc.assert(
        fc.property(anyConfig(), dead, (config, faults) => {
          const world = worldAfter(config, faults);
          if (!world.isAtRest) return;
          rested++;
          const again = step(world.state, { type: "facts", facts: factsOf(world) }, world.nowUs);
          expect(again).toEqual([]);
        }),
        { numRuns: 500 },
      );
      expect(rested).toBeGreaterThan(400);
    },
    propertyMs,
  );

  test(
    "what the leases gave is what was wished, where they gave anything",
    () => {
      fc.assert(
        fc.property(anyConfig(), dead, (config, faults) => {
          const world = worldAfter(config, faults);
          if (!world.isAtRest) return;
          for (const { group, active } of placementsOf(world.state)) {
            const lease = leaseOf(world, group).active;
            if (lease.length > 0 && active.length > 0) {
              expect(new Set(lease)).toEqual(new Set(active));
            }
          }
        }),
        { numRuns: 500 },
      );
    },
    propertyMs,
  );
});

function hadVotes(world: World, name: string): boolean {
  const voters = world.state.plan.votersOf.get(name) ?? [];
  return voters.filter((slot) => isAlive(world, slot)).length * 2 > voters.length;
}
