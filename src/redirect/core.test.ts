// REDIRECT's decisions: who is wished active where, and why. Each test is one promise.

import { describe, expect, test } from "bun:test";
import { slotId } from "../base/index.ts";
import { type Bench, benchOf, chassisOf, factsFor, numbers, words } from "./sample.test.ts";

const webText = `groups:
  web: { on: [1, 2] }
services:
  web: { run: /bin/web, group: web }
`;
const down = { state: "down" } as const;

/** Web active on slot 1, and REDIRECT knows it. */
function webOnOne(text = webText): Bench {
  const bench = benchOf(chassisOf(text));
  bench.tell();
  bench.tell({ groups: { web: [[1]] } });
  return bench;
}

describe("model 2N", () => {
  test("the first slot becomes active, the second stands by", () => {
    const bench = benchOf(chassisOf(webText));
    expect(bench.tell().map(words)).toEqual(["take-over web 1", "stand-by web 2"]);
    expect(bench.placement("web")?.why).toBe(
      "model 2N: nobody is active, so group web goes to slot 1",
    );
  });

  test("the standby takes over when the active board dies, with cause and effect", () => {
    const bench = webOnOne();
    const effects = bench.tell({ boards: { 1: down }, groups: { web: [[], [1, 2]] } });
    expect(effects.map(words)).toEqual(["take-over web 2", "alarm no-standby:web"]);
    expect(effects[0]).toMatchObject({
      why: "model 2N: slot 1 is down, so group web goes to slot 2",
    });
  });

  test("a board that left the record never takes over", () => {
    const bench = webOnOne();
    const effects = bench.tell({ boards: { 1: down }, groups: { web: [[], [1]] } });
    expect(effects.map(words)).toEqual(["alarm no-active:web"]);
    expect(bench.placement("web")?.why).toContain("slot 2 is not in sync for group web");
  });

  test("no failback by itself", () => {
    const bench = webOnOne();
    bench.tell({ boards: { 1: down } });
    bench.tell({ boards: { 1: down }, groups: { web: [[2], [2]] } });
    expect(bench.tell({ groups: { web: [[2], [2]] } }).map(words)).toEqual([
      "stand-by web 1",
      "clear no-standby:web",
    ]);
    expect(bench.wait(3_600_000).map(words)).toEqual([]);
    expect(bench.active("web")).toEqual([2]);
  });

  test("failback when-calm goes back after ten calm minutes, not before", () => {
    const bench = webOnOne(webText.replace("[1, 2]", "[1, 2], failback: when-calm"));
    bench.tell({ boards: { 1: down }, groups: { web: [[2]] } });
    bench.tell({ groups: { web: [[2]] } });
    expect(bench.wait(599_999).map(words)).toEqual([]);
    const effects = bench.wait(1);
    expect(effects.map(words).slice(0, 1)).toEqual(["hand-over web 2>1"]);
    expect(effects[0]).toMatchObject({
      why: "model 2N: failback when-calm: slot 1 was well for 10 minutes, so group web goes to slot 1",
    });
  });

  test("a fall in between begins the ten minutes anew", () => {
    const bench = webOnOne(webText.replace("[1, 2]", "[1, 2], failback: when-calm"));
    bench.tell({ boards: { 1: down }, groups: { web: [[2]] } });
    bench.tell({ groups: { web: [[2]] } });
    bench.wait(500_000);
    bench.tell({ boards: { 1: { degraded: "hot" } }, groups: { web: [[2]] } });
    bench.tell({ groups: { web: [[2]] } });
    expect(bench.wait(599_000).map(words)).toEqual([]);
    expect(bench.wait(1000).map(words)).toContain("hand-over web 2>1");
  });

  test("no failback of a group that waits for the leases", () => {
    const bench = webOnOne(webText.replace("[1, 2]", "[1, 2], failback: when-calm"));
    bench.tell({ boards: { 1: down }, groups: { web: [[2]] } });
    bench.tell({ groups: { web: [[2]] } });
    bench.tell({ groups: { web: [[], [1, 2]] } });
    expect(bench.wait(600_000).map(words)).toEqual([]);
    expect(bench.tell({ groups: { web: [[2]] } }).map(words)).toContain("hand-over web 2>1");
  });

  test("nothing is decided about boards nobody knows yet", () => {
    const bench = benchOf(chassisOf(webText));
    const unknown = { state: "unknown" } as const;
    expect(bench.tell({ boards: { 1: unknown, 2: unknown } })).toEqual([]);
    expect(bench.placement("web")).toBeUndefined();
  });

  test("what the leases did by themselves is taken over without a wish", () => {
    const bench = webOnOne();
    const effects = bench.tell({ boards: { 1: down }, groups: { web: [[2], [2]] } });
    expect(effects.map(words)).toEqual(["alarm no-standby:web"]);
    expect(bench.active("web")).toEqual([2]);
  });

  test("two actives are an alarm, and the wish names one", () => {
    const bench = webOnOne();
    expect(bench.tell({ groups: { web: [[1, 2]] } }).map(words)).toEqual(["alarm two-actives:web"]);
    expect(bench.active("web")).toEqual([1]);
  });
});

describe("a service that cannot be kept running", () => {
  const broken = (
    slot: number,
  ): { service: string; slot: number; state: "restarted-too-often" } => ({
    service: "web",
    slot,
    state: "restarted-too-often",
  });

  test("moves its group", () => {
    const bench = webOnOne();
    const effects = bench.tell({ services: [broken(1)], groups: { web: [[1]] } });
    expect(effects.map(words)).toContain("hand-over web 1>2");
    expect(effects[0]).toMatchObject({
      why: "model 2N: service web cannot be kept running on slot 1, so group web goes to slot 2",
    });
  });

  test("also when PSRM asks for the move before the count is full", () => {
    const bench = webOnOne();
    const asks = { service: "web", slot: 1, state: "failed", asksMove: true } as const;
    expect(bench.tell({ services: [asks], groups: { web: [[1]] } }).map(words)).toContain(
      "hand-over web 1>2",
    );
  });

  test("that fails everywhere stays where it is: no ping-pong", () => {
    const bench = webOnOne();
    bench.tell({ services: [broken(1)], groups: { web: [[1]] } });
    bench.tell({ services: [broken(1)], groups: { web: [[2]] } });
    const both = { services: [broken(1), broken(2)], groups: { web: [[2]] as const } };
    expect(
      bench
        .tell(both)
        .map(words)
        .filter((each) => each.startsWith("hand")),
    ).toEqual([]);
    expect(bench.active("web")).toEqual([2]);
  });

  test("is tried again there when the other board dies: better than nobody", () => {
    const bench = webOnOne();
    bench.tell({ services: [broken(1)], groups: { web: [[1]] } });
    bench.tell({ services: [broken(1)], groups: { web: [[2]] } });
    const effects = bench.tell({
      boards: { 2: down },
      services: [broken(1)],
      groups: { web: [[], [1, 2]] },
    });
    expect(effects.map(words)).toContain("take-over web 1");
  });

  test("only trouble moves nothing", () => {
    const bench = webOnOne();
    const trouble = { service: "web", slot: 1, state: "trouble" } as const;
    expect(bench.tell({ services: [trouble], groups: { web: [[1]] } })).toEqual([]);
  });
});

describe("a wish that the leases do not follow", () => {
  test("is doubted after 5 s, and another slot gets its chance", () => {
    const bench = benchOf(chassisOf(webText.replace("[1, 2]", "[1, 2, 3]")));
    bench.tell();
    expect(bench.wait(4999).map(words)).toEqual([]);
    expect(bench.wait(1).map(words)).toEqual([
      "take-over web 2",
      "stand-by web 1",
      "alarm wish-unheard:web",
    ]);
  });

  test("ends when every slot was tried; then it waits", () => {
    const bench = benchOf(chassisOf(webText));
    bench.tell();
    expect(bench.wait(5000).map(words)).toContain("take-over web 2");
    expect(
      bench
        .wait(5000)
        .map(words)
        .filter((each) => each.includes("take-over")),
    ).toEqual([]);
    expect(bench.wait(600_000)).toEqual([]);
    expect(bench.tell({ groups: { web: [[2]] } }).map(words)).toEqual(["clear wish-unheard:web"]);
  });

  test("a move to a doubted slot is a new chance for it, not a wish there and back", () => {
    const bench = benchOf(chassisOf(webText));
    bench.tell();
    bench.wait(5000);
    expect(bench.active("web")).toEqual([2]);
    expect(bench.send({ type: "move", group: "web", to: slotId(1) }).map(words)).toEqual([
      "take-over web 1",
      "stand-by web 2",
      "clear wish-unheard:web",
    ]);
    expect(bench.tell()).toEqual([]);
    expect(bench.active("web")).toEqual([1]);
  });

  test("leaves the group where it is, and the alarm stands until the slot shows itself well", () => {
    const bench = webOnOne();
    bench.send({ type: "move", group: "web", to: slotId(2) });
    expect(bench.wait(5000).map(words)).toEqual(["stand-by web 2", "alarm wish-unheard:web"]);
    expect(bench.active("web")).toEqual([1]);
    expect(bench.tell({ groups: { web: [[1]] } })).toEqual([]);
    expect(bench.tell({ boards: { 2: down }, groups: { web: [[1]] } }).map(words)).toContain(
      "clear wish-unheard:web",
    );
  });
});

describe("N+1 and N+M", () => {
  const pool = `groups:
  a: { on: [3, 6], model: N+1 }
  b: { on: [4, 6], model: N+1 }
  c: { on: [5, 6], model: N+1 }
`;

  test("the spare stands by for all", () => {
    const bench = benchOf(chassisOf(pool));
    bench.tell();
    for (const group of ["a", "b", "c"]) {
      expect(numbers(bench.placement(group)?.standby ?? [])).toEqual([6]);
    }
    expect([bench.active("a"), bench.active("b"), bench.active("c")]).toEqual([[3], [4], [5]]);
  });

  test("a second load goes to the spare too, rather than nowhere", () => {
    const bench = benchOf(chassisOf(pool));
    bench.tell();
    bench.tell({ groups: { a: [[3]], b: [[4]], c: [[5]] } });
    bench.tell({ boards: { 3: down, 4: down }, groups: { a: [[]], b: [[]], c: [[5]] } });
    expect([bench.active("a"), bench.active("b")]).toEqual([[6], [6]]);
  });

  test("a load goes where no other load of the pool is", () => {
    const bench = benchOf(
      chassisOf(`groups:
  a: { on: [3, 5, 6], model: N+M }
  b: { on: [4, 5, 6], model: N+M }
`),
    );
    bench.tell();
    bench.tell({ groups: { a: [[3]], b: [[4]] } });
    bench.tell({ boards: { 3: down, 4: down }, groups: { a: [[]], b: [[]] } });
    expect([bench.active("a"), bench.active("b")]).toEqual([[5], [6]]);
  });
});

describe("all-active", () => {
  const text = "groups:\n  all: { on: [3, 4, 5], model: all-active }\n";

  test("is on every able slot, and comes back by itself", () => {
    const bench = benchOf(chassisOf(text));
    expect(bench.tell().map(words)).toEqual([
      "take-over all 3",
      "take-over all 4",
      "take-over all 5",
    ]);
    bench.tell({ boards: { 4: down }, groups: { all: [[3, 5]] } });
    expect(bench.active("all")).toEqual([3, 5]);
    expect(bench.tell({ groups: { all: [[3, 5]] } }).map(words)).toEqual(["take-over all 4"]);
  });
});

describe("apart and together", () => {
  test("apart groups get different boards, and one board rather than none", () => {
    const bench = benchOf(
      chassisOf("groups:\n  a: { on: [1, 2], apart: b }\n  b: { on: [1, 2] }\n"),
    );
    bench.tell();
    expect([bench.active("a"), bench.active("b")]).toEqual([[1], [2]]);
    bench.tell({ boards: { 2: down }, groups: { a: [[1]], b: [[]] } });
    expect([bench.active("a"), bench.active("b")]).toEqual([[1], [1]]);
  });

  const both =
    "groups:\n  a: { on: [1, 2], together: b }\n  b: { on: [1, 2] }\nservices:\n  a: { run: /bin/a, group: a }\n";

  test("groups that move together follow the one whose service failed", () => {
    const bench = benchOf(chassisOf(both));
    bench.tell();
    bench.tell({ groups: { a: [[1]], b: [[1]] } });
    const effects = bench.tell({
      services: [{ service: "a", slot: 1, state: "restarted-too-often" }],
      groups: { a: [[1]], b: [[1]] },
    });
    expect(effects.map(words)).toEqual(
      expect.arrayContaining(["hand-over a 1>2", "hand-over b 1>2"]),
    );
  });

  test("nobody is sent after a group to a board of which nothing is known", () => {
    const bench = benchOf(chassisOf(both));
    bench.tell({ boards: { 1: { state: "unknown" } }, groups: { a: [[1]], b: [[]] } });
    expect(bench.active("b")).toEqual([2]);
  });

  test("they part when no slot can have both, and meet again when one can", () => {
    const bench = benchOf(chassisOf(both));
    bench.tell();
    bench.tell({ groups: { a: [[1]], b: [[1]] } });
    bench.tell({ boards: { 1: down }, groups: { a: [[], [1, 2]], b: [[], [1]] } });
    expect([bench.active("a"), bench.active("b")]).toEqual([[2], []]);
    bench.tell({ groups: { a: [[2], [2]], b: [[1], [1]] } });
    expect([bench.active("a"), bench.active("b")]).toEqual([[2], [1]]);
    bench.tell({ groups: { a: [[2], [1, 2]], b: [[1], [1, 2]] } });
    expect(bench.active("b")).toEqual(bench.active("a"));
  });
});

describe("the operator moves a group", () => {
  test("to a slot, or to the best other one", () => {
    const bench = webOnOne();
    expect(bench.send({ type: "move", group: "web", to: slotId(2) }).map(words)).toContain(
      "hand-over web 1>2",
    );
    bench.tell({ groups: { web: [[2]] } });
    const back = bench.send({ type: "move", group: "web", to: undefined });
    expect(back[0]).toMatchObject({
      to: slotId(1),
      why: "model 2N: the operator asked for it, so group web goes to slot 1",
    });
  });

  test("never to a slot that cannot have it: an alarm says why", () => {
    const bench = webOnOne();
    bench.tell({ boards: { 2: down }, groups: { web: [[1]] } });
    expect(bench.send({ type: "move", group: "web", to: slotId(2) })).toEqual([
      {
        type: "raise-alarm",
        id: "move-refused:web",
        text: "the operator asked for it: group web cannot move: slot 2 is down",
      },
    ]);
    expect(bench.active("web")).toEqual([1]);
    expect(bench.send({ type: "move", group: "web", to: slotId(3) })[0]).toMatchObject({
      id: "move-refused:web",
    });
  });

  test("an order about nothing known, or before any facts, changes nothing", () => {
    const bench = benchOf(chassisOf(webText));
    expect(bench.send({ type: "move", group: "wbe", to: undefined })).toEqual([]);
    expect(bench.send({ type: "timer" })).toEqual([]);
    expect(bench.send({ type: "move", group: "web", to: slotId(1) }).map(words)).toEqual([
      "alarm move-refused:web",
    ]);
  });
});

test("facts about boards, groups and services that nobody configured are ignored", () => {
  const bench = webOnOne();
  const facts = factsFor(bench.config, { groups: { web: [[1]] } });
  const [board] = facts.boards;
  if (board === undefined) throw new Error("no board");
  expect(
    bench.send({
      type: "facts",
      facts: {
        ...facts,
        boards: [...facts.boards, { ...board, slot: slotId(60), maintenance: true }],
        groups: [...facts.groups, { group: "x", active: [slotId(60)], inSync: [] }],
        services: [{ service: "x", slot: slotId(1), state: "failed", asksMove: true }],
      },
    }),
  ).toEqual([]);
});
