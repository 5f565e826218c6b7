import { expect, test } from "bun:test";
import fc from "fast-check";
import { addUs, incarnationFromBytes, monoUs, type SlotId, slotId } from "../../base/index.ts";
import type { GroupTell, LeaseRecord } from "../../wire/index.ts";
import { createObserved, forgetSilent, observe, type ObservedGroup } from "./observed.ts";

const silentUs = 45_000;
const t0 = monoUs(1_000_000);
const [one, two] = [slotId(1), slotId(2)];
const recordOf = (epoch: number, version = 0, inSync: readonly SlotId[] = [one]): LeaseRecord => ({
  epoch,
  version,
  incarnation: incarnationFromBytes(new Uint8Array(8).fill(7)),
  inSync,
  bound: [],
  forced: undefined,
});

function tell(change: Partial<GroupTell> = {}): GroupTell {
  return {
    group: "web",
    promised: 0,
    epoch: 0,
    version: 0,
    entitled: false,
    logEnd: { epoch: 0, seq: 0 },
    record: undefined,
    ...change,
  };
}

function web(observed: ReturnType<typeof createObserved>): ObservedGroup {
  const group = observed.groups.get("web");
  if (group === undefined) throw new Error("web is watched");
  return group;
}

test("nothing is heard at first", () => {
  const observed = createObserved(["web", "db"], silentUs);
  expect([...observed.groups.keys()]).toEqual(["web", "db"]);
  expect(web(observed)).toEqual({ claims: new Map(), record: undefined, epoch: 0 });
  expect(forgetSilent(observed, t0)).toBe(false);
});

test("a board that says it may act is known as such; only the change is told", () => {
  const observed = createObserved(["web"], silentUs);
  expect(observe(observed, one, [tell({ entitled: true })], t0)).toBe(true);
  expect([...web(observed).claims]).toEqual([[one, addUs(t0, silentUs)]]);
  expect(observe(observed, one, [tell({ entitled: true })], t0)).toBe(false);
  expect(observe(observed, two, [tell()], t0)).toBe(false);
  expect(observe(observed, one, [tell()], t0)).toBe(true);
  expect(web(observed).claims.size).toBe(0);
});

test("two boards that both claim are both seen", () => {
  const observed = createObserved(["web"], silentUs);
  observe(observed, one, [tell({ entitled: true })], t0);
  expect(observe(observed, two, [tell({ entitled: true })], t0)).toBe(true);
  expect([...web(observed).claims.keys()]).toEqual([one, two]);
});

test("a silent claimant is forgotten after T_SILENT, one that is heard is not", () => {
  const observed = createObserved(["web"], silentUs);
  observe(observed, one, [tell({ entitled: true })], t0);
  observe(observed, two, [tell({ entitled: true })], t0);
  observe(observed, two, [tell({ entitled: true })], addUs(t0, 1));
  expect(forgetSilent(observed, addUs(t0, silentUs - 1))).toBe(false);
  expect(forgetSilent(observed, addUs(t0, silentUs))).toBe(true);
  expect([...web(observed).claims.keys()]).toEqual([two]);
  expect(forgetSilent(observed, addUs(t0, silentUs))).toBe(false);
  expect(forgetSilent(observed, addUs(t0, silentUs + 1))).toBe(true);
  expect(web(observed).claims.size).toBe(0);
});

test("the record of a board that fell silent stays: it may be the newest there is", () => {
  const observed = createObserved(["web"], silentUs);
  observe(observed, one, [tell({ entitled: true, record: recordOf(7) })], t0);
  forgetSilent(observed, addUs(t0, silentUs));
  expect(web(observed).record).toEqual(recordOf(7));
});

test("a group this board does not know is passed over, the others are taken", () => {
  const observed = createObserved(["web"], silentUs);
  const tells = [tell({ group: "mail", entitled: true }), tell({ entitled: true })];
  expect(observe(observed, one, tells, t0)).toBe(true);
  expect([...observed.groups.keys()]).toEqual(["web"]);
  expect(web(observed).claims.has(one)).toBe(true);
});

test("the highest epoch counts, promised or held, and never goes back", () => {
  const observed = createObserved(["web"], silentUs);
  expect(observe(observed, one, [tell({ epoch: 3, promised: 8 })], t0)).toBe(true);
  expect(web(observed).epoch).toBe(8);
  expect(observe(observed, two, [tell({ epoch: 5, promised: 5 })], t0)).toBe(false);
  expect(web(observed).epoch).toBe(8);
  expect(observe(observed, two, [tell({ epoch: 9, promised: 5 })], t0)).toBe(true);
  expect(web(observed).epoch).toBe(9);
});

test("of two records of one epoch the higher version wins; the same one again is no change", () => {
  const observed = createObserved(["web"], silentUs);
  expect(observe(observed, one, [tell({ record: recordOf(7, 1) })], t0)).toBe(true);
  expect(observe(observed, one, [tell({ record: recordOf(7, 1) })], t0)).toBe(false);
  expect(observe(observed, two, [tell({ record: recordOf(7, 0, [two]) })], t0)).toBe(false);
  expect(web(observed).record?.inSync).toEqual([one]);
  expect(observe(observed, one, [tell({ record: recordOf(7, 2, [one, two]) })], t0)).toBe(true);
  expect(web(observed).record?.inSync).toEqual([one, two]);
  expect(observe(observed, two, [tell({ record: recordOf(6, 9) })], t0)).toBe(false);
  expect(web(observed).record?.epoch).toBe(7);
});

test("an older record never replaces a newer, in whatever order beats come", () => {
  const anyRecord = fc
    .tuple(fc.nat(3), fc.nat(3))
    .map(([epoch, version]) => recordOf(epoch, version));
  const rank = ({ epoch, version }: LeaseRecord): number => epoch * 10 + version;
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 20 }), (records) => {
      const observed = createObserved(["web"], silentUs);
      let best = -1;
      for (const record of records) {
        const isNewer = rank(record) > best;
        best = Math.max(best, rank(record));
        expect(observe(observed, one, [tell({ record })], t0)).toBe(isNewer);
        const kept = web(observed).record;
        expect(kept && rank(kept)).toBe(best);
      }
    }),
  );
});
