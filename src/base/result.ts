// Result: how every expected failure travels (STYLE "Errors"). Bytes, peers, files and users go
// wrong in ways a caller must handle, so those functions return a Result instead of throwing.

/** Either a value or a tagged error; the caller switches on `ok`. */
export type Result<T, E> = Ok<T> | Err<E>;
/** The success half of a Result. */
export type Ok<T> = { readonly ok: true; readonly value: T };
/** The failure half of a Result. */
export type Err<E> = { readonly ok: false; readonly error: E };

/** Wraps a value as a success. */
export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

/** Wraps an error as a failure. */
export function err<E>(error: E): Err<E> {
  return { ok: false, error };
}
