// Every bound and interval of this room, with its reason. Times of leases.md §5 keep its values.

/** T_SILENT, ms: a board heard within it is not fenced (F9). */
export const silentMs = 37;
/** T_RST, ms: without a proof by RST# in this time, power is cut (F3). */
export const resetMs = 10;
/** T_FENCE, ms: a fence is answered by then, strong or not. */
export const fenceMs = 20;
/** T_OFF, ms: a slot found off for this long counts as fenced (F5). */
export const offMs = 20;
/** T_HOLD, ms: a fenced board stays in reset at least this long (F6). */
export const holdMs = 250;
/** T_HOLD_MAX, ms: and at most this long; unexplained resets end after it, too (F6, F7). */
export const holdMsMax = 30_000;
/** T_NET + T_LATE, ms: a heartbeat this young may have been sent before a line changed. */
export const inFlightMs = 7;
/** Between the two samples of a strong proof, us (F4). */
export const sampleGapUs = 1000;
/** Fences of one slot within `fenceWindowMs` after which it is kept off (F8). */
export const fencesMax = 3;
/** 10 minutes (F8). */
export const fenceWindowMs = 600_000;

/** All lines are read this often, ms: fast enough for people and for hot swap, 10 reads a second. */
export const sampleEveryMs = 100;
/** While an operator's order or a release waits for its read-back, lines are read this often, ms. */
export const orderSampleMs = 10;
/** One reading of all slots must be there after this, ms: slow drivers (IPMI) take 60 to 350. */
export const readDeadlineMs = 1000;
/** One reading while a fence runs, ms: several fit into T_RST. */
export const fenceReadDeadlineMs = 5;
/** One order to a driver, ms: T_RST, so that the next step never waits for a stuck one. */
export const orderDeadlineMs = 10;
/** Readings in a row that fail before an alarm: 0.3 s of refusals, 3 s of silence. */
export const readFailuresMax = 3;
/** Between two readings that edges of the hardware cause, us: a chattering line costs no more. */
export const edgeGapUs = 1000;
/** Log lines a second about changed lines; 63 boards that boot together fit. */
export const changeLinesPerSecondMax = 128;

/** RST# pulse of an operator's reset, ms: a PC needs some ms, a PCI bus 100 (PCI 2.2 §4.3.2). */
export const resetPulseMs = 100;
/** Power stays off this long in a power cycle, ms, so that supplies discharge. */
export const cycleOffMs = 2000;
/** An operator's order must be read back in this time, ms; slow supplies need a second. */
export const operatorMs = 10_000;
/** A release must be read back in this time, ms; then alarm, and it is ordered again. */
export const releaseMs = 5000;
/** A slot that looks empty for this long, ms, is empty: contacts bounce for some ms. */
export const emptyMs = 50;

/** Groups whose newest epoch is remembered. Full: orders of further groups are refused. */
export const groupsMax = 256;
/** Group orders one fence can answer; each group asks once. Full: refused. */
export const ordersMax = 256;
/** Characters of a group's name that are looked at; longer ones are refused. */
export const groupCharsMax = 80;
/** Events that wait while effects of another are carried out; subscribers cause few. */
export const waitingEventsMax = 1000;
/** Subscribers to line changes; netrack, redirect, manage and some sessions of people. */
export const subscribersMax = 64;

/** Longest line on the socket of a driver, bytes: 64 slots of 60 bytes each. */
export const socketLineBytesMax = 16_384;
/** Calls to a socket driver without an answer. Full: further ones fail at once. */
export const socketCallsMax = 256;
/** A lost connection is tried again after this, ms. */
export const reconnectMs = 100;
