// Every bound of the DHCP and RARP servers: name, unit, reason. The bounds of the switch lookup lie
// in lookup/limits.ts.

/** Lease time, s (option 51). Short, so that a moved board that was never down is told soon. */
export const leaseSeconds = 300;
/** T1, s: half of the lease (RFC 2131 §4.4.5). */
export const renewalSeconds = 150;
/** T2, s: seven eighths of the lease (RFC 2131 §4.4.5). */
export const rebindingSeconds = 262;

/**
 * Requests whose lookup or probe is under way, one a MAC. Full: the new request is dropped and
 * counted, its client repeats it. 10,000 exchanges/s waiting 160 ms each need 3200.
 */
export const pendingMax = 4096;
/**
 * Of those, requests in flight of one Ethernet sender that speaks for other MACs (`chaddr` differs)
 * without being a relay: a broken client that invents MACs cannot take the places of others.
 */
export const pendingPerSenderMax = 4;
/** A request without an answer is forgotten after this, µs: the client has long repeated it. */
export const pendingUsMax = 5_000_000;

/** MACs remembered for rate, hint and last offer. Full: the one that came first is forgotten. */
export const clientsMax = 4096;
/** Messages one MAC may send in a burst; a boot needs about ten. The rest is dropped, counted. */
export const burstMax = 256;
/**
 * Messages/s one MAC may send for ever: 1 to 2 % of a core at most, so it starves nobody. The switch
 * is spared by itself: a MAC has one lookup in flight, and its next messages join that one.
 */
export const messagesPerSecondMax = 512;

/**
 * A switch lookup answers the REQUEST that follows its OFFER for this long, µs: the board cannot
 * have been carried to another slot and booted meanwhile.
 */
export const offerLookupUs = 2_000_000;

/** An unanswered ARP probe is sent again after this, µs: one lost frame does not hide a holder. */
export const probeAgainUs = 35_000;
/** After this much silence, µs, nobody holds the address; with timer jitter still below 100 ms. */
export const probeSilentUs = 80_000;
/** A probe's end that comes later than this, µs, means that our loop was late, not the answer. */
export const probeLateUs = 5_000;
/** Then the sockets are read for this long, µs, before silence is believed. */
export const probeGraceUs = 3_000;
/** "Nobody holds it" and "it holds it itself" stay true for this long, µs. */
export const evidenceUs = 2_000_000;
/** An address in use is probed again this often, µs. */
export const reprobeUs = 1_000_000;
/** It is usable again after nobody else answered for this long, µs: three probes. */
export const conflictSilentUs = 3_200_000;
/** MACs remembered as holders of one address. Full: the one heard longest ago is forgotten. */
export const holdersMax = 4;

/** Addresses given, kept for people. Full: the one given longest ago is forgotten. */
export const givenMax = 1024;
/** Log lines/s of ordinary branches (all count always); the rest is told as one number. */
export const logLinesPerSecondMax = 200;

/** Bytes of a text option that is echoed or sent (host name, boot file, URL). */
export const textBytesMax = 255;
/** Receive buffer for DHCP requests, bytes: a burst of 1500 waits here rather than being lost. */
export const requestReceiveBytes = 4 * 1024 * 1024;
/** Receive buffer of the port-owning UDP socket, bytes: it hears only what it throws away. */
export const portReceiveBytes = 4096;
/** Pause before a packet socket is opened again after its interface went down, ms. */
export const reopenMs = 200;
