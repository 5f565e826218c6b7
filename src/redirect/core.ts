// REDIRECT's core (design 45): from facts to wishes. Pure: time comes in, effects go out. It only
// wishes: who may be active is decided by the leases, and a wish they do not follow harms nothing.
//
// Every event ends the same way: wishes under way are judged, rules are looked at, every group is
// placed anew, and what differs from before becomes effects. So the same facts twice say nothing.
//
// | event | state             | new state                                | effects               |
// | ----- | ----------------- | ---------------------------------------- | --------------------- |
// | facts | any               | these facts are the newest               | what changed          |
// | move  | facts known       | group placed there if it can be          | wish, or an alarm     |
// |       | no facts yet      | unchanged                                | alarm `move-refused`  |
// | config| any               | what stayed goes on, the rest is new     | what changed          |
// | timer | wish unheard      | slot doubted, another one chosen         | alarm, wish           |
// |       | rule due          | rule has fired                           | its action            |
// |       | slot calm         | `when-calm` groups go back               | wish                  |
// |       | nothing due       | unchanged                                |                       |

import { assert, type MonoUs, unreachable } from "../base/index.ts";
import { chooseActives } from "./core/place.ts";
import { reconfigure } from "./core/reconfigure.ts";
import { applyRules } from "./core/rules.ts";
import { tellSafety } from "./core/safe.ts";
import { orderServices } from "./core/services.ts";
import { type MoveOrder, type Out, setAlarm, type State } from "./core/state.ts";
import { type View, viewOf } from "./core/view.ts";
import { judgeWishes, placeGroups, tellDoubts } from "./core/wishes.ts";
import type { Placement, RedirectEffect, RedirectEvent } from "./types.ts";

/** Takes one event at `now`, changes `state`, orders what follows. Never throws on input. */
export function step(state: State, event: RedirectEvent, now: MonoUs): RedirectEffect[] {
  const out: Out = {
    wishes: [],
    orders: [],
    alarms: [],
    last: [],
    moves: [],
    nextUs: Number.POSITIVE_INFINITY,
  };
  switch (event.type) {
    case "facts":
      state.facts = event.facts;
      break;
    case "move": {
      const { group, to } = event;
      takeOrder(state, { group, to, cause: "the operator asked for it" }, out);
      break;
    }
    case "config":
      reconfigure(state, event.config, out);
      break;
    case "timer":
      if (state.timerUs !== undefined && now >= state.timerUs) state.timerUs = undefined;
      break;
    default:
      return unreachable(event);
  }
  if (state.facts === undefined) return out.alarms;
  conclude(state, viewOf(state.facts), now, out);
  return [...out.wishes, ...out.orders, ...out.alarms, ...out.last, ...timerOf(state, out)];
}

function takeOrder(state: State, move: MoveOrder, out: Out): void {
  if (!state.plan.groupOf.has(move.group)) return;
  if (state.facts !== undefined) {
    out.moves.push(move);
    return;
  }
  const text = `${move.cause}: group ${move.group} cannot move: nothing is known of the boards yet`;
  setAlarm(state, `move-refused:${move.group}`, text, out);
}

function conclude(state: State, view: View, now: number, out: Out): void {
  noteWell(state, view, now);
  judgeWishes(state, view, now);
  applyRules(state, view, now, out);
  const choices = chooseActives(state, view, now, out);
  placeGroups(state, view, choices, { now, out });
  tellDoubts(state, out);
  orderServices(state, view, out);
  tellSafety(state, view, out);
  for (const { group, active } of state.placements.values()) {
    const model = state.plan.groupOf.get(group)?.model;
    assert(active.length <= 1 || model === "all-active", "one active slot at most");
  }
}

/** Since when each board is well: what `when-calm` waits for. */
function noteWell(state: State, view: View, now: number): void {
  for (const slot of state.plan.slots) {
    const board = view.boardOf.get(slot);
    const isWell =
      board !== undefined &&
      board.state === "up" &&
      board.degraded === undefined &&
      !board.maintenance &&
      board.paths.A &&
      board.paths.B;
    if (!isWell) state.wellSinceUs.delete(slot);
    else if (!state.wellSinceUs.has(slot)) state.wellSinceUs.set(slot, now);
  }
}

function timerOf(state: State, out: Out): RedirectEffect[] {
  if (!Number.isFinite(out.nextUs) || out.nextUs === state.timerUs) return [];
  state.timerUs = out.nextUs;
  return [{ type: "set-timer", atUs: out.nextUs }];
}

/** Where every group should be now, in the file's order; empty before the first facts. */
export function placementsOf(state: State): Placement[] {
  return state.plan.config.groups.flatMap(({ name }) => state.placements.get(name) ?? []);
}
