// A board of death-watch.test.ts as a process of its own, so that a test can kill it as a crash does:
//
//   bun watched-board.ts SLOT PORT KEY LIFE
//
// Prints `listening` when it may be watched, or what kept it from that. Ends when it is killed, or
// when its standard input closes: a test that dies leaves none behind.

import { parseIncarnation, slotId } from "../base/index.ts";
import { startDeathWatch } from "./death-watch.ts";

const [slot = "", port = "", keyHex = "", lifeText = ""] = process.argv.slice(2);
const life = parseIncarnation(lifeText);
let trouble: string | undefined = life.ok ? undefined : life.error;
startDeathWatch({
  self: slotId(Number(slot)),
  port: Number(port),
  keyHex,
  boards: [],
  isWatched: true,
  ownLife: () => (life.ok ? life.value : undefined),
  lifeOf: () => undefined,
  onDeath: () => undefined, // it watches nobody
  onTrouble: (reason) => {
    trouble = reason;
  },
});
process.stdout.write(`${trouble ?? "listening"}\n`);
await Bun.stdin.text();
process.exit(0);
