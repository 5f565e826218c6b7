import { expect, test } from "bun:test";
import { reportOf, tableOf } from "./report.ts";

const machine = { cpu: "x", cores: 2, kernel: "6", bun: "1" };
const rows = [
  { case: "a", unit: "ms", ours: [4, 2, 3], peers: [{ name: "kea", version: "2", values: [1.5] }] },
];

test("the JSON has exactly the agreed keys, for ours and for peers", () => {
  expect(reportOf({ bench: "b", machine, commit: "c", rounds: 3 }, rows)).toEqual({
    bench: "b",
    machine,
    commit: "c",
    rounds: 3,
    rows: [
      {
        case: "a",
        unit: "ms",
        ours: { n: 3, p50: 3, p99: 4, max: 4 },
        peers: [{ name: "kea", version: "2", n: 1, p50: 1.5, p99: 1.5, max: 1.5 }],
      },
    ],
  });
});

test("the table's ratio is our median divided by the peer's", () => {
  const line = tableOf(rows).split("\n")[2] ?? "";
  expect(line.split(/\s{2,}/)).toEqual([
    "",
    "kea 2",
    "1",
    "1.50",
    "1.50",
    "1.50",
    "0 %",
    "2.00",
    "ms",
  ]);
});

test("a side without values shows dashes, not NaN", () => {
  const peers = [{ name: "peer", version: "1", values: [2, 3] }];
  const table = tableOf([{ case: "left-out", unit: "ms", ours: [], peers }]);
  expect(table).not.toContain("NaN");
  expect(table).toMatch(/softset +0( +-){4}/);
});
