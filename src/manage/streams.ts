// Event streams: each open one gets the events it missed, then every new one as it happens. A
// reader that does not keep up is cut off, never waited for; it comes back with its last id.
// An id of another epoch, or one the ring no longer reaches, is answered with a `reset` first.

import { err, ok, type Result } from "../base/index.ts";
import { type Problem, problem } from "./core/problem.ts";
import { keepOpenText, messageText, parseStreamId, streamIdText } from "./core/sse.ts";
import type { BoardFacts, EventRecord } from "./facts.ts";
import { eventRingRecords, streamCommentMs, streamQueueEvents, streamsMax } from "./limits.ts";

/** Where a stream begins and what ends it. */
export type StreamRequest = {
  /** After this event number, unless `lastId` says better. */
  readonly since: number;
  /** The Last-Event-ID of a reader that comes back; empty if none. */
  readonly lastId: string;
  readonly signal: AbortSignal;
};

/** All open event streams of a board. */
export type EventStreams = {
  readonly open: (request: StreamRequest) => Result<ReadableStream<Uint8Array>, Problem>;
  readonly close: () => void;
};

const encoder = new TextEncoder();

/** No streams yet; at most `streamsMax` at a time. */
export function eventStreams(facts: BoardFacts): EventStreams {
  const openStreams = new Set<() => void>();
  return {
    open: (request) => {
      if (openStreams.size >= streamsMax) {
        const detail = `${streamsMax} event streams are open already; close one or read /events`;
        return err(problem("too-many-streams", detail));
      }
      return ok(openStream(facts, request, openStreams));
    },
    close: () => {
      for (const end of openStreams) end();
    },
  };
}

function openStream(
  facts: BoardFacts,
  request: StreamRequest,
  openStreams: Set<() => void>,
): ReadableStream<Uint8Array> {
  let end = (): void => undefined;
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const send = (text: string): void => {
          if ((controller.desiredSize ?? 0) <= 0) end();
          else controller.enqueue(encoder.encode(text));
        };
        let unsubscribe = (): void => undefined;
        const comments = setInterval(() => send(keepOpenText), streamCommentMs);
        end = (): void => {
          if (!openStreams.delete(end)) return;
          clearInterval(comments);
          unsubscribe();
          try {
            controller.close();
          } catch {
            // The reader has gone first; there is nobody left to tell.
          }
        };
        openStreams.add(end);
        request.signal.addEventListener("abort", end, { once: true });
        const epoch = facts.identity().startedUs;
        const textOf = (event: EventRecord): string =>
          messageText({
            event: "",
            id: streamIdText({ epoch, seq: event.seq }),
            data: JSON.stringify(event),
          });
        controller.enqueue(encoder.encode(missedText(facts, request, textOf)));
        unsubscribe = facts.subscribe((event) => send(textOf(event)));
      },
      cancel: () => end(),
    },
    new CountQueuingStrategy({ highWaterMark: streamQueueEvents }),
  );
}

function missedText(
  facts: BoardFacts,
  request: StreamRequest,
  textOf: (event: EventRecord) => string,
): string {
  const { startedUs } = facts.identity();
  const last = parseStreamId(request.lastId);
  const isOther = last !== undefined && last.epoch !== Math.trunc(startedUs);
  const since = last === undefined ? request.since : isOther ? 0 : last.seq;
  const missed = facts.events(since);
  const isGap = last !== undefined && (missed[0]?.seq ?? since + 1) !== since + 1;
  const reset =
    isOther || isGap
      ? messageText({
          event: "reset",
          id: "",
          data: JSON.stringify({ v: 1, ring: eventRingRecords }),
        })
      : "";
  return reset + keepOpenText + missed.map(textOf).join("");
}
