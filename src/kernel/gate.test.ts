import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { addUs, type Ipv4, monoUs } from "../base/index.ts";
import { arpAnnouncement, arpAnnouncementReply, arpFrame } from "../wire/index.ts";
import { addAddress } from "./addresses.ts";
import { monoNowUs } from "./clock.ts";
import {
  type End,
  layCable,
  mayGate,
  mountBpf,
  must,
  testIp,
  testMac,
  type VethCable,
} from "./fixtures.ts";
import { type Gate, openGate } from "./gate.ts";
import type { GateHold } from "./gate-attach.ts";
import { gateAddressesMax } from "./limits.ts";
import { createVeth, deleteLink } from "./links.ts";
import { replaceNeighbour } from "./neighbours.ts";
import { inNetns } from "./netns.ts";
import { openPacket } from "./packet.ts";
import { openUdp } from "./udp.ts";

const here = test.skipIf(!mayGate);
const publicIp = testIp("10.9.0.50");
const otherIp = testIp("10.9.0.51");
const holds: readonly GateHold[] = ["pinned-link", "filter"];

/** A turn of the loop: what has arrived is told. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits until `condition` holds; a condition that never does ends with the test's own time-out. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** A cable; the left end has the public addresses, the right one counts what arrives. */
async function layGateCable() {
  const cable = layCable();
  const { netns, nl, link } = cable.left;
  for (const address of [publicIp, otherIp]) {
    must(addAddress(nl, { index: link.index, address, prefix: 24 }));
  }
  const mac = testMac("02:00:00:00:00:02");
  must(replaceNeighbour(nl, { index: link.index, address: testIp("10.9.0.2"), mac }));
  const frames: Uint8Array[] = [];
  const packet = (end: End, onFrame: (frame: Uint8Array) => void) =>
    inNetns(end.netns, () =>
      openPacket({
        device: "eth0",
        etherType: 0x0003,
        receiveBytes: 1 << 22,
        onFrame,
        onClose() {},
      }),
    );
  const sender = must(await packet(cable.left, () => {}));
  const receiver = must(await packet(cable.right, (frame) => frames.push(frame.slice())));
  return {
    cable,
    netns,
    frames,
    sender,
    [Symbol.dispose]() {
      sender.close();
      receiver.close();
      cable[Symbol.dispose]();
    },
  };
}

/** UDP from one of the left end's addresses; the payload is one number. */
async function openSource(cable: VethCable, address: Ipv4) {
  const options = { address, port: 0, onDatagram() {}, onError() {} };
  const socket = must(await inNetns(cable.left.netns, () => openUdp(options)));
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  return {
    /** A shut gate may be told to the sender (ENOBUFS); that is not looked at. */
    send(value: number): void {
      view.setFloat64(0, value);
      socket.send(bytes, testIp("10.9.0.2"), 5002);
    },
    [Symbol.dispose]: () => socket.close(),
  };
}

/** Numbers that UDP brought, in order. */
function numbersIn(frames: readonly Uint8Array[]): number[] {
  return frames
    .filter((frame) => frame[12] === 8 && frame[13] === 0 && frame[23] === 17)
    .map((frame) => new DataView(frame.buffer, frame.byteOffset).getFloat64(42));
}

/** The gate's pins; the kernel's own two files aside. */
function pinsIn(path: string): string[] {
  return readdirSync(path).filter((name) => name.startsWith("softset"));
}

/** An IPv4 frame with a VLAN tag from the public address, as a VLAN interface on eth0 would send. */
function taggedFrame(mark: number): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 7, 8, 0, 0x45]);
  bytes.set([10, 9, 0, 50], 18 + 12);
  bytes[63] = mark;
  return bytes;
}

for (const only of holds) {
  here(
    `${only}: what is listed leaves until its deadline only, in IP, ARP and tagged`,
    async () => {
      using pins = mountBpf();
      using gated = await layGateCable();
      using source = await openSource(gated.cable, publicIp);
      using other = await openSource(gated.cable, otherIp);
      const own = testMac("02:00:00:00:00:01");
      const sendAll = (mark: number): void => {
        source.send(mark);
        gated.sender.send(arpFrame(arpAnnouncement(own, publicIp)));
        gated.sender.send(arpFrame(arpAnnouncementReply(own, publicIp)));
        gated.sender.send(taggedFrame(mark));
        other.send(mark + 0.5); // not listed: always passes, and comes last
      };
      /** How many of the four arrived. */
      const passed = async (mark: number): Promise<number> => {
        gated.frames.length = 0;
        sendAll(mark);
        await until(() => numbersIn(gated.frames).includes(mark + 0.5));
        // Ours are padded; the kernel's own ARP frames are not. The receiving kernel takes tags off.
        const padded = gated.frames.filter((f) => f.length === 60 && f[12] === 8);
        const arps = padded.filter((f) => f[13] === 6 && f[31] === 50);
        const tagged = padded.filter((f) => f[13] === 0 && f[59] === mark);
        return (
          numbersIn(gated.frames).filter((n) => n === mark).length + arps.length + tagged.length
        );
      };
      expect(await passed(1)).toBe(4);
      const gate = must(
        inNetns(gated.netns, () => openGate(["eth0"], { pinDirectory: pins.path, only })),
      );
      expect([...gate.holds()]).toEqual([["eth0", only]]);
      expect(await passed(2)).toBe(4); // nothing is listed yet
      must(gate.guard(publicIp));
      expect(gate.deadlineUs(publicIp)).toBe(monoUs(0));
      expect(await passed(3)).toBe(0); // listed without a deadline
      gate.open(publicIp, addUs(monoNowUs(), 10_000_000));
      must(gate.guard(publicIp)); // again: keeps its deadline
      expect(await passed(4)).toBe(4);
      gate.shut(publicIp);
      expect(await passed(5)).toBe(0);
      gate.open(publicIp, addUs(monoNowUs(), -1));
      expect(await passed(6)).toBe(0); // a deadline of the past
      gate.open(publicIp, addUs(monoNowUs(), 10_000_000));
      expect(await passed(7)).toBe(4);
      gate.close();
      gate.close();
      expect(await passed(8)).toBe(0); // the kernel keeps it, shut
      gate.open(publicIp, addUs(monoNowUs(), 10_000_000));
      expect(await passed(9)).toBe(0); // a closed gate opens nothing
      const next = must(
        inNetns(gated.netns, () =>
          openGate(["eth0"], { guarded: [publicIp], pinDirectory: pins.path, only }),
        ),
      );
      expect(await passed(10)).toBe(0);
      next.open(publicIp, addUs(monoNowUs(), 10_000_000));
      expect(await passed(11)).toBe(4); // the successor's gate alone decides
      must(inNetns(gated.netns, () => next.remove()));
      expect(await passed(12)).toBe(4);
      expect(pinsIn(pins.path)).toEqual([]);
    },
  );

  for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
    here(`${only}: after ${signal} of the holder nothing leaves past its deadline`, async () => {
      using pins = mountBpf();
      using gated = await layGateCable();
      using source = await openSource(gated.cable, publicIp);
      const holder = inNetns(gated.netns, () =>
        Bun.spawn(
          [process.execPath, `${import.meta.dir}/gate-holder.ts`, publicIp, pins.path, only],
          {
            stdout: "pipe",
            stderr: "inherit",
          },
        ),
      );
      let deadlineUs = 0;
      let renewals = 0;
      const reading = (async () => {
        const decoder = new TextDecoder();
        for await (const bytes of holder.stdout) {
          const lines = decoder.decode(bytes).trim().split("\n");
          renewals += lines.length;
          deadlineUs = Number(lines.at(-1));
        }
      })();
      try {
        const sendOne = (): void => source.send(monoNowUs());
        await until(() => {
          sendOne();
          return renewals >= 10 && numbersIn(gated.frames).length > 0;
        });
        holder.kill(signal);
        if (signal === "SIGKILL") await holder.exited;
        let isQuiet = false;
        setTimeout(() => (isQuiet = true), 30); // lines that are still in the pipe
        await until(() => (sendOne(), isQuiet && monoNowUs() > deadlineUs + 30_000));
        const sentUs = numbersIn(gated.frames);
        expect(sentUs.length).toBeGreaterThan(10);
        expect(sentUs.at(-1) ?? 0).toBeLessThan(deadlineUs);
        expect(sentUs.at(-1) ?? 0).toBeGreaterThan(deadlineUs - 60_000); // it was open till then
        if (signal === "SIGSTOP") {
          const before = numbersIn(gated.frames).length;
          holder.kill("SIGCONT");
          await until(() => (sendOne(), numbersIn(gated.frames).length > before));
        }
      } finally {
        holder.kill("SIGKILL");
        await holder.exited;
        await reading;
      }
    });
  }
}

for (const [before, after] of [holds, holds.toReversed()] as [GateHold, GateHold][]) {
  here(`a predecessor's ${before} is ended by a successor's ${after}`, async () => {
    using pins = mountBpf();
    using gated = await layGateCable();
    using source = await openSource(gated.cable, publicIp);
    const open = (only: GateHold) =>
      inNetns(gated.netns, () =>
        openGate(["eth0"], { guarded: [publicIp], pinDirectory: pins.path, only }),
      );
    const old = must(open(before)); // alive, shut: its process hangs
    const next = must(open(after));
    source.send(1);
    next.open(publicIp, addUs(monoNowUs(), 10_000_000));
    source.send(2);
    await until(() => numbersIn(gated.frames).includes(2));
    expect(numbersIn(gated.frames)).toEqual([2]);
    old.close();
    must(inNetns(gated.netns, () => next.remove()));
    expect(pinsIn(pins.path)).toEqual([]);
  });
}

here("40 deadlines: no frame that was sent after one arrives", async () => {
  using pins = mountBpf();
  using gated = await layGateCable();
  using source = await openSource(gated.cable, publicIp);
  using other = await openSource(gated.cable, otherIp);
  const gate = must(
    inNetns(gated.netns, () =>
      openGate(["eth0"], { guarded: [publicIp], pinDirectory: pins.path }),
    ),
  );
  for (let i = 0; i < 40; i++) {
    gated.frames.length = 0;
    const deadlineUs = addUs(monoNowUs(), 2000);
    gate.open(publicIp, deadlineUs);
    let beforeUs = monoNowUs();
    for (; beforeUs < deadlineUs + 500; beforeUs = monoNowUs()) source.send(beforeUs);
    other.send(-1);
    await until(() => numbersIn(gated.frames).includes(-1));
    expect(Math.max(...numbersIn(gated.frames))).toBeLessThan(deadlineUs);
  }
  must(inNetns(gated.netns, () => gate.remove()));
});

here("without a bpf file system the device itself holds the gate", async () => {
  using gated = await layGateCable();
  const nowhere = "/proc/self/nowhere";
  const open = (options: { only?: GateHold }) =>
    inNetns(gated.netns, () => openGate(["eth0"], { pinDirectory: nowhere, ...options }));
  const gate = must(open({}));
  expect([...gate.holds()]).toEqual([["eth0", "filter"]]);
  must(inNetns(gated.netns, () => gate.remove()));
  const refused = open({ only: "pinned-link" });
  expect(refused).toMatchObject({ ok: false, error: { op: "gate", object: "eth0" } });
  expect(refused.ok ? "" : refused.error.hint).toContain("needs a mounted bpf file system");
});

here("without the rights for bpf(2) the error says which are missing", async () => {
  const holder = Bun.spawn(
    ["unshare", "-Urn", process.execPath, `${import.meta.dir}/gate-holder.ts`, publicIp, "/", ""],
    { stdout: "ignore", stderr: "pipe" },
  );
  expect(await new Response(holder.stderr).text()).toContain(
    "cannot create BPF array map (BPF_F_MMAPABLE): EPERM; needs CAP_BPF",
  );
  expect(await holder.exited).toBe(1);
});

here("a device that is not there is an error, and no other keeps a gate", async () => {
  using pins = mountBpf();
  using gated = await layGateCable();
  const opened = inNetns(gated.netns, () =>
    openGate(["eth0", "eth7"], { pinDirectory: pins.path }),
  );
  expect(opened).toMatchObject({ ok: false, error: { code: "ENODEV" } });
  expect(pinsIn(pins.path)).toEqual([]);
});

here("a full table and 0.0.0.0 are refused; a device that comes later is covered", async () => {
  using pins = mountBpf();
  using gated = await layGateCable();
  const gate: Gate = must(inNetns(gated.netns, () => openGate([], { pinDirectory: pins.path })));
  expect(gate.guard(testIp("0.0.0.0"))).toMatchObject({ ok: false, error: { code: "EINVAL" } });
  for (let i = 0; i < gateAddressesMax; i++) must(gate.guard(testIp(`10.8.0.${i}`)));
  expect(gate.guard(publicIp)).toMatchObject({ ok: false, error: { code: "ENOSPC" } });
  const { index } = gated.cable.left.link;
  expect(gate.covers("eth0", index)).toBe(false);
  expect(must(inNetns(gated.netns, () => gate.cover("eth0")))).toBe("pinned-link");
  expect([gate.covers("eth0", index), gate.covers("eth0", index + 1)]).toEqual([true, false]);
  const { nl } = gated.cable.left;
  must(deleteLink(nl, index));
  must(createVeth(nl, { name: "eth0", index: index + 40, peerName: "peer0" }));
  must(inNetns(gated.netns, () => gate.cover("eth0")));
  expect(gate.covers("eth0", index + 40)).toBe(true);
  expect(pinsIn(pins.path)).toHaveLength(1); // the gone interface's pin is gone, too
  must(deleteLink(nl, index + 40));
  must(inNetns(gated.netns, () => gate.remove())); // a device that is gone is no trouble
  expect(pinsIn(pins.path)).toEqual([]);
});
