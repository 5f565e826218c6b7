// A board in this process's own namespace, eth-a and eth-b, and a CCN at their other ends in
// another namespace: DHCP, RARP and HTTP by the slot's rules, each of which a test can switch off.

import { createServer as createNetServer } from "node:net";
import {
  ipv4FromU32,
  ipv4ToU32,
  type Ipv4,
  type NetworkId,
  networkIds,
  type Result,
} from "../base/index.ts";
import { type BoardDocument, documentSha256 } from "../config/index.ts";
import {
  addAddress,
  createNetns,
  createVeth,
  deleteLink,
  findLink,
  inNetns,
  listAddresses,
  monitorNetlink,
  type Netlink,
  openNetlink,
  openPacket,
  openTcpListener,
  type PacketSocket,
  setLink,
  type SysError,
  sysErrorText,
} from "../kernel/index.ts";
import {
  broadcastMac,
  decodeDhcp,
  decodeRarpFrame,
  decodeUdpFrame,
  dhcpFields,
  dhcpMessageType,
  type DhcpMessage,
  dhcpOption,
  dhcpValue,
  encodeDhcp,
  encodeSubOptions,
  encodeUdpFrame,
  rarpFrame,
  rarpReply,
  zeroIpv4,
} from "../wire/index.ts";
import { type AddressClient, startAddressClient } from "./index.ts";
import { documentBytes, ip, listedLog, type SmallCcn, smallCcn } from "./sample.test.ts";

/** What the CCN does. */
export type Rules = { dhcp: boolean; rarp: boolean; last: number; tell?: (what: string) => void };

/** A board on its cables. */
export type Trial = {
  readonly rules: Rules;
  readonly ccn: SmallCcn;
  readonly lines: string[];
  readonly client: AddressClient;
  readonly nl: Netlink;
  /** Resolves when the board has told `what`: `A 10.1.1.7`, `A gone`, `document 3`; or asked: `A renews 10.1.1.7`. */
  told(what: string): Promise<void>;
  /** Addresses of an interface as the kernel has them. */
  addresses(device: string): string[];
  /** Pulls or plugs the cable at the CCN's end. */
  cable(network: NetworkId, plugged: boolean): Promise<void>;
  close(): void;
};

/** The value of a kernel call that a test needs. */
export function must<T>(result: Result<T, SysError>): T {
  if (!result.ok) throw new Error(sysErrorText(result.error));
  return result.value;
}

const ccnOf = { A: ip("10.1.0.1"), B: ip("20.1.0.1") };
const device = { A: "eth-a", B: "eth-b" };
const far = { A: "far-a", B: "far-b" };
const port = 8067;

/** Lays two cables, starts the CCN and, at once, the board. */
export async function startTrial(given: Partial<Rules> = {}): Promise<Trial> {
  const rules: Rules = { dhcp: true, rarp: false, last: 7, ...given };
  const netns = must(createNetns());
  const nl = must(openNetlink());
  const farNl = inNetns(netns, () => must(openNetlink()));
  const ccn = smallCcn(documentBytes(3, { A: 10, B: 20 }, { A: 1, B: 1 }));
  const closers: (() => void)[] = [() => ccn.server.close()];
  const sockets = new Map<NetworkId, PacketSocket>();
  const listen = async (id: NetworkId): Promise<void> => {
    const onFrame = (frame: Uint8Array): void => {
      const socket = sockets.get(id);
      for (const reply of repliesOf(rules, ccn, id, frame, socket)) socket?.send(reply);
    };
    const options = { device: far[id], etherType: 3, onFrame, onClose: () => undefined };
    sockets.set(id, must(await inNetns(netns, async () => openPacket(options))));
  };
  for (const id of networkIds) {
    must(createVeth(nl, { name: device[id], peerName: far[id], peerNetns: netns }));
    const link = must(findLink(farNl, far[id]));
    must(addAddress(farNl, { index: link.index, address: ccnOf[id], prefix: 16 }));
    must(setLink(farNl, link.index, { up: true }));
    must(setLink(nl, must(findLink(nl, device[id])).index, { up: true }));
    const fd = inNetns(netns, () => must(openTcpListener({ address: ccnOf[id], port })));
    const listener = createNetServer((socket) => ccn.server.emit("connection", socket));
    await new Promise<void>((resolve) => listener.listen({ fd }, resolve));
    closers.push(() => listener.close());
    await listen(id);
    closers.push(() => sockets.get(id)?.close());
  }
  const { log, lines } = listedLog();
  const facts: string[] = [];
  const waiting: { what: string; resolve: () => void }[] = [];
  const tell = (what: string): void => {
    facts.push(what);
    for (const each of waiting) if (each.what === what) each.resolve();
  };
  rules.tell = tell;
  const client = must(
    await startAddressClient({
      devices: device,
      log,
      onDocument: (document: BoardDocument) => tell(`document ${document.version}`),
      onAddress: (network, address) => tell(`${network} ${address ?? "gone"}`),
    }),
  );
  return {
    rules,
    ccn,
    lines,
    client,
    nl,
    async told(what) {
      const at = facts.indexOf(what);
      if (at < 0) await new Promise<void>((resolve) => waiting.push({ what, resolve }));
      facts.splice(facts.indexOf(what), 1);
    },
    addresses(name) {
      const { index } = must(findLink(nl, name));
      const listed = must(listAddresses(nl)).filter((each) => each.index === index);
      return listed.map((each) => `${each.address}/${each.prefix}`);
    },
    async cable(id, plugged) {
      // A flap faster than the kernel's link watch is invisible: wait until it has been told.
      const seen = Promise.withResolvers<void>();
      const monitor = must(
        await monitorNetlink({ links: true }, (change) => {
          if (change.type !== "link" || change.link.name !== device[id]) return;
          if (change.link.carrier === plugged) seen.resolve();
        }),
      );
      must(setLink(farNl, must(findLink(farNl, far[id])).index, { up: plugged }));
      await seen.promise;
      monitor.close();
      // The kernel closed the CCN's own socket with the link.
      if (plugged) await listen(id);
    },
    close() {
      client.close();
      for (const close of closers) close();
      for (const id of networkIds) {
        const link = findLink(nl, device[id]);
        if (link.ok) must(deleteLink(nl, link.value.index));
      }
      nl.close();
      farNl.close();
    },
  };
}

function repliesOf(
  rules: Rules,
  ccn: SmallCcn,
  id: NetworkId,
  frame: Uint8Array,
  socket: PacketSocket | undefined,
): Uint8Array[] {
  if (socket === undefined) return [];
  const address = ipv4FromU32(ipv4ToU32(ccnOf[id]) + 255 + rules.last);
  const rarp = decodeRarpFrame(frame);
  if (rarp.ok && rules.rarp) {
    return [
      rarpFrame(
        rarpReply(rarp.value, { mac: socket.mac, address: ccnOf[id] }, address),
        rarp.value.sha,
      ),
    ];
  }
  const udp = decodeUdpFrame(frame);
  const asked = udp.ok ? decodeDhcp(udp.value.payload) : udp;
  if (!asked.ok) return [];
  if (asked.value.ciaddr !== zeroIpv4) rules.tell?.(`${id} renews ${asked.value.ciaddr}`);
  if (!rules.dhcp) return [];
  return [dhcpReply(ccn, id, asked.value, address, socket)];
}

function dhcpReply(
  ccn: SmallCcn,
  id: NetworkId,
  asked: DhcpMessage,
  address: Ipv4,
  socket: PacketSocket,
): Uint8Array {
  const wanted = dhcpValue(asked, dhcpFields.requestedAddress) ?? asked.ciaddr;
  const request = dhcpMessageType(asked) === 3;
  const refused = request && wanted !== address;
  const url = `http://${ccnOf[id]}:${port}/config/v3/slot/7`;
  const config = encodeSubOptions([
    { code: 1, bytes: new TextEncoder().encode(url) },
    { code: 2, bytes: documentSha256(ccn.bytes) },
  ]);
  const message: DhcpMessage = {
    ...asked,
    op: 2,
    ciaddr: zeroIpv4,
    yiaddr: refused ? zeroIpv4 : address,
    options: [
      dhcpOption(dhcpFields.messageType, refused ? 6 : request ? 5 : 2),
      dhcpOption(dhcpFields.serverIdentifier, ccnOf[id]),
      dhcpOption(dhcpFields.subnetMask, ip("255.255.0.0")),
      dhcpOption(dhcpFields.leaseTime, 600),
      dhcpOption(dhcpFields.vendorInformation, config.ok ? config.value : new Uint8Array(0)),
    ],
  };
  const payload = new Uint8Array(600);
  const length = encodeDhcp(message, payload);
  const into = new Uint8Array(700);
  const parts = {
    srcMac: socket.mac,
    dstMac: broadcastMac,
    src: ccnOf[id],
    dst: ip("255.255.255.255"),
    srcPort: 67,
    dstPort: 68,
  };
  const framed = encodeUdpFrame(
    { ...parts, payload: payload.subarray(0, length.ok ? length.value : 0) },
    into,
  );
  return into.subarray(0, framed.ok ? framed.value : 0);
}
