// The version every executable answers with; the commit is filled in by the build.

declare const SOFTSET_COMMIT: string;

/** `0.1.0 (1a2b3c4)`; without the commit when run from source. */
export const SOFTSET_VERSION: string =
  typeof SOFTSET_COMMIT === "string" ? `0.1.0 (${SOFTSET_COMMIT})` : "0.1.0";
