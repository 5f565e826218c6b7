// NETRACK's events in the log and what they mean, for `explain`.

/** Meaning and remedy by event name. */
export const explanations = {
  "netrack-started": {
    meaning: "This board sends heartbeats and keeps the map of the chassis.",
    action: "Nothing.",
  },
  "board-up": {
    meaning: "A board is heard, by this board or by a hub that this board hears.",
    action: "Nothing.",
  },
  "board-down": {
    meaning: "No hub that is up hears the board on any network.",
    action: "Look at its power, its console and both its cables; swap it if it is dead.",
  },
  "board-leaving": {
    meaning: "The board said that it goes down in order; nobody waits for a time-out.",
    action: "Nothing; start it again when it is wanted.",
  },
  "board-unknown": {
    meaning: "This board hears nobody who could tell whether that board is up.",
    action: "Look at this board's own cables, then at the switches.",
  },
  "path-up": {
    meaning: "One direction of one network between two boards works (again).",
    action: "Nothing.",
  },
  "path-down": {
    meaning: "One direction of one network between two boards is silent or lost its carrier.",
    action: "Wait for the fault that names the culprit; it follows within some milliseconds.",
  },
  "path-damped": {
    meaning: "A path fell too often (timing.flapMax) and is held down for timing.flapHoldMs.",
    action: "Change the cable; then look at the port's error counters and its speed negotiation.",
  },
  "fault-found": {
    meaning:
      "The smallest thing that explains every broken path: a board, cable, switch, direction.",
    action: "Repair what it names; the text says the port.",
  },
  "fault-cleared": {
    meaning: "The fault no longer explains anything: it is repaired, or another one is.",
    action: "Nothing.",
  },
  "two-incarnations": {
    meaning: "Two living boards say that they are the same slot; both answer at this moment.",
    action: "Find the second one (same flash or same port on another switch) and take it off.",
  },
  late: {
    meaning: "This board's loop was later than timing.lateMs; it listened before it judged others.",
    action:
      "If it repeats, look for a program that blocks the loop or for missing real-time rights.",
  },
  "beat-socket-lost": {
    meaning: "The heartbeat socket of a network could not be (re)opened, or refused a beat.",
    action: "Look at the interface named in the reason; it is tried again every second.",
  },
  "host-route-failed": {
    meaning: "Programs that know nothing of NETRACK could not be led over the other network.",
    action: "Look at the reason; the board needs the right to set routes (CAP_NET_ADMIN).",
  },
  "client-dropped": {
    meaning:
      "A program on the NETRACK socket was too slow, sent too long a line, or was one too many.",
    action: "Read events faster, or subscribe to fewer of them.",
  },
  "carrier-watch-lost": {
    meaning: "The kernel no longer tells of lost carriers; cuts are still seen by silence.",
    action: "Look at the reason; restart the board's daemon when convenient.",
  },
} as const;

/** Names of NETRACK's log events. */
export type NetrackLogEvent = keyof typeof explanations;
