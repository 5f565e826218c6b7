// Runs the fuzzer as its own process, so that a decoder that never returns can be stopped and
// named, and shows that the fuzzer sees each kind of failure it promises to see.

import { expect, test } from "bun:test";
import { err, ok } from "../src/base/index.ts";
import { type FuzzTarget, fuzzTargets } from "./fuzz-targets.ts";
import { fuzzTarget } from "./fuzz.ts";

/** Inputs for each decoder; all decoders together get more than 10^6. */
const inputs = 100_000;
/** A run takes 12 s alone; on a loaded machine several times that. A loop takes for ever. */
const deadlineMs = 55_000;

async function fuzz(
  ...args: readonly string[]
): Promise<{ code: number; out: string; err: string }> {
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/fuzz.ts`, ...args], {
    stdout: "pipe",
    stderr: "pipe",
    timeout: deadlineMs,
    killSignal: "SIGKILL",
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, out, err };
}

test(
  "no decoder throws, loops, reads outside its input or keeps too much of it",
  async () => {
    const seed = process.env["SEED"] ?? "1";
    const { code, out, err } = await fuzz("--inputs", String(inputs), "--seed", seed);
    process.stderr.write(out);
    expect({ code, last: err.trimEnd().split("\n").at(-1) }).toEqual({
      code: 0,
      last: `${fuzzTargets.at(-1)?.name} begins, seed=${seed}`,
    });
    expect(out.match(/ ok$/gm)).toHaveLength(fuzzTargets.length);
    expect(inputs * fuzzTargets.length).toBeGreaterThanOrEqual(1_000_000);
  },
  deadlineMs + 5_000,
);

test("a wrong flag is a usage error that names the decoders", async () => {
  const { code, err } = await fuzz("--decoder", "telepathy");
  expect(code).toBe(2);
  expect(err).toContain("udp-frame");
});

test("the same seed gives the same inputs", () => {
  const target = fuzzTargets.find(({ name }) => name === "beat");
  if (target === undefined) throw new Error("the beat is in the table");
  const run = (seed: number): number => fuzzTarget(target, 5_000, seed).accepted;
  expect(run(7)).toBe(run(7));
  expect(run(7)).not.toBe(run(8));
});

const broken: Record<string, { target: Partial<FuzzTarget>; says: string }> = {
  "a decoder that throws": {
    target: {
      decode: (bytes) => {
        if (bytes[0] === 0xff) throw new RangeError("boom");
        return ok(0);
      },
    },
    says: "threw RangeError: boom",
  },
  "a decoder that reads behind its input": {
    target: {
      decode: (bytes) => ok(new Uint8Array(bytes.buffer)[bytes.byteOffset + bytes.length]),
    },
    says: "reads outside its input",
  },
  "a decoder that writes into its input": {
    target: { decode: (bytes) => ok(bytes.fill(0)[0]) },
    says: "writes into its input",
  },
  "a decoder that allocates what a length field says": {
    target: {
      decode: (bytes) => ok(new Uint8Array((bytes[0] ?? 0) * 65536)),
    },
    says: "bytes; input",
  },
  "an encoder that writes what its decoder refuses": {
    target: {
      decode: (bytes) => (bytes.length > 9 ? err("long") : ok(0)),
      again: () => ok(new Uint8Array(10)),
    },
    says: "refuses its own encoding",
  },
  "an encoder that loses something": {
    target: { decode: () => ok(0), again: (bytes) => ok(bytes.subarray(1)) },
    says: "differently the second time",
  },
  "a decoder that refuses valid packets": {
    target: { decode: () => err("no") },
    says: "refuses one of its own corpus",
  },
};

for (const [what, { target, says }] of Object.entries(broken)) {
  test(`${what} is found`, () => {
    const base = { name: "broken", decode: () => ok(0), corpus: [Uint8Array.of(1, 2, 3)] };
    expect(fuzzTarget({ ...base, ...target }, 100_000, 1).failure).toContain(says);
  });
}
