import { expect, test } from "bun:test";
import { commandLine, exitOf, findUser, signalNumber } from "./program.ts";

const passwd = `root:x:0:0:root:/root:/bin/bash
web:x:33:44:www:/var/www:/usr/sbin/nologin
broken line
:x:7:7::/:
`;

test("a user is found by name or number, a number alone is its own group", () => {
  const web = { ok: true, value: { name: "web", uid: 33, gid: 44, home: "/var/www" } } as const;
  expect(findUser("web", passwd)).toEqual(web);
  expect(findUser("33", passwd)).toEqual(web);
  expect(findUser("1234", passwd)).toMatchObject({ value: { uid: 1234, gid: 1234, home: "/" } });
  expect(findUser("nobody-here", passwd)).toMatchObject({ ok: false });
  expect(findUser("", passwd)).toMatchObject({ ok: false });
  expect(findUser("-1", passwd)).toMatchObject({ ok: false });
});

const none = {
  openFiles: undefined,
  processes: undefined,
  memoryBytes: undefined,
  troubleMemoryBytes: undefined,
};

test("a program that asks for nothing is started as it is, without an exec more", () => {
  const run = ["/bin/true", "-x"];
  expect(commandLine({ run, user: undefined, limits: none })).toEqual(run);
});

test("limits and user are set before the program, limits first", () => {
  const user = { name: "web", uid: 33, gid: 44, home: "/" };
  const limits = { ...none, openFiles: 10, memoryBytes: 99 };
  expect(commandLine({ run: ["/bin/true"], user, limits })).toEqual([
    "/usr/bin/prlimit",
    "--nofile=10",
    "--data=99",
    "--",
    "/usr/bin/setpriv",
    "--reuid=33",
    "--regid=44",
    "--init-groups",
    "--",
    "/bin/true",
  ]);
  const number = { name: "1234", uid: 1234, gid: 1234, home: "/" };
  expect(commandLine({ run: ["/bin/true"], user: number, limits: none })).toContain(
    "--clear-groups",
  );
});

test("ends are told as shells count them", () => {
  expect(exitOf(3, null)).toEqual({ code: 3, signal: undefined });
  expect(exitOf(null, "SIGSEGV")).toEqual({ code: 139, signal: "SIGSEGV" });
  // Never 0, which might mean done.
  expect(exitOf(null, null)).toEqual({ code: 255, signal: undefined });
  expect(exitOf(null, 9)).toEqual({ code: 137, signal: "SIGKILL" });
  expect(exitOf(null, 34)).toEqual({ code: 162, signal: "signal 34" });
  expect(signalNumber("SIGTERM")).toBe(15);
  expect(signalNumber("TERM")).toBeUndefined();
});
