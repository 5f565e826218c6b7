// Every bound of the codecs, with unit and reason.

/** Longest UDP payload in one Ethernet frame of 1500 bytes: 1500 - 20 (IPv4) - 8 (UDP). */
export const udpPayloadBytesMax = 1472;

/** Boards in one beat: slots 0 to 63. */
export const beatPeersMax = 64;
/** Bytes of a degraded reason: one line on a status screen. */
export const beatReasonBytesMax = 64;
/** A whole beat with its MAC, bytes: one frame. 64 peers leave 144 for extensions. */
export const beatBytesMax = 1472;

/** Services of one board. */
export const slotServicesMax = 16;
/** UTF-8 bytes of a service's name. */
export const serviceNameBytesMax = 24;

/** UTF-8 bytes of a group's name. */
export const groupNameBytesMax = 32;
/** Groups in one beat: two tells of one record each fit beside the rows of 40 boards. */
export const leaseTellsMax = 16;
/** Slots in a record's list. */
export const leaseSlotsMax = 64;
/** Proofs in one packet: a board remembers so many. */
export const leaseProofsMax = 8;

/** Fixed part of a BOOTP message with the magic cookie, bytes (RFC 2131 §3). */
export const dhcpFixedBytes = 240;
/** Shortest message sent, bytes: relays and old clients drop less (RFC 1542 §2.1). */
export const dhcpBytesMin = 300;
/** Largest message every client takes, bytes: 576 less IPv4 and UDP headers (RFC 2131 §2). */
export const dhcpBytesDefault = 548;
/** Largest message sent or read, bytes: no fragments. */
export const dhcpBytesMax = udpPayloadBytesMax;
/** Bytes of one option's piece: its length is one byte (RFC 2132 §2). */
export const dhcpPieceBytesMax = 255;

/** Services in one board's report: with names of 32 bytes they fit a packet between boards, 1400 bytes. */
export const reportServicesMax = 27;

/** Changes in one message of public clients: with its header a packet between boards, 1400 bytes. */
export const publicClientsMax = 58;
/** A whole message of public clients, bytes. */
export const publicClientsBytesMax = 1400;

/** A whole packet of history, bytes: one link packet, with room for what tells it from others. */
export const historyPacketBytesMax = 1384;
/** Steps in one packet: the shortest step takes 30 bytes, a packet has 1382 for them. */
export const historyStepsMax = 46;
/** Bytes of a step's name, `neighbours-set`. */
export const historyNameBytesMax = 24;
/** UTF-8 bytes of a step's sentence: evidence in one line; its length is one byte. */
export const historyTextBytesMax = 240;
