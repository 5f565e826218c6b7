import { expect, test } from "bun:test";
import fc from "fast-check";
import { describePorts, parsePorts } from "./ports.ts";

function ports(text: string): string[] {
  const parsed = parsePorts(text);
  return parsed.ok ? parsed.value : [`error: ${parsed.error}`];
}

test("ranges may repeat the prefix, leave it out, and hold dashes", () => {
  expect(ports("1-3")).toEqual(["1", "2", "3"]);
  expect(ports("1/0/1-1/0/3")).toEqual(["1/0/1", "1/0/2", "1/0/3"]);
  expect(ports("1/0/9-11")).toEqual(["1/0/9", "1/0/10", "1/0/11"]);
  expect(ports("ge-0/0/1-ge-0/0/2")).toEqual(["ge-0/0/1", "ge-0/0/2"]);
  expect(ports("1-2, 7,Gi1/0/1 - Gi1/0/2")).toEqual(["1", "2", "7", "Gi1/0/1", "Gi1/0/2"]);
});

test("a name with a dash is one port", () => {
  for (const name of ["ge-0/0/1", "eth-1", "lan-a", "x"]) expect(ports(name)).toEqual([name]);
});

test("empty names, backward and endless ranges are refused", () => {
  for (const text of ["", "1,,2", "9-1", "1-99999", `${"1-900,".repeat(3)}1`]) {
    expect(ports(text)[0]).toStartWith("error: ");
  }
});

test("many ports are described as ranges", () => {
  expect(describePorts(["1/0/1", "1/0/2", "1/0/3", "9", "x"])).toBe("1/0/1 to 1/0/3, 9, x");
  expect(describePorts(["1", "3", "5", "7", "9", "11", "13"])).toBe("1, 3, 5, 7, 9, 11, ...");
});

test("no text makes the parser throw or give too many ports", () => {
  fc.assert(fc.property(fc.string({ maxLength: 40 }), (text) => ports(text).length <= 1024));
});
