// Every bound of the chassis file and of board documents, with its reason.

/** Bytes of a chassis file; 63 slots, 1000 MACs and 128 fully written services need under 140 KiB. */
export const chassisFileBytes = 262_144;
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
/** Bytes of a board document; 64 boards need 16 KiB, 128 services 80 more. Also the client's download bound. */
export const documentBytesMax = 1_048_576;
/** Characters of a chassis, switch or board name. */
export const nameChars = 32;
/** Bytes of a DHCP boot file name: the `file` field holds 128 with its end (RFC 2131 §2). */
export const bootFileChars = 127;
/** Bytes of a secret in a file of its own. */
export const secretFileBytes = 4096;
/** Groups of a chassis: one lease instance each; all of them share a beat's bytes. */
export const groupsMax = 64;
/** Services of a chassis: two for each of 63 slots, and two over. */
export const servicesMax = 128;
/** Rules of a chassis. */
export const rulesMax = 64;
/** Public addresses of one group. */
export const groupAddressesMax = 16;
/** Words of a command; execve(2) takes more, people do not. */
export const commandWordsMax = 64;
/** Characters of one word of a command: a long path with a long option. */
export const commandWordChars = 1024;
/** Variables of one service. */
export const environmentMax = 64;
/** Characters of a variable's value: a search path of some directories. */
export const environmentValueChars = 1024;
/** Characters of a path; PATH_MAX is 4096, a chassis file needs less. */
export const pathChars = 255;
/** Characters of an alarm's text in a rule: it has to fit a line. */
export const alarmTextChars = 160;
/** Characters of a user name (useradd(8)). */
export const userChars = 32;
/** Largest size a service may be given, bytes: 1 TiB. */
export const serviceBytesMax = 1_099_511_627_776;
/** A watchdog is at least this many times `lateMs`: both the program and the board may be late. */
export const watchdogLates = 10;
