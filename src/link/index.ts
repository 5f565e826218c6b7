// The whole surface of link: authenticated messages between two boards over both networks at once.
export { linkPayloadBytesMax } from "./limits.ts";
export {
  type BoardLink,
  type LinkCounters,
  type LinkMessage,
  type LinkOptions,
  openLink,
} from "./shell.ts";
export {
  decodeLinkPacket,
  encodeLinkPacket,
  type LinkExpectation,
  linkKey,
  type LinkPacket,
  type LinkRefusal,
} from "./packet.ts";
