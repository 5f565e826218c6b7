import { expect, test } from "bun:test";
import { readlinkSync } from "node:fs";
import { mayMakeNamespaces, must } from "./fixtures.ts";
import { listLinks } from "./links.ts";
import { writeSysctl } from "./machine.ts";
import { openNetlink } from "./netlink.ts";
import { closeNetns, createNetns, currentNetns, inNetns, openNetns } from "./netns.ts";

const here = test.skipIf(!mayMakeNamespaces);
const where = (): string => readlinkSync("/proc/thread-self/ns/net");

here("a new namespace is empty, and the thread stays at home", () => {
  const home = where();
  const fd = must(createNetns());
  expect(where()).toBe(home);
  const links = inNetns(fd, () => {
    expect(where()).not.toBe(home);
    const nl = must(openNetlink());
    const found = must(listLinks(nl));
    nl.close();
    return found;
  });
  expect(links.map((l) => [l.name, l.up])).toEqual([["lo", false]]);
  expect(where()).toBe(home);
  closeNetns(fd);
});

here("the thread comes home also when the work throws", () => {
  const home = where();
  const fd = must(createNetns());
  const broken = (): never => {
    throw new Error("broken");
  };
  expect(() => inNetns(fd, broken)).toThrow("broken");
  expect(where()).toBe(home);
  closeNetns(fd);
});

here("a child started inside runs there, and its namespace can be opened by pid", async () => {
  const fd = must(createNetns());
  const inside = inNetns(fd, where);
  const child = inNetns(fd, () => Bun.spawn(["sleep", "10"], { stdout: "ignore" }));
  const opened = must(openNetns(child.pid));
  expect(inNetns(opened, where)).toBe(inside);
  child.kill(9);
  await child.exited;
  closeNetns(opened);
  closeNetns(fd);
});

here("a setting below net belongs to the namespace it was written in", async () => {
  const fd = must(createNetns());
  const read = () =>
    Bun.spawnSync(["cat", "/proc/sys/net/ipv4/ip_forward"]).stdout.toString().trim();
  const before = read();
  const flipped = before === "1" ? 0 : 1;
  inNetns(fd, () => must(writeSysctl("net.ipv4.ip_forward", flipped)));
  expect(inNetns(fd, read)).toBe(`${flipped}`);
  expect(read()).toBe(before);
  closeNetns(fd);
});

test("no such namespace is ENOENT, and a descriptor that is none is our own mistake", () => {
  expect(openNetns("/proc/self/ns/nothing")).toMatchObject({
    ok: false,
    error: { code: "ENOENT" },
  });
  const home = where();
  expect(() => inNetns(0, () => 1)).toThrow("is a network namespace");
  expect(where()).toBe(home);
  closeNetns(must(currentNetns()));
});
