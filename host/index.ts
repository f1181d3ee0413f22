/**
 * Envoy's Proxy-Wasm host, for tests of filters in any language: synchronous, deterministic, without an Envoy.
 *
 *     ProxyWasmModule.load(bytes) --> new Vm(module) --> vm.startPlugin() --> plugin.stream() --> stream.end()
 *
 * @module
 */
export {
  BufferType,
  FilterDataStatus,
  FilterHeadersStatus,
  FilterTrailersStatus,
  HeaderMapType,
  LogLevel,
  MetricType,
  Status,
  StreamType,
} from '../assembly/proxy/abi.ts'
export { type Callouts, GrpcCall, GrpcStream, HttpCall, type HttpCallResponse } from './callouts.ts'
export { type Clock, ManualClock, systemClock } from './clock.ts'
export { type DnsQueries, DnsQuery } from './dns.ts'
export { byteStringOf, bytesOf } from './envoy/byte-string.ts'
export type { HeaderEntry, HeaderList } from './envoy/header-list.ts'
export {
  type HeaderViolation,
  HeaderViolationError,
  HostUsageError,
  PluginRefusedError,
  type RefusalCode,
  type RefusalPhase,
  type UsageCode,
  VmFailedError,
} from './errors.ts'
export type { Fault } from './faults.ts'
export {
  Connection,
  type FilterState,
  type FilterStateObject,
  LIFE_SPAN,
  type LifeSpan,
} from './filter-state.ts'
export type { ForeignFunction, ForeignResult } from './foreign.ts'
export type { VmFailure } from './guest.ts'
export { HeaderMap, type HeaderMapKind } from './header-map.ts'
export type { HostcallCounts } from './hostcall-counts.ts'
export { HOSTCALLS } from './imports.ts'
export type { AbiVersion, HostcallRules } from './imports.ts'
export { type Journal, type JournalEvent } from './journal.ts'
export type { LocalReply } from './local-reply.ts'
export type { LogEntry, Logs } from './log.ts'
export type { GuestMemory } from './memory.ts'
export { Metrics } from './metrics.ts'
export { ENVOY_MEMORY_LIMIT_PAGES, ProxyWasmModule } from './module.ts'
export {
  type NetworkConnection,
  type NetworkConnectionOptions,
  type NetworkDataResult,
  type NetworkResult,
  NetworkStatus,
} from './network-connection.ts'
export type {
  DataResult,
  HeadersResult,
  MetadataResult,
  PhaseResult,
  ResponseOptions,
  StreamOptions,
  TrailersResult,
} from './phases.ts'
export { type FailurePolicy, type Plugin, type PluginOptions } from './plugin.ts'
export type { PropertyTree, PropertyValue } from './property.ts'
export { type RandomSource, seededRandom, systemRandom } from './random.ts'
export { SharedData, type SharedValue } from './shared-data.ts'
export { SharedQueues } from './shared-queues.ts'
export type { Stream } from './stream.ts'
export { StreamInfo, type StreamPhase } from './stream-info.ts'
export { Vm, type VmOptions } from './vm.ts'
export {
  Workers,
  type WorkersOptions,
  WorkersPlugin,
  type WorkersPluginOptions,
  type WorkerStreamOptions,
} from './workers.ts'
