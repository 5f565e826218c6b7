// The fuzzer: seeded random and mutated bytes into every decoder of `fuzz-targets.ts`. A decoder
// fails if it throws, hangs, writes into its input, lets bytes outside its input change the
// result, gives more than its input can hold, or does not read its own encoding as the same value.
//
//   bun test/fuzz.ts [--inputs N] [--seed S] [--decoder NAME]
//
// Exit 0: all held; 1: one failed (its input is printed: make it a named seed); 2: usage.

import { nextBelow, nextU32, prng, type Prng } from "../src/base/index.ts";
import { type FuzzTarget, fuzzTargets } from "./fuzz-targets.ts";

/** What became of one decoder. */
export type FuzzReport = {
  readonly decoder: string;
  readonly inputs: number;
  /** Inputs the decoder took as valid: mutations that got through. */
  readonly accepted: number;
  readonly seed: number;
  readonly inputsPerSecond: number;
  readonly failure: string | undefined;
};

/** Longest input, bytes: more than any frame. */
const inputBytesMax = 1600;
/** Bytes on either side of an input that no decoder may look at. */
const guardBytes = 64;
/** Every so many inputs the costly checks run (memory, size, encoding again). */
const checkEvery = 16;
/** An input that takes longer is a loop, ms; a loaded machine pauses a process for tens. */
const inputMsMax = 1000;
/** Bytes a decoded value may hold for each byte of input, and for an empty one. */
const weightPerByte = 64;
const weightFree = 4096;

/** Runs one decoder over its seeds, its corpus and `inputs` made ones. */
export function fuzzTarget(target: FuzzTarget, inputs: number, seed: number): FuzzReport {
  const arena = new Uint8Array(guardBytes + inputBytesMax + guardBytes);
  const rng = prng(seed ^ Number(Bun.hash.crc32(target.name)));
  const pool = new Uint8Array(1 << 16).map(() => nextU32(rng));
  let accepted = 0;
  let failure: string | undefined;
  const known = [...Object.values(target.seeds ?? {}).map((hex) => Uint8Array.fromHex(hex))];
  for (const bytes of [...known, ...target.corpus]) {
    arena.set(bytes, guardBytes);
    failure ??= tryInput(target, arena, bytes.length, true).failure;
  }
  if (failure === undefined && target.corpus.some((bytes) => !target.decode(bytes).ok)) {
    failure = "refuses one of its own corpus";
  }
  const began = performance.now();
  let done = 0;
  let lap = began;
  for (; done < inputs && failure === undefined; done++) {
    const length = makeInput(target, { rng, pool }, arena);
    const tried = tryInput(target, arena, length, done % checkEvery === 0);
    if (tried.accepted) accepted++;
    failure = tried.failure;
    if (done % checkEvery !== 0) continue;
    const now = performance.now();
    if (now - lap > inputMsMax) failure ??= `took ${Math.round(now - lap)} ms near input ${done}`;
    lap = now;
  }
  const seconds = (performance.now() - began) / 1000;
  const inputsPerSecond = Math.round(done / Math.max(seconds, 1e-6));
  return { decoder: target.name, inputs: done, accepted, seed, inputsPerSecond, failure };
}

type Random = { readonly rng: Prng; readonly pool: Uint8Array };

/** Writes an input into the arena behind its guard; gives the length. */
function makeInput(target: FuzzTarget, random: Random, arena: Uint8Array): number {
  const { rng, pool } = random;
  const kind = nextBelow(rng, 16);
  if (kind === 0) {
    const length = nextBelow(rng, nextBelow(rng, 8) === 0 ? inputBytesMax + 1 : 64);
    const from = nextBelow(rng, pool.length - inputBytesMax);
    arena.set(pool.subarray(from, from + length), guardBytes);
    return length;
  }
  const base = target.corpus[nextBelow(rng, target.corpus.length)] ?? pool.subarray(0, 0);
  arena.set(base, guardBytes);
  let length = base.length;
  const rounds = 1 + nextBelow(rng, 3);
  for (let i = 0; i < rounds; i++) length = mutate(target, random, arena, length);
  if (target.repair !== undefined && (kind & 1) === 0) {
    target.repair(arena.subarray(guardBytes, guardBytes + length));
  }
  return length;
}

/** One mutation of the input in the arena; gives the new length. */
function mutate(target: FuzzTarget, random: Random, arena: Uint8Array, length: number): number {
  const { rng, pool } = random;
  const at = guardBytes + nextBelow(rng, Math.max(length, 1));
  const rest = guardBytes + length - at;
  switch (nextBelow(rng, 8)) {
    case 0: // bit flip
      arena[at] = (arena[at] ?? 0) ^ (1 << nextBelow(rng, 8));
      return length;
    case 1: // random byte
      arena[at] = nextU32(rng);
      return length;
    case 2: // truncation
      return nextBelow(rng, length + 1);
    case 3: // length byte: none, all, one too many, extremes
      arena[at] =
        [0, 1, rest - 1, rest - 2, rest, rest + 1, 127, 128, 254, 255][nextBelow(rng, 10)] ?? 0;
      return length;
    case 4: {
      // length word
      const value = [0, 1, rest, rest - 4, length, length + 1, 0x7fff, 0xffff][nextBelow(rng, 8)];
      arena[at] = (value ?? 0) >>> 8;
      if (rest > 1) arena[at + 1] = value ?? 0;
      return length;
    }
    case 5: {
      // the rest of another valid input from here on
      const other = target.corpus[nextBelow(rng, target.corpus.length)] ?? pool.subarray(0, 0);
      const tail = other.subarray(nextBelow(rng, other.length + 1));
      const room = guardBytes + inputBytesMax - at;
      arena.set(tail.subarray(0, room), at);
      return at - guardBytes + Math.min(tail.length, room);
    }
    case 6: {
      // random bytes behind
      const more = nextBelow(rng, Math.min(64, inputBytesMax - length + 1));
      const from = nextBelow(rng, pool.length - 64);
      arena.set(pool.subarray(from, from + more), guardBytes + length);
      return length + more;
    }
    default: {
      // a piece left out
      const out = Math.min(nextBelow(rng, 16), rest);
      arena.copyWithin(at, at + out, guardBytes + length);
      return length - out;
    }
  }
}

type Tried = { readonly accepted: boolean; readonly failure: string | undefined };

function tryInput(
  target: FuzzTarget,
  arena: Uint8Array,
  length: number,
  isChecked: boolean,
): Tried {
  const input = arena.subarray(guardBytes, guardBytes + length);
  try {
    const wrong = isChecked ? check(target, arena, length) : undefined;
    const isSound = wrong === undefined;
    return {
      accepted: isSound && target.decode(input).ok,
      failure: isSound ? undefined : `${wrong}; input ${input.toHex()}`,
    };
  } catch (error) {
    return { accepted: false, failure: `threw ${String(error)}; input ${input.toHex()}` };
  }
}

/** The costly checks; undefined = all hold. */
function check(target: FuzzTarget, arena: Uint8Array, length: number): string | undefined {
  const end = guardBytes + length;
  const input = arena.subarray(guardBytes, end);
  const copy = input.slice();
  arena.fill(0, 0, guardBytes).fill(0, end, end + guardBytes);
  const first = target.decode(input);
  const asText = Bun.inspect(first, { depth: 9 });
  arena.fill(0xff, 0, guardBytes).fill(0xff, end, end + guardBytes);
  const second = target.decode(input);
  if (Bun.inspect(second, { depth: 9 }) !== asText) return "reads outside its input";
  if (Buffer.compare(input, copy) !== 0) return "writes into its input";
  const weight = weigh(first, 0);
  if (weight > weightFree + weightPerByte * length) return `gives ${weight} bytes`;
  const again = target.again?.(input);
  if (again?.ok !== true) return undefined;
  const back = target.decode(again.value);
  if (!back.ok) return `refuses its own encoding ${again.value.toHex()}`;
  const twice = target.again?.(again.value);
  const isSame = twice?.ok === true && Buffer.compare(twice.value, again.value) === 0;
  return isSame ? undefined : `encodes ${again.value.toHex()} differently the second time`;
}

/** About how many bytes a value holds. */
function weigh(value: unknown, depth: number): number {
  if (typeof value === "string") return 16 + value.length;
  if (value instanceof Uint8Array) return 16 + value.byteLength;
  if (typeof value !== "object" || value === null || depth > 8) return 8;
  let sum = 16;
  for (const item of Object.values(value)) sum += weigh(item, depth + 1);
  return sum;
}

/** `dhcp        inputs=1000000 accepted=31 % seed=42 rate=812000/s ok`. */
export function reportLine(report: FuzzReport): string {
  const { decoder, inputs, accepted, seed, inputsPerSecond, failure } = report;
  const percent = inputs === 0 ? 0 : Math.round((accepted / inputs) * 100);
  const head = `${decoder.padEnd(12)} inputs=${inputs} accepted=${percent}% seed=${seed}`;
  return `${head} rate=${inputsPerSecond}/s ${failure === undefined ? "ok" : `FAILED: ${failure}`}`;
}

const usage = `usage: bun test/fuzz.ts [--inputs N] [--seed S] [--decoder NAME]
  --inputs N      inputs for each decoder, default 1000000
  --seed S        32-bit seed, default random (printed)
  --decoder NAME  one of: ${fuzzTargets.map((target) => target.name).join(" ")}`;

function main(args: readonly string[]): number {
  let inputs = 1_000_000;
  let seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
  let targets = fuzzTargets;
  for (let i = 0; i < args.length; i += 2) {
    const value = args[i + 1] ?? "";
    if (args[i] === "--help") {
      console.log(usage);
      return 0;
    }
    if (args[i] === "--inputs" && /^\d{1,12}$/.test(value)) inputs = Number(value);
    else if (args[i] === "--seed" && /^\d{1,10}$/.test(value)) seed = Number(value) >>> 0;
    else if (args[i] === "--decoder" && targets.some((target) => target.name === value)) {
      targets = fuzzTargets.filter((target) => target.name === value);
    } else {
      console.error(`cannot use ${args[i]} ${value}\n${usage}`);
      return 2;
    }
  }
  let hasFailed = false;
  for (const target of targets) {
    console.error(`${target.name} begins, seed=${seed}`);
    const report = fuzzTarget(target, inputs, seed);
    console.log(reportLine(report));
    hasFailed ||= report.failure !== undefined;
  }
  return hasFailed ? 1 : 0;
}

if (import.meta.main) process.exit(main(process.argv.slice(2)));
