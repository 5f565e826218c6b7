// A board that knows nothing at first, controller or I/O card: it gets its addresses by its switch
// ports, its configuration from the CCN, and then runs NETRACK with it. A newer configuration is
// taken over; one for another slot (the board was moved) begins a new life of NETRACK.

import type { Explanations, MonoUs, NetworkId } from "../../src/base/index.ts";
import { networkIds } from "../../src/base/index.ts";
import {
  type AddressClient,
  explanations as addressClient,
  startAddressClient,
} from "../../src/address-client/index.ts";
import type { BoardDocument } from "../../src/config/index.ts";
import { monoNowUs, sysErrorText } from "../../src/kernel/index.ts";
import { exitCodes, type Identity, type RunOptions } from "../../src/manage/index.ts";
import { everywhere } from "./explanations.ts";
import { type BoardLife, startLife } from "./failover.ts";
import { commonFacts } from "./facts.ts";
import { beginProcess, type BoardProcess, untilStopped } from "./process.ts";

/** What `explain` knows on these boards. */
export const explanationsOfNetworkBoard: Explanations = { ...everywhere, ...addressClient };

/** The board's life, once there is a configuration for one. */
type Life = {
  board: BoardLife | undefined;
  document: BoardDocument | undefined;
  /** Documents are taken over one after the other. */
  turn: Promise<void>;
  /** Called when an address was set or removed. */
  onAddress: () => void;
  /** The newest document; an older one still in turn is passed over. */
  newest: BoardDocument | undefined;
};

/** On how many networks a board has the address of its slot. */
type Addressed = "none" | "some" | "all";

/** Longest wait for the second network's address, ms: one network may be broken. */
const addressWaitMs = 500;
/** NETRACK that could not start is tried again after this, ms: a port or a device may come free. */
const netrackRetryMs = 2_000;

/** Runs a board of this role until a signal; the exit code if it cannot start. */
export async function runNetworkBoard(
  role: "controller" | "io-card",
  options: RunOptions,
): Promise<number> {
  const board = beginProcess(role, options);
  const life: Life = {
    board: undefined,
    document: undefined,
    turn: Promise.resolve(),
    onAddress: () => undefined,
    newest: undefined,
  };
  const since: Record<NetworkId, MonoUs> = { A: monoNowUs(), B: monoNowUs() };
  const client: { value: AddressClient | undefined } = { value: undefined };
  const noticeVersion = (version: number): void => client.value?.noticeVersion(version);
  const started = await startAddressClient({
    devices: options.devices,
    log: board.events.log.module("address-client"),
    onDocument: (document) => {
      const addressed = (): Addressed => addressedBy(client.value, document);
      const again = (): void => {
        life.turn = life.turn
          .then(() => takeOver(board, options, given))
          .catch((error: unknown) => {
            board.events.log.error("config-not-taken", { reason: String(error) });
          });
      };
      const given = { role, life, document, noticeVersion, addressed, again };
      life.newest = document;
      again();
    },
    onAddress: (network) => {
      since[network] = monoNowUs();
      life.onAddress();
    },
  });
  if (!started.ok) return board.giveUp(sysErrorText(started.error), exitCodes.failed);
  client.value = started.value;
  board.runtime.onStop(() => started.value.close());
  board.runtime.onStop(() => life.board?.close());
  board.runtime.onStop(() => life.board?.leave());
  board.ownChildren.isOwn = (pid) => life.board?.failover()?.isPsrmChild(pid) === true;
  const facts = commonFacts({
    board,
    options,
    role,
    netrack: () => life.board?.netrack,
    life: () => life.board,
    moreAlarms: () => [],
    addresses: () => addressesOf(options, started.value, since),
  });
  const isServed = await board.serve(facts);
  if (!isServed) return exitCodes.failed;
  board.events.log.info("board-started", { role });
  return untilStopped();
}

/** Starts NETRACK with a first document, updates it with a later one of the same slot. */
async function takeOver(
  board: BoardProcess,
  options: RunOptions,
  given: {
    readonly role: "controller" | "io-card";
    readonly life: Life;
    readonly document: BoardDocument;
    readonly noticeVersion: (version: number) => void;
    /** On how many networks the kernel has this slot's address. */
    readonly addressed: () => Addressed;
    /** Takes the same document over once more, in turn. */
    readonly again: () => void;
  },
): Promise<void> {
  const { life, document, noticeVersion } = given;
  if (document !== life.newest) return;
  const log = board.events.log;
  const isSame = life.document?.slot === document.slot && life.document.key === document.key;
  if (life.board !== undefined && isSame) {
    await life.board.update(document);
    life.document = document;
    return;
  }
  const former = life.board;
  life.board = undefined;
  await former?.close();
  await untilAddressed(life, given.addressed);
  if (given.addressed() === "none") {
    // Another slot's document, or both addresses were lost again: nothing true can be told yet.
    given.again();
    return;
  }
  const name = nameIn(document);
  board.rename(name);
  board.runtime.startIsOver();
  const { devices, runDir, stateDir } = options;
  const started = await startLife(
    {
      role: given.role,
      name,
      devices,
      runDir,
      stateDir,
      log,
      onConfigVersion: noticeVersion,
      driver: undefined,
      placesOf: undefined,
    },
    document,
  );
  if (!started.ok) {
    log.error("netrack-not-started", { text: started.error });
    setTimeout(() => {
      if (life.board === undefined) given.again();
    }, netrackRetryMs);
    return;
  }
  life.board = started.value;
  life.document = document;
  log.info("configured", { slot: document.slot, version: document.version });
}

/** What a board tells of itself must be true: its addresses are there before its first beat. */
function untilAddressed(life: Life, addressed: () => Addressed): Promise<void> {
  if (addressed() === "all") return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      life.onAddress = () => undefined;
      resolve();
    };
    const timer = setTimeout(finish, addressWaitMs);
    life.onAddress = () => {
      if (addressed() === "all") finish();
    };
  });
}

function addressedBy(client: AddressClient | undefined, document: BoardDocument): Addressed {
  const place = placeIn(document);
  const networks = client?.status().networks;
  const count = networkIds.filter((id) => networks?.[id].address === place?.address[id]).length;
  if (count === networkIds.length) return "all";
  return count === 0 ? "none" : "some";
}

function placeIn(document: BoardDocument): BoardDocument["boards"][number] | undefined {
  return document.boards.find(({ slot }) => slot === document.slot);
}

function nameIn(document: BoardDocument): string {
  return placeIn(document)?.name ?? `slot-${document.slot}`;
}

function addressesOf(
  options: RunOptions,
  client: AddressClient,
  since: Readonly<Record<NetworkId, MonoUs>>,
): Identity["addresses"] {
  const { networks } = client.status();
  return networkIds.map((network) => ({
    network,
    device: options.devices[network],
    address: networks[network].address,
    how: networks[network].source ?? "none",
    sinceUs: since[network],
  }));
}
