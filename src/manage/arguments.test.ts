import { expect, test } from "bun:test";
import fc from "fast-check";

import { parseOrder } from "./arguments.ts";
import { commands } from "./core/commands.ts";

function mistake(...argv: string[]): string {
  const parsed = parseOrder("ccn", argv);
  return parsed.ok ? "understood" : parsed.error.text;
}

test("options are read before and after words, short and long, with and without =", () => {
  const parsed = parseOrder("ccn", ["where", "--json", "7", "--timeout=2", "--run-dir", "/tmp/x"]);
  if (!parsed.ok) throw new Error(parsed.error.text);
  expect(parsed.value.words).toEqual(["7"]);
  expect(Object.fromEntries(parsed.value.options)).toEqual({
    json: "",
    timeout: "2",
    "run-dir": "/tmp/x",
  });
  const short = parseOrder("ccn", ["events", "-f", "-n", "5"]);
  if (!short.ok) throw new Error(short.error.text);
  expect(Object.fromEntries(short.value.options)).toEqual({ follow: "", last: "5" });
});

test("every mistake is named with what would be right", () => {
  expect(mistake()).toBe("no command given");
  expect(mistake("statsu")).toBe('unknown command "statsu"; did you mean status?');
  expect(mistake("qqqqqq")).toBe('unknown command "qqqqqq"; try ccn help');
  expect(mistake("--json")).toContain('unknown option before the command "--json"');
  expect(mistake("config")).toBe("config needs one of: check");
  expect(mistake("config", "chekc", "x")).toBe("config needs one of: check");
  expect(mistake("status", "--jsn")).toBe("status has no option --jsn; did you mean --json?");
  expect(mistake("status", "-x")).toContain("status has no option -x; known: --watch, --json");
  expect(mistake("status", "--json=yes")).toBe('--json takes no value; leave out "=yes"');
  expect(mistake("status", "--timeout")).toBe("--timeout needs a value: --timeout SECONDS");
  expect(mistake("status", "--timeout", "--json")).toBe(
    "--timeout needs a value: --timeout SECONDS",
  );
  expect(mistake("status", "--run-dir=")).toBe("--run-dir needs a value: --run-dir DIR");
  expect(mistake("where")).toBe("where needs MAC|SLOT");
  expect(mistake("where", "1", "2")).toBe('where does not know what to do with "2"');
  expect(mistake("where", "--help")).toBe("understood");
});

test("a command of another board says whose it is", () => {
  const parsed = parseOrder("io-card", ["leases"]);
  expect(parsed).toMatchObject({
    ok: false,
    error: { text: "leases is a command of ccn, not of io-card" },
  });
});

test("no command line makes the parser throw or speak in control characters", () => {
  const word = fc.oneof(
    fc.constantFrom(...commands.flatMap(({ name }) => name.split(" "))),
    fc.constantFrom("--", "-", "-f", "-n", "--json", "--no-json", "--last", "--__proto__", "="),
    fc.string({ unit: "binary", maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
      const parsed = parseOrder("ccn", argv);
      if (!parsed.ok) expect(parsed.error.text).not.toMatch(/\p{Cc}/u);
    }),
    { numRuns: 2000 },
  );
});
