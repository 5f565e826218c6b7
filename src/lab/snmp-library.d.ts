// Types of the parts of net-snmp 3.29.2 that the switch agent uses (lib: index.js "Agent").

/** A variable in a request or an answer. */
export type Varbind = {
  oid: string;
  type: number;
  value: number | string | Uint8Array | null;
};
/** A decoded request PDU. */
export type RequestPdu = {
  varbinds: Varbind[];
  nonRepeaters: number;
  maxRepetitions: number;
  getResponsePduForRequest(): { varbinds: Varbind[]; errorStatus?: number; errorIndex?: number };
};
/** A decoded, authenticated message; version is 0 for v1, 1 for v2c, 3. */
export type RequestMessage = { readonly version: number; readonly pdu: RequestPdu };
/** Where a datagram came from. */
export type RemoteInfo = {
  readonly address: string;
  readonly port: number;
  readonly family: string;
  readonly size: number;
};
/** What the library needs of a socket (a subset of node:dgram). */
export type DatagramSocket = {
  on(event: string, listener: (bytes: Uint8Array, from: RemoteInfo) => void): void;
  bind(port: number, address: string | null): void;
  send(
    buffer: Uint8Array,
    offset: number,
    length: number,
    port: number,
    address: string,
    done: (error: Error | null) => void,
  ): void;
  address(): { address: string; port: number };
  close(done?: () => void): void;
};
type RequestHandler = (socket: DatagramSocket, message: RequestMessage, from: RemoteInfo) => void;
/** A user of SNMPv3; protocols are numbers of AuthProtocols and PrivProtocols. */
export type SnmpUser = {
  name: string;
  level: number;
  authProtocol?: number;
  authKey?: string;
  privProtocol?: number;
  privKey?: string;
};
/** The agent; its request handlers may be replaced. */
export type SnmpAgent = {
  getRequest: RequestHandler;
  getNextRequest: RequestHandler;
  getBulkRequest: RequestHandler;
  setRequest: RequestHandler;
  sendResponse(
    socket: DatagramSocket,
    to: RemoteInfo,
    request: RequestMessage,
    response: ReturnType<RequestPdu["getResponsePduForRequest"]>,
  ): void;
  getAuthorizer(): { addCommunity(community: string): void; addUser(user: SnmpUser): void };
  close(): void;
};
/** Starts an agent; `callback` hears of requests it refused. */
export function createAgent(
  options: {
    port: number;
    address: string;
    engineID?: string;
    dgramModule?: { createSocket(transport: string): DatagramSocket };
    accessControlModelType?: number;
  },
  callback: (error: Error | null) => void,
): SnmpAgent;
/** Numbers of the library, by name. */
export const AuthProtocols: Readonly<Record<string, number>>;
/** Numbers of the library, by name. */
export const PrivProtocols: Readonly<Record<string, number>>;
/** Numbers of the library, by name. */
export const SecurityLevel: Readonly<Record<string, number>>;
/** Numbers of the library, by name. */
export const ErrorStatus: Readonly<Record<string, number>>;
