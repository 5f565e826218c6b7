import { expect, test } from "bun:test";
import { type CableCut, cutFurther, cutText, orderOf, wholeCable } from "./faults.ts";

test("a whole cable on a working switch is up and drops nothing", () => {
  expect(orderOf(wholeCable, "on")).toEqual({ up: true, drop: [] });
  expect(cutText(wholeCable)).toBeUndefined();
});

test("each kind of cut does its thing to the switch port and no more", () => {
  const table = [
    [{}, { up: false, drop: [] }, "cut"],
    [{ silent: true }, { up: true, drop: ["egress", "ingress"] }, "silent"],
    [{ oneway: "in" }, { up: true, drop: ["egress"] }, "one-way: hears nothing"],
    [{ oneway: "out" }, { up: true, drop: ["ingress"] }, "one-way: is not heard"],
  ] as const;
  for (const [manner, order, words] of table) {
    const cable = cutFurther(wholeCable, manner);
    expect<unknown>(orderOf(cable, "on")).toEqual(order);
    expect(cutText(cable)).toBe(words);
  }
});

test("cuts add up: both one-way cuts are a silent cable, a cut cable stays cut", () => {
  const both = cutFurther(cutFurther(wholeCable, { oneway: "in" }), { oneway: "out" });
  expect(cutText(both)).toBe("silent");
  const cut = cutFurther(cutFurther(wholeCable, {}), { oneway: "in" });
  expect(orderOf(cut, "on")).toEqual({ up: false, drop: ["egress"] });
});

test("a switch without power takes every link down, a silent one none", () => {
  const cables: CableCut[] = [wholeCable, cutFurther(wholeCable, { silent: true })];
  for (const cable of cables) {
    expect(orderOf(cable, "off").up).toBe(false);
    expect(orderOf(cable, "silent")).toEqual(orderOf(cable, "on"));
  }
});
