import { expect, test } from "bun:test";
import { join } from "node:path";
import { arrivals, must } from "./fixtures.ts";
import { type Letter, openLetterBox } from "./letter-box.ts";
import { SOCK_CLOEXEC, SOCK_DGRAM } from "./constants.ts";
import { makeSocket, sendDatagram } from "./socket.ts";
import { closeFd } from "./libc.ts";
import { ok } from "../base/index.ts";

let names = 0;
const freshName = (): string => `softset-test/${process.pid}/${++names}`;

function addressOf(name: string): Uint8Array {
  return new Uint8Array([1, 0, 0, ...new TextEncoder().encode(name)]);
}

function send(name: string, ...texts: readonly string[]): void {
  const kind = { family: 1, type: SOCK_DGRAM | SOCK_CLOEXEC, protocol: 0, text: "test socket" };
  const fd = must(makeSocket(kind, () => ok(undefined)));
  for (const text of texts) {
    const bytes = new TextEncoder().encode(text);
    must(sendDatagram(fd, { bytes, to: addressOf(name), text: () => name }));
  }
  must(closeFd(fd));
}

const textOf = ({ bytes }: Letter): string => new TextDecoder().decode(bytes);
const broken = (error: unknown): never => {
  throw new Error(JSON.stringify(error));
};

test("letters come whole, in order, with the pid and uid of their sender", async () => {
  const name = freshName();
  const letters = arrivals<Letter>();
  const options = { name, bytesMax: 64, perTurnMax: 2, onLetter: letters.add, onBroken: broken };
  const box = must(openLetterBox(options));
  send(name, "one", "", "three", "four", "five");
  const got = [];
  for (let i = 0; i < 5; i++) got.push(await letters.next());
  expect(got.map(textOf)).toEqual(["one", "", "three", "four", "five"]);
  expect(got.every(({ pid, uid }) => pid === process.pid && uid === process.getuid?.())).toBe(true);
  box.close();
});

test("the pid is another process's when another process sends", async () => {
  const name = freshName();
  const letters = arrivals<Letter>();
  const options = { name, bytesMax: 64, perTurnMax: 2, onLetter: letters.add, onBroken: broken };
  const box = must(openLetterBox(options));
  const program = `import { ok } from ${JSON.stringify(join(import.meta.dir, "../base/index.ts"))};
    import { makeSocket, sendDatagram } from ${JSON.stringify(join(import.meta.dir, "socket.ts"))};
    const fd = makeSocket({ family: 1, type: 2, protocol: 0, text: "" }, () => ok(undefined)).value;
    const to = Uint8Array.from(${JSON.stringify([...addressOf(name)])});
    sendDatagram(fd, { bytes: Uint8Array.of(120), to, text: () => "" });`;
  const child = Bun.spawn([process.execPath, "-e", program]);
  expect(await letters.next()).toMatchObject({ pid: child.pid, isCut: false });
  await child.exited;
  box.close();
});

test("a letter that is too long says so", async () => {
  const name = freshName();
  const letters = arrivals<Letter>();
  const options = { name, bytesMax: 4, perTurnMax: 9, onLetter: letters.add, onBroken: broken };
  const box = must(openLetterBox(options));
  send(name, "12345");
  const letter = await letters.next();
  expect([textOf(letter), letter.isCut]).toEqual(["1234", true]);
  box.close();
});

test("closing hands over what has come, then the name is free again", () => {
  const name = freshName();
  const letters: string[] = [];
  const options = {
    name,
    bytesMax: 64,
    perTurnMax: 9,
    onLetter: (letter: Letter) => letters.push(textOf(letter)),
    onBroken: broken,
  };
  const box = must(openLetterBox(options));
  expect(openLetterBox(options)).toMatchObject({ ok: false, error: { code: "EADDRINUSE" } });
  send(name, "last words");
  box.close();
  expect(letters).toEqual(["last words"]);
  must(openLetterBox(options)).close();
});

test("names that would not fit or mean something else are refused", () => {
  const options = { bytesMax: 64, perTurnMax: 9, onLetter: () => {}, onBroken: broken };
  for (const name of ["", "a\0b", "x".repeat(108)]) {
    expect(openLetterBox({ ...options, name })).toMatchObject({ error: { code: "EINVAL" } });
  }
});
