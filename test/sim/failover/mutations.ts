// Rules of the shipped leases and slots, each broken on purpose in a copy: the failover scenario must
// notice every one of them within its seeds. Pure table.

import type { Mutation } from "../mutations.ts";

const voter = "src/lease/core/voter.ts";
const holder = "src/lease/core/holder.ts";
const candidate = "src/lease/core/candidate.ts";
const entitled = "src/lease/core/entitled.ts";
const judge = "src/slots/core/judge.ts";

type Broken = Pick<Mutation, "rule" | "file" | "find" | "replace" | "seeds">;

const broken: readonly Broken[] = [
  {
    rule: "V4: a voter turns away from a holder without proof",
    file: voter,
    find: '  return "holder-not-proven-off";\n}\n\n/** Keeps',
    replace: "  return undefined;\n}\n\n/** Keeps",
    seeds: 40,
  },
  {
    rule: "V2: a promise leaves before it is on disk",
    file: voter,
    find: "  if (flushed.promised !== pending.epoch || boundReason(run, pending.epoch) !== undefined) return;\n",
    replace: "  if (boundReason(run, pending.epoch) !== undefined) return;\n",
    seeds: 400,
  },
  {
    rule: "V3: a record of an epoch below the promise is accepted",
    file: voter,
    find: "  if (record.epoch < state.promised) return;\n",
    replace: "",
    seeds: 400,
  },
  {
    rule: "S3: a voter that starts does not treat its holder as granted",
    file: "src/lease/core/state.ts",
    find: "    grantUntilUs: addUs(now, timing.grantUs),",
    replace: "    grantUntilUs: now,",
    seeds: 400,
  },
  {
    rule: "V6: a grant is shorter than the lease it gives",
    file: voter,
    find: "  state.grantUntilUs = addUs(now, config.timing.grantUs);\n",
    replace: "  state.grantUntilUs = now;\n",
    seeds: 400,
  },
  {
    rule: "H2: a lease counts from the receipt of the answer",
    file: holder,
    find: "addUs(from.echoedUs, config.timing.leaseUs)",
    replace: "addUs(run.now, config.timing.leaseUs + 0 * from.echoedUs)",
    seeds: 400,
  },
  {
    rule: "H2: old leases count as long as a majority once granted",
    file: entitled,
    find: "  return ends[others - 1] ?? never;",
    replace: "  return (ends[others - 1] ?? never) > never ? addUs(now, gateUsMax) : never;",
    seeds: 400,
  },
  {
    rule: "H1: a holder goes on after it released its epoch",
    file: holder,
    find: "  if (acting === undefined) return;\n  stopActing(run, why);\n",
    replace: "  if (acting === undefined) return;\n",
    seeds: 400,
  },
  {
    rule: "H1: a record counts as committed before a majority has it",
    file: holder,
    find: "votes < majority(state.config)",
    replace: "votes < 1",
    seeds: 400,
  },
  {
    rule: "H3: a holder that was alone acts alone while it proposes a second member",
    file: entitled,
    find: "isAlone(acting.committed, config.self) && isAlone(record, config.self)",
    replace: "isAlone(acting.committed, config.self)",
    seeds: 400,
  },
  {
    rule: "H5: a lapsed holder never releases",
    file: holder,
    find: '    release(run, undefined, "no majority grants");\n',
    replace: "",
    seeds: 400,
  },
  {
    rule: "H7: a bound voter is freed by a grant that ran out",
    file: voter,
    find: "state.grantUntilUs <= now && !record.bound.includes(config.self)",
    replace: "state.grantUntilUs <= now",
    seeds: 400,
  },
  {
    rule: "D2: a silent standby is never left out",
    file: holder,
    find: "    if (!isSilent && !isStalling) continue;\n",
    replace: "    if (isSilent || !isStalling) continue;\n",
    seeds: 400,
  },
  {
    rule: "D3: a board stands by its own copy of the record",
    file: candidate,
    find: "(compareRecords(b, a) > 0 ? b : a)",
    replace: "(compareRecords(b, a) > 0 ? a : a)",
    seeds: 400,
  },
  {
    rule: "D4: a standby is in sync before it has everything",
    file: holder,
    find: "    if (!isHere || compareLogEnds(peer.logEnd, state.logEnd) !== 0) continue;\n",
    replace: "    if (!isHere) continue;\n",
    seeds: 400,
  },
  {
    rule: "E4: a board that takes over keeps its predecessor's members",
    file: candidate,
    find: "  return keepsHolder ? [config.self, holder].toSorted((a, b) => a - b) : [config.self];",
    replace:
      "  return keepsHolder ? [config.self, holder].toSorted((a, b) => a - b) : best.inSync;",
    seeds: 400,
  },
  {
    rule: "F2: the CCN turns off a board that it hears claiming to act",
    file: voter,
    find: '  if (claims) return "holder-claims-to-act";\n',
    replace: "",
    seeds: 400,
  },
  {
    rule: "F4: a weak proof counts like a strong one",
    file: voter,
    find: '  if (off.some((proof) => proof.kind === "off" && proof.strong)) return undefined;\n',
    replace: "  if (off.length > 0) return undefined;\n",
    seeds: 400,
  },
  {
    rule: "F7: a fence is ordered only once in an epoch",
    file: voter,
    find: '  run.effects.push({ type: "fence", slot: target, incarnation, epoch: ask.epoch });\n',
    replace:
      '  if (!isOrdered) run.effects.push({ type: "fence", slot: target, incarnation, epoch: ask.epoch });\n',
    seeds: 400,
  },
  {
    rule: "B1: a board that began a new chassis says so before it promised anything",
    file: "src/lease/core/blank.ts",
    find: "    isBlank: state.blank !== undefined || isNothing(state),\n",
    replace: "    isBlank: state.blank !== undefined,\n",
    seeds: 20,
  },
  {
    rule: "boards learn all that others remember, until the proof that counts is pushed out",
    file: voter,
    find: "    told.proofs.filter((proof) => counts.some((each) => isAbout(config, each, proof))),\n",
    replace:
      "    told.proofs.filter((proof) => counts.some((each) => each !== undefined && proof.kind !== undefined)),\n",
    seeds: 400,
  },
  {
    rule: "a CCN without a vote is not heard",
    file: "src/lease/core/state.ts",
    find: "new Set([ccnSlot, ...config.voters, ...config.holders])",
    replace: "new Set([...config.voters, ...config.holders])",
    seeds: 400,
  },
  {
    rule: "F4: a line counts though it was never seen good in this life",
    file: judge,
    find: "  return slot.incarnation === fence.incarnation && slot.lines[line].trustedUs !== undefined;\n",
    replace: "  return slot.incarnation === fence.incarnation && slot.lines[line] !== undefined;\n",
    seeds: 400,
  },
  {
    rule: "F4: RST# counts as asserted because it was ordered",
    file: judge,
    find: "  if (reading.resetAsserted) return true;\n",
    replace: "  if (fence.atUs <= reading.askedUs) return true;\n",
    seeds: 400,
  },
  {
    rule: "F4: what could not be proven is a strong proof at last",
    file: judge,
    find: '  return { strength: "weak", rule: "F4", evidence: evidenceOf(slot, fence, items) };\n',
    replace:
      '  return { strength: "strong", rule: "F4", evidence: evidenceOf(slot, fence, items) };\n',
    seeds: 400,
  },
  {
    rule: "F6: a fenced board is never let go",
    file: "src/slots/core/hold.ts",
    find: "  if (!fence.keepOff) return [told, ...release(slot, now, owesPower(slot))];\n",
    replace: "  if (!fence.keepOff) return [told];\n",
    seeds: 400,
  },
];

/** All of them, tried in the failover scenario. */
export const failoverMutations: readonly Mutation[] = broken.map((each) => ({
  ...each,
  scenario: "failover",
  focus: undefined,
}));
