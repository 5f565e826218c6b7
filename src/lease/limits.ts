// Every bound of the lease room's shell, with its reason.

/** Groups of one board: their tells fit every beat beside the rows of a full chassis. */
export const groupsMax = 16;
/** One of the two slots on disk, bytes: `groupsMax` records with full lists and texts. */
export const slotBytes = 8192;
/** Own beats whose time of sending is remembered: an echo older than a second renews nothing. */
export const sentBeatsMax = 256;
/** Without any event for so long a board was stopped, us: two beats and a half; there is one a beat. */
export const stopUsMin = 25_000;
/** Longest packet, bytes. */
export const leasePacketBytesMax = 1400;
