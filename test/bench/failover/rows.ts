// The rows of the failover bench: what is broken, and how it is whole again.

import type { NetworkId } from "../../../src/base/index.ts";
import type { KillManner, LabMoment } from "../../../src/lab/index.ts";
import type { BoardName, Pair } from "./side.ts";

/** One fault. */
export type Row = {
  readonly name: string;
  /** What the client speaks. */
  readonly kind: "udp" | "tcp";
  /** What our side does with a dead program; of no matter elsewhere. */
  readonly onFailure: "restart" | "move";
  /** True if this side has no such fault: nobody watches the service there. */
  readonly isForeign: (pair: Pair) => boolean;
  /** Breaks the pair whose `active` board answers; the moment before, us. */
  readonly breakIt: (pair: Pair, active: BoardName) => Promise<number>;
  /** Undoes what `heal` does not. */
  readonly mend: (pair: Pair, active: BoardName) => Promise<void>;
  /** True if the address must be on another board afterwards. */
  readonly moves: boolean;
};

const plain = {
  onFailure: "restart",
  isForeign: () => false,
  mend: () => Promise.resolve(),
  moves: true,
} as const;

function killRows(name: string, manner: KillManner): Row[] {
  return (["udp", "tcp"] as const).map((kind) => ({
    ...plain,
    name: `${name}-${kind}`,
    kind,
    breakIt: async ({ lab }, active) => at(await lab.kill(active, manner)),
    mend: async ({ lab }, active) => void at(await startAgain(lab, active)),
  }));
}

/** A board that the CCN has reset meanwhile boots by itself. */
async function startAgain(lab: Pair["lab"], board: BoardName): ReturnType<Pair["lab"]["start"]> {
  const started = await lab.start(board);
  return started.ok || started.error.kind !== "refused" ? started : lab.heal();
}

function networkRow(name: string, target: (active: BoardName) => CutTarget): Row {
  return {
    ...plain,
    name,
    kind: "udp",
    breakIt: async ({ lab }, active) => at(await lab.cut(target(active))),
    moves: false,
  };
}

type CutTarget = { readonly name: string; readonly network?: NetworkId };

function serviceRow(name: string, onFailure: "restart" | "move"): Row {
  return {
    ...plain,
    name,
    kind: "udp",
    onFailure,
    isForeign: ({ killService }) => killService === undefined,
    breakIt: ({ killService }, active) =>
      killService === undefined ? Promise.reject(new Error("no such fault")) : killService(active),
    moves: onFailure === "move",
  };
}

/** All rows, in the order of the table. */
export const rows: readonly Row[] = [
  ...killRows("controller-kill", "hang"),
  ...killRows("crash", "crash"),
  ...killRows("power-lost", "power-loss"),
  serviceRow("restart", "restart"),
  serviceRow("process-move", "move"),
  networkRow("network-lost", (active) => ({ name: active, network: "A" })),
  networkRow("switch-lost", () => ({ name: "sw-a" })),
  {
    ...plain,
    name: "hand-over",
    kind: "tcp",
    breakIt: (pair, active) => pair.handOver(active),
    mend: (pair, active) => pair.takeBack(active),
  },
];

function at(done: { readonly ok: true; readonly value: LabMoment } | LabRefusal): number {
  if (!done.ok) throw new Error(done.error.text);
  return done.value.atUs;
}

type LabRefusal = { readonly ok: false; readonly error: { readonly text: string } };
