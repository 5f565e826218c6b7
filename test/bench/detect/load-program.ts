// One kind of load on a board: `receive ADDRESS`, `send ADDRESS` (TCP blast), `hash`, `garbage`,
// `disk DIR`; `watch CPU` is none: it tells when that CPU stood still. Runs until killed; ends by
// itself after an hour.

import { createHash, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { monoNowUs } from "../../../src/kernel/index.ts";

const port = 5001;
/** Shorter gaps are scheduling, ms. */
const gapMsMin = 15;
const [kind = "", where = ""] = process.argv.slice(2);
const endMs = performance.now() + 3_600_000;

const loads: Readonly<Record<string, () => void>> = {
  receive: () => void createServer((socket) => socket.resume()).listen(port, where),
  send,
  hash: () =>
    forEver(() =>
      createHash("sha256")
        .update(randomBytes(1 << 20))
        .digest(),
    ),
  watch: () => watch(where),
  garbage: () => {
    let live: object[] = [];
    forEver(() => {
      live = Array.from({ length: 200_000 }, (_, i) => ({ i, text: `object ${i}` }));
      return live;
    });
  },
  disk: () => {
    const fd = openSync(join(where, "load"), "w");
    const block = randomBytes(1 << 20);
    forEver(() => {
      for (let i = 0; i < 64; i++) writeSync(fd, block, 0, block.length, i * block.length);
      fsyncSync(fd);
    });
    closeSync(fd);
  },
};

function forEver(work: () => unknown): void {
  while (performance.now() < endMs) work();
}

/**
 * Pinned to a CPU above everything else, it looks at the clock every millisecond: a gap means that
 * nothing ran there, which on a virtual machine is the host's doing. One line a gap: ms, µs of the end.
 */
function watch(cpu: string): void {
  let lastUs = monoNowUs();
  while (performance.now() < endMs) {
    Bun.sleepSync(1);
    const nowUs = monoNowUs();
    const gapMs = (nowUs - lastUs) / 1000 - 1;
    if (gapMs >= gapMsMin)
      process.stdout.write(`cpu ${cpu} stood still for ${gapMs.toFixed(1)} ms\n`);
    lastUs = nowUs;
  }
}

function send(): void {
  const block = randomBytes(1 << 18);
  const socket = connect(port, where);
  const push = (): void => {
    while (socket.write(block)) if (performance.now() > endMs) process.exit(0);
  };
  socket.on("connect", push);
  socket.on("drain", push);
  socket.on("error", () => setTimeout(send, 200));
}

const run = loads[kind];
if (run === undefined) {
  process.stderr.write(`usage: load-program.ts ${Object.keys(loads).join("|")} [ADDRESS|DIR]\n`);
  process.exit(2);
}
run();
