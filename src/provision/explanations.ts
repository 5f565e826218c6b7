// What this room's log events mean and what to do about them, shown by `explain EVENT`.

/** One row an event. */
export const explanations: readonly {
  readonly event: string;
  readonly meaning: string;
  readonly whatToDo: string;
}[] = [
  {
    event: "config-served",
    meaning: "A board fetched its configuration document.",
    whatToDo: "Nothing.",
  },
  {
    event: "config-reported",
    meaning: "A board told which version it runs.",
    whatToDo: "Nothing.",
  },
  {
    event: "config-refused",
    meaning: "A request was refused: not the slot's own address (403), or no such thing.",
    whatToDo:
      "404 after a change is normal, once a board. 403: find who has the address in `from`.",
  },
  {
    event: "config-connections-full",
    meaning: "Too many connections at once; the new one was closed.",
    whatToDo: "Find out what the address in `from` does.",
  },
  {
    event: "config-cannot-listen",
    meaning: "A listener could not be adopted; boards on that network get no configuration.",
    whatToDo: "See the reason; another program may hold the port (provision.httpPort).",
  },
];
