import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseIpv4, parseMac } from "../base/index.ts";
import {
  decodeRelayAgent,
  decodeSubOptions,
  decodeUserClass,
  dhcpFields,
  type DhcpField,
  type DhcpMessage,
  dhcpOption,
  dhcpOptionText,
  dhcpUuidText,
  dhcpValue,
  encodeRelayAgent,
  encodeSubOptions,
  encodeUserClass,
} from "./index.ts";
import { bytesOf, ipv4s, must, u16s, u32s } from "../../test/fixtures/wire/values.ts";

const zero = must(parseIpv4("0.0.0.0"));
const message: DhcpMessage = {
  op: 1,
  hops: 0,
  xid: 1,
  secs: 0,
  flags: 0,
  ciaddr: zero,
  yiaddr: zero,
  siaddr: zero,
  giaddr: zero,
  chaddr: must(parseMac("52:54:00:0a:01:01")),
  sname: "",
  file: "",
  options: [],
};

function read<T>(field: DhcpField<T>, hex: string): T | undefined {
  return dhcpValue({ ...message, options: [{ code: field.code, bytes: bytesOf(hex) }] }, field);
}

test("each type is read from the bytes of the RFC", () => {
  const f = dhcpFields;
  expect(String(read(f.requestedAddress, "0a01010f"))).toBe("10.1.1.15");
  expect(read(f.routers, "0a0101020a010103")?.map(String)).toEqual(["10.1.1.2", "10.1.1.3"]);
  expect(read(f.messageType, "05")).toBe(5);
  expect(read(f.maxMessageSize, "05c0")).toBe(1472);
  expect(read(f.leaseTime, "ffffffff")).toBe(0xffffffff);
  expect(read(f.vendorClass, "505845436c69656e740000")).toBe("PXEClient");
  expect(read(f.clientArchitecture, "00070009")).toEqual([7, 9]);
  expect(read(f.clientInterface, "010300")).toEqual(bytesOf("010300"));
});

test("a value of a wrong length is no value", () => {
  const f = dhcpFields;
  expect(read(f.requestedAddress, "0a0101")).toBeUndefined();
  expect(read(f.routers, "")).toBeUndefined();
  expect(read(f.routers, "0a01010203")).toBeUndefined();
  expect(read(f.messageType, "0501")).toBeUndefined();
  expect(read(f.maxMessageSize, "05")).toBeUndefined();
  expect(read(f.leaseTime, "000000")).toBeUndefined();
  expect(read(f.clientArchitecture, "000700")).toBeUndefined();
  expect(dhcpValue(message, f.leaseTime)).toBeUndefined();
});

test("codes are those of the RFCs, each named once", () => {
  const codes = Object.values(dhcpFields).map((field) => field.code);
  expect(new Set(codes).size).toBe(codes.length);
  const f = dhcpFields;
  expect([f.vendorInformation, f.vendorClass, f.clientIdentifier].map((x) => x.code)).toEqual([
    43, 60, 61,
  ]);
  expect([f.tftpServerName, f.bootFileName, f.userClass].map((x) => x.code)).toEqual([66, 67, 77]);
  expect(f.relayAgentInformation.code).toBe(82);
  expect([f.clientArchitecture, f.clientInterface, f.clientUuid].map((x) => x.code)).toEqual([
    93, 94, 97,
  ]);
  expect(f.ipxe.code).toBe(175);
  expect(dhcpOptionText(60)).toBe("option 60 (vendorClass)");
  expect(dhcpOptionText(222)).toBe("option 222");
});

test("each type is read back as it was written", () => {
  const back = <T>(field: DhcpField<T>, values: fc.Arbitrary<T>): void =>
    fc.assert(
      fc.property(values, (value) => {
        const options = [dhcpOption(field, value)];
        expect(dhcpValue({ ...message, options }, field)).toEqual(value);
      }),
    );
  back(dhcpFields.subnetMask, ipv4s);
  back(dhcpFields.routers, fc.array(ipv4s, { minLength: 1, maxLength: 9 }));
  back(dhcpFields.messageType, fc.nat(255));
  back(dhcpFields.interfaceMtu, u16s);
  back(dhcpFields.renewalTime, u32s);
  back(dhcpFields.clientArchitecture, fc.array(u16s, { minLength: 1, maxLength: 9 }));
  back(dhcpFields.clientIdentifier, fc.uint8Array({ maxLength: 40 }));
  back(
    dhcpFields.bootFileName,
    fc.string({ unit: "grapheme" }).filter((text) => !text.endsWith("\0")),
  );
});

test("a UUID is shown in the order on the wire; another type or length is none", () => {
  expect(dhcpUuidText(bytesOf("00 00112233445566778899aabbccddeeff"))).toBe(
    "00112233-4455-6677-8899-aabbccddeeff",
  );
  expect(dhcpUuidText(bytesOf("01 00112233445566778899aabbccddeeff"))).toBeUndefined();
  expect(dhcpUuidText(bytesOf("00112233"))).toBeUndefined();
});

test("encapsulated options skip PAD, stop at END, and one cut off is refused", () => {
  const list = must(decodeSubOptions(bytesOf("00 01024142 0200 ff 0309")));
  expect(list).toEqual([
    { code: 1, bytes: bytesOf("4142") },
    { code: 2, bytes: bytesOf("") },
  ]);
  expect(decodeSubOptions(bytesOf("010241"))).toMatchObject({ error: { atByte: 1 } });
  expect(decodeSubOptions(bytesOf("01"))).toMatchObject({ error: { atByte: 1 } });
});

test("iPXE's option 175 tells its network card and features", () => {
  const list = must(decodeSubOptions(bytesOf("b105018086100e eb03010000 170101")));
  expect(list.map((o) => [o.code, o.bytes.toHex()])).toEqual([
    [177, "018086100e"],
    [235, "010000"],
    [23, "01"],
  ]);
});

test("option 82 gives circuit and remote, keeps the rest, and codes 0 and 255 are ordinary", () => {
  const read = must(decodeRelayAgent(bytesOf("0104 00010203 0206 5254000a0101 0001aa ff01bb")));
  expect(read.circuitId).toEqual(bytesOf("00010203"));
  expect(read.remoteId).toEqual(bytesOf("5254000a0101"));
  expect(read.all.map((o) => o.code)).toEqual([1, 2, 0, 255]);
  expect(must(decodeRelayAgent(bytesOf(""))).circuitId).toBeUndefined();
  expect(decodeRelayAgent(bytesOf("010400")).ok).toBe(false);
});

test("a user class is read in RFC 3004's form and as iPXE's raw text", () => {
  expect(decodeUserClass(bytesOf("0469505845 0141"))).toEqual({
    form: "rfc3004",
    classes: [bytesOf("69505845"), bytesOf("41")],
  });
  expect(decodeUserClass(bytesOf("69505845"))).toEqual({
    form: "raw",
    classes: [bytesOf("69505845")],
  });
  expect(decodeUserClass(bytesOf("00 0141")).form).toBe("raw"); // a class has a byte at least
});

test("lists inside options are read back as they were written", () => {
  const bytes = fc.uint8Array({ maxLength: 60 });
  const lists = (min: number, max: number) =>
    fc.array(fc.record({ code: fc.integer({ min, max }), bytes }), { maxLength: 9 });
  fc.assert(
    fc.property(lists(1, 254), (list) => {
      expect(must(decodeSubOptions(must(encodeSubOptions(list))))).toEqual(list);
    }),
  );
  fc.assert(
    fc.property(lists(0, 255), (list) => {
      expect(must(decodeRelayAgent(must(encodeRelayAgent(list)))).all).toEqual(list);
    }),
  );
  fc.assert(
    fc.property(bytes, (value) => {
      expect(must(encodeUserClass(decodeUserClass(value)))).toEqual(value);
    }),
  );
});

test("lists that cannot be written are errors", () => {
  const one = (code: number, length: number) => [{ code, bytes: new Uint8Array(length) }];
  expect(encodeSubOptions(one(0, 1)).ok).toBe(false);
  expect(encodeSubOptions(one(255, 1)).ok).toBe(false);
  expect(encodeRelayAgent(one(256, 1)).ok).toBe(false);
  expect(encodeSubOptions(one(1, 256)).ok).toBe(false);
  expect(encodeSubOptions(Array.from({ length: 6 }, () => one(1, 255)).flat()).ok).toBe(false);
  expect(encodeUserClass({ form: "raw", classes: [] }).ok).toBe(false);
  expect(encodeUserClass({ form: "rfc3004", classes: [new Uint8Array(0)] }).ok).toBe(false);
});
