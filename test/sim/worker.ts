// Runs the seeds it is sent, one message back per seed.

import { type RunOptions, runSeed } from "./run.ts";

declare const self: Worker;

/** What a worker is asked. */
export type Task = { readonly seeds: readonly number[]; readonly options: RunOptions };

self.onmessage = (event: MessageEvent<Task>) => {
  for (const seed of event.data.seeds) {
    self.postMessage(runSeed(seed, event.data.options));
  }
};
