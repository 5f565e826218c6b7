// The whole surface of kernel: the only room that touches libc, sockets, devices, processes and
// clocks. Everything is a small function; refused calls are SysError values.
export { addAddress, type LinkAddress, listAddresses, removeAddress } from "./addresses.ts";
export {
  type BpfInstruction,
  bpfReturn,
  filterArp,
  filterArpFrom,
  filterDhcpClient,
  filterDhcpServer,
  filterRarp,
} from "./bpf.ts";
export { monoNowUs } from "./clock.ts";
export {
  destroyConnection,
  listConnections,
  openSocketDiagnosis,
  type TcpConnection,
} from "./connections.ts";
export { refusal, type SysError, sysErrorText } from "./errors.ts";
export { type Gate, type GateOptions, openGate } from "./gate.ts";
export type { GateHold } from "./gate-attach.ts";
export { closeFd } from "./libc.ts";
export {
  type BridgePort,
  type BridgePortState,
  createBridge,
  createMacvlan,
  createVeth,
  deleteLink,
  findLink,
  isolateBridgePort,
  type Link,
  type LinkChange,
  listLinks,
  setBridgePortState,
  setLink,
} from "./links.ts";
export {
  type LineServer,
  type LineServerLimits,
  type LineServerOptions,
  openLineServer,
} from "./line-server.ts";
export { type Letter, type LetterBox, type LetterBoxOptions, openLetterBox } from "./letter-box.ts";
export {
  canMakeNamespaces,
  type MountOptions,
  mountFileSystem,
  type NamespaceRights,
  setHostName,
  unmount,
  writeSysctl,
} from "./machine.ts";
export { type MonitorOptions, monitorNetlink, type NetlinkChange } from "./monitor.ts";
export {
  type Forwarding,
  listForwarding,
  listNeighbours,
  type Neighbour,
  replaceNeighbour,
} from "./neighbours.ts";
export { type Netlink, openNetlink } from "./netlink.ts";
export { closeNetns, createNetns, currentNetns, inNetns, netnsNumber, openNetns } from "./netns.ts";
export { openPacket, type PacketOptions, type PacketSocket } from "./packet.ts";
export {
  killPid,
  reapOrphans,
  setParentDeathSignal,
  setSubreaper,
  type WatchedProcess,
  watchPid,
} from "./process.ts";
export { openRawIp, type RawIp } from "./raw-ip.ts";
export {
  childrenOf,
  hasVariable,
  killGroup,
  listProcesses,
  type ProcessFacts,
  readProcess,
} from "./process-tree.ts";
export { type Awaited, awaitReady, pollIn, pollPriority } from "./readiness.ts";
export { becomeRealtime, type Realtime } from "./realtime.ts";
export { listRoutes, removeRoute, replaceRoute, type Route } from "./routes.ts";
export { interfaceIndex, isFull } from "./socket.ts";
export { openTcpListener, type TcpListenerOptions } from "./tcp.ts";
export { hurryDeath, spawnAtOwnClass } from "./spawn-class.ts";
export { dropTraffic, passTraffic, type TrafficDirection } from "./traffic.ts";
export { releaseText } from "./text-memory.ts";
export { openUdp, type UdpOptions, type UdpSocket } from "./udp.ts";
