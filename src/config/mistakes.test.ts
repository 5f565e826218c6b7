// Every mistake a chassis file can hold, with the exact text its writer reads.

import { describe, expect, test } from "bun:test";
import { base, changed, mistakes } from "./sample.test.ts";

// Each row: what is changed in `base`, and the whole error text.
const rows: readonly (readonly [string, string, string, string])[] = [
  [
    "a port the switch does not have",
    "portA: 1/0/3",
    "portA: 1/0/49",
    'chassis.yaml:18:30: slots.3.portA: switch sw-a has no port "1/0/49"; it has 1/0/1 to 1/0/48',
  ],
  [
    "a port used twice",
    "portA: 1/0/3",
    "portA: 1/0/1",
    'chassis.yaml:18:30: slots.3.portA: port "1/0/1" of switch sw-a belongs to slot 1 already; give each slot its own',
  ],
  [
    "a slot on an uplink",
    "portA: 1/0/3",
    "portA: 1/0/48",
    'chassis.yaml:18:30: slots.3.portA: port "1/0/48" of switch sw-a is an uplink; a slot needs a port of its own',
  ],
  [
    "a slot on the CCN's port",
    "portA: 1/0/3",
    "portA: 1/0/47",
    'chassis.yaml:18:30: slots.3.portA: port "1/0/47" of switch sw-a is the CCN\'s (ccnPort); a slot needs a port of its own',
  ],
  [
    "an address outside the subnet",
    "portB: 3 }",
    "portB: 3, addressA: 10.2.1.3 }",
    "chassis.yaml:18:57: slots.3.addressA: 10.2.1.3 is not a host address of network A; it is 10.1.0.0/16",
  ],
  [
    "the CCN's address given to a slot",
    "portB: 3 }",
    "portB: 3, addressA: 10.1.0.1 }",
    "chassis.yaml:18:57: slots.3.addressA: address 10.1.0.1 belongs to the CCN already; give addressA a free one",
  ],
  [
    "the switch's address given to a slot",
    "portB: 3 }",
    "portB: 3, addressB: 20.1.0.2 }",
    "chassis.yaml:18:57: slots.3.addressB: address 20.1.0.2 belongs to switch sw-b already; give addressB a free one",
  ],
  [
    "another slot's address",
    "portB: 3 }",
    "portB: 3, addressB: 20.1.1.1 }",
    "chassis.yaml:18:57: slots.3.addressB: address 20.1.1.1 belongs to slot 1 already; give addressB a free one",
  ],
  [
    "overlapping subnets",
    "{ subnet: 20.1.0.0/16, ccn: 20.1.0.1",
    "{ subnet: 10.0.0.0/8, ccn: 10.3.0.1",
    "chassis.yaml:5:16: networks.B.subnet: 10.0.0.0/8 overlaps 10.1.0.0/16 of network A; use two subnets apart",
  ],
  [
    "a subnet with host bits",
    "subnet: 10.1.0.0/16",
    "subnet: 10.1.3.0/16",
    "chassis.yaml:4:16: networks.A.subnet: 10.1.3.0 is not a network address; write 10.1.0.0/16",
  ],
  [
    "a switch on the wrong network",
    "address: 20.1.0.2",
    "address: 10.1.0.3",
    "chassis.yaml:14:14: switches.sw-b.address: 10.1.0.3 is not a host address of network B; it is 20.1.0.0/16",
  ],
  [
    "one switch for both networks",
    "ccn: 20.1.0.1, switch: sw-b",
    "ccn: 20.1.0.1, switch: sw-a",
    "chassis.yaml:5:52: networks.B.switch: switch sw-a carries network A already; each network has its own",
  ],
  [
    "a network whose switch is not there",
    "switch: sw-b",
    "switch: sw-c",
    "chassis.yaml:5:52: networks.B.switch: switches has no sw-c; there are sw-a, sw-b",
  ],
  [
    "no controller",
    "role: controller",
    "role: io-card",
    "chassis.yaml:16:1: slots: no controller; give at least one slot role: controller",
  ],
  [
    "slot 0",
    "  3: {",
    "  0: {",
    "chassis.yaml:18:3: slots.0: slot 0 is the CCN itself; slots are 1 to 63",
  ],
  [
    "slot 64",
    "  3: {",
    "  64: {",
    "chassis.yaml:18:3: slots.64: not a slot number; slots are 1 to 63",
  ],
  [
    "a slot twice",
    "  3: {",
    "  1: {",
    "chassis.yaml:18:3: this key is here a second time; keep one of the two",
  ],
  [
    "the same slot written twice in different ways",
    "  3: {",
    "  01: {",
    "chassis.yaml:18:3: slots.01: not a slot number; slots are 1 to 63",
  ],
  [
    "a name twice",
    "portB: 3 }",
    "portB: 3, name: c1 }",
    "chassis.yaml:18:53: slots.3.name: name c1 belongs to slot 1 already; names are unique",
  ],
  [
    "an unknown key",
    "{ role: io-card, portA: 1/0/3",
    "{ role: io-card, prtA: 1, portA: 1/0/3",
    "chassis.yaml:18:23: slots.3.prtA: unknown key; did you mean portA?",
  ],
  [
    "a missing key",
    "portA: 1/0/3, ",
    "",
    "chassis.yaml:18:6: slots.3.portA: missing; give a port name such as 7",
  ],
  [
    "an unknown role",
    "role: io-card",
    "role: iocard",
    'chassis.yaml:18:14: slots.3.role: "iocard" is not a role; give controller, io-card',
  ],
  [
    "a version of text",
    "version: 3",
    "version: three",
    'chassis.yaml:2:10: version: "three" is not a version; give a whole number from 1 to 4294967295',
  ],
  [
    "a port range backwards",
    "ports: 1/0/1-1/0/48",
    "ports: 1/0/48-1/0/1",
    'chassis.yaml:10:12: switches.sw-a.ports: range "1/0/48-1/0/1" runs backwards; write 1/0/1-1/0/48',
  ],
  [
    "an endless port range",
    "ports: 1/0/1-1/0/48",
    "ports: 1-999999999",
    "chassis.yaml:10:12: switches.sw-a.ports: 999999999 ports are too many for one switch; at most 1024",
  ],
];

describe("mistakes are told with their place and what would be right", () => {
  for (const [what, from, to, text] of rows) {
    test(what, () => expect(mistakes(changed(from, to))).toContain(text));
  }

  const added: readonly (readonly [string, string, string])[] = [
    [
      "silence shorter than three beats",
      "timing: { silentMs: 30 }",
      "chassis.yaml:19:21: timing.silentMs: 30 is less than 3 * beatMs + lateMs + netMs = 37; give at least 37",
    ],
    [
      "a beat shorter than the allowed lateness",
      "timing: { beatMs: 8 }",
      "chassis.yaml:19:19: timing.beatMs: 8 is less than 2 * lateMs = 10; give at least 10",
    ],
    [
      "a time over its bound",
      "timing: { beatMs: 100000 }",
      'chassis.yaml:19:19: timing.beatMs: "100000" is not a time in milliseconds; give a whole number from 1 to 1000',
    ],
    [
      "damping that could never act",
      "timing: { flapMax: 10, flapWindowMs: 100 }",
      "chassis.yaml:19:38: timing.flapWindowMs: 100 is less than flapMax * (silentMs + upAfterMs) = 670; give at least 670",
    ],
    [
      "a group that is not multicast",
      "provision: { hubsGroup: 10.1.1.1 }",
      "chassis.yaml:19:25: provision.hubsGroup: 10.1.1.1 is not a free multicast group; give one from 239.0.0.0 to 239.255.255.255",
    ],
    [
      "two groups a switch cannot tell apart",
      "provision: { boardsGroup: 239.211.66.1 }",
      "chassis.yaml:19:27: provision.boardsGroup: 239.211.66.1 has the same Ethernet group as 239.83.66.1; give another one",
    ],
    [
      "a malformed MAC",
      "macs: [52:54:00:00:00:0g]",
      'chassis.yaml:19:8: macs.0: "52:54:00:00:00:0g" is not a MAC address; write it as 52:54:00:12:34:56',
    ],
    [
      "a misspelt section",
      "timeing: {}",
      "chassis.yaml:19:1: timeing: unknown key; did you mean timing?",
    ],
  ];
  for (const [what, line, text] of added) {
    test(what, () => expect(mistakes(`${base}${line}\n`)).toEqual([text]));
  }

  test("all at once, in the order of the file", () => {
    const text = `${base.replace("version: 3", "version: 0").replace("portA: 1/0/3", "portA: 9")}macs: none\n`;
    expect(mistakes(text).map((line) => line.split(": ")[1])).toEqual([
      "version",
      "slots.3.portA",
      "macs",
    ]);
  });

  test("a small network without room for default addresses asks for addresses", () => {
    const small = changed("{ subnet: 10.1.0.0/16", "{ subnet: 10.1.0.0/24");
    expect(mistakes(small)[0]).toContain("no room for the default address 1.1; give addressA");
  });

  test("an empty file, a list and a half file are told apart from a crash", () => {
    expect(mistakes("")[0]).toStartWith("chassis.yaml:1:1: ");
    expect(mistakes("[1, 2]")[0]).toContain("a chassis file");
    expect(mistakes("chassis: x\n").length).toBeGreaterThanOrEqual(4);
  });
});
