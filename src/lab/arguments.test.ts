import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseLabArguments } from "./arguments.ts";

function parsed(line: string): unknown {
  const result = parseLabArguments(line.split(" ").filter((word) => word !== ""));
  return result === "help" ? "help" : result.ok ? result.value : result.error;
}

test("every command of the help is read", () => {
  expect(parsed("up demo.yaml --dist out")).toMatchObject({
    name: "up",
    file: "demo.yaml",
    dist: "out",
  });
  expect(parsed("down --name two")).toMatchObject({ name: "down", lab: "two" });
  expect(parsed("status --json")).toMatchObject({ json: true, request: { order: "status" } });
  expect(parsed("logs c1 -f")).toMatchObject({ name: "logs", board: "c1", follow: true });
  expect(parsed("kill c1")).toMatchObject({
    request: { order: "kill", board: "c1", manner: "all" },
  });
  expect(parsed("kill c1 --as hang")).toMatchObject({
    request: { order: "kill", board: "c1", manner: "hang" },
  });
  expect(parsed("start c1")).toMatchObject({ request: { order: "start", board: "c1" } });
  expect(parsed("pull 3")).toMatchObject({ request: { order: "pull", slot: 3 } });
  expect(parsed("move 3 4")).toMatchObject({ request: { order: "move", from: 3, to: 4 } });
  expect(parsed("heal")).toMatchObject({ request: { order: "heal" } });
  expect(parsed("line 3 health lying")).toMatchObject({
    request: { order: "line", slot: 3, line: "health", fault: "lying" },
  });
  expect(parsed("insert 3 --mac 52:54:00:00:00:01 --empty")).toMatchObject({
    request: { order: "insert", slot: 3, macs: ["52:54:00:00:00:01"], empty: true },
  });
  expect(parsed("cut card3 A --oneway in")).toMatchObject({
    request: { order: "cut", name: "card3", network: "A", oneway: "in", silent: false },
  });
  expect(parsed("agent sw-a --latency-ms 50")).toMatchObject({
    request: { order: "agent", switchName: "sw-a", latencyMs: 50 },
  });
});

test("what follows exec belongs to the program, options and all", () => {
  expect(parsed("--name two exec c1 ip -br --json addr")).toMatchObject({
    name: "exec",
    lab: "two",
    json: false,
    board: "c1",
    command: ["ip", "-br", "--json", "addr"],
  });
});

test("help is given when asked, also behind exec", () => {
  for (const line of ["--help", "up --help", "exec --help"]) expect(parsed(line)).toBe("help");
});

test("a mistake names what would be right", () => {
  expect(parsed("")).toContain("there are up, down");
  expect(parsed("pul 3")).toContain('unknown command "pul"');
  expect(parsed("pull")).toContain("takes 1 word(s), not 0");
  expect(parsed("pull x")).toContain("slots are 1 to 63");
  expect(parsed("cut c1 C")).toContain("neither A nor B");
  expect(parsed("cut c1 --oneway up")).toContain("neither in nor out");
  expect(parsed("line 3 reset")).toContain("takes 3 word(s), not 2");
  expect(parsed("line 0 reset ok")).toContain("slots are 1 to 63");
  expect(parsed("line 3 clock ok")).toContain("there are reset, power, health");
  expect(parsed("line 3 reset broken")).toContain("neither stuck nor lying nor ok");
  expect(parsed("kill c1 --as dead")).toContain("not one of all, crash, hang, power-loss");
  expect(parsed("heal --silent")).toContain("heal has no option --silent");
  expect(parsed("agent sw-a --latency-ms soon")).toContain("whole number");
});

test("no words can make it throw", () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 6 }), (words) => {
      expect(parseLabArguments(words)).toBeDefined();
    }),
  );
});
