// Every bound of the configuration server, with its reason.

/** Connections open at once on one network; 63 boards fetching and reporting. Full: closed. */
export const connectionsMax = 128;
/** Connections open at once from one address: a board fetches, reports, and retries once. */
export const connectionsPerAddressMax = 4;
/** A connection lives this long, whatever it does; a document goes over in a millisecond. */
export const connectionMs = 5000;
/** Bytes of a report's body; `{"version":4294967295}` is 22. */
export const reportBytesMax = 256;
/** Log lines a second and network about refused requests; 63 boards that all err once fit. */
export const refusalLinesPerSecondMax = 64;
/** Characters of a request's path; `/config/v4294967295/slot/63` is 27. */
export const pathCharsMax = 128;
/** Bytes of the chassis key. */
export const chassisKeyBytes = 32;
