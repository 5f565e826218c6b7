// What this room's log events and alarms mean and what to do about them, shown by `explain EVENT`.

import type { Explanations } from "../base/index.ts";

/** Meaning and remedy by event name. */
export const explanations = {
  "slot-fence-begun": {
    meaning: "The voters agreed to fence this slot's board; RST# was asserted.",
    action: "Nothing; `why` shows what followed.",
  },
  "slot-fence-refused": {
    meaning: "An order to fence was not carried out, or proved nothing; `reason` says why.",
    action: "not-silent, old-epoch, another-incarnation: nothing. Else see the slot's alarms.",
  },
  "slot-fenced": {
    meaning: "The fence is proven: strong = the old life is over; weak = only with expired leases.",
    action: "If weak: find out which line could not be read back (`why`), it will cost time again.",
  },
  "slot-fence-failed": {
    meaning: "The board could not be proven off: no line moved, or it still sends heartbeats.",
    action: "Pull the board, then `attest-removed`. Check its RST# and power wiring.",
  },
  "slot-power-cut": {
    meaning: "RST# gave no proof in 10 ms, so the slot's power was cut.",
    action: "Nothing; if it happens at each fence of this slot, check RST# and HEALTHY#.",
  },
  "slot-hold-over": {
    meaning: "A fenced board was held long enough; isCommitted=false means for the longest time.",
    action: "Nothing. isCommitted=false: the candidate never took over; see its log.",
  },
  "slot-kept-off": {
    meaning: "The board was fenced 3 times in 10 minutes and does not come back by itself.",
    action: "Find out why it falls silent, or replace it. `slot N on` starts it again.",
  },
  "slot-released": {
    meaning: "RST# was released and read back; the board boots.",
    action: "Nothing.",
  },
  "slot-not-released": {
    meaning: "RST# or power was given back to the slot, but the line does not show it.",
    action: "It is ordered again every 5 s. Check the driver, the wiring and the supply.",
  },
  "slot-reset-unexplained": {
    meaning: "The slot is in reset, and not by this process: perhaps a fence that was cut short.",
    action: "Nothing; it ends after 30 s, or the candidate asks again.",
  },
  "slot-reset-ended": {
    meaning: "A reset that nobody claimed for 30 s was ended; the board boots.",
    action: "Nothing.",
  },
  "slot-board-inserted": {
    meaning: "A slot that was empty has a board again.",
    action: "Nothing; the board starts as the one before it.",
  },
  "slot-line-changed": {
    meaning: "Presence, power-good or HEALTHY# of a slot went bad or good.",
    action: "Nothing by itself; delayUsMax is how late we may have seen it.",
  },
  "slot-changes-untold": {
    meaning: "Lines changed so often in a second that only some changes got their line.",
    action: "Find the slot in the lines before: its contacts or its HEALTHY# chatter.",
  },
  "slot-line-contradicts": {
    meaning:
      "A line says that the board is off, yet it sends heartbeats: the line is not believed.",
    action: "Repair the line; until then a fence needs the power cut or expired leases.",
  },
  "slot-two-incarnations": {
    meaning: "Two lives of one slot send heartbeats in turn; neither proves the other's end.",
    action: "Find the second daemon, or a board with the same slot's address. Restart the board.",
  },
  "slot-lines-unread": {
    meaning: "The lines of a slot could not be read several times in a row.",
    action: "Check the driver in `text`; without lines no fence of this slot is strong.",
  },
  "slot-driver-failed": {
    meaning: "The driver refused an order or did not answer in time; the line's state is unknown.",
    action: "Check the driver in `text`. Fences go on to the next step by themselves.",
  },
  "slot-alarm-over": {
    meaning: "An alarm of a slot ended.",
    action: "Nothing.",
  },
  "slot-order-begun": {
    meaning: "Somebody ordered power or reset of a slot by hand.",
    action: "Nothing.",
  },
  "slot-order-done": {
    meaning: "An order by hand was carried out and read back.",
    action: "Nothing.",
  },
  "slot-order-refused": {
    meaning: "An order by hand was refused; `reason` says why and until when.",
    action: "Ask again later, or do what the reason says.",
  },
  "slot-order-failed": {
    meaning: "An order by hand was given, but the line does not show it.",
    action: "Check the line named in `text`; the state of the slot is what `slots` shows.",
  },
} as const satisfies Explanations;
