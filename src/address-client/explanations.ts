// What this room's log events mean and what to do about them, shown by `explain EVENT`.

/** One row an event. */
export const explanations: readonly {
  readonly event: string;
  readonly meaning: string;
  readonly whatToDo: string;
}[] = [
  {
    event: "address-set",
    meaning: "This board has its private address on a network; by = dhcp or rarp.",
    whatToDo: "Nothing.",
  },
  {
    event: "address-removed",
    meaning: "The address was taken off the interface: refused, replaced, or its lease ended.",
    whatToDo: "Look at the line before; a moved board gets another address at once.",
  },
  {
    event: "address-refused",
    meaning: "The server said NAK: the address does not belong to the switch port we are on.",
    whatToDo: "Nothing after a move. Else ask the CCN: ccn where MAC.",
  },
  {
    event: "address-in-use",
    meaning: "Another board answers for the address we were given; we declined it for 10 s.",
    whatToDo: "Find the board with the MAC in `holder` and take it off the network.",
  },
  {
    event: "address-conflict",
    meaning: "Another board speaks with the address we hold; we announced it again.",
    whatToDo: "Find the board with the MAC in `holder` and take it off the network.",
  },
  {
    event: "address-lease-ended",
    meaning:
      "No server answered until the lease ended; kept = the address stays (it is the port's).",
    whatToDo: "See why the CCN does not answer on this network.",
  },
  {
    event: "address-answer-unusable",
    meaning: "An ACK without a usable address or server was ignored.",
    whatToDo: "Look for a foreign DHCP server on this network.",
  },
  {
    event: "address-message-too-long",
    meaning: "Our own DHCP message did not fit its frame; our mistake.",
    whatToDo: "Report it with the log.",
  },
  {
    event: "address-send-failed",
    meaning: "The kernel refused to send a frame; it is tried again.",
    whatToDo: "If it goes on: see the interface in the kernel's log.",
  },
  {
    event: "address-socket-lost",
    meaning: "The kernel closed the packet socket on a live link; it is opened again.",
    whatToDo: "If it goes on: see the interface in the kernel's log, and CAP_NET_RAW.",
  },
  {
    event: "address-set-failed",
    meaning: "The kernel refused to put the address on the interface.",
    whatToDo: "The board needs CAP_NET_ADMIN; the reason is in the line.",
  },
  {
    event: "address-remove-failed",
    meaning: "The kernel refused to take the address off the interface.",
    whatToDo: "The reason is in the line; ip address shows what is there.",
  },
  {
    event: "address-link-monitor-ended",
    meaning: "Link changes are no longer heard; a cable that comes back is not noticed.",
    whatToDo: "Restart the board's program; the reason is in the line.",
  },
  {
    event: "config-taken",
    meaning: "A configuration document was fetched, checked and taken.",
    whatToDo: "Nothing.",
  },
  {
    event: "config-fetch-failed",
    meaning: "The document could not be fetched or was not right; what we have is kept.",
    whatToDo: "If it goes on: see config-refused in the CCN's log.",
  },
  {
    event: "config-report-failed",
    meaning: "The CCN did not take our report of the version we run; it is tried again.",
    whatToDo: "Nothing while the CCN is away; beats carry the version too.",
  },
  {
    event: "config-version-missing",
    meaning: "The CCN's beat names a version that its server does not give.",
    whatToDo: "Restart the CCN's program; the two should read the same file.",
  },
];
