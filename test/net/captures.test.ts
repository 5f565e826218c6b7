// Recorded boot ROMs (iPXE, OVMF, U-Boot) against the running CCN: what each sent is sent again from
// a slot's board with the same MAC; only what it had learnt from its own server (options 50 and 54
// of a REQUEST) is what our OFFER says.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Ipv4, ipv4ToBytes, type Mac } from "../../src/base/index.ts";
import type { Lab } from "../../src/lab/index.ts";
import {
  decodeDhcp,
  decodeUdpFrame,
  dhcpFields,
  type DhcpMessage,
  dhcpMessageType,
  dhcpMessageTypes,
  dhcpOps,
  dhcpOptionBytes,
  dhcpPorts,
  dhcpValue,
  encodeUdpFrame,
} from "../../src/wire/index.ts";
import { readPcap } from "../fixtures/pcap.ts";
import {
  addressOf,
  chassisMissing,
  chassisUp,
  slot,
  statusOf,
  type TestChassis,
  until,
  valueOf,
} from "./chassis.ts";
import { closeSeats, replyTo, takeSeat, typeOf } from "./seat.ts";

setDefaultTimeout(60_000);
const noChassis = chassisMissing("recorded boot ROMs") !== undefined;
const folder = join(import.meta.dir, "..", "..", "..", "shared", "dhcp-captures");
const files = existsSync(folder)
  ? readdirSync(folder).filter((name) => name.endsWith(".pcap"))
  : [];
if (files.length === 0) {
  console.error("skipped: recorded boot ROMs on a chassis: ../shared/dhcp-captures is not here");
}
const skip = noChassis || files.length === 0;

const bootFile = "boot/ipxe.efi";
/** The slot they boot in. */
const place = 5;
const ccnAddress = "10.1.0.1" as Ipv4;

let chassis: TestChassis;
let lab: Lab;

beforeAll(async () => {
  if (skip) return;
  const more = [`provision: { bootFile: ${bootFile} }`];
  chassis = await chassisUp({ file: { more }, empty: [1, 2, 3, 4, 5, 6] });
  lab = chassis.lab;
  await until(async () => ((await statusOf(lab, 0)) === undefined ? "no daemon yet" : undefined));
});

afterAll(async () => {
  await chassis?.down();
});

/** A frame of a client with what it says. */
type Sent = { readonly frame: Uint8Array; readonly message: DhcpMessage };

function requestsIn(file: string): Sent[] {
  const { frames } = readPcap(readFileSync(join(folder, file))) ?? { frames: [] };
  return frames.flatMap(({ bytes }) => {
    const udp = decodeUdpFrame(bytes);
    if (!udp.ok || udp.value.dstPort !== dhcpPorts.server) return [];
    const message = valueOf(decodeDhcp(udp.value.payload));
    return message.op === dhcpOps.request ? [{ frame: bytes, message }] : [];
  });
}

/** The frame with other addresses in these options, and right checksums again. */
function patched(frame: Uint8Array, addresses: ReadonlyMap<number, Ipv4>): Uint8Array {
  const udp = valueOf(decodeUdpFrame(frame));
  const payload = udp.payload.slice();
  let left = addresses.size;
  for (let at = 240; at < payload.length && payload[at] !== 255;) {
    const code = payload[at] ?? 0;
    const address = addresses.get(code);
    if (address !== undefined) {
      ipv4ToBytes(address, payload, at + 2);
      left--;
    }
    at += code === 0 ? 1 : 2 + (payload[at + 1] ?? 0);
  }
  expect(left).toBe(0);
  const into = new Uint8Array(1514);
  return into.subarray(0, valueOf(encodeUdpFrame({ ...udp, payload }, into)));
}

/** Everything it asked for that this chassis has is there and right. */
function expectGrant(reply: DhcpMessage, request: DhcpMessage): void {
  expect(String(reply.yiaddr)).toBe(addressOf(lab, place));
  expect(reply.chaddr).toBe(request.chaddr);
  expect(dhcpValue(reply, dhcpFields.serverIdentifier)).toBe(ccnAddress);
  expect(dhcpValue(reply, dhcpFields.leaseTime)).toBeGreaterThan(0);
  expect(reply.file).toBe(bootFile);
  expect(reply.siaddr).toBe(ccnAddress);
  const answers: ReadonlyMap<number, string | undefined> = new Map([
    [dhcpFields.subnetMask.code, dhcpValue(reply, dhcpFields.subnetMask)],
    [dhcpFields.hostName.code, dhcpValue(reply, dhcpFields.hostName)],
    [dhcpFields.domainName.code, dhcpValue(reply, dhcpFields.domainName)],
    [dhcpFields.tftpServerName.code, dhcpValue(reply, dhcpFields.tftpServerName)],
    [dhcpFields.bootFileName.code, dhcpValue(reply, dhcpFields.bootFileName)],
  ]);
  const right = new Map([
    [dhcpFields.subnetMask.code, "255.255.0.0"],
    [dhcpFields.hostName.code, `card${place}`],
    [dhcpFields.domainName.code, lab.chassis.name],
    [dhcpFields.tftpServerName.code, ccnAddress],
    [dhcpFields.bootFileName.code, bootFile],
  ]);
  const asked = [...(dhcpOptionBytes(request, dhcpFields.parameterRequestList.code) ?? [])];
  const known = asked.filter((code) => right.has(code));
  expect(known).toContain(dhcpFields.subnetMask.code);
  for (const code of known)
    expect({ code, is: answers.get(code) }).toEqual({ code, is: right.get(code) });
}

/** Replays one client's frames in the slot; how many ACKs it got. */
async function replay(sent: readonly Sent[], mac: Mac): Promise<number> {
  valueOf(await lab.insert(slot(place), { macs: { A: mac }, empty: true }));
  const seat = await takeSeat(lab, place);
  expect(seat.mac).toBe(mac);
  let offered: DhcpMessage | undefined;
  let acks = 0;
  try {
    for (const { frame, message } of sent) {
      const isDiscover = dhcpMessageType(message) === dhcpMessageTypes.discover;
      const learnt = new Map([
        [dhcpFields.requestedAddress.code, offered?.yiaddr ?? message.yiaddr],
        [dhcpFields.serverIdentifier.code, ccnAddress],
      ]);
      seat.send(isDiscover ? frame : patched(frame, learnt));
      const reply = await seat.next(replyTo(message.xid));
      expect(typeOf(reply)).toBe(isDiscover ? "offer" : "ack");
      expectGrant(reply, message);
      if (isDiscover) offered = reply;
      else acks++;
    }
    return acks;
  } finally {
    closeSeats();
    valueOf(await lab.pull(slot(place)));
  }
}

for (const file of files) {
  test.skipIf(skip)(
    `every client of ${file} ends with its slot's address and boot file`,
    async () => {
      const sent = requestsIn(file);
      const macs = new Set(sent.map(({ message }) => message.chaddr));
      expect(macs.size).toBeGreaterThan(0);
      for (const mac of macs) {
        const own = sent.filter(({ message }) => message.chaddr === mac);
        expect(await replay(own, mac)).toBeGreaterThan(0);
      }
    },
  );
}

test.skipIf(files.length === 0)("all four recorded boot ROMs are here (../shared is not)", () => {
  expect(files).toHaveLength(4);
});
