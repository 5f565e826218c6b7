import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseIpv4, parseMac } from "../base/index.ts";
import {
  decodeDhcp,
  dhcpBroadcastFlag,
  dhcpBytesMax,
  dhcpFields,
  dhcpMessageType,
  dhcpMessageTypes,
  type DhcpMessage,
  dhcpOption,
  type DhcpOption,
  dhcpReplyBytesMax,
  dhcpValue,
  encodeDhcp,
} from "./index.ts";
import { bytesOf, ipv4s, joined, macs, must, u16s, u32s } from "../../test/fixtures/wire/values.ts";

const none = must(parseIpv4("0.0.0.0"));
const mac = must(parseMac("52:54:00:0a:01:01"));

/** A discover with these options behind its type. */
function discover(...options: readonly DhcpOption[]): DhcpMessage {
  return {
    op: 1,
    hops: 0,
    xid: 0x20351526,
    secs: 4,
    flags: dhcpBroadcastFlag,
    ciaddr: none,
    yiaddr: none,
    siaddr: none,
    giaddr: none,
    chaddr: mac,
    sname: "",
    file: "",
    options: [dhcpOption(dhcpFields.messageType, dhcpMessageTypes.discover), ...options],
  };
}

function encoded(message: DhcpMessage, bytesMax?: number): Uint8Array {
  const into = new Uint8Array(1500).fill(0xee); // a used buffer: nothing may shine through
  return into.slice(0, must(encodeDhcp(message, into, bytesMax)));
}

/** The fixed part of a message, then these options, as hex. */
function raw(options: string): Uint8Array {
  return joined(encoded(discover()).subarray(0, 240), bytesOf(options));
}

function optionsOf(bytes: Uint8Array): [number, string][] {
  return must(decodeDhcp(bytes)).options.map((o) => [o.code, o.bytes.toHex()]);
}

const option = (code: number, length: number, fill = code): DhcpOption => ({
  code,
  bytes: new Uint8Array(length).map((_, i) => fill + i),
});

const byCode = (list: readonly DhcpOption[]): DhcpOption[] =>
  list.toSorted((a, b) => a.code - b.code);

test("a discover has the bytes of RFC 2131, padded to 300", () => {
  const bytes = encoded(discover(dhcpOption(dhcpFields.vendorClass, "softset/1")));
  expect(bytes.toHex()).toBe(
    "01010600" + // request, Ethernet, 6 bytes, no hops
      "20351526" + // xid
      "00048000" + // secs, broadcast
      "00".repeat(16) + // four addresses
      "5254000a0101" +
      "00".repeat(10) + // chaddr
      "00".repeat(192) + // sname, file
      "63825363" +
      "350101" + // discover
      "3c09736f66747365742f31" + // vendor class
      "ff" +
      "00".repeat(300 - 240 - 15),
  );
});

test("padding between options, zero-length options and a missing END are read as clients mean", () => {
  expect(optionsOf(raw("350101"))).toEqual([[53, "01"]]);
  expect(optionsOf(raw("00003501010000500000"))).toEqual([
    [53, "01"],
    [80, ""],
  ]);
  expect(optionsOf(raw("350101ff3c0441424344"))).toEqual([[53, "01"]]);
  expect(optionsOf(raw(""))).toEqual([]);
});

test("an option cut off by the end is refused at its length", () => {
  expect(decodeDhcp(raw("35010132"))).toMatchObject({ error: { atByte: 244 } });
  expect(decodeDhcp(raw("350101320400"))).toMatchObject({ error: { atByte: 244, got: "4" } });
});

test("what is no DHCP message from an Ethernet client is refused where it differs", () => {
  const good = encoded(discover());
  for (const [at, value] of [
    [0, 3],
    [1, 6],
    [2, 16],
    [236, 0],
  ] as const) {
    const bytes = good.slice();
    bytes[at] = value;
    const read = decodeDhcp(bytes);
    expect(read.ok ? -1 : read.error.atByte).toBe(at);
  }
  expect(decodeDhcp(good.subarray(0, 239)).ok).toBe(false);
  expect(decodeDhcp(good.subarray(0, 240)).ok).toBe(true);
  expect(decodeDhcp(joined(good, new Uint8Array(1173))).ok).toBe(false);
});

test("message type comes first and relay information last, whatever the list says", () => {
  const message = discover();
  const options = [option(82, 3), option(60, 1), ...message.options];
  const codes = must(decodeDhcp(encoded({ ...message, options }))).options.map((o) => o.code);
  expect(codes).toEqual([53, 60, 82]);
});

test("an option longer than 255 bytes is split and joined again", () => {
  const long = option(43, 300, 0);
  const bytes = encoded(discover(long), 1472);
  expect([...bytes.subarray(243, 245)]).toEqual([43, 255]);
  expect([...bytes.subarray(500, 502)]).toEqual([43, 45]);
  expect(must(decodeDhcp(bytes)).options[1]).toEqual(long);
});

test("pieces are joined in the order options field, file, sname", () => {
  const bytes = encoded(discover());
  bytes.set(bytesOf("3401033c0141"), 243); // overload both, vendor class "A"
  bytes.set(bytesOf("3c0142ff"), 108); // file: "B"
  bytes.set(bytesOf("00003c0143"), 44); // sname: "C", no END
  const message = must(decodeDhcp(bytes));
  expect(dhcpValue(message, dhcpFields.vendorClass)).toBe("ABC");
  expect([message.sname, message.file]).toEqual(["", ""]);
  expect(message.options.map((o) => o.code)).toEqual([53, 60]);
});

test("an overload that is not 1, 2 or 3 is refused; inside file it means nothing", () => {
  expect(decodeDhcp(raw("340104")).ok).toBe(false);
  expect(decodeDhcp(raw("3400")).ok).toBe(false);
  const bytes = encoded(discover());
  bytes.set(bytesOf("340101"), 243);
  bytes.set(bytesOf("340102"), 108);
  expect(decodeDhcp(bytes).ok).toBe(true);
});

test("options that do not fit go to file, then sname, and only there if both are empty", () => {
  const many = [option(60, 200), option(43, 100), option(77, 50), option(61, 5), option(82, 20)];
  const message = discover(...many);
  const bytes = encoded(message, 548);
  expect(bytes.length).toBeLessThanOrEqual(548);
  expect(bytes.subarray(243, 246).toHex()).toBe("340103");
  expect(must(decodeDhcp(bytes)).options.map((o) => o.code)).toEqual([53, 60, 82, 43, 77, 61]);
  expect(byCode(must(decodeDhcp(bytes)).options)).toEqual(byCode(message.options));
  const withFile = { ...message, file: "boot.ipxe" };
  expect(encodeDhcp(withFile, new Uint8Array(1500), 548)).toMatchObject({ ok: false });
  expect(encodeDhcp(withFile, new Uint8Array(1500), 1472).ok).toBe(true);
});

test("fields filled to their last byte keep their END and their neighbours whole", () => {
  // 548: 240 fixed, 3 type, 3 overload, 301 options, END; file 127, sname 63, each with END.
  const parts = [option(60, 199), option(61, 98), option(43, 125), option(77, 61)];
  const bytes = encoded(discover(...parts), 548);
  expect(bytes.length).toBe(548);
  expect([bytes[547], bytes[235], bytes[107]]).toEqual([255, 255, 255]);
  expect(must(decodeDhcp(bytes)).options.slice(1)).toEqual(parts);
  for (const { code } of parts) {
    const longer = parts.map((o) => (o.code === code ? option(code, o.bytes.length + 1) : o));
    const length = encodeDhcp(discover(...longer), new Uint8Array(1500), 548);
    expect({ code, ok: length.ok }).toEqual({ code, ok: false });
  }
});

test("a long option is cut at the ends of fields, a short one never", () => {
  const long = option(43, 450, 0);
  const bytes = encoded(discover(long, option(80, 0)), 548);
  expect(must(decodeDhcp(bytes)).options.slice(1)).toEqual([long, option(80, 0)]);
  const short = [option(60, 250), option(43, 130)];
  expect(encodeDhcp(discover(...short), new Uint8Array(548), 548)).toMatchObject({ ok: false });
});

test("what a client says it takes bounds the reply", () => {
  const says = (size: number): number =>
    dhcpReplyBytesMax(discover(dhcpOption(dhcpFields.maxMessageSize, size)));
  expect(dhcpReplyBytesMax(discover())).toBe(548);
  expect([says(0), says(576), says(1472), says(0xff00)]).toEqual([548, 548, 1444, 1472]);
});

test("no room, bad names and codes that are no option are errors", () => {
  const into = new Uint8Array(1500);
  expect(encodeDhcp(discover(), new Uint8Array(299)).ok).toBe(false);
  expect(encodeDhcp({ ...discover(), file: "x".repeat(129) }, into).ok).toBe(false);
  expect(encodeDhcp({ ...discover(), sname: "ł" }, into).ok).toBe(false);
  for (const code of [0, 52, 255, 256, 1.5]) {
    expect(encodeDhcp(discover({ code, bytes: new Uint8Array(1) }), into).ok).toBe(false);
  }
});

test("a decoded message keeps its values when the packet's buffer is used again", () => {
  const bytes = Buffer.from(encoded(discover(option(60, 9))));
  const read = must(decodeDhcp(bytes));
  bytes.fill(0);
  expect(read).toEqual(discover(option(60, 9)));
});

test("a type that RFC 2132 does not know is no type", () => {
  expect(dhcpMessageType(discover())).toBe(1);
  expect(dhcpMessageType({ ...discover(), options: [option(53, 1, 9)] })).toBeUndefined();
  expect(dhcpMessageType({ ...discover(), options: [option(53, 2, 1)] })).toBeUndefined();
});

const codes = fc.integer({ min: 1, max: 254 }).filter((code) => ![52, 53, 82].includes(code));
const payloads = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const names = (maxLength: number): fc.Arbitrary<string> =>
  payloads(maxLength).map((bytes) => String.fromCharCode(...bytes.filter((byte) => byte !== 0)));
const messages = (optionBytes: number): fc.Arbitrary<DhcpMessage> =>
  fc.record({
    op: fc.constantFrom(1 as const, 2 as const),
    hops: fc.nat(255),
    xid: u32s,
    secs: u16s,
    flags: u16s,
    ciaddr: ipv4s,
    yiaddr: ipv4s,
    siaddr: ipv4s,
    giaddr: ipv4s,
    chaddr: macs,
    sname: names(64),
    file: names(128),
    options: fc
      .tuple(
        fc.option(payloads(1)),
        fc.uniqueArray(fc.record({ code: codes, bytes: payloads(optionBytes) }), {
          selector: (o) => o.code,
          maxLength: 12,
        }),
        fc.option(payloads(40)),
      )
      .map(([type, others, relay]) => [
        ...(type === null ? [] : [{ code: 53, bytes: type }]),
        ...others,
        ...(relay === null ? [] : [{ code: 82, bytes: relay }]),
      ]),
  });

test("what is written is read back", () => {
  fc.assert(
    fc.property(messages(90), (message) => {
      expect(must(decodeDhcp(encoded(message, dhcpBytesMax)))).toEqual(message);
    }),
  );
});

test("what is written across options, file and sname is read back, or refused for room", () => {
  let overloaded = 0;
  fc.assert(
    fc.property(messages(400), fc.integer({ min: 300, max: 700 }), (full, bytesMax) => {
      const message = { ...full, sname: "", file: "" };
      const into = new Uint8Array(1500).fill(0xee);
      const length = encodeDhcp(message, into, bytesMax);
      if (!length.ok) return;
      expect(length.value).toBeLessThanOrEqual(bytesMax);
      const read = must(decodeDhcp(into.subarray(0, length.value)));
      const { options, ...rest } = read;
      expect({ ...rest, options: byCode(options) }).toEqual({
        ...message,
        options: byCode(message.options),
      });
      if (into[108] !== 0 && into[108] !== 255) overloaded++;
    }),
    { numRuns: 1000 },
  );
  expect(overloaded).toBeGreaterThan(10);
});
