import { expect, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { openCgroupForest, ownCgroup } from "./tree-cgroup.ts";
import { ways } from "./testing-shell.ts";

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

const refused: string[] = [];
const openForest = (): ReturnType<typeof openCgroupForest> =>
  openCgroupForest(`test-${process.pid}`, (reason) => refused.push(reason));
/** Descriptors of this test's cgroups and their wake-ups; other tests' come and go. */
const openFds = (): number => {
  const links = readdirSync("/proc/self/fd").map((fd) => linkOf(`/proc/self/fd/${fd}`));
  return links.filter((link) => link.includes(`softset-test-${process.pid}`)).length;
};
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

test.skipIf(!ways.includes("cgroup"))(
  "a tree killed again and again tells its end once and leaves nothing behind",
  async () => {
    const forest = openForest();
    if (!forest.ok) throw new Error(forest.error);
    const before = openFds();
    for (let round = 0; round < 3; round++) {
      const planted = forest.value.plant("web", `0123456789abcdef.${round}`);
      if (!planted.ok) throw new Error(planted.error);
      const tree = planted.value;
      const child = Bun.spawn(["sh", "-c", "sleep 600 & sleep 600"], { cgroup: tree.cgroup ?? "" });
      expect(tree.has(child.pid)).toBe(true);
      expect(tree.has(process.pid)).toBe(false);
      expect(tree.memoryBytes()).toBeGreaterThan(0);
      let ends = 0;
      await new Promise<void>((resolve) => {
        for (let i = 0; i < 5 && ends === 0; i++) {
          tree.kill(() => {
            ends++;
            resolve();
          });
        }
      });
      expect(readFileSync(`${tree.cgroup}/cgroup.procs`, "latin1")).toBe("");
      tree.close();
      await child.exited;
      await Bun.sleep(5); // a wake-up that still hung on the closed file would come now
      expect(ends).toBe(1);
    }
    forest.value.close();
    expect([before, openFds()]).toEqual([0, 0]);
    expect(refused).toEqual([]);
  },
);

test.skipIf(!ways.includes("cgroup"))("a folder that somebody removed has nothing alive", () => {
  const forest = openForest();
  if (!forest.ok) throw new Error(forest.error);
  const planted = forest.value.plant("web", "0123456789abcdef.x");
  if (!planted.ok) throw new Error(planted.error);
  forest.value.close();
  let isGone = false;
  planted.value.kill(() => {
    isGone = true;
  });
  expect(isGone).toBe(true);
  planted.value.close();
});
