// Recorded boot ROMs (iPXE, OVMF, U-Boot) against the server: their frames, byte for byte.

import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readPcap } from "../../test/fixtures/pcap.ts";
import { dhcpFields, type DhcpMessage, dhcpMessageTypes, dhcpOption } from "../wire/index.ts";
import { readDhcpFrame } from "./frames.ts";
import {
  ccnAddress,
  chassisOf,
  configOf,
  createWorld,
  pass,
  plug,
  slotAddress,
  tell,
} from "./testing.ts";

const folder = `${import.meta.dir}/../../../shared/dhcp-captures`;
const files = existsSync(folder)
  ? readdirSync(folder).filter((name) => name.endsWith(".pcap"))
  : [];
if (files.length === 0) process.stderr.write("skipped: ../shared/dhcp-captures is not here\n");

/** The recorded server was another one: its identifier becomes ours. */
function takingOurOffer(message: DhcpMessage): DhcpMessage {
  const ours = dhcpOption(dhcpFields.serverIdentifier, ccnAddress);
  const options = message.options.map((option) => (option.code === ours.code ? ours : option));
  return { ...message, options };
}

for (const file of files) {
  test(`every DISCOVER of ${file} is offered, and every REQUEST granted, its slot's address`, () => {
    const world = createWorld(configOf({ chassis: chassisOf({}, 15) }), 0);
    let requests = 0;
    for (const { bytes } of readPcap(readFileSync(`${folder}/${file}`))?.frames ?? []) {
      const event = readDhcpFrame(bytes);
      if (event.type !== "dhcp-received" || event.message.op !== 1) continue;
      requests++;
      plug(world, event.message.chaddr, 15);
      tell(world, { ...event, message: takingOurOffer(event.message) });
      pass(world, 200);
    }
    expect(requests).toBeGreaterThanOrEqual(2);
    expect(world.replies).toHaveLength(requests);
    for (const { type, message } of world.replies) {
      expect(type === dhcpMessageTypes.offer || type === dhcpMessageTypes.ack).toBe(true);
      expect(message.yiaddr).toBe(slotAddress(15));
    }
  });
}

test.skipIf(files.length > 0)("recorded boot ROMs (skipped: ../shared is not here)", () => {
  expect(files).toEqual([]);
});
