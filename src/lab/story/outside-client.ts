// A client behind the router: asks the echo service every 2 ms and remembers how long it was without
// an answer, and which board answered.

import { monoUs, type MonoUs, parseIpv4 } from "../../base/index.ts";
import { inNetns, monoNowUs, openUdp, sysErrorText } from "../../kernel/index.ts";
import type { Lab } from "../chassis.ts";
import { storyService } from "./chassis-file.ts";

/** The running client. */
export type OutsideClient = {
  /** Longest time without an answer since `fromUs`, ms; up to now if none came since. */
  readonly gapMs: (fromUs: MonoUs) => number;
  /** Name of the board that answered last. */
  readonly board: () => string | undefined;
  readonly lastUs: () => MonoUs;
  readonly close: () => void;
};

/** A question each, ms. */
const askEveryMs = 2;
/** Answers that are remembered: two minutes. */
const answersMax = 60_000;

/** Starts to ask; the error is a sentence. */
export async function startClient(lab: Lab): Promise<OutsideClient | string> {
  const outside = lab.outside();
  if (!outside.ok) return outside.error.text;
  const address = parseIpv4(storyService.address);
  if (!address.ok) return address.error;
  const answersUs: number[] = [];
  let board: string | undefined;
  let lastUs = monoUs(0);
  const opened = await inNetns(outside.value.client.netns, () =>
    openUdp({
      port: 0,
      onDatagram(bytes) {
        const [name] = new TextDecoder().decode(bytes).split(" ");
        board = name;
        lastUs = monoNowUs();
        answersUs.push(lastUs);
        if (answersUs.length > answersMax) answersUs.splice(0, answersMax / 2);
      },
      onError: () => undefined, // a port that nobody listens on: the gap says so
    }),
  );
  if (!opened.ok) return sysErrorText(opened.error);
  const question = new TextEncoder().encode("hello");
  const timer = setInterval(() => {
    opened.value.send(question, address.value, storyService.port);
  }, askEveryMs);
  return {
    gapMs(fromUs) {
      let longest = 0;
      let before = answersUs.findLast((atUs) => atUs <= fromUs) ?? fromUs;
      for (const atUs of answersUs) {
        if (atUs <= fromUs) continue;
        longest = Math.max(longest, atUs - before);
        before = atUs;
      }
      return Math.max(longest, monoNowUs() - before) / 1000;
    },
    board: () => board,
    lastUs: () => lastUs,
    close() {
      clearInterval(timer);
      opened.value.close();
    },
  };
}
