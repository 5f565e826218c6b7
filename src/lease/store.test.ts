import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseIncarnation, slotId } from "../base/index.ts";
import type { Durable } from "./core/state.ts";
import { slotBytes } from "./limits.ts";
import { type LeaseMemory, leaseFile, type LeaseStore, openLeaseStore } from "./store.ts";

const folders: string[] = [];
afterEach(() => {
  for (const each of folders.splice(0)) rmSync(each, { recursive: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "softset-leases-"));
  folders.push(made);
  return made;
}

function opened(dir: string): LeaseStore {
  const store = openLeaseStore(dir);
  if (!store.ok) throw new Error(store.error);
  return store.value;
}

function written(store: LeaseStore, memory: LeaseMemory): Promise<string | undefined> {
  return new Promise((resolve) => store.write(memory, resolve));
}

function durable(epoch: number): Durable {
  const life = parseIncarnation("00000000000000ff");
  if (!life.ok) throw new Error(life.error);
  const inSync = [slotId(1), slotId(2)];
  const record = {
    epoch,
    version: 3,
    incarnation: life.value,
    inSync,
    bound: [],
    forced: undefined,
  };
  return { promised: epoch + 1, record };
}

test("what was written is there after a restart, the newest of all writes", async () => {
  const dir = join(folder(), "deep", "state");
  const first = opened(dir);
  expect(first.remembered).toBeUndefined();
  for (let epoch = 1; epoch <= 5; epoch++) {
    expect(await written(first, new Map([["files", durable(epoch)]]))).toBeUndefined();
  }
  first.close();
  expect(opened(dir).remembered).toEqual(new Map([["files", durable(5)]]));
  expect(statSync(join(dir, leaseFile)).mode & 0o777).toBe(0o600);
});

test("a write torn anywhere leaves the one before it whole", async () => {
  const dir = folder();
  const store = opened(dir);
  await written(store, new Map([["files", durable(1)]]));
  await written(store, new Map([["files", durable(2)]]));
  const whole = readFileSync(join(dir, leaseFile));
  await written(store, new Map([["files", durable(3)]])); // goes over the slot of the first
  const after = readFileSync(join(dir, leaseFile));
  store.close();
  const changed = after.findIndex((byte, i) => byte !== whole[i]);
  expect(changed).toBeLessThan(slotBytes);
  for (let cut = 0; cut <= 160; cut++) {
    const torn = Buffer.concat([after.subarray(0, cut), whole.subarray(cut)]);
    writeFileSync(join(dir, leaseFile), torn);
    const again = opened(dir);
    const epoch = again.remembered?.get("files")?.record.epoch;
    expect([cut, epoch === 2 || epoch === 3]).toEqual([cut, true]);
    again.close();
  }
});

test("any damage gives an older memory or none, never a wrong one", async () => {
  const dir = folder();
  const store = opened(dir);
  await written(store, new Map([["files", durable(1)]]));
  await written(store, new Map([["files", durable(2)]]));
  store.close();
  const good = readFileSync(join(dir, leaseFile));
  for (const start of [0, slotBytes]) {
    for (let at = start; at < start + 90; at++) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0x5a;
      writeFileSync(join(dir, leaseFile), bad);
      const again = opened(dir);
      const known = again.remembered?.get("files");
      expect([at, known === undefined || [1, 2].includes(known.record.epoch)]).toEqual([at, true]);
      if (known !== undefined) expect(known).toEqual(durable(known.record.epoch));
      again.close();
    }
  }
});
