import { expect, test } from "bun:test";
import { ownCgroup } from "./tree-cgroup.ts";

const mount = (root: string, point: string): string =>
  `41 31 0:38 ${root} ${point} rw,relatime shared:9 - cgroup2 cgroup2 rw\n`;
const v1 = "31 23 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";

test("this process's folder is found in unified, hybrid and namespaced hierarchies", () => {
  const unified = ownCgroup(mount("/", "/sys/fs/cgroup"), "0::/system.slice/softset.service\n");
  expect(unified).toBe("/sys/fs/cgroup/system.slice/softset.service");
  const hybrid = ownCgroup(v1 + mount("/", "/sys/fs/cgroup/unified"), "4:memory:/x\n0::/\n");
  expect(hybrid).toBe("/sys/fs/cgroup/unified");
  const inside = ownCgroup(mount("/docker/ab", "/sys/fs/cgroup"), "0::/docker/ab/init\n");
  expect(inside).toBe("/sys/fs/cgroup/init");
});

test("without a cgroup v2 there is none", () => {
  expect(ownCgroup(v1, "4:memory:/x\n")).toBeUndefined();
  expect(ownCgroup(v1, "0::/\n")).toBeUndefined();
  expect(ownCgroup(mount("/", "/sys/fs/cgroup"), "")).toBeUndefined();
});
