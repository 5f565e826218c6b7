// Numbers of the Linux ABI, x86-64 and aarch64. Both use the asm-generic values for everything
// below except the system call numbers, and for those the newer calls are equal too (syscalls(2);
// arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h). Struct layouts used
// in this room (sockaddr_*, ifinfomsg, timespec, siginfo, sock_filter) are the same on both: 64-bit
// little-endian with equal alignment; `thisMachine` guards that.

import { endianness } from "node:os";

/** System call numbers that libc wraps differently or not at all, per machine. */
export const systemCalls: Readonly<
  Record<
    "x64" | "arm64",
    { readonly pidfdSendSignal: number; readonly pidfdOpen: number; readonly bpf: number }
  >
> = {
  x64: { pidfdSendSignal: 424, pidfdOpen: 434, bpf: 321 },
  arm64: { pidfdSendSignal: 424, pidfdOpen: 434, bpf: 280 },
};

/** The numbers of this machine; undefined on a machine this product was not made for. */
export function thisMachine(): (typeof systemCalls)["x64"] | undefined {
  if (endianness() !== "LE") return undefined;
  if (process.arch === "x64") return systemCalls.x64;
  return process.arch === "arm64" ? systemCalls.arm64 : undefined;
}

/** socket(2): IPv4. */
export const AF_INET = 2;
/** rtnetlink(7): the bridge's own view of links and neighbours. */
export const AF_BRIDGE = 7;
/** netlink(7). */
export const AF_NETLINK = 16;
/** packet(7): whole frames. */
export const AF_PACKET = 17;
/** socket(2): TCP. */
export const SOCK_STREAM = 1;
/** socket(2): UDP. */
export const SOCK_DGRAM = 2;
/** socket(2): with all headers. */
export const SOCK_RAW = 3;
/** socket(2): calls do not wait. */
export const SOCK_NONBLOCK = 0x800;
/** socket(2): started programs do not inherit it. */
export const SOCK_CLOEXEC = 0x80000;

/** socket(7): the level of the SO_ options. */
export const SOL_SOCKET = 1;
/** socket(7): share a port, or take one that lingers. */
export const SO_REUSEADDR = 2;
/** socket(7): may send to broadcast addresses. */
export const SO_BROADCAST = 6;
/** socket(7): receive buffer up to net.core.rmem_max. */
export const SO_RCVBUF = 8;
/** socket(7): longest wait of recv, struct timeval. */
export const SO_RCVTIMEO = 20;
/** socket(7): one interface only. */
export const SO_BINDTODEVICE = 25;
/** socket(7): classic BPF filter. */
export const SO_ATTACH_FILTER = 26;
/** socket(7): receive buffer beyond the limit. */
export const SO_RCVBUFFORCE = 33;

/** ip(7): the level of the IP_ options. */
export const SOL_IP = 0;
/** ip(7): bind an address that is not here. */
export const IP_FREEBIND = 15;
/** ip(7): where multicasts leave, struct ip_mreqn. */
export const IP_MULTICAST_IF = 32;
/** ip(7): how many routers a multicast may pass. */
export const IP_MULTICAST_TTL = 33;
/** ip(7): hear one's own multicasts. */
export const IP_MULTICAST_LOOP = 34;
/** ip(7): join a group, struct ip_mreqn. */
export const IP_ADD_MEMBERSHIP = 35;
/** ip(7): hear groups that other sockets joined. */
export const IP_MULTICAST_ALL = 49;

/** packet(7): the level of the PACKET_ options. */
export const SOL_PACKET = 263;
/** packet(7), Linux 4.20: do not hear what this machine sends. */
export const PACKET_IGNORE_OUTGOING = 23;

/** send(2): do not wait for room. */
export const MSG_DONTWAIT = 0x40;
/** send(2): no SIGPIPE. */
export const MSG_NOSIGNAL = 0x4000;

/** open(2): reading. */
export const O_RDONLY = 0;
/** open(2): started programs do not inherit it. */
export const O_CLOEXEC = 0x80000;

/** unshare(2), setns(2): network namespace. */
export const CLONE_NEWNET = 0x40000000;

/** clock_gettime(2): since boot, sleep included. */
export const CLOCK_BOOTTIME = 7;

/** prctl(2): signal when the parent ends. */
export const PR_SET_PDEATHSIG = 1;
/** prctl(2): orphans come here. */
export const PR_SET_CHILD_SUBREAPER = 36;

/** sched(7): normal. */
export const SCHED_OTHER = 0;
/** sched(7): real time. */
export const SCHED_FIFO = 1;
/** sched(7): children start normal. */
export const SCHED_RESET_ON_FORK = 0x40000000;

/** mlockall(2): MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT. */
export const MCL_ALL_ONFAULT = 7;
/** mlock2(2): lock pages as they are touched. */
export const MLOCK_ONFAULT = 1;
/** madvise(2): drop the pages of a range. */
export const MADV_DONTNEED = 4;
/** Since Linux 5.18. */
export const MADV_DONTNEED_LOCKED = 24;

/** waitid(2): any child. */
export const P_ALL = 0;
/** waitid(2): do not wait. */
export const WNOHANG = 1;
/** waitid(2): children that ended. */
export const WEXITED = 4;
/** waitid(2): look, leave it there. */
export const WNOWAIT = 0x01000000;

/** errno(3): not permitted. */
export const EPERM = 1;
/** errno(3): not there. */
export const ENOENT = 2;
/** errno(3): no such process, thread or route. */
export const ESRCH = 3;
/** errno(3): no room now. */
export const EAGAIN = 11;
/** errno(3): there already. */
export const EEXIST = 17;
/** errno(3): no such device (mount: file system). */
export const ENODEV = 19;
/** errno(3): buffer full. */
export const ENOBUFS = 105;
