// A running board's answers for programs in the same house (lab, benches): one call a question,
// checked as the command line checks them.

import type { Result } from "../base/index.ts";
import { askBoard, type ClientError, followEvents } from "./client.ts";
import {
  type EventsDocument,
  isEventsDocument,
  isStatusDocument,
  type StatusDocument,
} from "./core/documents.ts";
import type { EventRecord } from "./facts.ts";

/** The status of the board whose control socket is at `socketPath`. */
export function askStatus(
  socketPath: string,
  timeoutMs: number,
): Promise<Result<StatusDocument, ClientError>> {
  return askBoard({ socketPath, timeoutMs, stop: never }, "status", isStatusDocument);
}

/** One page of events after number `since`. */
export function askEvents(
  socketPath: string,
  since: number,
  timeoutMs: number,
): Promise<Result<EventsDocument, ClientError>> {
  return askBoard(
    { socketPath, timeoutMs, stop: never },
    `events?since=${since}`,
    isEventsDocument,
  );
}

/** Calls `onEvent` for every event after those already seen until `stop` is aborted or the board ends. */
export function watchEvents(
  socketPath: string,
  options: {
    /** From which event on: `epoch` and `next` of an answer of `askEvents`. */
    readonly since: Pick<EventsDocument, "epoch" | "next">;
    readonly stop: AbortSignal;
    readonly timeoutMs: number;
  },
  onEvent: (event: EventRecord) => void,
): Promise<Result<void, ClientError>> {
  const { since, stop, timeoutMs } = options;
  const last = { epoch: since.epoch, seq: since.next };
  return followEvents({ socketPath, timeoutMs, stop }, last, onEvent);
}

const never = new AbortController().signal;
