// Keeps the list of culprits. A failing switch reaches a board as many broken paths within some
// milliseconds; naming a culprit after the first one would name the wrong one. So the picture is
// diagnosed `settleUs` after its last change, later while paths are about to fall or to rise, and
// at most `settleMaxUs` after the first change. Path and board states are never held back.

import { type MonoUs, type NetworkId, type SlotId } from "../../base/index.ts";
import { recheckUs, settleMaxUs } from "../limits.ts";
import type { Diagnosis } from "../types.ts";
import { diagnose, type DiagnosisView, faultKey } from "./diagnosis.ts";
import type { Effect } from "./events.ts";
import { faultText, type FaultWords } from "./fault-text.ts";
import { codeOf, hearsAll, pathCode } from "./picture.ts";
import { isUnsteady, tellsLost, tellsUnsteady } from "./rows.ts";
import { indexOf, isHeard, type NetworkIndex, type State, timeOf } from "./state.ts";

/** Diagnoses the picture once it has come to rest, and tells which faults are new or gone. */
export function settle(state: State, now: MonoUs, out: Effect[]): void {
  const { picture } = state;
  if (picture.settleUs < 0 || now < picture.settleUs) return;
  const isForced = now >= picture.unsettledUs + settleMaxUs;
  if (!isForced && isMoving(state, now)) {
    picture.settleUs = now + recheckUs;
    return;
  }
  const sinceUs = timeOf(picture.unsettledUs);
  picture.settleUs = -1;
  picture.unsettledUs = -1;
  const view = viewOf(state);
  const words = wordsOf(state);
  const before = new Map(picture.faults.map((known) => [faultKey(known.fault), known]));
  const faults: Diagnosis[] = [];
  for (const fault of diagnose(view)) {
    const key = faultKey(fault);
    const known = before.get(key);
    before.delete(key);
    const text = faultText(fault, words);
    faults.push({ fault, sinceUs: known?.sinceUs ?? sinceUs, text });
    if (known !== undefined) continue;
    out.push({
      type: "changed",
      change: { type: "fault", atUs: now, fault, text, cleared: false },
    });
  }
  for (const { fault, text } of before.values()) {
    out.push({ type: "changed", change: { type: "fault", atUs: now, fault, text, cleared: true } });
  }
  picture.faults = faults;
}

/** What a board can do on a network, as far as anybody can tell. */
export function networkWork(
  state: State,
  slot: SlotId,
  network: NetworkId,
): "ok" | "down" | "deaf" | "mute" | "unknown" {
  const at = slot * 2 + indexOf(network);
  const sends = codeOf(state.picture.sends[at]);
  const hears = codeOf(state.picture.hears[at]);
  if (sends === 0 && hears === 0) return "unknown";
  if (sends === 2) return hears === 1 ? "deaf" : "ok";
  return hears === 2 && sends === 1 ? "mute" : hears === 2 ? "ok" : "down";
}

/** Are paths about to fall or to rise, here or between others who tell us? */
function isMoving(state: State, now: MonoUs): boolean {
  return state.direct.some(
    (peer) =>
      isUnsteady(state, peer, now) ||
      (isHeard(peer) && state.slots.some((slot) => tellsUnsteady(peer, slot))),
  );
}

function viewOf(state: State): DiagnosisView {
  return {
    self: state.self,
    boards: state.slots.map((slot) => ({
      slot,
      isHub: hearsAll(state, slot),
      state: state.picture.boards[slot] ?? "unknown",
      port: state.boards[slot]?.port ?? { A: undefined, B: undefined },
    })),
    switchName: switchNames(state),
    isIsolated: state.picture.isIsolated,
    path: (from, to, network) => pathCode(state, from, to, indexOf(network)),
    isCarrierLost: (slot, network) => isCarrierLost(state, slot, indexOf(network)),
  };
}

function wordsOf(state: State): FaultWords {
  return {
    self: state.self,
    switchName: switchNames(state),
    workOf: (slot, network) => networkWork(state, slot, network),
  };
}

function switchNames(state: State): Record<NetworkId, string> {
  const { networks } = state.document;
  return { A: networks.A.switchName, B: networks.B.switchName };
}

/** Does the board itself, or a hub it told so, say that it has no carrier there? */
function isCarrierLost(state: State, slot: SlotId, network: NetworkIndex): boolean {
  if (slot === state.self) return state.ownLost[network];
  const peer = state.peers[slot];
  if (peer !== undefined && peer.isDirect && isHeard(peer)) return peer.paths[network].peerLost;
  return state.direct.some((hub) => hub.isHub && isHeard(hub) && tellsLost(hub, slot, network));
}
