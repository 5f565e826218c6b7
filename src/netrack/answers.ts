// Answers to local programs, and what they tell. README.md is the reference of the protocol.

import type { SlotId } from "../base/index.ts";
import { monoNowUs } from "../kernel/index.ts";
import { bestAddress } from "./core/best.ts";
import { mapOf } from "./core/map.ts";
import { servicesMax } from "./limits.ts";
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
      if (command.up && !shell.services.has(command.name) && shell.services.size >= servicesMax) {
        return { ok: false, error: `${servicesMax} services are up already; take one down first` };
      }
      tell(shell, command);
      return { ok: true };
    default:
      return command satisfies never;
  }
}

function best(shell: Shell, target: SlotId | string): object {
  const map = mapOf(shell.state, monoNowUs());
  const [service] = typeof target === "string" && shell.services.has(target) ? [map.self] : [];
  const board = map.boards.find(({ slot, name }) => slot === target || name === target);
  const slot = board?.slot ?? service;
  if (slot === undefined) return { ok: false, error: `no board or service "${target}"` };
  const found = bestAddress(map, slot);
  if (found !== undefined) return { ok: true, slot, ...found };
  return { ok: false, error: `slot ${slot} cannot be reached on A or B` };
}

/** Takes over what a local program says about this board. */
export function tell(shell: Shell, what: Tell): void {
  if (what.type !== "service") {
    feed(shell, what);
    return;
  }
  if (!what.up) shell.services.delete(what.name);
  else if (shell.services.size < servicesMax) shell.services.add(what.name);
  else shell.counts.servicesRefused++;
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
