// The documents about fail-over, from a board's facts of one moment. Pure. What a board cannot tell
// is refused with the board that can.

import { err, ok, type Result } from "../../base/index.ts";
import { type Episode, episodesOf } from "../../history/index.ts";
import { evidenceText } from "../../slots/index.ts";
import type { AlarmFact, BoardFacts, NowFact } from "../facts.ts";
import type { FailoverFacts, SlotStanding } from "../failover-facts.ts";
import {
  alarmsPerAnswer,
  faultsCharacters,
  sequenceCharacters,
  stepsPerAnswer,
} from "../limits.ts";
import { timeAt } from "../wall-time.ts";
import type {
  AlarmsDocument,
  EpisodeSummary,
  EpisodeView,
  GroupsDocument,
  ServicesDocument,
  SlotsDocument,
  SlotView,
  WhatIfDocument,
  WhyDocument,
} from "./failover-documents.ts";
import { type Problem, problem } from "./problem.ts";
import { cleanText } from "./text.ts";
import { noFailoverHere, onlyTheCcnActs } from "./where-to-ask.ts";

/** A document about fail-over. */
export type FailoverDocument =
  | GroupsDocument
  | ServicesDocument
  | SlotsDocument
  | WhyDocument
  | AlarmsDocument
  | WhatIfDocument;

/** The last words of their paths. */
export const failoverWords = ["groups", "services", "slots", "why", "alarms", "what-if"] as const;

/** One of the documents. */
export type FailoverWord = (typeof failoverWords)[number];

/** Answers one question about fail-over; `q` is an episode's number, or faults. */
export function answerFailover(
  facts: BoardFacts,
  word: FailoverWord,
  q: string | undefined,
): Result<FailoverDocument, Problem> {
  const { failover } = facts;
  if (failover === undefined) return err(noFailoverHere(facts));
  const head = { v: 1, now: facts.now() } as const;
  switch (word) {
    case "groups":
      return ok({ ...head, groups: failover.groups() });
    case "services":
      return ok({ ...head, services: failover.services() });
    case "slots":
      return slotsDocument(facts, failover);
    case "why":
      return whyDocument(facts, failover, q ?? "");
    case "alarms":
      return ok(alarmsDocument(facts, failover));
    case "what-if":
      return whatIfDocument(facts, failover, q ?? "");
    default:
      return word satisfies never;
  }
}

/** What stands, for `status`: the book's alarms if there is one, else what the modules say now. */
export function alarmFacts(facts: BoardFacts): readonly AlarmFact[] {
  if (facts.failover === undefined) return facts.alarms();
  return facts.failover.alarms.standing().map((alarm) => {
    const { id, object, severity, sinceUs, text, action, number, acknowledged } = alarm;
    const seen = acknowledged && `${acknowledged.who}: ${acknowledged.text}`;
    return { id, object, severity, sinceUs, text, action, number, acknowledged: seen };
  });
}

function slotsDocument(facts: BoardFacts, failover: FailoverFacts): Result<SlotsDocument, Problem> {
  const { slots } = failover;
  if (slots === undefined) return err(onlyTheCcnActs(facts, "controls slots"));
  return ok({ v: 1, now: facts.now(), slots: slots().map((slot) => slotView(facts, slot)) });
}

function slotView(facts: BoardFacts, standing: SlotStanding): SlotView {
  const { slot, word, sinceUs, lines, readUs, incarnation, lastProof, alarms } = standing;
  const board = facts.map()?.boards.find((each) => each.slot === slot);
  const evidence = lastProof?.evidence.map(evidenceText).join(", ");
  return {
    slot,
    name: board?.name,
    role: board?.role,
    word,
    sinceUs,
    lines,
    readUs,
    incarnation,
    network: board?.network ?? { A: "unknown", B: "unknown" },
    lastProof: lastProof && `${lastProof.strength} proof (${lastProof.rule}): ${evidence}`,
    alarms: alarms.map(({ text }) => text),
  };
}

function whyDocument(
  facts: BoardFacts,
  failover: FailoverFacts,
  q: string,
): Result<WhyDocument, Problem> {
  const now = facts.now();
  const episodes = episodesOf(failover.timeline());
  const asked = episodeAsked(episodes, q);
  if (!asked.ok) return asked;
  return ok({
    v: 1,
    now,
    episode: asked.value && inFull(asked.value, now),
    episodes: episodes.map((episode) => inShort(episode, now)),
  });
}

function episodeAsked(
  episodes: readonly Episode[],
  q: string,
): Result<Episode | undefined, Problem> {
  if (q === "") return ok(episodes.at(-1));
  if (!/^\d+$/.test(q) || q.length > sequenceCharacters) {
    const shown = cleanText(q.slice(0, sequenceCharacters));
    return err(problem("bad-question", `"${shown}" is no number of an episode; use 1 or more`));
  }
  const found = episodes.find(({ number }) => number === Number(q));
  if (found !== undefined) return ok(found);
  const range =
    episodes.length === 0
      ? "nothing happened since this board's daemon started"
      : `known: ${episodes
          .map(({ number }) => number)
          .slice(-20)
          .join(", ")}`;
  return err(problem("no-such-thing", `no episode ${q}; ${range}`));
}

function inShort(episode: Episode, now: NowFact): EpisodeSummary {
  const { steps: _, ...summary } = episode;
  return { ...summary, time: timeAt(now, episode.startUs) };
}

function inFull(episode: Episode, now: NowFact): EpisodeView {
  const { steps } = episode;
  return {
    ...inShort(episode, now),
    steps: steps.slice(0, stepsPerAnswer),
    stepsTotal: steps.length,
  };
}

function alarmsDocument(facts: BoardFacts, { alarms }: FailoverFacts): AlarmsDocument {
  return {
    v: 1,
    now: facts.now(),
    standing: alarms.standing(),
    cleared: alarms.cleared().slice(0, alarmsPerAnswer),
    refused: alarms.refused(),
  };
}

function whatIfDocument(
  facts: BoardFacts,
  failover: FailoverFacts,
  q: string,
): Result<WhatIfDocument, Problem> {
  if (q === "") return err(problem("bad-question", "what-if needs ?q=FAULTS: slot 1 dies"));
  if (q.length > faultsCharacters) {
    const text = `faults of ${q.length} characters; at most ${faultsCharacters}`;
    return err(problem("bad-question", text));
  }
  const told = failover.whatIf(q);
  if (!told.ok) return err(problem("bad-question", told.error));
  return ok({ v: 1, now: facts.now(), faults: q, text: told.value });
}
