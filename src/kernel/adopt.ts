// How the event loop takes a descriptor made by libc: Bun.connect({fd}) registers any socket and
// hands over one datagram an event (measured: 20 us after it arrived). Bun's types know the options
// (FdSocketOptions) but not that connect takes them, hence the declaration.

declare module "bun" {
  function connect<Data = undefined>(options: FdSocketOptions<Data>): Promise<Socket<Data>>;
}

/** What happens on an adopted descriptor. */
export type AdoptedHandlers = {
  /** One datagram; the bytes are the receiver's to keep. */
  readonly onData: (bytes: Uint8Array) => void;
  /** Bun has closed the descriptor; `thrown` is what receiving was refused with, if it was. */
  readonly onClose: (thrown: unknown) => void;
};

/** Gives `fd` to the event loop, which closes it from then on; the value ends it. May throw. */
export async function adopt(fd: number, handlers: AdoptedHandlers): Promise<() => void> {
  const socket = await Bun.connect({
    fd,
    socket: {
      data: (_socket, bytes) => handlers.onData(bytes),
      close: (_socket, thrown) => handlers.onClose(thrown),
    },
  });
  return () => socket.terminate();
}
