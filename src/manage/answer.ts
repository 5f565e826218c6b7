// Every question to the API with its answer: what the board knows at once, and `where`, which asks
// the switches first.

import type { Result } from "../base/index.ts";
import {
  type ApiDocument,
  type ApiQuestion,
  answerQuestion,
  apiRoot,
  whereDocument,
  whereQueryOf,
} from "./core/answers.ts";
import type { Problem } from "./core/problem.ts";
import type { BoardFacts } from "./facts.ts";

/** The answer, or why there is none. Waits as long as the switches do; the caller has a deadline. */
export async function answerOf(
  facts: BoardFacts,
  question: ApiQuestion,
): Promise<Result<ApiDocument, Problem>> {
  if (question.path !== `${apiRoot}/where`) return answerQuestion(facts, question);
  const asked = whereQueryOf(facts, question.q);
  if (!asked.ok) return asked;
  const { addresses, query } = asked.value;
  return whereDocument(facts, question.q ?? "", await addresses.where(query));
}
