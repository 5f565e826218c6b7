import { expect, test } from "bun:test";
import { refusal, sysError, sysErrorText, thrownError } from "./errors.ts";

test("a text says what was tried, on what, what was found and what to do", () => {
  expect(sysErrorText(sysError("bind", "UDP 67 on eth-a", 98).error)).toBe(
    "cannot bind UDP 67 on eth-a: EADDRINUSE; another program holds it; stop it or choose another",
  );
  expect(sysErrorText(sysError("do", "it", 22, "the kernel: no").error)).toBe(
    "cannot do it: EINVAL; the kernel: no",
  );
  expect(sysErrorText(refusal("use", "it", "EMSGSIZE").error)).toBe("cannot use it: EMSGSIZE");
});

test("an errno without a name keeps its number", () => {
  expect(sysError("do", "it", 4095).error).toEqual({
    op: "do",
    object: "it",
    errno: 4095,
    code: "E4095",
  });
});

test("what Bun throws keeps its code and number, and what is no error its text", () => {
  const thrown = Object.assign(new Error("x"), { errno: -100, code: "ENETDOWN" });
  expect(thrownError("hear", "it", thrown).error).toMatchObject({ errno: 100, code: "ENETDOWN" });
  expect(thrownError("hear", "it", new Error("why")).error).toMatchObject({
    errno: 0,
    code: "why",
  });
  expect(thrownError("hear", "it", "odd").error).toMatchObject({ errno: 0, code: "odd" });
});
