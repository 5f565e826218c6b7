import { expect, test } from "bun:test";
import fc from "fast-check";
import { slotId } from "../base/index.ts";
import {
  type BoardReport,
  decodeBoardReport,
  encodeBoardReport,
  type ReportedService,
  reportCauses,
  reportStates,
} from "./board-report.ts";
import { groupNameBytesMax, reportServicesMax } from "./limits.ts";

/** What a packet between two boards carries, bytes. */
const packetBytes = 1400;

const httpd: ReportedService = {
  service: "httpd",
  state: "running",
  cause: "ready",
  asksMove: false,
  isUp: true,
  start: 3,
  restarts: 2,
  pid: 4711,
  ageMs: 90_000,
};
const report: BoardReport = {
  electionsOff: true,
  maintenance: [slotId(2), slotId(63)],
  services: [httpd, { ...httpd, service: "db", asksMove: true, isUp: false, pid: undefined }],
};

function bytesOf(given: BoardReport, bytesMax = packetBytes): Uint8Array {
  const bytes = encodeBoardReport(given, bytesMax);
  if (!bytes.ok) throw new Error(JSON.stringify(bytes.error));
  return bytes.value;
}

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anyService: fc.Arbitrary<ReportedService> = fc.record({
  service: fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/),
  state: fc.constantFrom(...reportStates),
  cause: fc.constantFrom(...reportCauses),
  asksMove: fc.boolean(),
  isUp: fc.boolean(),
  start: u32,
  restarts: fc.integer({ min: 0, max: 0xffff }),
  pid: fc.option(fc.integer({ min: 1, max: 2 ** 32 - 1 }), { nil: undefined }),
  ageMs: u32,
});
const anyReport: fc.Arbitrary<BoardReport> = fc.record({
  electionsOff: fc.boolean(),
  maintenance: fc.uniqueArray(fc.integer({ min: 0, max: 63 }).map(slotId), { maxLength: 46 }),
  services: fc.array(anyService, { maxLength: reportServicesMax }),
});

test("a report comes back as it was and fits a packet between boards", () => {
  fc.assert(
    fc.property(anyReport, (given) => {
      expect(decodeBoardReport(bytesOf(given))).toEqual({ ok: true, value: given });
    }),
  );
});

test("the bytes are those the file comment names", () => {
  const hex = [
    "01 01", // version, no elections
    "02 02 3f", // slots 2 and 63 are out
    "01 05 6874747064", // one service: httpd
    "03 08 02", // running, ready, is up
    "00000003 0002 00001267 00015f90",
  ].join("");
  const one = { ...report, services: [httpd] };
  expect(bytesOf(one).toHex()).toBe(hex.replaceAll(" ", ""));
});

test("a board without services says so in four bytes", () => {
  const idle: BoardReport = { electionsOff: false, maintenance: [], services: [] };
  expect(bytesOf(idle).toHex()).toBe("01000000");
  expect(decodeBoardReport(bytesOf(idle))).toEqual({ ok: true, value: idle });
});

test("every truncation is an error, and so is a byte too many", () => {
  const whole = bytesOf(report);
  for (let length = 0; length < whole.length; length++) {
    expect(decodeBoardReport(whole.subarray(0, length)).ok).toBe(false);
  }
  const longer = new Uint8Array(whole.length + 1);
  longer.set(whole);
  expect(decodeBoardReport(longer)).toEqual({
    ok: false,
    error: { atByte: whole.length, want: "the end", got: "1 bytes" },
  });
});

/** The report of one service with one byte changed. */
function withByte(at: number, value: number): ReturnType<typeof decodeBoardReport> {
  const bytes = bytesOf({ ...report, services: [httpd] });
  bytes[at] = value;
  return decodeBoardReport(bytes);
}

test("what cannot be is refused where it stands", () => {
  expect(withByte(0, 1).ok).toBe(true);
  const wrong: readonly (readonly [string, number, number, number])[] = [
    ["another version", 0, 2, 0],
    ["65 slots out", 2, 65, 2],
    ["slot 64", 4, 64, 4],
    ["28 services", 5, reportServicesMax + 1, 5],
    ["a name of no bytes", 6, 0, 6],
    ["a name of 33 bytes", 6, groupNameBytesMax + 1, 6],
    ["an unknown state", 12, reportStates.length, 12],
    ["an unknown cause", 13, reportCauses.length, 12],
  ];
  for (const [what, at, value, atByte] of wrong) {
    const read = withByte(at, value);
    expect({ what, at: read.ok ? undefined : read.error.atByte }).toEqual({ what, at: atByte });
  }
});

test("flags of a newer release are passed over", () => {
  expect(withByte(1, 0xff)).toEqual(withByte(1, 1));
  expect(withByte(14, 0xfe)).toEqual(withByte(14, 2));
});

test("too many services or too little room is an error, never half a report", () => {
  const many = Array.from({ length: reportServicesMax + 1 }, () => httpd);
  expect(encodeBoardReport({ ...report, services: many }, 65_536)).toMatchObject({ ok: false });
  const { length } = bytesOf(report);
  expect(bytesOf(report, length)).toHaveLength(length);
  for (let room = 0; room < length; room++) {
    expect(encodeBoardReport(report, room).ok).toBe(false);
  }
});

test("the most services with the longest names fit a packet beside 46 slots that are out", () => {
  const service = "n".repeat(groupNameBytesMax);
  const services = Array.from({ length: reportServicesMax }, () => ({ ...httpd, service }));
  const slots = (count: number): BoardReport => ({
    electionsOff: false,
    maintenance: Array.from({ length: count }, (_, slot) => slotId(slot)),
    services,
  });
  expect(bytesOf(slots(46))).toHaveLength(packetBytes);
  expect(encodeBoardReport(slots(47), packetBytes).ok).toBe(false);
});

test("counts beyond their field stay at its end; a longer name is cut", () => {
  const huge = { ...httpd, service: "n".repeat(40), restarts: 70_000, ageMs: 2 ** 40 };
  const read = decodeBoardReport(bytesOf({ ...report, services: [huge] }));
  expect(read.ok && read.value.services[0]).toMatchObject({
    service: "n".repeat(groupNameBytesMax),
    restarts: 0xffff,
    ageMs: 2 ** 32 - 1,
  });
});

test("what is read is a copy: the packet's bytes may be used again", () => {
  const bytes = bytesOf(report);
  const read = decodeBoardReport(bytes);
  bytes.fill(0xff);
  expect(read).toEqual({ ok: true, value: report });
});
