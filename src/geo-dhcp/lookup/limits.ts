// Every bound of the switch lookup: name, unit, reason.

/** A lookup is answered within this; a DHCP client asks again after 4 s (RFC 2131 §4.1). */
export const lookupDeadlineUs = 2_000_000;
/** A whole table is read within this: 16,384 rows at 40 a packet and 20 ms each. */
export const passUsMax = 10_000_000;
/** Lookups of one switch that may wait; 64 slots with four tries each. Full: refused, counted. */
export const waitingLookupsMax = 256;
/** Table requests that may wait: people and metrics, not boards. Full: refused. */
export const waitingTablesMax = 8;
/** Varbinds of one row GET: 24 x 32 bytes stay under 1 KiB, which every agent takes. */
export const rowVarbindsMax = 24;
/** FDB ids asked for one MAC; more (many VLANs): the fullest first, a walk for the rest. */
export const rowPrefixesMax = 8;
/** Row packets under way at once: a slow switch must not make every lookup wait its turn. */
export const rowPacketsMax = 4;
/** While a packet is under way, questions of this time share the next one. */
export const coalesceUs = 2_000;
/** Between two row packets that are not full: spares a quick switch (and us) a packet a question. */
export const rowPauseUs = 1_000;
/** Row packets sent for one lookup before it waits for its deadline. */
export const rowAttemptsMax = 3;
/** Sends of one walk packet before the walk is given up. */
export const passAttemptsMax = 3;
/** Asked again no earlier than this, however fast the switch was: agents pause now and then. */
export const resendUsMin = 100_000;
/** Asked again no later than this: once within a lookup's deadline. */
export const resendUsMax = 1_500_000;
/** Asked again after this while no answer time is known: slow switches need 900 ms. */
export const resendUsFirst = 1_000_000;
/** After this a packet's late answer is no longer taken. */
export const packetUsMax = 3_000_000;
/** No answer for this long with packets overdue: the circuit opens. */
export const silenceUsMax = 2_500_000;
/** Between two tries of a pass that the switch did not answer. */
export const passPauseUs = 1_000_000;
/** Port names and base ports are read anew this often (ports are plugged in while we run). */
export const portsRefreshUs = 600_000_000;
/** ... and at most this often when unknown ports show up. */
export const portsRefreshUsMin = 30_000_000;
/** Varbinds of one walk answer: 40 x 35 bytes fit an Ethernet frame. */
export const bulkVarbindsMax = 40;
/** Rows of one column; the tables of common switches hold 16,384 MACs. */
export const columnRowsMax = 16_384;
/** Parts of a row index: FDB id, length, MAC, and some more. */
export const indexPartsMax = 16;
/** Characters of a row index as text: every part at most 10 digits and a dot. */
export const indexTextMax = indexPartsMax * 11;
/** Characters of a port name that are kept (ifName is at most 255, RFC 2863; names are short). */
export const portNameMax = 128;
/** Rows that a walk found although the row GET missed them, in turn, before GETs are given up. */
export const rowMissesMax = 3;
/** Latencies kept for p50 and p99. */
export const latencySamples = 256;
/** Bytes of an option 82 sub-option that are looked at (RFC 3046: one length byte). */
export const option82BytesMax = 255;
/** Session renewals: not more often than this while a switch is silent. */
export const renewUsMin = 5_000_000;
