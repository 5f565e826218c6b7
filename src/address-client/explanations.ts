// What this room's log events mean and what to do about them, shown by `explain EVENT`.

import type { Explanations } from "../base/index.ts";

/** Meaning and remedy by event name. */
export const explanations = {
  "address-set": {
    meaning: "This board has its private address on a network; by = dhcp or rarp.",
    action: "Nothing.",
  },
  "address-removed": {
    meaning: "The address was taken off the interface: refused, replaced, or its lease ended.",
    action: "Look at the line before; a moved board gets another address at once.",
  },
  "address-refused": {
    meaning: "The server said NAK: the address does not belong to the switch port we are on.",
    action: "Nothing after a move. Else ask the CCN: ccn where MAC.",
  },
  "address-in-use": {
    meaning: "Another board answers for the address we were given; we declined it for 10 s.",
    action: "Find the board with the MAC in `holder` and take it off the network.",
  },
  "address-conflict": {
    meaning: "Another board speaks with the address we hold; we announced it again.",
    action: "Find the board with the MAC in `holder` and take it off the network.",
  },
  "address-lease-ended": {
    meaning:
      "No server answered until the lease ended; kept = the address stays (it is the port's).",
    action: "See why the CCN does not answer on this network.",
  },
  "address-answer-unusable": {
    meaning: "An ACK without a usable address or server was ignored.",
    action: "Look for a foreign DHCP server on this network.",
  },
  "address-message-too-long": {
    meaning: "Our own DHCP message did not fit its frame; our mistake.",
    action: "Report it with the log.",
  },
  "address-send-failed": {
    meaning: "The kernel refused to send a frame; it is tried again.",
    action: "If it goes on: see the interface in the kernel's log.",
  },
  "address-socket-lost": {
    meaning: "The kernel closed the packet socket on a live link; it is opened again.",
    action: "If it goes on: see the interface in the kernel's log, and CAP_NET_RAW.",
  },
  "address-set-failed": {
    meaning: "The kernel refused to put the address on the interface.",
    action: "The board needs CAP_NET_ADMIN; the reason is in the line.",
  },
  "address-remove-failed": {
    meaning: "The kernel refused to take the address off the interface.",
    action: "The reason is in the line; ip address shows what is there.",
  },
  "address-link-monitor-ended": {
    meaning: "Link changes are no longer heard; a cable that comes back is not noticed.",
    action: "Restart the board's program; the reason is in the line.",
  },
  "config-taken": {
    meaning: "A configuration document was fetched, checked and taken.",
    action: "Nothing.",
  },
  "config-fetch-failed": {
    meaning: "The document could not be fetched or was not right; what we have is kept.",
    action: "If it goes on: see config-refused in the CCN's log.",
  },
  "config-report-failed": {
    meaning: "The CCN did not take our report of the version we run; it is tried again.",
    action: "Nothing while the CCN is away; beats carry the version too.",
  },
  "config-version-missing": {
    meaning: "The CCN's beat names a version that its server does not give.",
    action: "Restart the CCN's program; the two should read the same file.",
  },
} as const satisfies Explanations;
