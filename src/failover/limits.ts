// Every bound of failover on a board, with its reason.

/** Messages between boards by what they carry, the link's channels. */
export const channels = {
  lease: 1,
  report: 2,
  clients: 3,
  clientsAsked: 4,
  evidence: 5,
  verified: 6,
  history: 7,
  order: 8,
  answer: 9,
  tells: 10,
} as const;

/** A board tells its services at least this often, ms: one lost packet is made good by the next. */
export const reportEveryMs = 1_000;
/** A remark of evidence, bytes: one clause. */
export const evidenceBytesMax = 96;
/** Turns of the loop that read the sockets before evidence or proof counts (leases.md V8). */
export const drainTurnsMax = 8;
/** Connections that watch this board for its death: 63 boards on two networks, and once again while
 * they connect anew. */
export const watchersMax = 256;
/** A watcher says who it is within this, ms, or is dropped. */
export const watchHelloMs = 2_000;
/** A watch that could not be connected is tried again after this, ms. */
export const watchAgainMs = 500;
/** Bytes of a watcher's or watched board's line. */
export const watchLineBytesMax = 256;
/** The switches are asked where a public address went so long after it moved, ms: its frames are
 * through by then, and no client has waited long. */
export const verifyAfterMs = 50;
/** And again, so often, this long apart: a busy switch answers slowly. */
export const verifyTimes = 5;
/** Pause between two such questions, ms. */
export const verifyEveryMs = 400;
/** A group that is active nowhere for so long is an alarm, ms: take-overs are over by then. */
export const waitingMs = 1_000;
/** Steps of the timeline are told a second time after this, ms: a lost packet is made good. */
export const stepsAgainMs = 30;
/** A board that comes back is told so many of the newest steps: the last few failovers. */
export const stepsForNewcomer = 128;
/** What a packet between two boards takes at most, us: how wrong a told step may be placed. */
export const stepWayErrorUs = 500;
/** An order in a packet, bytes: one packet of the link. */
export const orderBytesMax = 1400;
/** Characters of a name, a reason or an answer in an order. */
export const orderTextCharacters = 256;
/** Orders whose answers are remembered for those who ask again. */
export const ordersKept = 64;
/** An order is sent again after this, ms, until its answer comes. */
export const orderAgainMs = 200;
/** An order's answer is waited for so long, ms: longer than a board takes for any. */
export const orderMs = 15_000;
/** A planned move may take this long, ms: services are asked to end first. */
export const moveMs = 10_000;
/** `slot N out` waits so long for everything to be handed over, ms. */
export const outMs = 10_000;
/** Board stop: a hand-over of all groups may take this long, ms. */
export const leaveMs = 1_000;
