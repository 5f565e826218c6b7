// Every bound and interval of the address client, with its reason.

/** First retry of an unanswered message; a boot must be fast, RFC 2131's 4 s is too long here. */
export const retryMsFirst = 250;
/** Longest pause between retries while a board has no address: one small frame each 4 s. */
export const retryMsMax = 4000;
/** Retries are this much earlier or later, so that 63 boards do not speak at once. */
export const retrySpread = 0.2;
/** Unanswered DISCOVERs after which RARP is asked beside DHCP: after 1.75 s. */
export const rarpAfterTries = 3;
/** Unanswered DISCOVERs after which answers are asked for by broadcast. */
export const broadcastAfterTries = 2;
/** REQUESTs for one offer; then discover again. */
export const requestTriesMax = 4;
/** REQUESTs for the last address after a link came back; then the lease is simply kept. */
export const rebootTriesMax = 3;
/** Renewal is tried again at half the time left, but no more often than this. */
export const renewMsMin = 1000;
/** Longest pause between renewals. */
export const renewMsMax = 60_000;
/** The same while rebinding: a moved board should learn it soon. */
export const rebindMsMax = 10_000;
/** ARP probes for an address before it is used; the server has probed too (RFC 5227: 3 in 4 s). */
export const arpProbesMax = 2;
/** Wait after each probe; a neighbour answers within a millisecond. */
export const arpProbeMs = 25;
/** Wait after a DECLINE (RFC 2131 §3.1 step 5: at least ten seconds). */
export const declineWaitMs = 10_000;
/** A held address is defended at most once in this time (RFC 5227 §2.4). */
export const defendMs = 10_000;
/** A link told again while bound is asked about at most this often. */
export const relinkMs = 1000;
/** An address from RARP has no lease: DHCP is asked again this often. */
export const rarpRefreshMs = 30_000;
/** Lease if the server names none. */
export const leaseSecondsDefault = 3600;
/** Shortest lease believed, so that no server can make a board ask without end. */
export const leaseSecondsMin = 10;
/** Characters of a configuration URL (a sub-option has 255 bytes). */
export const urlCharsMax = 255;

/** Tries to fetch a document wait this long, growing; a document takes a millisecond. */
export const fetchTimeoutMsFirst = 500;
/** Longest wait for one try. */
export const fetchTimeoutMsMax = 4000;
/** Pause between failed rounds over both networks, growing. */
export const fetchPauseMsFirst = 100;
/** Longest pause between rounds. */
export const fetchPauseMsMax = 5000;
/** TCP port of the configuration server if no URL tells it (RARP). */
export const httpPortDefault = 8067;
/** Pause between the starts of the same fetch on the two networks; a healthy one is done by then. */
export const fetchStaggerMs = 150;
/** Rounds for a version that the CCN's beat names but its server does not have; half a minute. */
export const versionTriesMax = 10;
/** Tries to report the running version before the next renewal tries again. */
export const reportTriesMax = 6;

/** How often the carrier counts are read, ms: finds a cable that was moved faster than the kernel tells. */
export const linkLookMs = 1000;
/** Pause before a packet socket that the kernel closed on a live link is opened again. */
export const packetReopenMs = 100;
/** Longest timer (setTimeout's limit is 2^31 - 1 ms); a longer wait is cut into pieces. */
export const timerMsMax = 2_000_000_000;
