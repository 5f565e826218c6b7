// The two protocols that programs speak, as values.

import { expect, test } from "bun:test";
import { extendMsMax, notifyBytesMax, notifyLinesMax, statusCharsMax } from "../limits.ts";
import { parseServiceCommand } from "./commands.ts";
import { decodeNotify } from "./notify.ts";

const decode = (text: string): ReturnType<typeof decodeNotify> =>
  decodeNotify(new TextEncoder().encode(text));

test("the variables of sd_notify(3) that matter are read, the others passed over", () => {
  const text =
    "READY=1\nRELOADING=1\nSTOPPING=1\nWATCHDOG=trigger\nSTATUS=a=b\nEXTEND_TIMEOUT_USEC=1500\n" +
    "MAINPID=1\nERRNO=2\nFDSTORE=1\nX_OWN=1";
  expect(decode(text)).toEqual({
    ok: true,
    value: {
      isReady: true,
      isReloading: true,
      isStopping: true,
      watchdog: "trigger",
      status: "a=b",
      extendMs: 1,
      ignored: 4,
    },
  });
});

test("other values of known variables mean nothing", () => {
  const text = "READY=0\nSTOPPING=yes\nWATCHDOG=2\nEXTEND_TIMEOUT_USEC=-1\nRELOADING=";
  expect(decode(text)).toMatchObject({
    value: {
      isReady: false,
      isStopping: false,
      watchdog: undefined,
      extendMs: undefined,
      ignored: 5,
    },
  });
});

test("what a terminal would obey, and what has no end, is taken out", () => {
  const long = decode(`STATUS=\u001b[2J${"x".repeat(1_000)}`);
  const status = long.ok ? (long.value.status ?? "") : "";
  expect(status).toHaveLength(statusCharsMax);
  expect(status.startsWith(" [2J")).toBe(true);
  expect(decode("EXTEND_TIMEOUT_USEC=999999999999999999")).toMatchObject({
    value: { extendMs: extendMsMax },
  });
});

test("a datagram that is not what it should be is refused whole", () => {
  expect(decode("READY=1\nnonsense")).toMatchObject({ ok: false });
  expect(decode("=1")).toMatchObject({ ok: false });
  expect(decodeNotify(Uint8Array.of(0x53, 0x3d, 0xff))).toMatchObject({ ok: false });
  expect(decode("A=1\n".repeat(notifyLinesMax + 1))).toMatchObject({ ok: false });
  expect(decodeNotify(new Uint8Array(notifyBytesMax + 1))).toMatchObject({ ok: false });
  expect(decode("")).toMatchObject({ ok: true, value: { ignored: 0 } });
});

test("commands are read by their first word, reasons to the end of the line", () => {
  expect(parseServiceCommand(" trouble  no more  memory \r")).toEqual({
    ok: true,
    value: { type: "trouble", why: "no more  memory" },
  });
  expect(parseServiceCommand(`move ${"x".repeat(1_000)}`)).toMatchObject({
    value: { type: "move", why: "x".repeat(statusCharsMax) },
  });
  for (const type of ["ok", "active", "status", "subscribe"] as const) {
    expect(parseServiceCommand(type)).toEqual({ ok: true, value: { type } });
    expect(parseServiceCommand(`${type} now`)).toMatchObject({ ok: false });
  }
  for (const wrong of ["", "trouble", "move ", "Active", "x".repeat(9_999)]) {
    expect(parseServiceCommand(wrong)).toMatchObject({ ok: false });
  }
});
