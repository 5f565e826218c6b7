// From steps to stories: which steps belong together, why it happened, from where to where, how long
// it took. One pass over the timeline, pure but for the numbers an episode keeps.
//
// - A move: all steps of one (group, epoch), after the evidence of the window before: steps without a
//   group, steps of the group, and a failure of its service that was not over. A candidate that was
//   not elected and asked again in a higher epoch goes on with the same episode.
// - A failure: steps of one service failing and recovering on one slot without a move.
// - Evidence that nothing followed is no episode.

import { assert, type MonoUs, type SlotId } from "../../base/index.ts";
import { episodesMax, evidenceWindowUs, moveWindowUs } from "../limits.ts";
import { compareSteps, type HistoryStep, kindOf } from "./steps.ts";
import type { Timeline } from "./timeline.ts";

/** How a story ended: `unfinished` = not yet, or nobody told. */
export type EpisodeOutcome = "moved" | "started" | "recovered" | "unfinished";

/** One story. */
export type Episode = {
  /** Counts on this board since its daemon started; keeps its number while it is remembered. */
  readonly number: number;
  readonly kind: "move" | "failure";
  readonly group: string | undefined;
  readonly epoch: number | undefined;
  /** Who held the group, if anybody is known to have; the failing board of a failure. */
  readonly from: SlotId | undefined;
  /** Who holds it now; undefined while nobody says so. */
  readonly to: SlotId | undefined;
  readonly outcome: EpisodeOutcome;
  /** The sentence that began it. */
  readonly cause: string;
  /** The sentence of the rule that decided, if a rule did. */
  readonly rule: string | undefined;
  readonly startUs: MonoUs;
  /** From the first step until the service was active again, or until the last step so far. */
  readonly durationUs: number;
  /** How wrong the duration may be, us: the errors of its two ends. */
  readonly errorUs: number;
  /** In order. */
  readonly steps: readonly HistoryStep[];
};

type Draft = {
  readonly key: string;
  readonly kind: "move" | "failure";
  readonly group: string | undefined;
  epoch: number | undefined;
  readonly steps: HistoryStep[];
  lastUs: MonoUs;
  /** Somebody was recorded: a higher epoch is another story. */
  isElected: boolean;
  /** The service answers: what comes later is not evidence for this. */
  isOver: boolean;
};

type GroupStory = {
  /** Evidence and releases that belong to no move yet. */
  pending: HistoryStep[];
  /** Moves by epoch; the newest is the one that may be open. */
  readonly moves: Map<number, Draft>;
  newest: Draft | undefined;
};

type Story = {
  readonly drafts: Set<Draft>;
  readonly groups: Map<string, GroupStory>;
  /** Failures not over, by group and slot. */
  readonly failures: Map<string, Draft>;
  /** Evidence without a group, of the window before. */
  readonly common: HistoryStep[];
};

/** All episodes of a timeline, the oldest first, at most the newest `episodesMax`. */
export function episodesOf(timeline: Timeline): Episode[] {
  const story: Story = {
    drafts: new Set(),
    groups: new Map(),
    failures: new Map(),
    common: [],
  };
  for (const step of timeline.steps) tell(story, step);
  const drafts = [...story.drafts]
    .map((draft) => ({ ...draft, steps: draft.steps.sort(compareSteps) }))
    .sort((a, b) => orderOf(a) - orderOf(b))
    .slice(-episodesMax);
  numberThem(timeline, drafts);
  const holders = new Map<string, SlotId>();
  return drafts.map((draft) => {
    const held = draft.group === undefined ? undefined : holders.get(draft.group);
    const episode = finished(timeline, draft, held);
    if (draft.kind === "move" && episode.group !== undefined && episode.to !== undefined) {
      holders.set(episode.group, episode.to);
    }
    return episode;
  });
}

function orderOf(draft: Draft): number {
  return draft.steps[0]?.atUs ?? draft.lastUs;
}

/** New stories get the next numbers; forgotten ones give theirs back to nobody. */
function numberThem(timeline: Timeline, drafts: readonly Draft[]): void {
  const { episodeNumbers } = timeline;
  const keys = new Set(drafts.map(({ key }) => key));
  for (const key of episodeNumbers.keys()) if (!keys.has(key)) episodeNumbers.delete(key);
  for (const key of keys) {
    if (episodeNumbers.has(key)) continue;
    episodeNumbers.set(key, timeline.nextEpisode);
    timeline.nextEpisode += 1;
  }
  assert(episodeNumbers.size <= episodesMax, "episode numbers are bounded");
}

function tell(story: Story, step: HistoryStep): void {
  const kind = kindOf(step);
  if (kind === "failure" || kind === "recovery") return tellService(story, step, kind);
  if (step.group === undefined) return tellCommon(story, step);
  const group = groupOf(story, step.group);
  if (kind === "move" && step.epoch !== undefined) {
    return tellMove(story, group, { ...step, epoch: step.epoch, group: step.group });
  }
  const open = openMove(group, step);
  if (open !== undefined) add(open, step);
  else group.pending.push(step);
}

function groupOf(story: Story, name: string): GroupStory {
  const known = story.groups.get(name);
  if (known !== undefined) return known;
  const made: GroupStory = { pending: [], moves: new Map(), newest: undefined };
  story.groups.set(name, made);
  return made;
}

/** The move of the group that is under way at this step. */
function openMove(group: GroupStory, step: HistoryStep): Draft | undefined {
  const { newest } = group;
  return newest !== undefined && !newest.isOver && step.atUs - newest.lastUs <= moveWindowUs
    ? newest
    : undefined;
}

/** A step about boards belongs to every move under way, and to those that follow soon. */
function tellCommon(story: Story, step: HistoryStep): void {
  for (const group of story.groups.values()) {
    const open = openMove(group, step);
    if (open !== undefined) add(open, step);
  }
  while (isOld(story.common[0], step.atUs)) story.common.shift();
  story.common.push(step);
}

function isOld(step: HistoryStep | undefined, atUs: MonoUs): boolean {
  return step !== undefined && atUs - step.atUs > evidenceWindowUs;
}

function recent(steps: readonly HistoryStep[], atUs: MonoUs): HistoryStep[] {
  return steps.filter((step) => !isOld(step, atUs));
}

function add(draft: Draft, step: HistoryStep): void {
  draft.steps.push(step);
  if (step.atUs > draft.lastUs) draft.lastUs = step.atUs;
}

type MoveStep = HistoryStep & { readonly group: string; readonly epoch: number };

function tellMove(story: Story, group: GroupStory, step: MoveStep): void {
  const failure = story.failures.get(failureKey(step));
  // An answer of a service that failed in place ends the failure, not a move long over.
  if (failure !== undefined && step.step === "service-active") {
    return tellService(story, step, "recovery");
  }
  const draft = moveOf(story, group, step);
  if (draft === undefined) return void group.pending.push(step);
  add(draft, step);
  if (electing.has(step.step)) draft.isElected = true;
  if (step.step === "service-active") draft.isOver = true;
}

/** Steps that only an elected holder takes. */
const electing: ReadonlySet<string> = new Set([
  "recorded",
  "state-complete",
  "address-added",
  "service-active",
]);

/** The episode of the step's epoch; undefined: an epoch that a higher one has overtaken. */
function moveOf(story: Story, group: GroupStory, step: MoveStep): Draft | undefined {
  const known = group.moves.get(step.epoch);
  if (known !== undefined) return known;
  const { newest } = group;
  if (newest?.epoch !== undefined && step.epoch < newest.epoch) return undefined;
  const isSame =
    newest !== undefined && !newest.isElected && step.atUs - newest.lastUs <= moveWindowUs;
  const draft = isSame ? newest : beginMove(story, group, step);
  draft.epoch = step.epoch;
  group.moves.set(step.epoch, draft);
  group.newest = draft;
  return draft;
}

function beginMove(story: Story, group: GroupStory, step: MoveStep): Draft {
  const since = group.newest?.isOver === true ? group.newest.lastUs : 0;
  const common = recent(story.common, step.atUs).filter(({ atUs }) => atUs >= since);
  const steps = [...common, ...recent(group.pending, step.atUs)];
  for (const [key, failure] of story.failures) {
    if (failure.group !== step.group || step.atUs - failure.lastUs > evidenceWindowUs) continue;
    steps.push(...failure.steps);
    story.failures.delete(key);
    story.drafts.delete(failure);
  }
  group.pending = [];
  const draft: Draft = {
    key: `${step.group}/${step.epoch}`,
    kind: "move",
    group: step.group,
    epoch: step.epoch,
    steps,
    lastUs: step.atUs,
    isElected: false,
    isOver: false,
  };
  story.drafts.add(draft);
  return draft;
}

function failureKey(step: HistoryStep): string {
  return `${step.group ?? ""}/${step.slot}`;
}

function tellService(story: Story, step: HistoryStep, kind: "failure" | "recovery"): void {
  const open = step.group === undefined ? undefined : openMove(groupOf(story, step.group), step);
  if (open !== undefined) return add(open, step);
  const key = failureKey(step);
  const known = story.failures.get(key);
  const isStale = known !== undefined && step.atUs - known.lastUs > moveWindowUs;
  const draft = known === undefined || isStale ? beginFailure(step) : known;
  // A recovery from nothing is a start in order: no story.
  if (draft !== known && kind === "recovery") return;
  add(draft, step);
  story.drafts.add(draft);
  story.failures.set(key, draft);
  if (kind === "recovery") {
    draft.isOver = true;
    story.failures.delete(key);
  }
}

function beginFailure(step: HistoryStep): Draft {
  return {
    key: `${step.slot}/${step.life}/${step.number}`,
    kind: "failure",
    group: step.group,
    epoch: step.epoch,
    steps: [],
    lastUs: step.atUs,
    isElected: false,
    isOver: false,
  };
}

function finished(timeline: Timeline, draft: Draft, held: SlotId | undefined): Episode {
  const { steps, key, kind, group, epoch } = draft;
  const [first] = steps;
  const number = timeline.episodeNumbers.get(key);
  assert(first !== undefined && number !== undefined, "an episode has steps and a number");
  const lastOf = (name: string): HistoryStep | undefined =>
    steps.findLast((step) => step.step === name);
  const active = steps.find(({ step }) => step === "service-active") ?? lastOf("service-restarted");
  const end = active ?? steps.at(-1) ?? first;
  const to =
    kind === "failure"
      ? first.slot
      : (active ?? lastOf("address-added") ?? lastOf("recorded"))?.slot;
  const from = kind === "failure" ? first.slot : fromOf(steps, held);
  return {
    number,
    kind,
    group,
    epoch,
    from,
    to,
    outcome: outcomeOf(draft, active !== undefined, from),
    cause: causeOf(steps).text,
    rule: lastOf("decided")?.text,
    startUs: first.atUs,
    durationUs: end.atUs - first.atUs,
    errorUs: first === end ? first.errorUs : first.errorUs + end.errorUs,
    steps,
  };
}

function outcomeOf(draft: Draft, isActive: boolean, from: SlotId | undefined): EpisodeOutcome {
  if (!isActive) return "unfinished";
  if (draft.kind === "failure") return "recovered";
  return from === undefined ? "started" : "moved";
}

/** Who had the group: the board that was fenced or gave it up, else its holder before. */
function fromOf(steps: readonly HistoryStep[], held: SlotId | undefined): SlotId | undefined {
  const released = steps.find(({ step }) => step === "released" || step === "lost");
  if (released !== undefined) return released.slot;
  const fenced = steps.find(({ step }) => step === "fence-ordered" || step === "fenced");
  return fenced?.about ?? held ?? steps.find(({ step }) => step === "detected")?.about;
}

/** What began it: an order, a failing service, a silent board, a release; else the first step. */
function causeOf(steps: readonly HistoryStep[]): HistoryStep {
  const of = (test: (step: HistoryStep) => boolean): HistoryStep | undefined => steps.find(test);
  const cause =
    of(({ step }) => step === "ordered") ??
    of((step) => kindOf(step) === "failure") ??
    of(({ step }) => step === "detected") ??
    of(({ step }) => step === "evidence") ??
    of((step) => kindOf(step) === "release") ??
    steps[0];
  assert(cause !== undefined, "an episode has steps");
  return cause;
}
