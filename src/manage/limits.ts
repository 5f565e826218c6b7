// Every bound of the room: what it limits, its unit, its reason, and what happens when it is hit.

/** Events kept for `events` and streams. Full: the oldest is dropped. About 2 MB at worst. */
export const eventRingRecords = 4096;
/** Events in one answer of /events; the reader asks again with the `next` it was given. */
export const eventsPerAnswer = 1000;
/** Characters of one event's sentence; the rest is cut. One log line, not a report. */
export const sentenceCharacters = 300;
/** Leases in one answer: twice 63 slots on two networks, for boards that were just swapped. */
export const leasesPerAnswer = 256;
/** Alarms in one answer; more than this many at once help nobody. */
export const alarmsPerAnswer = 256;
/** Counters in one answer: 10 modules of 50. */
export const countersPerAnswer = 512;
/** Characters of a question (`where?q=`): a MAC is 17. Longer ones are refused. */
export const queryCharacters = 64;
/** Characters of an event number in a URL: 2^53 has 16 digits. */
export const sequenceCharacters = 16;
/** Open event streams. More are refused with 503, so that a forgotten page can't starve a board. */
export const streamsMax = 32;
/** Events waiting in one stream. Full: the stream ends; the reader comes back with its last id. */
export const streamQueueEvents = 512;
/** A comment line keeps an idle stream open: Bun cuts one after 10 to 12 s without timeout(0). */
export const streamCommentMs = 15_000;
/** The switches' answer for `where`; above the worst SNMP time-out with retries. Then 504. */
export const whereDeadlineMs = 4_000;
/** Bytes of a request body: the longest order, every character of its note as an escape. */
export const requestBodyBytes = 4096;
/** Characters in an order; who and reason end in the group's record (32 and 96 bytes there). */
export const orderCharacters = { by: 32, name: 64, reason: 96, note: 200 } as const;
/** Orders being carried out at once. More are refused with 503: nobody oversees them. */
export const ordersMax = 16;
/** The longest order, ms: a power cycle with its rests, or a move that waits for a resync. */
export const orderDeadlineMs = 60_000;
/** Characters of a question to `what-if`: ten faults. */
export const faultsCharacters = 400;
/** Steps of one episode in an answer; the beginning tells why. */
export const stepsPerAnswer = 500;
/** Longest path of a UNIX socket, bytes (unix(7): sun_path is 108 with its zero). */
export const socketPathBytes = 107;
/** Bytes of an answer the command line reads: a full map of 64 boards is 2 MB. */
export const answerBytes = 16 * 1024 * 1024;
/** Bytes of one line of an event stream; a longer one ends the stream. */
export const streamLineBytes = 64 * 1024;
/** Elements of any list in an answer: 64 boards to 64 boards on two networks are 8192 paths. */
export const listElements = 10_000;

/** Default and largest wait of the command line for one answer, s; an order's is `order`. */
export const timeoutSeconds = { default: 5, order: 65, max: 3600 } as const;
/** `--watch` looks again this often, ms; what comes and goes in between is in `events`. */
export const watchIntervalMs = 500;
/** A picture older than this is shown as `unknown (AGE)`, µs: NETRACK renews it every 10 ms. */
export const staleUs = 3_000_000;
/** Columns of a screen whose width is not known, and the bounds of one that is. */
export const columns = { default: 100, min: 60, max: 400 } as const;
/** Broken paths spelled out below the matrix; the rest is counted. */
export const pathsListed = 20;
/** Events shown by `events` unless told otherwise, and at most. */
export const eventsShown = { default: 50, max: eventRingRecords } as const;
