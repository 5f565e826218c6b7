// Every bound of this room: name, unit, reason.

/** Longest answer to one netlink request; a dump beyond it is refused. 8 bridges x 4096 MACs fit. */
export const dumpRowsMax = 32768;
/** Parts of one dump, 32 KiB each: stops a peer that never says "done". */
export const dumpPartsMax = 2048;
/** A dump that the kernel marks as interrupted by a change is asked again this often. */
export const dumpAttemptsMax = 4;
/** Buffer of one netlink answer, bytes: the kernel fills at most 32 KiB per part (netlink(7)). */
export const netlinkAnswerBytes = 32768;
/** Longest netlink request built here, bytes; the largest, a filter of 64 addresses, is 1356. */
export const netlinkRequestBytes = 2048;
/** The kernel answers a request before send() returns; a second of silence means a broken one. */
export const netlinkAnswerTimeoutMs = 1000;
/** Receive buffer of the change monitor, bytes: a thousand events while the loop is late 100 ms. */
export const monitorReceiveBytes = 1 << 20;
/** Pause before a monitor that fell over twice in a row is opened again, ms. */
export const monitorReopenMs = 5;
/** Reopenings in a row, no event between them, before a monitor gives up. */
export const monitorReopensMax = 100;
/** Largest Ethernet frame taken from a caller, bytes: jumbo frame with header. */
export const frameBytesMax = 9018;
/** Largest UDP payload over IPv4, bytes (RFC 768, RFC 791). */
export const datagramBytesMax = 65507;
/** Groups one UDP socket joins; the kernel's own default is 20 (net.ipv4.igmp_max_memberships). */
export const groupsMax = 20;
/** Connections waiting for accept. */
export const listenBacklog = 512;
/** Instructions of one classic BPF filter; the kernel takes 4096 (net/core/filter.c). */
export const filterInstructionsMax = 256;
/** Longest interface name, bytes without the NUL (IFNAMSIZ 16). */
export const interfaceNameBytesMax = 15;
/** Longest host name, bytes (sethostname(2)). */
export const hostNameBytesMax = 64;
/** Orphans reaped in one call, so that a crowd of them cannot hold the loop. */
export const reapsMax = 64;
/** Threads looked at in one pass of the scheduler policy; Bun has about ten. */
export const threadsMax = 256;
/** How often the scheduler policy is applied again, ms: Bun starts helper threads when it likes. */
export const realtimeSweepMs = 500;
/** SCHED_FIFO priority, one below the kernel's threaded interrupts (50), which carry the network. */
export const realtimePriority = 49;
/** Public addresses that the gate guards: each costs two instructions per frame that leaves. */
export const gateAddressesMax = 64;
/** Room for the verifier's reason, bytes; a longer log fails the load (ENOSPC) on Linux < 6.4. */
export const verifierLogBytes = 65536;
/** Connections read in one list; the rest are counted. A board serves some thousand clients. */
export const connectionsMax = 8192;
/** Addresses in one filter of ARP senders: as many as a gate guards, and a jump fits its byte. */
export const arpSendersMax = 64;
/** Local addresses of one list of connections: as many as a gate guards. */
export const connectionAddressesMax = 64;
/** Processes looked at in one list; a board runs some hundreds, pid_max is 4 million. */
export const processesMax = 32_768;
/** Bytes of a process's environment looked through for a mark. */
export const environmentBytesMax = 131_072;
