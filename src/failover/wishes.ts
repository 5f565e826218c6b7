// What the operator wants of the chassis, kept by the CCN so that its restart forgets nothing: boards
// that are to be out, and no elections (leases.md O5). One small file, replaced as a whole; a file
// that cannot be read wants nothing, and is told.

import { mkdirSync, readFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { parseSlotId, type SlotId } from "../base/index.ts";

/** What is wanted. */
export type Wishes = { readonly out: ReadonlySet<SlotId>; readonly electionsOff: boolean };

/** The kept wishes. */
export type WishStore = {
  readonly get: () => Wishes;
  /** In force at once; resolves when it is on disk, with what went wrong if it is not. */
  readonly set: (wishes: Wishes) => Promise<string | undefined>;
};

const fileName = "wishes.json";

/** Reads what an earlier life kept. */
export function openWishes(stateDir: string, onTrouble: (reason: string) => void): WishStore {
  const path = join(stateDir, fileName);
  let wishes = readWishes(path, onTrouble);
  let turn: Promise<string | undefined> = Promise.resolve(undefined);
  return {
    get: () => wishes,
    set(wanted) {
      wishes = wanted;
      turn = turn.then(() => writeWishes(stateDir, path, wanted));
      return turn;
    },
  };
}

function readWishes(path: string, onTrouble: (reason: string) => void): Wishes {
  const none: Wishes = { out: new Set(), electionsOff: false };
  try {
    const kept = wishesOf(JSON.parse(readFileSync(path, "utf8")));
    if (kept === undefined) onTrouble(`${path}: not wishes; nothing is wanted of the boards`);
    return kept ?? none;
  } catch (thrown) {
    const isMissing = thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
    if (!isMissing) onTrouble(`${path}: ${String(thrown)}; nothing is wanted of the boards`);
    return none;
  }
}

/** Undefined: that is not what `writeWishes` writes. Half a wish is none: an order left out unseen. */
function wishesOf(kept: unknown): Wishes | undefined {
  if (typeof kept !== "object" || kept === null) return undefined;
  if (!("out" in kept) || !Array.isArray(kept.out)) return undefined;
  if (!("electionsOff" in kept) || typeof kept.electionsOff !== "boolean") return undefined;
  const out = new Set<SlotId>();
  for (const each of kept.out) {
    const slot = typeof each === "number" ? parseSlotId(each) : undefined;
    if (slot?.ok !== true) return undefined;
    out.add(slot.value);
  }
  return { out, electionsOff: kept.electionsOff };
}

async function writeWishes(
  stateDir: string,
  path: string,
  { out, electionsOff }: Wishes,
): Promise<string | undefined> {
  try {
    mkdirSync(stateDir, { recursive: true });
    const file = await open(`${path}.new`, "w", 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ out: [...out], electionsOff })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    const folder = await open(stateDir, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}
