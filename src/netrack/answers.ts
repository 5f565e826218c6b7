// Answers to local programs, and what they tell. README.md is the reference of the protocol.

import type { SlotId } from "../base/index.ts";
import { monoNowUs } from "../kernel/index.ts";
import { slotServicesMax } from "../wire/index.ts";
import { bestAddress } from "./core/best.ts";
import { mapOf } from "./core/map.ts";
import { setService, slotsOfService } from "./core/services.ts";
import type { AskedCommand } from "./local-socket.ts";
import { feed, type Shell } from "./loop.ts";
import type { Tell } from "./surface.ts";

/** One command's answer, an object for one line of JSON. */
export function answer(shell: Shell, command: AskedCommand): object {
  switch (command.type) {
    case "best":
      return best(shell, command.target);
    case "status":
      return { ok: true, seq: shell.seq, map: mapOf(shell.state, monoNowUs()) };
    case "counters":
      return { ok: true, counters: countersOf(shell) };
    case "leaving":
    case "degraded":
      tell(shell, command);
      return { ok: true };
    case "ok":
      tell(shell, { type: "well" });
      return { ok: true };
    case "service":
      if (setService(shell.services, command.name, command.up)) return { ok: true };
      return { ok: false, error: `${slotServicesMax} services are up here; take one down first` };
    default:
      return command satisfies never;
  }
}

function best(shell: Shell, target: SlotId | string): object {
  const map = mapOf(shell.state, monoNowUs());
  const board = map.boards.find(({ slot, name }) => slot === target || name === target);
  const slots =
    board === undefined ? slotsOfService(shell.services, `${target}`, map) : [board.slot];
  if (slots.length === 0) return { ok: false, error: `no board or service "${target}"` };
  for (const slot of slots) {
    const found = bestAddress(map, slot);
    if (found !== undefined) return { ok: true, slot, ...found };
  }
  return { ok: false, error: `slot ${slots.join(", ")} cannot be reached on A or B` };
}

/** Takes over what a local program says about this board. */
export function tell(shell: Shell, what: Tell): void {
  if (what.type !== "service") {
    feed(shell, what);
    return;
  }
  if (!setService(shell.services, what.name, what.up)) shell.counts.servicesRefused++;
}

/** All counters by name. */
export function countersOf(shell: Shell): Record<string, number> {
  const { counts, state } = shell;
  return {
    ...state.counters,
    ...counts,
    ownSlot: counts.ownSlot + state.counters.ownSlot,
    unknownSlot: counts.unknownSlot + state.counters.unknownSlot,
    changes: shell.seq,
    clients: shell.local?.clients() ?? 0,
    hostRoutes: shell.routes?.count() ?? 0,
    latenessUs: Math.round(state.latenessUs),
  };
}
