// Refusals of the control API as RFC 9457 problem documents. The type is about:blank (the title
// is then the HTTP status phrase, §4.2.1); `code` is the constant a program switches on, `detail`
// the sentence a person needs.

import { type Guard, isNumber, isText, numberIs, shape } from "./shape.ts";

/** Why a request was refused. */
export type ProblemCode =
  | "unknown-path"
  | "wrong-method"
  | "bad-question"
  | "bad-order"
  | "not-this-board"
  | "no-such-thing"
  | "refused"
  | "too-many-orders"
  | "switch-lookup-failed"
  | "timed-out"
  | "too-many-streams"
  | "our-mistake";

/** A problem document (RFC 9457 §3.1), with "v":1 and `code` as extension members. */
export type Problem = {
  readonly v: 1;
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
};

const statusOfCode: Readonly<Record<ProblemCode, readonly [number, string]>> = {
  "unknown-path": [404, "Not Found"],
  "wrong-method": [405, "Method Not Allowed"],
  "bad-question": [400, "Bad Request"],
  "bad-order": [400, "Bad Request"],
  "not-this-board": [404, "Not Found"],
  "no-such-thing": [404, "Not Found"],
  refused: [409, "Conflict"],
  "too-many-orders": [503, "Service Unavailable"],
  "switch-lookup-failed": [502, "Bad Gateway"],
  "timed-out": [504, "Gateway Timeout"],
  "too-many-streams": [503, "Service Unavailable"],
  "our-mistake": [500, "Internal Server Error"],
};

/** The document of one refusal. */
export function problem(code: ProblemCode, detail: string): Problem {
  const [status, title] = statusOfCode[code];
  return { v: 1, type: "about:blank", title, status, detail, code };
}

/** Checks a problem document that was read. */
export const isProblem: Guard<Problem> = shape<Problem>({
  v: numberIs(1),
  type: isText,
  title: isText,
  status: isNumber,
  detail: isText,
  code: isText,
});
