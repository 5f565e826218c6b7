// Faults of a real chassis, drawn at random: what is done, what the boards must say of it, and how it
// is undone. Names are those of the lab.

import {
  type NetworkId,
  nextBelow,
  nextChance,
  nextOf,
  type Prng,
} from "../../../src/base/index.ts";
import { killPid } from "../../../src/kernel/index.ts";
import type { Lab } from "../../../src/lab/index.ts";

/** What NETRACK must name: kind of fault and the slot, network or switch it is about. */
export type Verdict = {
  readonly kind: string;
  readonly slot?: number;
  readonly network?: NetworkId;
};

/** One drawn fault. */
export type DrawnFault = {
  /** In words, for progress and findings. */
  readonly text: string;
  readonly make: (lab: Lab) => Promise<void>;
  /** Undefined: too short to be named. */
  readonly verdict: Verdict | undefined;
  /** Which board says it: one that is not concerned. */
  readonly asked: "ccn" | "c1" | "c2";
  /** It stays so long before it is mended, ms. */
  readonly lastsMs: number;
  readonly mend: (lab: Lab) => Promise<void>;
};

const stop = 19;
const go = 18;
/** A pause longer than T_SILENT is named; one shorter must change nothing. */
const longPauseMs = 300;

/** Draws the next fault. */
export function drawFault(rng: Prng): DrawnFault {
  const slot = 1 + nextBelow(rng, 2);
  const board = `c${slot}`;
  const other = slot === 1 ? "c2" : "c1";
  const network = nextOf(rng, ["A", "B"] as const);
  const lastsMs = 100 + nextBelow(rng, 400);
  const about = { asked: "ccn", lastsMs } as const;
  const kind = nextBelow(rng, 9);
  if (kind === 0 || kind === 1) {
    const manner = nextOf(rng, ["hang", "crash", "power-loss"] as const);
    return {
      ...about,
      text: `kill ${board} (${manner})`,
      make: async (lab) => good(await lab.kill(board, manner)),
      verdict: { kind: "board", slot },
      mend: (lab) => start(lab, board),
    };
  }
  if (kind === 2) return pause({ about, board, slot }, rng);
  if (kind === 3) {
    const way = nextOf(rng, ["in", "out"] as const);
    return {
      ...about,
      text: `one-way ${way} of ${board} on ${network}`,
      make: async (lab) => good(await lab.cut({ name: board, network }, { oneway: way })),
      verdict: { kind: "one-way", slot, network },
      mend: heal,
    };
  }
  if (kind === 4) {
    const silent = nextChance(rng, 0.5);
    return {
      ...about,
      text: `cable ${network} of ${board}${silent ? ", silent" : ""}`,
      make: async (lab) => good(await lab.cut({ name: board, network }, { silent })),
      verdict: { kind: "cable", slot, network },
      mend: heal,
    };
  }
  if (kind === 5) {
    const silent = nextChance(rng, 0.5);
    return {
      ...about,
      text: `both cables of ${board}${silent ? ", silent" : ""}`,
      make: async (lab) => good(await lab.cut({ name: board }, { silent })),
      verdict: { kind: "board", slot },
      mend: heal,
    };
  }
  if (kind === 6) {
    const name = `sw-${network.toLowerCase()}`;
    return {
      ...about,
      text: `switch ${name} off`,
      make: async (lab) => good(await lab.cut({ name })),
      verdict: { kind: "switch", network },
      mend: heal,
    };
  }
  return ccnFault({ lastsMs, board, other, isTwo: kind === 8 });
}

function pause(
  of: {
    readonly about: { readonly asked: "ccn"; readonly lastsMs: number };
    readonly board: string;
    readonly slot: number;
  },
  rng: Prng,
): DrawnFault {
  const isLong = nextChance(rng, 0.6);
  const { board, slot } = of;
  const ms = isLong ? longPauseMs : 15;
  return {
    ...of.about,
    text: `${board} stopped for ${ms} ms`,
    make: async (lab) => {
      const pid = pidOf(lab, board);
      killPid(pid, stop);
      setTimeout(() => killPid(pid, go), ms);
      await Promise.resolve();
    },
    verdict: isLong ? { kind: "board", slot } : undefined,
    mend: (lab) => start(lab, board),
  };
}

/** The CCN dies; `isTwo`: and then a controller, before it is back. */
function ccnFault(of: {
  readonly lastsMs: number;
  readonly board: string;
  readonly other: "c1" | "c2";
  readonly isTwo: boolean;
}): DrawnFault {
  const { lastsMs, board, other, isTwo } = of;
  return {
    text: isTwo ? `ccn killed, then ${board}` : "ccn killed",
    make: async (lab) => {
      good(await lab.kill("ccn"));
      if (!isTwo) return;
      await Bun.sleep(lastsMs);
      good(await lab.kill(board, "hang"));
    },
    // Alone, a controller cannot tell whether the others died or itself is cut off.
    verdict: isTwo ? undefined : { kind: "board", slot: 0 },
    asked: other,
    lastsMs,
    mend: async (lab) => {
      await start(lab, "ccn");
      if (isTwo) await start(lab, board);
    },
  };
}

async function heal(lab: Lab): Promise<void> {
  good(await lab.heal());
}

/** A board that the CCN fenced boots by itself; who is in its way is refused, which is fine. */
async function start(lab: Lab, board: string): Promise<void> {
  const started = await lab.start(board);
  if (!started.ok && started.error.kind !== "refused") throw new Error(started.error.text);
}

function pidOf(lab: Lab, board: string): number {
  const pid = lab.status().slots.find(({ name }) => name === board)?.board?.pid;
  if (pid === undefined) throw new Error(`${board} does not run`);
  return pid;
}

function good(result: { readonly ok: boolean; readonly error?: { readonly text: string } }): void {
  if (!result.ok) throw new Error(result.error?.text ?? "refused");
}
