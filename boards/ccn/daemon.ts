// The CCN's daemon: the chassis file, the chassis key, fixed addresses, one switch lookup and one
// address server a network, the configuration server, NETRACK, the control API. SIGHUP reads the
// chassis file again; a file with mistakes changes nothing.

import { ccnSlot, type NetworkId, networkIds } from "../../src/base/index.ts";
import {
  boardDocument,
  type Chassis,
  configErrorText,
  loadChassisFile,
} from "../../src/config/index.ts";
import {
  createSwitchLookup,
  type GeoDhcp,
  startGeoDhcp,
  type SwitchLookup,
} from "../../src/geo-dhcp/index.ts";
import { monoNowUs, sysErrorText } from "../../src/kernel/index.ts";
import { exitCodes, type RunOptions } from "../../src/manage/index.ts";
import { chassisKey, startProvision } from "../../src/provision/index.ts";
import { beginProcess, type BoardProcess, untilStopped } from "../shared/process.ts";
import { ccnFacts } from "./facts.ts";
import { setFixedAddresses } from "./fixed-addresses.ts";
import { startCcnLife } from "./life.ts";
import type { CcnParts } from "./parts.ts";

/** Runs until a signal; the exit code if it cannot start. */
export async function runCcn(options: RunOptions): Promise<number> {
  const board = beginProcess("ccn", options);
  const path = options.config ?? "/etc/softset/chassis.yaml";
  const loaded = loadChassisFile(path);
  if (!loaded.ok) {
    for (const mistake of loaded.error) board.giveUp(configErrorText(mistake), 0);
    return exitCodes.configInvalid;
  }
  board.rename(loaded.value.boards.find(({ slot }) => slot === ccnSlot)?.name ?? "ccn");
  const key = chassisKey(options.stateDir);
  if (!key.ok) return board.giveUp(key.error.text, exitCodes.failed);
  const { hex: keyHex, wasExposed } = key.value;
  if (wasExposed) board.events.log.warn("chassis-key-exposed", { dir: options.stateDir });
  const addresses = setFixedAddresses(loaded.value, options.devices);
  if (!addresses.ok) return board.giveUp(addresses.error, exitCodes.failed);
  const parts = await startParts(board, options, { chassis: loaded.value, keyHex });
  if (typeof parts === "string") return board.giveUp(parts, exitCodes.failed);
  let reloading = Promise.resolve();
  process.on("SIGHUP", () => {
    reloading = reloading
      .then(() => reload(board, parts, { path, keyHex }))
      .catch((error: unknown) => {
        board.events.log.error("chassis-file-refused", { text: `cannot reload: ${String(error)}` });
      });
  });
  const isServed = await board.serve(ccnFacts({ board, options, parts }));
  if (!isServed) return exitCodes.failed;
  board.events.log.info("board-started", { role: "ccn", chassis: loaded.value.name });
  return untilStopped();
}

/** Starts everything; a sentence if something refused. What started before is closed on exit. */
async function startParts(
  board: BoardProcess,
  options: RunOptions,
  given: { readonly chassis: Chassis; readonly keyHex: string },
): Promise<CcnParts | string> {
  const { chassis, keyHex } = given;
  const { log } = board.events;
  const { devices } = options;
  const addresses = { A: chassis.networks.A.ccn, B: chassis.networks.B.ccn };
  const provision = await startProvision({
    chassis,
    keyHex,
    addresses,
    devices,
    log: log.module("provision"),
  });
  if (!provision.ok) return sysErrorText(provision.error);
  const lookups = { A: lookupOf(board, chassis, "A"), B: lookupOf(board, chassis, "B") };
  if (lookups.A === undefined || lookups.B === undefined) return "a network has no switch";
  const servers: Partial<Record<NetworkId, GeoDhcp>> = {};
  for (const network of networkIds) {
    const lookup = lookups[network];
    if (lookup === undefined) return `network ${network} has no switch`;
    const started = await startGeoDhcp({
      chassis,
      network,
      device: devices[network],
      lookup: lookup.lookup,
      option82: lookup.option82,
      bootInfo: (slot, on) => {
        const document = provision.value.documentFor(slot);
        return document && { url: document.url(on), sha256: document.sha256 };
      },
      log: log.module("geo-dhcp"),
    });
    if (!started.ok) return started.error.text;
    servers[network] = started.value;
    board.runtime.onStop(() => started.value.close());
  }
  board.runtime.startIsOver();
  const { A, B } = servers;
  if (A === undefined || B === undefined) return "an address server is missing";
  const switches = { lookups: { A: lookups.A, B: lookups.B }, servers: { A, B } };
  const life = await startCcnLife(board, options, given, switches);
  if (!life.ok) return life.error;
  board.runtime.onStop(() => provision.value.close());
  return {
    chassis,
    ...switches,
    provision: provision.value,
    life: life.value,
  };
}

function lookupOf(
  board: BoardProcess,
  chassis: Chassis,
  network: NetworkId,
): SwitchLookup | undefined {
  const { ccn, switchName } = chassis.networks[network];
  const found = chassis.switches.find(({ name }) => name === switchName);
  if (found === undefined) return undefined;
  const log = board.events.log.module("geo-dhcp");
  const lookup = createSwitchLookup({ switch: found, sourceAddress: ccn, now: monoNowUs, log });
  board.runtime.onStop(() => lookup.close());
  return lookup;
}

/**
 * SIGHUP: the chassis file again. Blocks the loop for some 10 ms, which heartbeats bear (silence is
 * 37) and a Worker would make a second copy of the loader for. What the CCN has bound or asks
 * already (its addresses, httpPort, switches) changes only with a restart, so that is refused.
 */
async function reload(
  board: BoardProcess,
  parts: CcnParts,
  from: { readonly path: string; readonly keyHex: string },
): Promise<void> {
  const { log } = board.events;
  const loaded = loadChassisFile(from.path);
  if (!loaded.ok) {
    for (const mistake of loaded.error) {
      log.error("chassis-file-refused", { text: configErrorText(mistake) });
    }
    return;
  }
  const bound = boundChange(parts.chassis, loaded.value);
  if (bound !== undefined) {
    const text = `${from.path}: ${bound} changed; restart the CCN's daemon for that`;
    log.error("chassis-file-refused", { text });
    return;
  }
  parts.chassis = loaded.value;
  parts.provision.update(loaded.value);
  for (const network of networkIds) parts.servers[network].update(loaded.value);
  await parts.life.update(boardDocument(loaded.value, ccnSlot, from.keyHex));
  log.info("config-loaded", { version: loaded.value.version, path: from.path });
}

/** What a reload cannot change, if the new file changes it. */
function boundChange(before: Chassis, after: Chassis): string | undefined {
  if (before.provision.httpPort !== after.provision.httpPort) return "provision.httpPort";
  for (const network of networkIds) {
    const [was, is] = [before.networks[network], after.networks[network]];
    if (was.ccn !== is.ccn || was.subnet !== is.subnet || was.prefix !== is.prefix) {
      return `networks.${network}`;
    }
    if (was.switchName !== is.switchName) return `networks.${network}.switch`;
  }
  return undefined;
}
