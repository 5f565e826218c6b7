// Recorded DHCP of real boot firmware, read from the shared captures when they are present. The
// expected readings were worked out from the bytes with an independent reader.

import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { type CapturedFrame, readPcap } from "../../test/fixtures/pcap.ts";
import {
  arpFrame,
  decodeArpFrame,
  decodeDhcp,
  decodeEthernet,
  decodeUdpFrame,
  decodeUserClass,
  dhcpFields,
  type DhcpMessage,
  dhcpMessageType,
  dhcpUuidText,
  dhcpValue,
  encodeDhcp,
  encodeUdpFrame,
  etherTypes,
} from "./index.ts";
import { must } from "../../test/fixtures/wire/values.ts";

const folder = `${import.meta.dir}/../../../shared/dhcp-captures`;
const pxe = (arch: string, undi: string): string => `PXEClient:Arch:${arch}:UNDI:${undi}`;
const noUuid = "00000000-0000-0000-0000-000000000000";
/** DORA with the discover and offer twice, then three ARP packets: iPXE. */
const ipxe = "121235aaa";

type Client = { vendorClass: string; arch: number; uuid: string | undefined; user: string };
const table: readonly {
  file: string;
  mac: string;
  /** Message types in order, `a` = ARP. */
  story: string;
  /** Distinct clients in order of appearance. */
  clients: readonly Client[];
  bootFile: string;
}[] = [
  {
    file: "ipxe-bios-e1000",
    mac: "52:54:00:0a:01:01",
    story: `${ipxe}${ipxe}12`,
    clients: [{ vendorClass: pxe("00000", "002001"), arch: 0, uuid: noUuid, user: "iPXE" }],
    bootFile: "undionly.kpxe",
  },
  {
    file: "ipxe-bios-ne2k_pci",
    mac: "52:54:00:0a:01:06",
    story: `${ipxe}${ipxe}12`,
    clients: [{ vendorClass: pxe("00000", "002001"), arch: 0, uuid: noUuid, user: "iPXE" }],
    bootFile: "undionly.kpxe",
  },
  {
    file: "ovmf-x64-virtio",
    mac: "52:54:00:0a:02:01",
    story: `1235aa${ipxe.repeat(10)}`,
    clients: [
      { vendorClass: pxe("00007", "003000"), arch: 7, uuid: noUuid, user: "" },
      { vendorClass: pxe("00007", "003010"), arch: 7, uuid: noUuid, user: "iPXE" },
    ],
    bootFile: "snponly.efi",
  },
  {
    file: "uboot-arm64-virtio",
    mac: "52:54:00:0a:04:01",
    story: "1235aa1235aa",
    clients: [
      { vendorClass: "U-Boot.armv8", arch: 22, uuid: undefined, user: "" },
      { vendorClass: pxe("00011", "003000"), arch: 11, uuid: undefined, user: "" },
    ],
    bootFile: "uImage",
  },
];

function clientOf(message: DhcpMessage): Client {
  const uuid = dhcpValue(message, dhcpFields.clientUuid);
  const user = dhcpValue(message, dhcpFields.userClass) ?? new Uint8Array();
  return {
    vendorClass: dhcpValue(message, dhcpFields.vendorClass) ?? "",
    arch: dhcpValue(message, dhcpFields.clientArchitecture)?.[0] ?? -1,
    uuid: uuid === undefined ? undefined : dhcpUuidText(uuid),
    user: decodeUserClass(user)
      .classes.map((bytes) => new TextDecoder().decode(bytes))
      .join(),
  };
}

function readFrame({ bytes }: CapturedFrame): DhcpMessage | "arp" {
  if (must(decodeEthernet(bytes)).etherType === etherTypes.arp) {
    const arp = must(decodeArpFrame(bytes));
    expect(must(decodeArpFrame(arpFrame(arp)))).toEqual(arp);
    return "arp";
  }
  const frame = must(decodeUdpFrame(bytes));
  const into = new Uint8Array(1514);
  const length = must(encodeUdpFrame(frame, into));
  expect(must(decodeUdpFrame(into.subarray(0, length)))).toEqual(frame);
  const message = must(decodeDhcp(frame.payload));
  const again = new Uint8Array(1472);
  const dhcpLength = must(encodeDhcp(message, again));
  expect(must(decodeDhcp(again.subarray(0, dhcpLength)))).toEqual(message);
  return message;
}

const isPresent = existsSync(folder);
if (!isPresent)
  process.stderr.write("skipped: captures of real boot firmware, ../shared is not here\n");

for (const want of table) {
  const path = `${folder}/${want.file}.pcap`;
  test.skipIf(!isPresent)(`${want.file} is read as recorded and written equal`, () => {
    const read = (readPcap(readFileSync(path))?.frames ?? []).map(readFrame);
    const story = read.map((m) => (m === "arp" ? "a" : String(dhcpMessageType(m)))).join("");
    expect(story).toBe(want.story);
    const messages = read.filter((m) => m !== "arp");
    const clients = messages.filter((m) => m.op === 1).map(clientOf);
    const distinct = clients.filter((c, i) => clients.findIndex((d) => Bun.deepEquals(c, d)) === i);
    expect(distinct).toEqual([...want.clients]);
    expect(new Set(messages.map((m) => String(m.chaddr)))).toEqual(new Set([want.mac]));
    const replies = messages.filter((m) => m.op === 2);
    expect(new Set(replies.map((m) => m.file))).toEqual(new Set([want.bootFile]));
    expect(new Set(replies.map((m) => String(m.yiaddr)))).toEqual(new Set(["10.1.1.15"]));
    const requests = messages.filter((m) => dhcpMessageType(m) === 3);
    const wanted = requests.map((m) => String(dhcpValue(m, dhcpFields.requestedAddress)));
    expect(new Set(wanted)).toEqual(new Set(["10.1.1.15"]));
  });
}
