// The CCN's part: orders of the leases become fences, fences become proofs, lines that go bad become
// evidence for everybody (leases.md F1 to F5). Before a fence is ordered and before a proof counts,
// the sockets are read to their end: a beat that waited there must not be taken for silence (V8).

import type { Incarnation, SlotId } from "../base/index.ts";
import type { OwnStep } from "../history/index.ts";
import { type LeaseConfig, type Leases, ownerOf } from "../lease/index.ts";
import { evidenceText, type FenceProof, type Slots, type SlotNews } from "../slots/index.ts";

/** What fencing needs. */
export type FencingOptions = {
  readonly slots: Slots;
  readonly configs: ReadonlyMap<string, LeaseConfig>;
  readonly leases: () => Leases | undefined;
  readonly drained: () => Promise<void>;
  /** The life a slot's board is in, as its beats prove. */
  readonly lifeOf: (slot: SlotId) => Incarnation | undefined;
  readonly onEvidence: (slot: SlotId, life: Incarnation, what: string) => void;
  readonly onStep: (step: OwnStep) => void;
};

/** Fencing at work. */
export type Fencing = {
  /** Turn that life off (the leases' effect). */
  readonly fence: (order: {
    readonly group: string;
    readonly slot: SlotId;
    readonly incarnation: Incarnation;
    readonly epoch: number;
    readonly evidence: string | undefined;
  }) => void;
  readonly close: () => void;
};

/** Joins leases and slots. */
export function startFencing(options: FencingOptions): Fencing {
  const stop = options.slots.subscribe((news) => onNews(options, news));
  return {
    fence: (order) => void fence(options, order),
    close: () => stop?.(),
  };
}

async function fence(
  options: FencingOptions,
  { group, slot, incarnation, epoch, evidence }: Parameters<Fencing["fence"]>[0],
): Promise<void> {
  const config = options.configs.get(group);
  const by = config && ownerOf(config, epoch);
  if (by === undefined) return;
  await options.drained();
  const answer = await options.slots.fence({ slot, incarnation, group, epoch, by, evidence });
  if (answer.kind === "proof") return; // subscribers have been told
  const seen = answer.evidence.map(evidenceText).join(", ");
  const text = `${answer.reason}${seen === "" ? "" : ` (${seen})`}`;
  options.onStep({ group, epoch, step: "fence-failed", about: slot, text });
}

function onNews(options: FencingOptions, news: SlotNews): void {
  switch (news.type) {
    case "line-changed": {
      const { slot, line, good, delayUsMax } = news.change;
      const life = options.lifeOf(slot);
      if (good || life === undefined) return;
      const name = { present: "presence", powerGood: "power-good", healthy: "HEALTHY#" }[line];
      const text = `${name} went bad, seen within ${Math.round(delayUsMax)} us`;
      options.onEvidence(slot, life, text);
      return;
    }
    case "proof":
      void prove(options, news.proof);
      return;
    case "alarm":
      return; // the slots' alarms are asked for
    default:
      news satisfies never;
  }
}

async function prove(options: FencingOptions, proof: FenceProof): Promise<void> {
  const { slot, incarnation, strength, orders, evidence, rule, atUs } = proof;
  const facts = evidence.map(evidenceText).join(", ");
  const text = `${strength} proof (${rule}): ${facts}`;
  for (const { group, epoch } of orders) {
    options.onStep({ group, epoch, step: "fenced", about: slot, text, atUs });
  }
  await options.drained();
  const isStrong = strength === "strong";
  options.leases()?.give({
    type: "proof",
    proof: { kind: "off", slot, incarnation, strong: isStrong },
  });
}
