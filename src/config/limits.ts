// Every bound of the chassis file and of board documents, with its reason.

/** Bytes of a chassis file; 63 fully written slots and 1000 MACs need under 40 KiB. */
export const chassisFileBytes = 65_536;
/** Nesting of a chassis file; the schema needs 4. */
export const chassisFileDepth = 12;
/** Alias uses a chassis file may contain (`*name`); stops alias bombs. */
export const chassisFileAliases = 100;
/** Errors told at once; the rest is counted in a last line. */
export const configErrorsMax = 100;
/** Ports of one switch: a large stack; stops `1-99999999`. */
export const switchPortsMax = 1024;
/** Characters of a port name or range (ifName and ifDescr are at most 255; ranges repeat it). */
export const portTextChars = 520;
/** MACs in the `macs` list: 63 slots, two networks, and a store-room of spares. */
export const macsMax = 1024;
/** Relay addresses a switch's option 82 may come from. */
export const relaysMax = 16;
/** Characters of an SNMP community, user or key (RFC 3414 allows 32 for users; keys are longer). */
export const snmpTextChars = 128;
/** Characters of a v3 key at least (RFC 3414 §11.2). */
export const snmpKeyCharsMin = 8;
/** Bytes of a board document; 64 boards need about 16 KiB. Also the client's download bound. */
export const documentBytesMax = 1_048_576;
/** Characters of a chassis, switch or board name. */
export const nameChars = 32;
/** Bytes of a DHCP boot file name: the `file` field holds 128 with its end (RFC 2131 §2). */
export const bootFileChars = 127;
/** Bytes of a secret in a file of its own. */
export const secretFileBytes = 4096;
