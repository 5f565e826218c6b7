import { afterEach, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import {
  type Incarnation,
  incarnationFromBytes,
  ipv4FromU32,
  type NetworkId,
  type SlotId,
  slotId,
} from "../base/index.ts";
import { type DeathWatch, type DeathWatchOptions, startDeathWatch } from "./death-watch.ts";

const loopbackIsUp = networkInterfaces()["lo"] !== undefined;
if (!loopbackIsUp) process.stderr.write("skipped: death watches on loopback: lo is down here\n");
const netTest = test.skipIf(!loopbackIsUp);

const keyHex = "5a".repeat(32);
const otherKeyHex = "a5".repeat(32);
const [one, two] = [slotId(1), slotId(2)];
const lifeOf = (byte: number): Incarnation => incarnationFromBytes(new Uint8Array(8).fill(byte));
const life = lifeOf(7);
const address = { A: ipv4FromU32(0x7f000001), B: ipv4FromU32(0x7f000002) };
/** An event that does not come within this is missing, ms. */
const deadlineMs = 3_000;

const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

type Death = {
  readonly slot: SlotId;
  readonly life: Incarnation;
  readonly network: NetworkId;
  readonly atMs: number;
};
type Watched = {
  readonly watch: DeathWatch;
  readonly deaths: Death[];
  readonly troubles: string[];
};

function startWatch(port: number, change: Partial<DeathWatchOptions> = {}): Watched {
  const deaths: Death[] = [];
  const troubles: string[] = [];
  const watch = startDeathWatch({
    self: one,
    port,
    keyHex,
    boards: [{ slot: two, address }],
    isWatched: false,
    ownLife: () => life,
    lifeOf: () => life,
    onDeath: (slot, died, network) =>
      deaths.push({ slot, life: died, network, atMs: performance.now() }),
    onTrouble: (reason) => troubles.push(reason),
    ...change,
  });
  open.push(watch);
  return { watch, deaths, troubles };
}

/** Watched in this process: slot 2, which watches nobody. */
const startWatched = (port: number, change: Partial<DeathWatchOptions> = {}): Watched =>
  startWatch(port, { self: two, boards: [], isWatched: true, ...change });

/** A port nobody listens on now. */
function freePort(): number {
  const listener = Bun.listen({ hostname: "0.0.0.0", port: 0, socket: { data: () => undefined } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`did not come: ${what}`);
    await Bun.sleep(2);
  }
}

type Child = { readonly kill: () => void; readonly stop: () => void };

/** A board as a process; resolves when it listens. */
async function startChild(port: number, key = keyHex, slot = two): Promise<Child> {
  const program = `${import.meta.dir}/watched-board.ts`;
  const child = Bun.spawn([process.execPath, program, String(slot), String(port), key, life], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  open.push({
    close: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  });
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe("listening\n");
  return { kill: () => child.kill("SIGKILL"), stop: () => child.kill("SIGSTOP") };
}

/** A connection by hand; what came, and whether the other side closed it. */
async function connectTo(
  port: number,
  hello: string,
): Promise<{
  readonly text: () => string;
  readonly isClosed: () => boolean;
  readonly send: (text: string) => void;
}> {
  let text = "";
  let isClosed = false;
  const socket = await Bun.connect({
    hostname: address.A,
    port,
    socket: {
      data: (_, bytes) => {
        text += Buffer.from(bytes).toString("latin1");
      },
      close: () => {
        isClosed = true;
      },
      error: () => undefined, // the close that follows is looked at
    },
  });
  open.push({ close: () => socket.terminate() });
  socket.write(hello);
  const send = (more: string): void => void socket.write(more);
  return { text: () => text, isClosed: () => isClosed, send };
}

function seal(key: string, text: string): string {
  const derived = new Bun.CryptoHasher("sha256", Uint8Array.fromHex(key));
  const made = derived.update("softset death watch").digest();
  return new Bun.CryptoHasher("sha256", made).update(text).digest("hex").slice(0, 32);
}

function helloOf(key: string, nonce = "0".repeat(32)): string {
  const text = `watch 1 ${nonce}`;
  return `${text} ${seal(key, text)}\n`;
}

netTest("a killed program is told within a second, over both networks, with its life", async () => {
  const port = freePort();
  const child = await startChild(port);
  const { watch, deaths } = startWatch(port);
  await until("both watches", () => watch.counters().watching === 2);
  const killedMs = performance.now();
  child.kill();
  await until("both deaths", () => deaths.length === 2);
  expect(deaths.map(({ slot, network }) => ({ slot, network })).toSorted(byNetwork)).toEqual([
    { slot: two, network: "A" },
    { slot: two, network: "B" },
  ]);
  expect(deaths.map((each) => each.life)).toEqual([life, life]);
  const tookMs = deaths.map(({ atMs }) => atMs - killedMs);
  process.stderr.write(`death told after ${tookMs.map((ms) => ms.toFixed(1)).join(", ")} ms\n`);
  expect(Math.max(...tookMs)).toBeLessThan(1_000);
  await until("the watches to end", () => watch.counters().watching === 0);
  expect(watch.counters().deaths).toBe(2);
});

const byNetwork = (a: { network: string }, b: { network: string }): number =>
  a.network < b.network ? -1 : 1;

netTest("a board that begins anew is watched anew, and its next life's death is told", async () => {
  const port = freePort();
  const { watch, deaths } = startWatch(port);
  (await startChild(port)).kill();
  const next = lifeOf(8);
  const again = await untilListening(port, { ownLife: () => next });
  await until("both watches", () => watch.counters().watching === 2);
  deaths.length = 0;
  again.watch.close();
  await until("both deaths", () => deaths.length === 2);
  expect(deaths.map((each) => each.life)).toEqual([next, next]);
});

/** Listens as soon as the port is free again: the kernel ends a killed process in its own time. */
async function untilListening(port: number, change: Partial<DeathWatchOptions>): Promise<Watched> {
  let watched = startWatched(port, change);
  await until("the port to be free", () => {
    if (watched.troubles.length === 0) return true;
    watched.watch.close();
    watched = startWatched(port, change);
    return watched.troubles.length === 0;
  });
  return watched;
}

netTest(
  "a watched board with another key is not believed: neither its life nor its death",
  async () => {
    const port = freePort();
    const child = await startChild(port, otherKeyHex);
    const { watch, deaths } = startWatch(port);
    // Its answer cannot come: it drops a watcher with our key. Our side is tried by hand below.
    const guest = await connectTo(port, helloOf(otherKeyHex));
    await until("the life under the other key", () => guest.text().startsWith("life 2 "));
    child.kill();
    await until("the end", () => guest.isClosed());
    expect(deaths).toEqual([]);
    expect(watch.counters()).toMatchObject({ deaths: 0, watching: 0 });
  },
);

/** A board that answers a watcher as `answerOf` has it, then ends the connection. */
function startImpostor(answerOf: (nonce: string) => string): {
  readonly port: number;
  readonly answered: () => number;
  readonly refused: () => number;
  readonly say: (text: string) => void;
  readonly close: () => void;
} {
  let answered = 0;
  let refused = 0;
  const guests: Bun.Socket<undefined>[] = [];
  const listener = Bun.listen<undefined>({
    hostname: "0.0.0.0",
    port: 0,
    socket: {
      data(guest, bytes) {
        const [, , nonce = ""] = Buffer.from(bytes).toString("latin1").split(" ");
        guest.write(answerOf(nonce));
        guests.push(guest);
        answered++;
      },
      close() {
        refused++;
      },
      error: () => undefined, // the close that follows is looked at
    },
  });
  const close = (): void => listener.stop(true);
  open.push({ close });
  const say = (text: string): void => {
    for (const guest of guests) guest.write(text);
  };
  const counts = { answered: () => answered, refused: () => refused };
  return { port: listener.port, ...counts, say, close };
}

const signed = (key: string, text: string): string => `${text} ${seal(key, text)}\n`;
const lies: Readonly<Record<string, (nonce: string) => string>> = {
  "another key": (nonce) => signed(otherKeyHex, `life 2 ${life} ${nonce}`),
  "another nonce": () => signed(keyHex, `life 2 ${life} ${"0".repeat(32)}`),
  "another slot": (nonce) => signed(keyHex, `life 3 ${life} ${nonce}`),
  "no seal": (nonce) => `life 2 ${life} ${nonce}\n`,
  "too long a line": () => "x".repeat(257),
  "a line behind the answer": (nonce) => `${signed(keyHex, `life 2 ${life} ${nonce}`)}more\n`,
};
for (const [what, answerOf] of Object.entries(lies)) {
  netTest(`an answer with ${what} ends the watch and is no death`, async () => {
    const impostor = startImpostor(answerOf);
    const { watch, deaths } = startWatch(impostor.port);
    await until("two refusals", () => impostor.refused() >= 2);
    expect(impostor.answered()).toBeGreaterThanOrEqual(2);
    expect(deaths).toEqual([]);
    expect(watch.counters()).toMatchObject({ deaths: 0, watching: 0 });
  });
}

netTest("the answer that the lies vary is believed, and its end is a death", async () => {
  const impostor = startImpostor((nonce) => signed(keyHex, `life 2 ${life} ${nonce}`));
  const { watch, deaths } = startWatch(impostor.port);
  await until("both watches", () => watch.counters().watching === 2);
  impostor.close();
  await until("both deaths", () => deaths.length === 2);
});

netTest("a believed board that says more is left by this side, which is no death", async () => {
  const impostor = startImpostor((nonce) => signed(keyHex, `life 2 ${life} ${nonce}`));
  const { watch, deaths } = startWatch(impostor.port);
  await until("both watches", () => watch.counters().watching === 2);
  impostor.say("more\n");
  await until("both ends", () => impostor.refused() === 2);
  expect(deaths).toEqual([]);
});

const strangers: Readonly<Record<string, string>> = {
  "another key": helloOf(otherKeyHex),
  "no key": `watch 1 ${"0".repeat(32)}\n`,
  "a request of the web": "GET / HTTP/1.1\r\n\r\n",
  "a line too long": "watch ".padEnd(300, "1"),
};
for (const [what, hello] of Object.entries(strangers)) {
  netTest(`a watcher with ${what} is dropped and learns nothing`, async () => {
    const port = freePort();
    const { watch } = startWatched(port);
    const guest = await connectTo(port, hello);
    await until("the end", guest.isClosed);
    expect(guest.text()).toBe("");
    expect(watch.counters()).toMatchObject({ watchers: 0, refused: 1 });
  });
}

netTest("a watcher with the key is told the life; more from it ends the watch", async () => {
  const port = freePort();
  const { watch } = startWatched(port);
  const nonce = "7".repeat(32);
  const guest = await connectTo(port, helloOf(keyHex, nonce));
  await until("the answer", () => guest.text().endsWith("\n"));
  expect(guest.text()).toBe(signed(keyHex, `life 2 ${life} ${nonce}`));
  expect(watch.counters()).toMatchObject({ watchers: 1, refused: 0 });
  guest.send("more\n");
  await until("the end", guest.isClosed);
  expect(watch.counters()).toMatchObject({ watchers: 0, refused: 1 });
});

netTest("closing one's own side tells nothing, here or there", async () => {
  const port = freePort();
  const watched = startWatched(port);
  const { watch, deaths } = startWatch(port);
  await until("both watches", () => watched.watch.counters().watchers === 2);
  await until("both answers", () => watch.counters().watching === 2);
  watch.close();
  await until("the guests to go", () => watched.watch.counters().watchers === 0);
  await until("our side to end", () => watch.counters().watching === 0);
  expect([deaths, watched.deaths]).toEqual([[], []]);
  expect([watch.counters().deaths, watched.watch.counters().refused]).toEqual([0, 0]);
});

netTest("a stopped program is no dead one: its kernel keeps the connection", async () => {
  const port = freePort();
  const child = await startChild(port);
  const { watch, deaths } = startWatch(port);
  await until("both watches", () => watch.counters().watching === 2);
  child.stop();
  const guest = await connectTo(port, helloOf(keyHex)); // taken by the kernel, never answered
  expect([deaths.length, watch.counters().watching, guest.text()]).toEqual([0, 2, ""]);
});

netTest("a board nobody knows a life of is not watched, this one's own entry neither", async () => {
  const impostor = startImpostor(() => "");
  const boards = [one, two].map((slot) => ({ slot, address }));
  startWatch(impostor.port, { boards, lifeOf: () => undefined });
  const { watch } = startWatch(impostor.port, { boards });
  // The kernel hands connections over in their order: whoever else was watched comes before this one.
  await connectTo(impostor.port, "last\n");
  await until("the last hello", () => impostor.answered() >= 3);
  expect(impostor.answered()).toBe(3);
  expect(watch.counters().watching).toBe(0);
});

netTest("a port that is taken is told with its number; the board is then not watched", () => {
  const port = freePort();
  startWatched(port);
  const second = startWatched(port);
  expect(second.troubles).toHaveLength(1);
  expect(second.troubles[0]).toContain(`cannot listen on TCP port ${port}`);
});
