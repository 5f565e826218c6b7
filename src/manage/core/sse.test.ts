import { expect, test } from "bun:test";
import fc from "fast-check";

import { monoUs } from "../../base/index.ts";
import { streamLineBytes } from "../limits.ts";
import {
  keepOpenText,
  messageText,
  parseStreamId,
  readStream,
  streamIdText,
  type StreamMessage,
  streamReader,
} from "./sse.ts";

test("messages survive any cutting of the stream, comments are skipped", () => {
  const messages: StreamMessage[] = [
    { id: "5.1", event: "", data: '{"a":1}' },
    { id: "5.2", event: "reset", data: "[]" },
    { id: "5.3", event: "", data: "x: y" },
  ];
  const text = keepOpenText + messages.map(messageText).join(keepOpenText);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20 })), (sizes) => {
      const reader = streamReader();
      const got: StreamMessage[] = [];
      let at = 0;
      for (const size of [...sizes, text.length]) {
        const read = readStream(reader, text.slice(at, at + size));
        if (!read.ok) throw new Error(read.error);
        got.push(...read.value);
        at += size;
      }
      expect(got).toEqual(messages);
    }),
  );
});

test("a line without an end is refused instead of kept for ever", () => {
  const reader = streamReader();
  expect(readStream(reader, `data: ${"x".repeat(streamLineBytes)}`).ok).toBe(false);
  const many = streamReader();
  expect(readStream(many, `data: ${"x".repeat(1000)}\n`.repeat(100)).ok).toBe(false);
});

test("random text never throws", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), (chunks) => {
      const reader = streamReader();
      for (const chunk of chunks) readStream(reader, chunk);
    }),
  );
});

test("ids are read back, foreign ones are none", () => {
  const id = { epoch: monoUs(123), seq: 456 };
  expect(parseStreamId(streamIdText(id))).toEqual(id);
  expect(parseStreamId(streamIdText({ epoch: monoUs(123.75), seq: 1 }))?.epoch).toBe(monoUs(123));
  for (const foreign of ["", "1", "1.2.3", "-1.2", "a.b", "1".repeat(20) + ".1"]) {
    expect(parseStreamId(foreign)).toBeUndefined();
  }
});
