// NETRACK on a board: opens what it needs, wires it together, and hands out its surface. The loop
// is in loop.ts; what is decided is decided in the core.

import { join } from "node:path";
import { err, ok, type Result } from "../base/index.ts";
import type { BoardDocument } from "../config/index.ts";
import { closeNetns, currentNetns, monoNowUs, sysErrorText } from "../kernel/index.ts";
import { answer, countersOf, tell } from "./answers.ts";
import { beatKey } from "./beat-key.ts";
import { type BeatSockets, openBeatSockets } from "./beat-sockets.ts";
import { watchCarriers } from "./carriers.ts";
import { incarnationOf, mapOf } from "./core/map.ts";
import { slotsOfService } from "./core/services.ts";
import { detoursOf, openHostRoutes } from "./host-routes.ts";
import { leavingBeats } from "./limits.ts";
import { openLocalSocket } from "./local-socket.ts";
import { feed, newShell, onPacket, type Shell } from "./loop.ts";
import { logAlarm, logChange, report } from "./reports.ts";
import type { Netrack, NetrackSettings } from "./surface.ts";
import type { MapChange } from "./types.ts";

/** Starts NETRACK in the calling thread's network namespace. The error is a sentence. */
export async function startNetrack(settings: NetrackSettings): Promise<Result<Netrack, string>> {
  const netns = currentNetns();
  if (!netns.ok) return err(sysErrorText(netns.error));
  const shell = newShell(settings, netns.value, { onChanged, onAlarm: logAlarm });
  const opened = await openSockets(shell).opened;
  if (!opened.ok) {
    shell.sockets?.close();
    closeNetns(netns.value);
    return err(sysErrorText(opened.error));
  }
  const local = openLocalSocket({
    path: join(settings.runDir, "netrack.sock"),
    answer: (command) => answer(shell, command),
    onDropped: (reason) => {
      shell.counts.clientsDropped++;
      const text = `a program on netrack.sock was dropped: ${reason}`;
      report(shell, "warn", "client-dropped", { reason, text });
    },
  });
  if (!local.ok) {
    shell.sockets?.close();
    closeNetns(netns.value);
    return local;
  }
  shell.local = local.value;
  if (settings.hostRoutes !== false) shell.routes = openHostRoutes(routeOptions(shell));
  if (settings.onChange !== undefined) shell.subscribers.add(settings.onChange);
  feed(shell, { type: "start" });
  shell.carriers = await watchCarriers({
    netns: netns.value,
    devices: settings.devices,
    onCarrier: (network, up) => feed(shell, { type: "carrier", network, up }),
    onDeviceUp: (network) => shell.sockets?.reopen(network),
    onTrouble: (reason) => {
      const text = `carriers are not watched, cuts are seen by silence only: ${reason}`;
      report(shell, "warn", "carrier-watch-lost", { reason, text });
    },
  });
  const { slot } = settings.document;
  const text = `heartbeats of slot ${slot} have begun`;
  report(shell, "info", "netrack-started", { slot, hub: shell.state.isHub, text });
  return ok(surface(shell));
}

function openSockets(shell: Shell): BeatSockets {
  const { provision } = shell.state.document;
  const groups = shell.state.isHub
    ? [provision.hubsGroup, provision.boardsGroup]
    : [provision.boardsGroup];
  const sockets = openBeatSockets({
    netns: shell.netns,
    devices: shell.settings.devices,
    port: provision.beatPort,
    groups,
    onBeat: (network, bytes) => onPacket(shell, network, bytes),
    onTrouble: (network, reason) => {
      const text = `no heartbeats on ${network} for now: ${reason}`;
      report(shell, "warn", "beat-socket-lost", { net: network, reason, text });
    },
  });
  shell.sockets = sockets;
  return sockets;
}

function surface(shell: Shell): Netrack {
  return {
    map: () => mapOf(shell.state, monoNowUs()),
    lifeOf: (slot) => incarnationOf(shell.state, slot),
    subscribe(onChange) {
      shell.subscribers.add(onChange);
      return () => shell.subscribers.delete(onChange);
    },
    counters: () => countersOf(shell),
    update: (document) => update(shell, document),
    tell: (what) => tell(shell, what),
    beatSoon: () => feed(shell, { type: "news" }),
    slotsOfService: (name) => slotsOfService(shell.services, name, mapOf(shell.state, monoNowUs())),
    async leave() {
      feed(shell, { type: "leaving" });
      await Bun.sleep(leavingBeats * shell.state.document.timing.beatMs);
    },
    close() {
      if (shell.isClosed) return;
      shell.isClosed = true;
      clearTimeout(shell.timer);
      shell.carriers?.close();
      shell.sockets?.close();
      shell.local?.close();
      shell.routes?.close();
      shell.subscribers.clear();
      closeNetns(shell.netns);
    },
  };
}

async function update(shell: Shell, document: BoardDocument): Promise<void> {
  if (shell.isClosed || document.slot !== shell.state.self) return;
  const before = shell.state.document;
  const wasHub = shell.state.isHub;
  shell.key = beatKey(document.key);
  feed(shell, { type: "document", document });
  const isSame =
    wasHub === shell.state.isHub &&
    before.provision.beatPort === document.provision.beatPort &&
    before.provision.hubsGroup === document.provision.hubsGroup &&
    before.provision.boardsGroup === document.provision.boardsGroup;
  if (isSame) return;
  shell.sockets?.close();
  await openSockets(shell).opened; // a refusal is told and tried again by the sockets themselves
}

function onChanged(shell: Shell, change: MapChange): void {
  shell.seq++;
  for (const subscriber of shell.subscribers) subscriber(change, shell.seq);
  shell.local?.tell(change, shell.seq);
  logChange(shell, change);
  if (change.type === "path" && !change.up && change.to === shell.state.self) lookAtCarriers(shell);
  if (shell.routes === undefined || shell.areRoutesDue || change.type === "fault") return;
  shell.areRoutesDue = true;
  setImmediate(() => {
    shell.areRoutesDue = false;
    if (!shell.isClosed) shell.routes?.follow(detoursOf(mapOf(shell.state, monoNowUs())));
  });
}

/** A path fell: is it our own cable? Asked once for all paths that fall together. */
function lookAtCarriers(shell: Shell): void {
  if (shell.isCheckDue) return;
  shell.isCheckDue = true;
  setImmediate(() => {
    shell.isCheckDue = false;
    if (!shell.isClosed) shell.carriers?.check();
  });
}

function routeOptions(shell: Shell): Parameters<typeof openHostRoutes>[0] {
  return {
    netns: shell.netns,
    devices: shell.settings.devices,
    onTrouble: (reason) => {
      const text = `programs are not led over the other network: ${reason}`;
      report(shell, "warn", "host-route-failed", { reason, text });
    },
  };
}
