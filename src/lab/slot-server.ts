// The CCN's way to the slots' lines: a UNIX socket in the lab's directory, which the CCN's board sees
// as /run/slots/socket. It speaks the driver protocol of src/slots; requests of one connection are
// carried out in their order, each at once.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ok, parseSlotId, type Result } from "../base/index.ts";
import {
  type LineEdge,
  lineSplitter,
  parseSlotRequest,
  type SlotAnswer,
  slotMessageLine,
  type SlotRequest,
} from "../slots/index.ts";
import { type LabError, labError, thrownText } from "./errors.ts";
import { slotConnectionsMax } from "./limits.ts";
import { orderSlot, readSlot } from "./slot-bank.ts";
import type { LabWorld } from "./world.ts";

/** The socket inside the CCN's board. */
export const slotSocketInBoard = "/run/slots/socket";

/** The directory with the socket, seen from outside; the CCN's board has it as /run/slots. */
export function slotSocketDirectory(labDir: string): string {
  return join(labDir, "slots");
}

/** A running server. */
export type SlotServer = { readonly close: () => void };

type Connection = { readonly lines: ReturnType<typeof lineSplitter> };

/** Serves the lines of all slots. */
export function serveSlots(world: LabWorld): Result<SlotServer, LabError> {
  const dir = slotSocketDirectory(world.dir);
  const open = new Set<Bun.Socket<Connection>>();
  const tell = ({ slot, edgeUs }: LineEdge): void => {
    const line = slotMessageLine({ edge: slot, edgeUs });
    for (const socket of open) send(socket, line);
  };
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const server = Bun.listen<Connection>({
      unix: join(dir, "socket"),
      socket: {
        open(socket) {
          socket.data = { lines: lineSplitter() };
          if (open.size >= slotConnectionsMax) socket.terminate();
          else open.add(socket);
        },
        data(socket, bytes) {
          const lines = socket.data.lines(bytes);
          for (const line of lines ?? []) {
            const request = parseSlotRequest(line);
            if (request.ok) send(socket, slotMessageLine(answerTo(world, request.value)));
            else socket.terminate();
          }
          if (lines === undefined) socket.terminate();
        },
        close: (socket) => void open.delete(socket),
        error: (socket) => void open.delete(socket),
      },
    });
    world.slots.watchers.add(tell);
    return ok({
      close() {
        world.slots.watchers.delete(tell);
        server.stop(true);
      },
    });
  } catch (thrown) {
    return labError("system", `cannot serve the slots' lines in ${dir}: ${thrownText(thrown)}`);
  }
}

/** A driver that does not read its answers is cut off: half a line would spoil the next one. */
function send(socket: Bun.Socket<Connection>, line: string): void {
  if (socket.write(line) < line.length) socket.terminate();
}

function answerTo(world: LabWorld, request: SlotRequest): SlotAnswer {
  const { id } = request;
  if ("read" in request) {
    const lines = request.read.flatMap((slot) => {
      const number = parseSlotId(slot);
      const found = number.ok ? readSlot(world, number.value) : undefined;
      return found === undefined ? [] : [{ slot, ...found }];
    });
    return { id, lines };
  }
  const { slot, set } = request;
  const number = parseSlotId(slot);
  const found = number.ok ? orderSlot(world, number.value, set) : undefined;
  if (found !== undefined) return { id, lines: [{ slot, ...found }] };
  return { id, error: { kind: "no-such-slot", text: `the chassis has no slot ${slot}` } };
}
