// Rules of the shipped lease core, each broken on purpose in a copy: the exploration must find every
// one of them within its bounds. Pure table.

import { type Bounds, small } from "./bounds.ts";

/** One broken rule. `find` occurs exactly once in `file`. */
export type Mutation = {
  /** The rule that is broken, in words, with its number. */
  readonly rule: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Bounds within which it shows. */
  readonly bounds: Bounds;
};

const voter = "src/lease/core/voter.ts";
const holder = "src/lease/core/holder.ts";
const candidate = "src/lease/core/candidate.ts";
/** Expiry alone frees voters: the most permissive setting. */
const expiry: Bounds = { ...small, unfenced: "after-lease" };

/** All of them. */
export const mutations: readonly Mutation[] = [
  {
    rule: "V4: a voter turns away from a holder without proof",
    file: voter,
    find: '  return "holder-not-proven-off";\n}\n\n/** Keeps',
    replace: "  return undefined;\n}\n\n/** Keeps",
    bounds: { ...small, epochs: 2 },
  },
  {
    rule: "V2: a promise leaves before it is on disk",
    file: voter,
    find: "  if (flushed.promised !== pending.epoch || boundReason(run, pending.epoch) !== undefined) return;\n",
    replace: "  if (boundReason(run, pending.epoch) !== undefined) return;\n",
    bounds: { ...expiry, crashes: 1 },
  },
  {
    rule: "V3: a record of an epoch below the promise is accepted",
    file: voter,
    find: "  if (record.epoch < state.promised) return;\n",
    replace: "",
    bounds: expiry,
  },
  {
    rule: "S3: a voter that starts does not treat its holder as granted",
    file: "src/lease/core/state.ts",
    find: "    grantUntilUs: addUs(now, timing.grantUs),",
    replace: "    grantUntilUs: now,",
    bounds: { ...expiry, epochs: 2, crashes: 1 },
  },
  {
    rule: "V6: a grant is shorter than the lease it gives",
    file: voter,
    find: "  state.grantUntilUs = addUs(now, config.timing.grantUs);\n",
    replace: "  state.grantUntilUs = now;\n",
    bounds: { ...expiry, epochs: 2 },
  },
  {
    rule: "H2: a lease counts from the receipt of the answer",
    file: holder,
    find: "addUs(from.echoedUs, config.timing.leaseUs)",
    replace: "addUs(run.now, config.timing.leaseUs + 0 * from.echoedUs)",
    bounds: { ...expiry, epochs: 2 },
  },
  {
    rule: "H1: a holder goes on after it released its epoch",
    file: holder,
    find: "  if (acting === undefined) return;\n  stopActing(run, why);\n",
    replace: "  if (acting === undefined) return;\n",
    bounds: { ...small, epochs: 2, moves: true },
  },
  {
    rule: "H3: a holder that was alone acts alone while it proposes a second member",
    file: "src/lease/core/entitled.ts",
    find: "isAlone(acting.committed, config.self) && isAlone(record, config.self)",
    replace: "isAlone(acting.committed, config.self)",
    bounds: { ...expiry, learnsLate: true },
  },
  {
    rule: "H7: a bound voter is freed by a grant that ran out",
    file: voter,
    find: "state.grantUntilUs <= now && !record.bound.includes(config.self)",
    replace: "state.grantUntilUs <= now",
    bounds: { ...expiry, epochs: 2, versions: 3, binds: true },
  },
  {
    rule: "H1: a record counts as committed before a majority has it",
    file: holder,
    find: "votes < majority(state.config)",
    replace: "votes < 1",
    bounds: { ...expiry, epochs: 2, versions: 3, writes: 1 },
  },
  {
    rule: "D3: a board stands by its own copy of the record",
    file: candidate,
    find: "(compareRecords(b, a) > 0 ? b : a)",
    replace: "(compareRecords(b, a) > 0 ? a : a)",
    bounds: { ...expiry, epochs: 2, versions: 3, writes: 1 },
  },
  {
    rule: "D4: a standby is in sync before it has everything",
    file: holder,
    find: "    if (!isHere || compareLogEnds(peer.logEnd, state.logEnd) !== 0) continue;\n",
    replace: "    if (!isHere) continue;\n",
    bounds: { ...expiry, epochs: 2, versions: 4, writes: 1 },
  },
  {
    rule: "F4: a weak proof counts like a strong one",
    file: voter,
    find: '  if (off.some((proof) => proof.kind === "off" && proof.strong)) return undefined;\n',
    replace: "  if (off.length > 0) return undefined;\n",
    bounds: { ...small, epochs: 2, lies: true },
  },
  {
    rule: "B1: a voter without memory votes",
    file: "src/lease/core/state.ts",
    find: "    blank: isBlank ? { states: {}, askAgainUs: now } : undefined,\n",
    replace: "    blank: undefined,\n",
    bounds: { ...expiry, epochs: 2, wipes: 1 },
  },
  {
    rule: "O1: a forced promotion needs no proof about the holder",
    file: candidate,
    find: "  if (asking.forced === undefined) return false;\n",
    replace: "  if (asking.forced !== undefined) return true;\n",
    bounds: { ...expiry, epochs: 2, versions: 3, forced: 1 },
  },
];
