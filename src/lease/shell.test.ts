import { expect, test } from "bun:test";
import { mayAct, testChassis } from "./testing.ts";

test("a new chassis gets one holder; when it dies it is fenced and the other one acts", async () => {
  await using chassis = testChassis(2);
  for (const slot of [0, 1, 2]) chassis.start(slot);
  const first = await chassis.holder();
  await untilInSync(chassis, 2);
  const other = first.slot === 1 ? 2 : 1;
  chassis.kill(first.slot);
  const second = await chassis.holder(first.slot);
  expect(Number(second.slot)).toBe(other);
  expect(chassis.fenced).toEqual([first.slot]);
});

test("what the disk remembers outlives every process; the last holder goes first", async () => {
  await using chassis = testChassis(2);
  for (const slot of [0, 1, 2]) chassis.start(slot);
  const first = await chassis.holder();
  await untilInSync(chassis, 2);
  const [before] = first.leases.report();
  for (const slot of [0, 1, 2]) chassis.kill(slot);
  for (const slot of [0, 1, 2]) chassis.start(slot);
  const again = await chassis.holder();
  const [after] = again.leases.report();
  expect(after?.record.epoch).toBeGreaterThan(before?.record.epoch ?? 0);
  expect(again.slot).toBe(first.slot);
});

test("a planned hand-over keeps both in sync and fences nobody", async () => {
  await using chassis = testChassis(2);
  for (const slot of [0, 1, 2]) chassis.start(slot);
  const first = await chassis.holder();
  await untilInSync(chassis, 2);
  const to = [...chassis.boards.keys()].find((slot) => slot !== 0 && slot !== first.slot);
  if (to === undefined) throw new Error("no other controller");
  first.leases.give({ type: "hand-over", to }, "files");
  const second = await chassis.holder(first.slot);
  expect(second.leases.report()[0]?.record.inSync).toHaveLength(2);
  expect(first.changes.at(-1)).toMatchObject({ active: false });
  expect(chassis.fenced).toEqual([]);
});

test("a CCN that restarts, or is away, changes nothing for who holds", async () => {
  await using chassis = testChassis(2);
  for (const slot of [0, 1, 2]) chassis.start(slot);
  const first = await chassis.holder();
  await untilInSync(chassis, 2);
  chassis.kill(0);
  await until(() => (boundOf(first)?.length ?? 0) > 0);
  expect(mayAct(first)).toBe(true);
  chassis.start(0);
  await until(() => boundOf(first)?.length === 0);
  expect(mayAct(first)).toBe(true);
  expect(first.changes).toHaveLength(1);
});

test("with the CCN dead the standby's death does not stop the holder (H7)", async () => {
  await using chassis = testChassis(2);
  for (const slot of [0, 1, 2]) chassis.start(slot);
  const first = await chassis.holder();
  await untilInSync(chassis, 2);
  chassis.kill(0);
  await until(() => (boundOf(first)?.length ?? 0) > 0);
  for (const slot of [...chassis.boards.keys()]) if (slot !== first.slot) chassis.kill(slot);
  await until(() => first.leases.report()[0]?.record.inSync.length === 1);
  expect(mayAct(first)).toBe(true);
  expect(first.changes).toHaveLength(1);
});

test("controllers that do not hear each other: the CCN hears the holder and fences nobody", async () => {
  await using chassis = testChassis(2);
  for (const slot of [0, 1, 2]) chassis.start(slot);
  const first = await chassis.holder();
  await untilInSync(chassis, 2);
  chassis.cut(1, 2);
  await until(() => first.leases.report()[0]?.record.inSync.length === 1);
  expect(mayAct(first)).toBe(true);
  expect(chassis.fenced).toEqual([]);
});

test("a group that remembers nothing is not on disk, whatever the others write (B1)", async () => {
  await using chassis = testChassis(2);
  for (const slot of [0, 1, 2]) chassis.start(slot);
  await chassis.holder();
  await untilInSync(chassis, 2);
  for (const slot of [0, 1, 2]) chassis.kill(slot);
  chassis.groups.push("web"); // nobody knows it yet, and without the CCN nobody learns it
  const blanks = (slot: number): boolean[] =>
    [...chassis.boards].flatMap(([each, { leases }]) =>
      Number(each) === slot ? leases.report().map(({ isBlank }) => isBlank) : [],
    );
  for (const slot of [1, 2]) chassis.start(slot);
  expect(Number((await chassis.holder()).slot)).toBeGreaterThan(0);
  expect(blanks(1)).toEqual([false, true]);
  for (const slot of [1, 2]) chassis.kill(slot);
  for (const slot of [1, 2]) chassis.start(slot);
  expect([blanks(1), blanks(2)]).toEqual([
    [false, true],
    [false, true],
  ]);
});

type Chassis = ReturnType<typeof testChassis>;

async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** A majority has it on disk that so many are in sync, and so has everybody that is there. */
async function untilInSync(chassis: Chassis, count: number): Promise<void> {
  const holder = await chassis.holder();
  await until(() => {
    const told = holder.leases.report()[0];
    const isTold = [...chassis.boards.values()].every(
      ({ leases }) => leases.report()[0]?.record.version === told?.record.version,
    );
    return told?.isCommitted === true && isTold && told.record.inSync.length === count;
  });
}

/** Whose grants are bound, once a majority has that on disk. */
function boundOf(board: ReturnType<Chassis["start"]>): readonly number[] | undefined {
  const told = board.leases.report()[0];
  return told?.isCommitted === true ? told.record.bound : undefined;
}
