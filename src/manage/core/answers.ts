// From a request's path and a board's facts to the document that answers it. Decides what is
// known, bounded and refused; the server only carries bytes. Reading the facts is synchronous,
// so one document is one moment.

import { nearestName, err, ok, parseMac, parseSlotId, type Result } from "../../base/index.ts";
import type { AddressFacts, BoardFacts, WhereLink, WhereQuery } from "../facts.ts";
import {
  alarmsPerAnswer,
  countersPerAnswer,
  eventsPerAnswer,
  leasesPerAnswer,
  queryCharacters,
  sequenceCharacters,
} from "../limits.ts";
import {
  alarmFacts,
  answerFailover,
  type FailoverDocument,
  type FailoverWord,
  failoverWords,
} from "./failover-answers.ts";
import type {
  CountersDocument,
  EventsDocument,
  LeasesDocument,
  NetworksDocument,
  StatusDocument,
  WhereDocument,
} from "./documents.ts";
import { type Problem, problem } from "./problem.ts";
import { cleanText } from "./text.ts";

/** Root of every path of version 1. */
export const apiRoot = "/api/v1";
/** Every path the API knows. */
export const apiPaths: readonly string[] = [
  `${apiRoot}/status`,
  `${apiRoot}/networks`,
  `${apiRoot}/leases`,
  `${apiRoot}/where`,
  `${apiRoot}/events`,
  `${apiRoot}/events/stream`,
  `${apiRoot}/counters`,
  ...failoverWords.map((word) => `${apiRoot}/${word}`),
  `${apiRoot}/orders`,
];

/** Any document the API answers with at once; the event stream is the server's own. */
export type ApiDocument =
  | StatusDocument
  | NetworksDocument
  | LeasesDocument
  | WhereDocument
  | EventsDocument
  | CountersDocument
  | FailoverDocument;

/** What was asked: the path and the one parameter it may have. */
export type ApiQuestion = {
  readonly path: string;
  readonly q: string | undefined;
  readonly since: string | undefined;
};

/** The answer to one question, or why there is none; `where` must ask the switches: `whereQueryOf`. */
export function answerQuestion(
  facts: BoardFacts,
  question: ApiQuestion,
): Result<ApiDocument, Problem> {
  switch (question.path) {
    case `${apiRoot}/status`:
      return ok(statusDocument(facts));
    case `${apiRoot}/networks`:
      return ok({ v: 1, now: facts.now(), map: facts.map() });
    case `${apiRoot}/leases`:
      return leasesDocument(facts);
    case `${apiRoot}/events`:
      return eventsDocument(facts, question.since);
    case `${apiRoot}/counters`:
      return ok(countersDocument(facts));
    default: {
      const word = failoverWordOf(question.path);
      if (word !== undefined) return answerFailover(facts, word, question.q);
      return err(unknownPath(question.path));
    }
  }
}

function failoverWordOf(path: string): FailoverWord | undefined {
  return failoverWords.find((word) => path === `${apiRoot}/${word}`);
}

/** The status document of this moment. */
export function statusDocument(facts: BoardFacts): StatusDocument {
  return {
    v: 1,
    now: facts.now(),
    board: facts.identity(),
    map: facts.map(),
    alarms: alarmFacts(facts).slice(0, alarmsPerAnswer),
    groups: facts.failover?.groups(),
    configs: facts.configs(),
    runtime: facts.runtime(),
  };
}

/** Reads a question to `where`: a MAC in any usual notation, or a slot number. */
export function parseWhereQuery(text: string): Result<WhereQuery, string> {
  const asked = text.trim();
  if (asked.length > queryCharacters) {
    return err(`a question of ${asked.length} characters; a MAC or a slot number is enough`);
  }
  if (/^\d{1,3}$/.test(asked)) {
    const slot = parseSlotId(Number(asked));
    return slot.ok ? ok({ kind: "slot", slot: slot.value }) : slot;
  }
  const mac = parseMac(asked);
  if (mac.ok) return ok({ kind: "mac", mac: mac.value });
  const shown = cleanText(asked);
  return err(`"${shown}" is neither a MAC (52:54:00:12:34:56) nor a slot number (7)`);
}

/** Reads an event number; absent means from the start. */
export function parseSince(text: string | undefined): Result<number, string> {
  if (text === undefined || text === "") return ok(0);
  const value = Number(text);
  if (!/^\d+$/.test(text) || text.length > sequenceCharacters || !Number.isSafeInteger(value)) {
    return err(
      `since=${cleanText(text.slice(0, queryCharacters))} is not an event number; use 0 or more`,
    );
  }
  return ok(value);
}

/** The refusal of a path nobody knows: names the nearest and all the known ones. */
export function unknownPath(path: string): Problem {
  const near = nearestName(path, apiPaths);
  const hint = near === undefined ? "" : ` did you mean ${near}?`;
  const shown = cleanText(path.slice(0, queryCharacters));
  return problem("unknown-path", `no ${shown} here;${hint} known: ${apiPaths.join(", ")}`);
}

/** The refusal of a question that cannot be read. */
export function badQuestion(detail: string): Problem {
  return problem("bad-question", detail);
}

function leasesDocument(facts: BoardFacts): Result<LeasesDocument, Problem> {
  if (facts.addresses === undefined) return err(onlyTheCcn(facts));
  const all = facts.addresses.leases();
  const leases = all.slice(0, leasesPerAnswer);
  return ok({ v: 1, now: facts.now(), leases, total: all.length });
}

/** What `where` asks the switches, or why it cannot. */
export function whereQueryOf(
  facts: BoardFacts,
  q: string | undefined,
): Result<{ readonly addresses: AddressFacts; readonly query: WhereQuery }, Problem> {
  const { addresses } = facts;
  if (addresses === undefined) return err(onlyTheCcn(facts));
  if (q === undefined || q === "") return err(badQuestion("where needs ?q=MAC or ?q=SLOT"));
  const query = parseWhereQuery(q);
  return query.ok ? ok({ addresses, query: query.value }) : err(badQuestion(query.error));
}

/** What the switches said of `q`, as a document. */
export function whereDocument(
  facts: BoardFacts,
  q: string,
  links: Result<readonly WhereLink[], string>,
): Result<WhereDocument, Problem> {
  if (!links.ok) return err(problem("switch-lookup-failed", links.error));
  const found = links.value.some((link) => link.found);
  return ok({ v: 1, now: facts.now(), query: q, found, links: links.value });
}

function eventsDocument(
  facts: BoardFacts,
  sinceText: string | undefined,
): Result<EventsDocument, Problem> {
  const since = parseSince(sinceText);
  if (!since.ok) return err(badQuestion(since.error));
  const all = facts.events(since.value);
  const events = all.slice(0, eventsPerAnswer);
  return ok({
    v: 1,
    now: facts.now(),
    epoch: facts.identity().startedUs,
    events,
    next: events.at(-1)?.seq ?? since.value,
    more: all.length > events.length,
  });
}

function countersDocument(facts: BoardFacts): CountersDocument {
  const entries = Object.entries(facts.counters()).slice(0, countersPerAnswer);
  return { v: 1, now: facts.now(), counters: Object.fromEntries(entries) };
}

function onlyTheCcn(facts: BoardFacts): Problem {
  const { role, name } = facts.identity();
  return problem("not-this-board", `${name} is a ${role}; only the ccn gives addresses, ask there`);
}
