// Who talks to the public addresses, read again and again while this board is active: a Worker asks
// the kernel every 50 ms (measured: 1 ms for 200 connections with routes and neighbours, 0.2 ms for
// none; a full list takes longer than the loop may) and gives the changes as messages for the standbys. The alternatives: hearing SYN frames
// on a packet socket (a flood of them would stop the heartbeat), an eBPF program on a cgroup (must
// be there before the service starts), an unfiltered dump on the loop (2 ms, 20 times a second).

import type { Ipv4 } from "../../base/index.ts";
import { monoNowUs } from "../../kernel/index.ts";
import { decodePublicClients, type PublicClient, wireErrorText } from "../../wire/index.ts";
import { applyClients, type ClientCopy, clientsOf, createClientCopy } from "./client-list.ts";
import type { GatherDevices } from "./gather-read.ts";
import {
  clientsBeatMs,
  gatherMs,
  gatherPauseTimes,
  gatherRetryMs,
  gatherRetryMsMax,
  gatherStuckMs,
} from "./limits.ts";

/** What the Worker is asked. */
export type GatherOrder = {
  /** Descriptor of the network namespace. */
  readonly netns: number;
  readonly addresses: readonly Ipv4[];
  readonly devices: GatherDevices;
  /** Tell the whole list, not only what changed. */
  readonly whole: boolean;
  /** Tell even that nothing changed. */
  readonly isBeat: boolean;
};

/** What the Worker answers. */
export type GatherAnswer = {
  /** Encoded messages (src/wire public-clients), in order. */
  readonly messages: readonly Uint8Array[];
  /** Connections beyond the bounds. */
  readonly untold: number;
  readonly tookUs: number;
  /** Why there was no reading. */
  readonly reason: string | undefined;
};

/** How to gather. */
export type GatherOptions = {
  readonly netns: number;
  readonly devices: GatherDevices;
  /** Messages for the standbys, to be sent in this order. */
  readonly onMessages: (messages: readonly Uint8Array[]) => void;
  readonly onTrouble: (reason: string) => void;
};

/** A running gatherer. */
export type Gatherer = {
  /** Reads the connections of these addresses from now on; none = rests. */
  readonly follow: (addresses: readonly Ipv4[]) => void;
  /** The next messages tell the whole list: for a standby that came or missed something. */
  readonly tellWhole: () => void;
  /** The newest reading for one address. */
  readonly clients: (address: Ipv4) => PublicClient[];
  readonly counters: () => Readonly<Record<"readings" | "untold" | "tookUs", number>>;
  readonly close: () => void;
};

type Running = {
  readonly options: GatherOptions;
  readonly copy: ClientCopy;
  readonly counters: { readings: number; untold: number; tookUs: number };
  worker: Worker;
  addresses: readonly Ipv4[];
  whole: boolean;
  /** A timer until the next order, or until an answer is overdue. */
  timer: ReturnType<typeof setTimeout> | undefined;
  isAsked: boolean;
  /** When the last message was made. */
  toldUs: number;
  /** Workers that failed in a row. */
  failures: number;
  closed: boolean;
};

/** Starts the Worker; it reads nothing until addresses are given. */
export function startGathering(options: GatherOptions): Gatherer {
  const running: Running = {
    options,
    copy: createClientCopy(),
    counters: { readings: 0, untold: 0, tookUs: 0 },
    worker: makeWorker(),
    addresses: [],
    whole: true,
    timer: undefined,
    isAsked: false,
    toldUs: 0,
    failures: 0,
    closed: false,
  };
  listen(running);
  return {
    follow(addresses) {
      running.addresses = addresses;
      if (!running.isAsked) order(running);
    },
    tellWhole() {
      running.whole = true;
    },
    clients: (address) => clientsOf(running.copy, address),
    counters: () => ({ ...running.counters }),
    close() {
      running.closed = true;
      clearTimeout(running.timer);
      running.worker.terminate();
    },
  };
}

function makeWorker(): Worker {
  const worker = new Worker(workerFile());
  worker.unref();
  return worker;
}

/**
 * In a compiled executable import.meta.url names the folder it was built in, on the machine it was
 * built on; the Worker's file is below the executable's own root, at its place in the repository.
 */
function workerFile(): string {
  if (Bun.main.startsWith("/$bunfs/")) return "/$bunfs/root/src/redirect/address/clients.worker.ts";
  return new URL("./clients.worker.ts", import.meta.url).href;
}

function listen(running: Running): void {
  const { worker } = running;
  worker.addEventListener("message", ({ data }: MessageEvent<GatherAnswer>) => {
    if (!running.closed && running.worker === worker) onAnswer(running, data);
  });
  worker.addEventListener("error", (event) => {
    if (!running.closed && running.worker === worker) replace(running, event.message);
  });
}

function order(running: Running): void {
  clearTimeout(running.timer);
  // One more order after the last address: it tells that its clients are gone.
  if (running.closed || (running.addresses.length === 0 && running.copy.clients.size === 0)) return;
  const { netns, devices } = running.options;
  const { addresses, whole } = running;
  running.whole = false;
  running.isAsked = true;
  const isBeat = monoNowUs() - running.toldUs >= clientsBeatMs * 1000;
  const asked: GatherOrder = { netns, addresses, devices, whole, isBeat };
  running.worker.postMessage(asked);
  running.timer = setTimeout(() => replace(running, "no answer"), gatherStuckMs);
}

function onAnswer(running: Running, answer: GatherAnswer): void {
  clearTimeout(running.timer);
  running.isAsked = false;
  running.failures = 0;
  running.counters.readings++;
  running.counters.untold = answer.untold;
  running.counters.tookUs = answer.tookUs;
  if (answer.reason !== undefined) {
    running.options.onTrouble(answer.reason);
    running.whole = true; // an order for the whole list may be the one that failed
  }
  for (const bytes of answer.messages) {
    const message = decodePublicClients(bytes);
    if (!message.ok) running.options.onTrouble(wireErrorText(message.error));
    else if (!applyClients(running.copy, message.value)) running.whole = true;
  }
  if (answer.messages.length > 0) {
    running.toldUs = monoNowUs();
    running.options.onMessages(answer.messages);
  }
  const pauseMs = Math.max(gatherMs, (answer.tookUs / 1000) * gatherPauseTimes);
  running.timer = setTimeout(() => order(running), pauseMs);
}

/** A fresh Worker starts a fresh list, later each time: one that failed leaves two sockets behind. */
function replace(running: Running, why: string): void {
  if (running.closed) return;
  running.options.onTrouble(`the reader of connections failed: ${why}; started again`);
  running.worker.terminate();
  running.worker = makeWorker();
  running.whole = true;
  running.isAsked = false;
  listen(running);
  clearTimeout(running.timer);
  const pauseMs = Math.min(gatherRetryMsMax, gatherRetryMs * 2 ** running.failures);
  running.failures++;
  running.timer = setTimeout(() => order(running), pauseMs);
}
