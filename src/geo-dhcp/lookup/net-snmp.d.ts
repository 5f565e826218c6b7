// The part of net-snmp 3.29 that is used here (it brings no types). What comes from the network
// is `unknown`.

declare module "net-snmp" {
  /** A UDP socket as net-snmp wants it: the part of node:dgram that it calls. */
  export type DgramSocket = {
    on(event: string, listener: (...args: unknown[]) => void): unknown;
    bind(port: number | undefined, address: string | undefined): unknown;
    send(
      buffer: Uint8Array,
      offset: number,
      length: number,
      port: number,
      address: string,
      done: (error: Error | null, bytes?: number) => void,
    ): void;
    ref(): unknown;
    unref(): unknown;
    close(): unknown;
  };
  /** Stands in for node:dgram. */
  export type DgramModule = { createSocket(transport: string): DgramSocket };
  /** One OID as asked for or as answered. */
  export type SnmpVarbind = { oid: string; type: number; value: unknown };
  /** An answer: varbinds for get and getNext, lists of them for getBulk. */
  export type SnmpCallback = (error: Error | null, varbinds?: unknown) => void;
  /** Options of both kinds of session. Times in ms. */
  export type SessionOptions = {
    readonly version?: number;
    readonly port?: number;
    readonly retries?: number;
    readonly timeout?: number;
    readonly idBitsSize?: number;
    readonly sourceAddress?: string;
    readonly dgramModule?: DgramModule;
  };
  /** An SNMPv3 user. */
  export type SnmpUser = {
    readonly name: string;
    readonly level: number;
    readonly authProtocol?: unknown;
    readonly authKey?: string;
    readonly privProtocol?: unknown;
    readonly privKey?: string;
  };
  /** Questions to one agent. */
  export type Session = {
    get(oids: readonly string[], done: SnmpCallback): unknown;
    getNext(oids: readonly string[], done: SnmpCallback): unknown;
    getBulk(
      oids: readonly string[],
      nonRepeaters: number,
      maxRepetitions: number,
      done: SnmpCallback,
    ): unknown;
    on(event: "error" | "close", listener: (error?: unknown) => void): unknown;
    close(): unknown;
  };
  export function createSession(
    target: string,
    community: string,
    options: SessionOptions,
  ): Session;
  export function createV3Session(target: string, user: SnmpUser, options: SessionOptions): Session;
  export const Version1: number;
  export const Version2c: number;
  export const SecurityLevel: {
    readonly noAuthNoPriv: number;
    readonly authNoPriv: number;
    readonly authPriv: number;
  };
  export const AuthProtocols: Readonly<Record<string, unknown>>;
  export const PrivProtocols: Readonly<Record<string, unknown>>;
  /** The agent half, used by tests and the virtual switch; its own types live with its users. */
  export function createAgent(options: object, callback: (error: unknown) => void): unknown;
  export const MibProviderType: Readonly<Record<string, number>>;
  export const ObjectType: Readonly<Record<string, number>>;
  export const MaxAccess: Readonly<Record<string, number>>;
  export const AccessControlModelType: Readonly<Record<string, number>>;
}
