// Rules of the shipped leases and slots, each broken on purpose in a copy: the failover scenario must
// notice every one of them within its seeds. Pure table.

import type { Mutation } from "../mutations.ts";

const voter = "src/lease/core/voter.ts";
const holder = "src/lease/core/holder.ts";
const candidate = "src/lease/core/candidate.ts";
const entitled = "src/lease/core/entitled.ts";

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
    rule: "V6: a grant is shorter than the lease it gives",
    file: voter,
    find: "  state.grantUntilUs = addUs(now, config.timing.grantUs);\n",
    replace: "  state.grantUntilUs = now;\n",
    seeds: 40,
  },
  {
    rule: "H2: a lease counts from the receipt of the answer",
    file: holder,
    find: "addUs(from.echoedUs, config.timing.leaseUs)",
    replace: "addUs(run.now, config.timing.leaseUs + 0 * from.echoedUs)",
    seeds: 20,
  },
  {
    rule: "H2: old leases count as long as a majority once granted",
    file: entitled,
    find: "  return ends[others - 1] ?? never;",
    replace: "  return (ends[others - 1] ?? never) > never ? addUs(now, gateUsMax) : never;",
    seeds: 20,
  },
  {
    rule: "H1: a holder goes on after it released its epoch",
    file: holder,
    find: "  if (acting === undefined) return;\n  stopActing(run, why);\n",
    replace: "  if (acting === undefined) return;\n",
    seeds: 40,
  },
  {
    rule: "H1: a record counts as committed before a majority has it",
    file: holder,
    find: "votes < majority(state.config)",
    replace: "votes < 1",
    seeds: 20,
  },
  {
    rule: "D3: a board stands by its own copy of the record",
    file: candidate,
    find: "(compareRecords(b, a) > 0 ? b : a)",
    replace: "(compareRecords(b, a) > 0 ? a : a)",
    seeds: 40,
  },
  {
    rule: "F2: the CCN turns off a board that it hears claiming to act",
    file: voter,
    find: '  if (claims) return "holder-claims-to-act";\n',
    replace: "",
    seeds: 20,
  },
  {
    rule: "F7: a fence is ordered only once in an epoch",
    file: voter,
    find: '  run.effects.push({ type: "fence", slot: target, incarnation, epoch: ask.epoch, evidence });\n',
    replace:
      '  if (!isOrdered) run.effects.push({ type: "fence", slot: target, incarnation, epoch: ask.epoch, evidence });\n',
    seeds: 150,
  },
  {
    rule: "B1: a board that began a new chassis says so before it promised anything",
    file: "src/lease/core/blank.ts",
    find: "    isBlank: state.blank !== undefined || isNothing(state),\n",
    replace: "    isBlank: state.blank !== undefined,\n",
    seeds: 20,
  },
  {
    rule: "a CCN without a vote is not heard",
    file: "src/lease/core/state.ts",
    find: "new Set([ccnSlot, ...config.voters, ...config.holders])",
    replace: "new Set([...config.voters, ...config.holders])",
    seeds: 60,
  },
  {
    rule: "F2: a claim to act never grows old",
    file: "src/lease/core.ts",
    find: "tell.entitled ? addUs(now, silentUs) : never",
    replace: "tell.entitled ? addUs(now, 1000 * silentUs) : never",
    seeds: 60,
  },
  {
    rule: "F6: a fenced board is never let go",
    file: "src/slots/core/hold.ts",
    find: "  if (!fence.keepOff) return [told, ...release(slot, now, owesPower(slot))];\n",
    replace: "  if (!fence.keepOff) return [told];\n",
    seeds: 40,
  },
];

/** All of them, tried in the failover scenario. */
export const failoverMutations: readonly Mutation[] = broken.map((each) => ({
  ...each,
  scenario: "failover",
  focus: undefined,
}));
