// The whole surface of geo-dhcp: DHCP and RARP by switch port, and the switch lookup.
export * from "./lookup/index.ts";
export { createState as createGeoDhcp, step as stepGeoDhcp } from "./core.ts";
export { type EventName as GeoDhcpLogEvent, explanations } from "./core/event-names.ts";
export { alarms as geoDhcpAlarms } from "./core/holders.ts";
export { vendorClassPrefix, vendorCodes } from "./core/reply.ts";
export type {
  Alarm as AddressAlarm,
  BootInfo,
  Config as GeoDhcpConfig,
  Destination,
  Effect as GeoDhcpEffect,
  Event as GeoDhcpEvent,
  Given,
  State as GeoDhcpState,
} from "./core/types.ts";
export { type GeoDhcp, type GeoDhcpError, type GeoDhcpOptions, startGeoDhcp } from "./shell.ts";
export { type Where } from "./where.ts";
