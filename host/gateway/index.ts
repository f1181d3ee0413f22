/** The embedded HTTP gateway: a Wasm filter behind real sockets, without an Envoy. */
export {
  type ClusterConfig,
  type DynamicMetadata,
  type FailurePolicy,
  type GatewayConfig,
  GatewayConfigError,
  type GatewayConfigErrorCode,
  type ListenAddress,
  type RouteConfig,
  type RouteMatch,
  type VirtualHostConfig,
  type WasmFilterConfig,
} from './config.ts'
export { readGatewayConfig } from './config-file.ts'
export type { RetryPolicy } from './retries.ts'
export type { HealthCheckConfig } from './health-check.ts'
export { Gateway } from './gateway.ts'
