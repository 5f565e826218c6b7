// After a move the switches are asked whether frames of the public addresses come from the port of
// the board that holds them. If not, the board announces again and the timeline says so; if so, the
// address is verified. On the CCN, which alone asks switches.

import { parseMac, type Mac, type SlotId } from "../base/index.ts";
import type { Group } from "../config/index.ts";
import { channels, verifyAfterMs, verifyEveryMs, verifyTimes } from "./limits.ts";
import type { State } from "./state.ts";
import { note } from "./story.ts";

/** Looks at the groups whose active board changed. */
export function verifyMoves(state: State): void {
  const { options, observed, verified } = state;
  if (options.placesOf === undefined) return;
  for (const group of options.document.groups) {
    if (group.addresses.length === 0) continue;
    const [slot, ...more] = observed.groups.get(group.name)?.claims.keys() ?? [];
    if (slot === undefined || more.length > 0 || verified.get(group.name) === slot) continue;
    verified.set(group.name, slot);
    setTimeout(() => void verify(state, group, { slot, time: 1 }), verifyAfterMs).unref();
  }
}

async function verify(
  state: State,
  group: Group,
  { slot, time }: { readonly slot: SlotId; readonly time: number },
): Promise<void> {
  const { options, verified } = state;
  if (state.isClosed || verified.get(group.name) !== slot) return;
  const places = await Promise.all(
    macsOf(group).map((mac) => options.placesOf?.(slot, mac) ?? Promise.resolve([])),
  );
  const known = places.flat().filter((place) => place !== undefined);
  const wrong = known.find((place) => place !== slot);
  if (wrong === undefined && known.length > 0) {
    state.link?.send(slot, channels.verified, Uint8Array.of(1));
    return;
  }
  if (wrong !== undefined) {
    const text = `the switches send frames for ${addressText(group)} to slot ${wrong}, not ${slot}`;
    note(state, { step: "evidence", about: slot, group: group.name, text });
    state.link?.send(slot, channels.verified, Uint8Array.of(0));
  }
  if (time >= verifyTimes) return;
  const next = { slot, time: time + 1 };
  setTimeout(() => void verify(state, group, next), verifyEveryMs).unref();
}

/** The MACs that move with the addresses; undefined once = the board's own. */
function macsOf({ addresses }: Group): readonly (Mac | undefined)[] {
  const own = addresses.flatMap(({ mac }) => {
    const parsed = mac === undefined ? undefined : parseMac(mac);
    return parsed?.ok === true ? [parsed.value] : [];
  });
  return own.length < addresses.length ? [undefined, ...own] : own;
}

function addressText({ addresses }: Group): string {
  return addresses.map(({ address }) => address).join(", ");
}
