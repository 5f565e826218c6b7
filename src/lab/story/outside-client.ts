// A client behind the router: asks the echo service every 2 ms and remembers how long it was without
// an answer, and which board answered.

import { monoUs, type MonoUs, parseIpv4 } from "../../base/index.ts";
import { monoNowUs } from "../../kernel/index.ts";
import type { Lab } from "../chassis.ts";
import { storyService } from "./chassis-file.ts";
import type { ClientNews, ClientOrder } from "./outside-client.worker.ts";

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
  const worker = new Worker(new URL("./outside-client.worker.ts", import.meta.url).href);
  const opened = Promise.withResolvers<string | undefined>();
  worker.addEventListener("message", ({ data }: MessageEvent<ClientNews>) => {
    if (data.type === "open") opened.resolve(undefined);
    else if (data.type === "refused") opened.resolve(data.reason);
    else {
      board = data.board;
      lastUs = data.atUs;
      answersUs.push(lastUs);
      if (answersUs.length > answersMax) answersUs.splice(0, answersMax / 2);
    }
  });
  worker.addEventListener("error", (event) => opened.resolve(event.message));
  const order: ClientOrder = {
    netns: outside.value.client.netns,
    address: address.value,
    port: storyService.port,
    everyMs: askEveryMs,
  };
  worker.postMessage(order);
  const wrong = await opened.promise;
  if (wrong !== undefined) return wrong;
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
    close: () => worker.terminate(),
  };
}
