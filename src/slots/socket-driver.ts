// A slot driver behind a UNIX socket (protocol.ts). It connects by itself, again and again; while
// there is no connection every call fails at once, which the fence core treats like any driver that
// does not answer.

import { assert, err, monoUs, ok, parseSlotId, type Result, type SlotId } from "../base/index.ts";
import type { DriverError, LineEdge, SlotDriver, SlotLines } from "./driver.ts";
import { reconnectMs, socketCallsMax } from "./limits.ts";
import {
  lineSplitter,
  parseSlotAnswer,
  type SlotAnswer,
  slotMessageLine,
  type SlotRequest,
} from "./protocol.ts";

type Answered = Result<ReadonlyMap<SlotId, SlotLines>, DriverError>;
type Call = { readonly resolve: (answer: Answered) => void; readonly timer: Timer };
type Timer = ReturnType<typeof setTimeout>;

type Client = {
  readonly path: string;
  socket: Bun.Socket<undefined> | undefined;
  retry: Timer | undefined;
  readonly calls: Map<number, Call>;
  nextId: number;
  onEdge: ((edge: LineEdge) => void) | undefined;
  isClosed: boolean;
};

/** The driver at `path`; begins to connect. `onNonsense` hears of lines that are no messages. */
export function socketDriver(path: string, onNonsense: (text: string) => void): SlotDriver {
  const client: Client = {
    path,
    socket: undefined,
    retry: undefined,
    calls: new Map(),
    nextId: 1,
    onEdge: undefined,
    isClosed: false,
  };
  void connect(client, onNonsense);
  return {
    name: `socket ${path}`,
    read: (slots, deadlineMs) => call(client, { id: 0, read: [...slots] }, deadlineMs),
    async set(slot, order, deadlineMs) {
      const answered = await call(client, { id: 0, slot, set: order }, deadlineMs);
      if (!answered.ok) return answered;
      const lines = answered.value.get(slot);
      if (lines !== undefined) return ok(lines);
      return err({ kind: "no-such-slot", text: `${path} said nothing of slot ${slot}` });
    },
    watch(onEdge) {
      client.onEdge = onEdge;
    },
    close() {
      client.isClosed = true;
      clearTimeout(client.retry);
      client.socket?.end();
      failAll(client, "the driver was closed");
    },
  };
}

async function connect(client: Client, onNonsense: (text: string) => void): Promise<void> {
  const lines = lineSplitter();
  let isLost = false;
  const lost = (): void => {
    if (isLost) return; // a failed connect may be told twice
    isLost = true;
    client.socket = undefined;
    failAll(client, "the connection was lost");
    if (client.isClosed) return;
    clearTimeout(client.retry);
    client.retry = setTimeout(() => void connect(client, onNonsense), reconnectMs);
  };
  try {
    const socket = await Bun.connect<undefined>({
      unix: client.path,
      socket: {
        data(own, bytes) {
          const whole = lines(bytes);
          if (whole === undefined) {
            onNonsense("a line too long");
            own.terminate();
            return;
          }
          for (const line of whole) {
            const answer = parseSlotAnswer(line);
            if (answer.ok) take(client, answer.value);
            else onNonsense(answer.error);
          }
        },
        close: lost,
        error: () => {}, // a close follows
      },
    });
    if (client.isClosed) socket.end();
    else client.socket = socket;
  } catch {
    lost(); // nobody listens yet; every call says so
  }
}

function call(client: Client, request: SlotRequest, deadlineMs: number): Promise<Answered> {
  const { socket, calls, path } = client;
  const fail = (kind: DriverError["kind"], text: string): Promise<Answered> =>
    Promise.resolve(err({ kind, text }));
  if (socket === undefined) return fail("failed", `${path} is not connected`);
  if (calls.size >= socketCallsMax) return fail("failed", `${path} has ${calls.size} open calls`);
  const id = client.nextId++;
  const line = slotMessageLine({ ...request, id });
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      calls.delete(id);
      resolve(err({ kind: "timeout", text: `${path} did not answer in ${deadlineMs} ms` }));
    }, deadlineMs);
    calls.set(id, { resolve, timer });
    // Half a line would spoil the next one; a socket that full belongs to a driver that is stuck.
    if (socket.write(line) < line.length) socket.terminate();
  });
}

function take(client: Client, answer: SlotAnswer): void {
  if ("edge" in answer) {
    const slot = parseSlotId(answer.edge);
    const edgeUs = answer.edgeUs === undefined ? undefined : monoUs(answer.edgeUs);
    if (slot.ok) client.onEdge?.({ slot: slot.value, edgeUs });
    return;
  }
  const waiting = client.calls.get(answer.id);
  if (waiting === undefined) return; // too late
  client.calls.delete(answer.id);
  clearTimeout(waiting.timer);
  if ("error" in answer) {
    waiting.resolve(err(answer.error));
    return;
  }
  const found = new Map<SlotId, SlotLines>();
  for (const { slot: number, ...lines } of answer.lines) {
    const slot = parseSlotId(number);
    if (slot.ok) found.set(slot.value, lines);
  }
  waiting.resolve(ok(found));
}

function failAll(client: Client, text: string): void {
  for (const { resolve, timer } of client.calls.values()) {
    clearTimeout(timer);
    resolve(err({ kind: "failed", text: `${client.path}: ${text}` }));
  }
  client.calls.clear();
  assert(client.calls.size === 0, "no call waits without a connection");
}
