// What this room's events mean, for `explain`.

/** Meaning and remedy by event name. */
export const explanations: readonly {
  readonly event: string;
  readonly meaning: string;
  readonly whatToDo: string;
}[] = [
  {
    event: "not-realtime",
    meaning: "The board runs without real-time scheduling or locked memory.",
    whatToDo: "Give it the right that the reason names; until then a busy board may be late.",
  },
  {
    event: "internal-error",
    meaning: "softset itself made a mistake and ended the process (exit code 70).",
    whatToDo: "Report the stack; started again, the board comes back as a fresh incarnation.",
  },
  {
    event: "text-not-released",
    meaning: "Code that only the start needed stays locked in memory, some 20 MB.",
    whatToDo: "Nothing; the board works.",
  },
  {
    event: "stop-failed",
    meaning: "A part of the board could not be closed in an orderly way.",
    whatToDo: "The process ends anyway; look at the reason if it happens again.",
  },
];
