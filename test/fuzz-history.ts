// What is fuzzed of the history: its packets, codec and timeline together, and the file of alarms.

import { incarnationFromBytes, monoUs, ok, slotId } from "../src/base/index.ts";
import { createTimeline, episodesOf, hearSteps, readAlarmFile } from "../src/history/index.ts";
import { decodeSteps, encodeSteps } from "../src/wire/index.ts";
import type { FuzzTarget } from "./fuzz-targets.ts";

const step = {
  slot: slotId(1),
  life: incarnationFromBytes(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])),
  number: 3,
  ageUs: 40_000,
  errorUs: 0,
  about: slotId(2),
  group: "web",
  epoch: 7,
  step: "recorded",
  text: "record (7, 0) at 2 of 3",
};
const packets = [
  encodeSteps([step]),
  encodeSteps([step, { ...step, number: 4, about: undefined, group: undefined }]),
  encodeSteps([{ ...step, epoch: undefined, text: "" }]),
].flat();
const receipt = { receivedUs: monoUs(1_000_000), errorUs: 1000 };
const files = [
  '{"v":1,"alarms":[]}',
  '{"v":1,"alarms":[{"number":1,"source":"a","id":"b","object":"c","severity":"major",' +
    '"text":"d","action":"e","sinceMs":1,"raises":1,"isFlapping":false,' +
    '"acknowledged":{"who":"f","text":"g","wallMs":2},"clearedMs":3}]}',
];

/** The decoders of the history. */
export const historyFuzzTargets: readonly FuzzTarget[] = [
  {
    name: "history",
    decode: decodeSteps,
    again: (bytes) => {
      const read = decodeSteps(bytes);
      return read.ok ? ok(encodeSteps(read.value)[0] ?? new Uint8Array()) : undefined;
    },
    corpus: packets,
  },
  {
    name: "history-timeline",
    // Codec and core together: no packet may trip an assertion of the timeline.
    decode: (bytes) => {
      const timeline = createTimeline({ slot: slotId(0), life: step.life });
      const heard = hearSteps(timeline, bytes, receipt);
      return heard.ok ? ok(episodesOf(timeline).length) : heard;
    },
    corpus: packets,
  },
  {
    name: "alarm-file",
    decode: (bytes) => readAlarmFile(new TextDecoder().decode(bytes)),
    corpus: files.map((text) => new TextEncoder().encode(text)),
  },
];
