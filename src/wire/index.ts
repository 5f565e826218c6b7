// The whole surface of wire: bytes <-> typed values, pure and bounded, one file per protocol.
export {
  arpAnnouncement,
  arpAnnouncementReply,
  arpBytes,
  arpFrame,
  arpOps,
  type ArpPacket,
  arpProbe,
  arpRequest,
  decodeArp,
  decodeArpFrame,
  encodeArp,
  zeroIpv4,
} from "./arp.ts";
export {
  type BoardReport,
  decodeBoardReport,
  encodeBoardReport,
  reportCauses,
  type ReportedService,
  reportStates,
} from "./board-report.ts";
export {
  isWhole,
  type Reader,
  reader,
  readIncarnation,
  readList,
  readSlot,
  readText,
  readU16,
  readU32,
  readU53,
  readU8,
  writeIncarnation,
  writeList,
  type Writer,
  writer,
  writeText,
  writeU16,
  writeU32,
  writeU53,
  writeU8,
} from "./cursor.ts";
export {
  decodeDhcp,
  dhcpBroadcastFlag,
  type DhcpMessage,
  dhcpOps,
  type DhcpOption,
  dhcpPorts,
} from "./dhcp.ts";
export { encodeDhcp } from "./dhcp-encode.ts";
export {
  type DhcpField,
  dhcpFields,
  dhcpMessageType,
  type DhcpMessageType,
  dhcpMessageTypes,
  dhcpOption,
  dhcpOptionBytes,
  dhcpOptionText,
  dhcpReplyBytesMax,
  dhcpUuidText,
  dhcpValue,
} from "./dhcp-options.ts";
export {
  decodeRelayAgent,
  decodeSubOptions,
  decodeUserClass,
  encodeRelayAgent,
  encodeSubOptions,
  encodeUserClass,
  type RelayAgent,
  type UserClass,
} from "./dhcp-suboptions.ts";
export { type WireError, wireErrorText } from "./error.ts";
export {
  broadcastMac,
  decodeEthernet,
  encodeEthernet,
  type EthernetFrame,
  ethernetFrameBytesMin,
  ethernetHeaderBytes,
  etherTypes,
  zeroMac,
} from "./ethernet.ts";
export {
  type Beat,
  type BeatExtension,
  beatExtensionDegraded,
  beatExtensionRoom,
  beatHeaderBytes,
  beatMacBytes,
  type BeatPeer,
  beatPeerBytes,
  beatPeerFlags,
  beatReason,
  beatReasonExtension,
  decodeBeat,
  encodeBeat,
} from "./heartbeat.ts";
export { decodeSteps, encodeSteps, type ToldStep } from "./history.ts";
export { decodeIpv4, encodeIpv4, ipv4HeaderBytes, type Ipv4Packet, protocolUdp } from "./ipv4.ts";
export {
  reportServicesMax,
  beatBytesMax,
  beatPeersMax,
  beatReasonBytesMax,
  dhcpBytesDefault,
  dhcpBytesMax,
  dhcpBytesMin,
  groupNameBytesMax,
  historyNameBytesMax,
  historyPacketBytesMax,
  historyTextBytesMax,
  publicClientsBytesMax,
  publicClientsMax,
  serviceNameBytesMax,
  slotServicesMax,
  udpPayloadBytesMax,
} from "./limits.ts";
export {
  decodePublicClients,
  encodePublicClients,
  type PublicClient,
  type PublicClientChange,
  type PublicClients,
} from "./public-clients.ts";
export {
  beatExtensionLease,
  decodeLeaseMessage,
  decodeLeaseRecord,
  decodeLeaseTells,
  encodeLeaseMessage,
  encodeLeaseRecord,
  encodeLeaseTells,
} from "./lease.ts";
export type {
  Forced,
  GroupTell,
  LeaseMessage,
  LeaseProof,
  LeaseRecord,
  LeaseTell,
  LogEnd,
  RefuseReason,
} from "./lease-types.ts";
export {
  decodeRarp,
  decodeRarpFrame,
  encodeRarp,
  rarpFrame,
  rarpOps,
  type RarpPacket,
  rarpReply,
  rarpRequest,
} from "./rarp.ts";
export {
  beatExtensionServices,
  decodeServices,
  encodeServices,
  type SlotServices,
} from "./services.ts";
export { encodeTickle, protocolTcp, tickleBytes, type TickleConnection } from "./tcp.ts";
export { decodeUdp, encodeUdp, type UdpAddresses, udpHeaderBytes, type UdpPacket } from "./udp.ts";
export { decodeUdpFrame, encodeUdpFrame, type UdpFrame, udpFrameHeaderBytes } from "./udp-frame.ts";
