// Seeded randomness: cores keep a Prng in their state, so that a simulator seed replays a run
// exactly. Not for secrets; keys and nonces come from the kernel in the shell.

/** State of one generator: xoshiro128** (Blackman and Vigna, 2018), four 32-bit words. */
export type Prng = { a: number; b: number; c: number; d: number };

/** A generator whose whole sequence follows from `seed` (any finite number). */
export function prng(seed: number): Prng {
  // splitmix32 spreads neighbouring seeds; all-zero state cannot come out of four steps of it.
  let x = (seed >>> 0) ^ (Math.floor(seed / 4294967296) >>> 0);
  const next = (): number => {
    x = (x + 0x9e3779b9) >>> 0;
    let z = x;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  return { a: next(), b: next(), c: next(), d: next() };
}

/** Next 32 random bits, 0 to 2^32-1. Advances the generator. */
export function nextU32(rng: Prng): number {
  const m = Math.imul(rng.b, 5);
  const result = Math.imul((m << 7) | (m >>> 25), 9) >>> 0;
  const t = rng.b << 9;
  rng.c ^= rng.a;
  rng.d ^= rng.b;
  rng.b ^= rng.c;
  rng.a ^= rng.d;
  rng.c ^= t;
  rng.d = (rng.d << 11) | (rng.d >>> 21);
  return result;
}

/** A whole number from 0 to `limit - 1`; `limit` from 1 to 2^32. */
export function nextBelow(rng: Prng, limit: number): number {
  return Math.floor((nextU32(rng) / 4294967296) * limit);
}

/** A number from 0 (included) to 1 (excluded). */
export function nextUnit(rng: Prng): number {
  return nextU32(rng) / 4294967296;
}

/** True with the given probability (0 never, 1 always). */
export function nextChance(rng: Prng, probability: number): boolean {
  return nextUnit(rng) < probability;
}

/** One element of a non-empty list. */
export function nextOf<T>(rng: Prng, list: readonly T[]): T {
  const value = list[nextBelow(rng, list.length)];
  if (value === undefined) throw new RangeError("nextOf needs a non-empty list");
  return value;
}
