// Every bound of the link, with its reason.

/** Payload of one packet, bytes: one frame with its header and MAC. */
export const linkPayloadBytesMax = 1400;
/** Numbers behind the newest that are told apart, less than the bits of a word: A and B differ by a
 * few packets at most. */
export const replayWindow = 31;
/** Socket receive buffer per network, bytes: every packet of a second while we are stopped. */
export const linkReceiveBytes = 1024 * 1024;
/** A socket that could not be opened is tried again after this, ms. */
export const linkRetryMs = 1000;
