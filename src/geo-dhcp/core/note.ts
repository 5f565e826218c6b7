// One branch taken = one count and at most one line. Ordinary lines are limited per second: under a
// storm the counters stay whole and the log says how many lines it left out.

import { type Mac, type MonoUs, takeLine } from "../../base/index.ts";
import { type EventName, levelOf } from "./event-names.ts";
import type { Effect, Place, State } from "./types.ts";

/** One call of `step`: the state it changes, the moment, the orders it collects. */
export type Run = { readonly state: State; readonly now: MonoUs; readonly effects: Effect[] };

/** What a line can say besides MAC, switch, port and slot. */
export type NoteFields = Readonly<Record<string, string | number | undefined>>;

/** Counts a branch. */
export function count(run: Run, event: EventName): void {
  const { counters } = run.state;
  counters.set(event, (counters.get(event) ?? 0) + 1);
}

/** Counts a branch and orders its line, naming MAC, switch, port and slot as far as known. */
export function note(
  run: Run,
  event: EventName,
  about: { readonly mac?: Mac; readonly place?: Place | undefined; readonly fields?: NoteFields },
): void {
  count(run, event);
  const level = levelOf.get(event) ?? "count";
  if (level === "count" || !mayLog(run)) return;
  const { mac, place, fields } = about;
  run.effects.push({
    type: "log",
    level,
    event,
    fields: { net: run.state.config.network, mac, ...placeFields(place), ...fields },
  });
}

/** Lets the shell's timer fire at `atUs` or before. */
export function wakeAt(run: Run, atUs: MonoUs): void {
  const { state } = run;
  if (state.timerUs !== undefined && state.timerUs <= atUs) return;
  state.timerUs = atUs;
  run.effects.push({ type: "set-timer", atUs });
}

function mayLog(run: Run): boolean {
  const { allowed, suppressed } = takeLine(run.state.lines, run.now);
  if (suppressed > 0) {
    count(run, "log-lines-suppressed");
    const fields = { net: run.state.config.network, lines: suppressed };
    run.effects.push({ type: "log", level: "warn", event: "log-lines-suppressed", fields });
  }
  return allowed;
}

function placeFields(place: Place | undefined): NoteFields {
  if (place === undefined) return {};
  if (place.kind === "found") {
    const { switchName, port, board, address } = place;
    return { switch: switchName, port, slot: board.slot, board: board.name, address };
  }
  const port = place.kind === "not-found" ? place.port : undefined;
  return { switch: place.switchName, port, why: place.why };
}
