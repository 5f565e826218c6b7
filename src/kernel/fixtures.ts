// For this room's tests: two network namespaces joined by a veth cable, made only where the right
// to make them is there; otherwise the tests are skipped and say why.

import { closeSync, mkdtempSync, openSync, rmdirSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { defined, type Ipv4, type Mac, parseIpv4, parseMac, type Result } from "../base/index.ts";
import { addAddress } from "./addresses.ts";
import { type SysError, sysErrorText } from "./errors.ts";
import { openGate } from "./gate.ts";
import { createVeth, findLink, type Link, setLink } from "./links.ts";
import { canMakeNamespaces, mountFileSystem, unmount } from "./machine.ts";
import { type Netlink, openNetlink } from "./netlink.ts";
import { closeNetns, createNetns, inNetns } from "./netns.ts";

const rights = canMakeNamespaces();

/** True where this process may make namespaces; prints the reason once where not. */
export const mayMakeNamespaces: boolean = rights.root;
if (!mayMakeNamespaces) {
  process.stderr.write(
    `skipped: kernel tests with real packets: ${rights.missing ?? "run them through unshare -Urn"}\n`,
  );
}

/** True where 127.0.0.1 answers; a fresh network namespace (unshare -n) has its lo down. */
export const loopbackIsUp: boolean = networkInterfaces()["lo"] !== undefined;
if (!loopbackIsUp) process.stderr.write("skipped: kernel tests on loopback: lo is down here\n");

/** The value of a Result that a test needs; throws its text. */
export function must<T>(result: Result<T, SysError>): T {
  if (!result.ok) throw new Error(sysErrorText(result.error));
  return result.value;
}

/** An address literal of a test. */
export function testIp(text: string): Ipv4 {
  const parsed = parseIpv4(text);
  return defined(parsed.ok ? parsed.value : undefined, `address ${text}`);
}

/** A MAC literal of a test. */
export function testMac(text: string): Mac {
  const parsed = parseMac(text);
  return defined(parsed.ok ? parsed.value : undefined, `MAC ${text}`);
}

/** One end of the cable: its namespace, its request socket, its interface `eth0`. */
export type End = { readonly netns: number; readonly nl: Netlink; readonly link: Link };
/** Two namespaces, `eth0` of each joined: 10.9.0.1 and 10.9.0.2 on /24, up. */
export type VethCable = Disposable & { readonly left: End; readonly right: End };

/** Lays a cable; `using` takes it away. */
export function layCable(): VethCable {
  const [a, b] = [must(createNetns()), must(createNetns())];
  const [nlA, nlB] = [inNetns(a, () => must(openNetlink())), inNetns(b, () => must(openNetlink()))];
  must(
    createVeth(nlA, {
      name: "eth0",
      mac: testMac("02:00:00:00:00:01"),
      peerName: "eth0",
      peerMac: testMac("02:00:00:00:00:02"),
      peerNetns: b,
      index: 11,
      peerIndex: 12,
    }),
  );
  const end = (netns: number, nl: Netlink, address: string): End => {
    const { index } = must(findLink(nl, "eth0"));
    must(addAddress(nl, { index, address: testIp(address), prefix: 24 }));
    must(setLink(nl, index, { up: true }));
    return { netns, nl, link: must(findLink(nl, "eth0")) };
  };
  const left = end(a, nlA, "10.9.0.1");
  const right = end(b, nlB, "10.9.0.2");
  awaitCarrier(nlA);
  return {
    left,
    right,
    [Symbol.dispose]() {
      for (const { netns, nl } of [left, right]) {
        nl.close();
        closeNetns(netns);
      }
    },
  };
}

/** The kernel opens a link's queue shortly after its carrier came; what is sent before is lost. */
export function awaitCarrier(nl: Netlink, name = "eth0"): void {
  for (let i = 0; i < 100_000; i++) if (must(findLink(nl, name)).carrier) return;
  throw new Error(`${name} gets no carrier`);
}

/** A list that a test can wait on: `next()` resolves with the items one after the other. */
export type Arrivals<T> = {
  readonly add: (item: T) => void;
  next(): Promise<T>;
  waiting(): number;
};

/** An empty list of arrivals. */
export function arrivals<T>(): Arrivals<T> {
  const items: T[] = [];
  const takers: ((item: T) => void)[] = [];
  return {
    add(item) {
      const taker = takers.shift();
      if (taker === undefined) items.push(item);
      else taker(item);
    },
    next: () =>
      new Promise((resolve) => {
        const item = items.shift();
        if (item === undefined) takers.push(resolve);
        else resolve(item);
      }),
    waiting: () => items.length,
  };
}

/** True where this process may also load a gate's program (bpf(2)); root of a user namespace may not. */
export const mayGate: boolean = mayMakeNamespaces && tryGate();

function tryGate(): boolean {
  const gate = openGate([]);
  if (gate.ok) gate.value.close();
  else process.stderr.write(`skipped: tests with a gate: ${sysErrorText(gate.error)}\n`);
  return gate.ok;
}

/**
 * A bpf file system that nothing but a descriptor of this process holds: no mount is left behind,
 * whatever becomes of the test.
 */
export function mountBpf(): Disposable & { readonly path: string } {
  const target = mkdtempSync(join(tmpdir(), "softset-bpf-"));
  must(mountFileSystem({ source: "bpf", target, type: "bpf" }));
  const fd = openSync(target, "r");
  must(unmount(target, true));
  rmdirSync(target);
  return {
    path: `/proc/${process.pid}/fd/${fd}`,
    [Symbol.dispose]: () => closeSync(fd),
  };
}
