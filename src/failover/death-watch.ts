// Death watches: an idle TCP connection to every board that may hold a group, over each network. When
// its program dies under a living kernel, the kernel closes the connection within 2 ms (notes on
// takeovers), thirty before three beats are missed. That is evidence to ask for the fence at once
// (leases.md F2), never a proof: a fence makes it true.
//
// Only an end from the other side counts. A connection that this side gives up (no route, time-out,
// its own link) says nothing about the other board. Both sides show that they have the chassis key:
//
//   watcher:  watch SLOT NONCE MAC          MAC over "watch SLOT NONCE"
//   watched:  life SLOT LIFE NONCE MAC      MAC over "life SLOT LIFE NONCE"

import { timingSafeEqual } from "node:crypto";
import {
  type Incarnation,
  type Ipv4,
  type NetworkId,
  networkIds,
  parseIncarnation,
  type SlotId,
} from "../base/index.ts";
import { watchAgainMs, watchersMax, watchHelloMs, watchLineBytesMax } from "./limits.ts";

/** A board to be watched. */
export type WatchedBoard = {
  readonly slot: SlotId;
  readonly address: Readonly<Record<NetworkId, Ipv4>>;
};

/** What death watches need on a board. */
export type DeathWatchOptions = {
  readonly self: SlotId;
  readonly port: number;
  /** Chassis key as 64 hex digits. */
  readonly keyHex: string;
  /** Boards that may hold a group; this one's own entry is left out. */
  readonly boards: readonly WatchedBoard[];
  /** May others watch this board? */
  readonly isWatched: boolean;
  readonly ownLife: () => Incarnation | undefined;
  readonly lifeOf: (slot: SlotId) => Incarnation | undefined;
  /** That life's program ended, as its kernel said. */
  readonly onDeath: (slot: SlotId, life: Incarnation, network: NetworkId) => void;
  readonly onTrouble: (reason: string) => void;
};

/** Counted since the start. */
export type DeathWatchCounters = Record<"watching" | "watchers" | "deaths" | "refused", number>;

/** Running death watches. */
export type DeathWatch = {
  readonly counters: () => Readonly<DeathWatchCounters>;
  readonly close: () => void;
};

type Watch = { readonly board: WatchedBoard; readonly network: NetworkId } & {
  socket: Bun.Socket<WatchData> | undefined;
  isConnecting: boolean;
};
type WatchData = { nonce: string; text: string; life: Incarnation | undefined };
type GuestData = { text: string; isKnown: boolean; timer: ReturnType<typeof setTimeout> };
type State = {
  readonly options: DeathWatchOptions;
  readonly watches: readonly Watch[];
  readonly guests: Set<Bun.Socket<GuestData>>;
  readonly counters: DeathWatchCounters;
  readonly seal: (text: string) => string;
  isClosed: boolean;
};

/** Listens if this board is to be watched, and watches the others from now on. */
export function startDeathWatch(options: DeathWatchOptions): DeathWatch {
  const derived = new Bun.CryptoHasher("sha256", Uint8Array.fromHex(options.keyHex));
  const key = derived.update("softset death watch").digest();
  const state: State = {
    options,
    watches: options.boards
      .filter(({ slot }) => slot !== options.self)
      .flatMap((board) =>
        networkIds.map((network): Watch => ({
          board,
          network,
          socket: undefined,
          isConnecting: false,
        })),
      ),
    guests: new Set(),
    counters: { watching: 0, watchers: 0, deaths: 0, refused: 0 },
    seal: (text) => new Bun.CryptoHasher("sha256", key).update(text).digest("hex").slice(0, 32),
    isClosed: false,
  };
  const listener = options.isWatched ? listen(state) : undefined;
  const timer = setInterval(() => connectAll(state), watchAgainMs);
  timer.unref();
  connectAll(state);
  return {
    counters: () => state.counters,
    close: () => {
      state.isClosed = true;
      clearInterval(timer);
      listener?.stop(true);
      for (const { socket } of state.watches) socket?.terminate();
      for (const guest of state.guests) guest.terminate();
    },
  };
}

function listen(state: State): { readonly stop: (now: boolean) => void } | undefined {
  const { options, guests, counters } = state;
  const drop = (guest: Bun.Socket<GuestData>): void => {
    counters.refused++;
    guest.terminate();
  };
  try {
    return Bun.listen<GuestData>({
      hostname: "0.0.0.0",
      port: options.port,
      socket: {
        open(guest) {
          guest.data = {
            text: "",
            isKnown: false,
            timer: setTimeout(() => drop(guest), watchHelloMs),
          };
          if (guests.size >= watchersMax) drop(guest);
          else guests.add(guest);
        },
        data(guest, bytes) {
          if (!greet(state, guest, bytes)) drop(guest);
        },
        close(guest) {
          clearTimeout(guest.data.timer);
          if (guest.data.isKnown) counters.watchers--;
          guests.delete(guest);
        },
        error: () => undefined, // the close that follows says all there is to say
      },
    });
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    options.onTrouble(`cannot listen on TCP port ${options.port}: ${text}`);
    return undefined;
  }
}

/** False: that is no watcher of ours. */
function greet(state: State, guest: Bun.Socket<GuestData>, bytes: Uint8Array): boolean {
  const { data } = guest;
  if (data.isKnown || data.text.length + bytes.length > watchLineBytesMax) return false;
  data.text += Buffer.from(bytes).toString("latin1");
  if (!data.text.endsWith("\n")) return true;
  const hello = /^watch (\d{1,2}) ([0-9a-f]{32}) ([0-9a-f]{32})\n$/.exec(data.text);
  const [, slot = "", nonce = "", mac = ""] = hello ?? [];
  const life = state.options.ownLife();
  if (hello === null || life === undefined) return false;
  if (!isSame(mac, state.seal(`watch ${slot} ${nonce}`))) return false;
  clearTimeout(data.timer);
  data.isKnown = true;
  state.counters.watchers++;
  const answer = `life ${state.options.self} ${life} ${nonce}`;
  guest.write(`${answer} ${state.seal(answer)}\n`);
  return true;
}

function connectAll(state: State): void {
  for (const watch of state.watches) {
    const isThere = watch.socket !== undefined || watch.isConnecting;
    if (isThere || state.options.lifeOf(watch.board.slot) === undefined) continue;
    void connect(state, watch);
  }
}

async function connect(state: State, watch: Watch): Promise<void> {
  const { board, network } = watch;
  const { options, counters } = state;
  watch.isConnecting = true;
  const nonce = crypto.getRandomValues(new Uint8Array(16)).toHex();
  try {
    await Bun.connect<WatchData>({
      hostname: board.address[network],
      port: options.port,
      data: { nonce, text: "", life: undefined },
      socket: {
        open(socket) {
          if (state.isClosed) {
            socket.terminate();
            return;
          }
          watch.socket = socket;
          socket.setKeepAlive(true, 5_000);
          const hello = `watch ${options.self} ${nonce}`;
          socket.write(`${hello} ${state.seal(hello)}\n`);
        },
        data(socket, bytes) {
          if (!meet(state, watch, socket, bytes)) socket.terminate();
        },
        end(socket) {
          die(state, watch, socket);
        },
        close(socket, error) {
          // A reset is the other kernel's word too; a time-out or a lost route is not.
          const code = error !== undefined && "code" in error ? error.code : undefined;
          if (code === "ECONNRESET") die(state, watch, socket);
          if (socket.data.life !== undefined) counters.watching--;
          if (watch.socket === socket) watch.socket = undefined;
        },
        error: () => undefined, // told by close
      },
    });
  } catch {
    // Nobody listens there yet, or no way leads there: tried again soon.
  }
  watch.isConnecting = false;
}

/** The watched board's answer; false: it is not the board it should be. */
function meet(
  state: State,
  watch: Watch,
  socket: Bun.Socket<WatchData>,
  bytes: Uint8Array,
): boolean {
  const { data } = socket;
  if (data.life !== undefined || data.text.length + bytes.length > watchLineBytesMax) return false;
  data.text += Buffer.from(bytes).toString("latin1");
  if (!data.text.endsWith("\n")) return true;
  const answer = /^(life (\d{1,2}) ([0-9a-f]{16}) ([0-9a-f]{32})) ([0-9a-f]{32})\n$/.exec(
    data.text,
  );
  const [, signed = "", slot = "", life = "", nonce = "", mac = ""] = answer ?? [];
  const known = parseIncarnation(life);
  if (answer === null || !known.ok || nonce !== data.nonce) return false;
  if (Number(slot) !== watch.board.slot || !isSame(mac, state.seal(signed))) return false;
  data.life = known.value;
  state.counters.watching++;
  return true;
}

function die(state: State, { board, network }: Watch, socket: Bun.Socket<WatchData>): void {
  const { life } = socket.data;
  if (state.isClosed || life === undefined) return;
  state.counters.deaths++;
  state.options.onDeath(board.slot, life, network);
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
