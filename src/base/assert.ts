// Assertions: statements about our own code, on in production. Never assert on input: a packet
// that can trip an assertion is a way to kill every board at once (STYLE "Assertions").

/** A statement about our own code was false. The process records it and exits with 70. */
export class AssertionFailed extends Error {
  override readonly name: string = "AssertionFailed";
}

/** Promises the compiler and the reader that `condition` holds; throws AssertionFailed if not. */
export function assert(condition: boolean, fact: string): asserts condition {
  if (!condition) throw new AssertionFailed(`our own mistake: ${fact} does not hold`);
}

/** Ends a switch that must name every case; the compiler rejects a call with anything left over. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`our own mistake: no case for ${JSON.stringify(value)}`);
}

/** The value, which our own code promises is there; throws AssertionFailed naming `fact` if not. */
export function defined<T>(value: T | undefined | null, fact: string): T {
  if (value === undefined || value === null) {
    throw new AssertionFailed(`our own mistake: ${fact} is missing`);
  }
  return value;
}
