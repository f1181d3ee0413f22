/**
 * What the gateway is told. Names are Envoy's, in camel case; what is absent has Envoy's default.
 */
import type { Host, HashPolicy, LoadBalancerPolicy, Random64 } from '../envoy/index.ts'
import type { HealthCheckConfig } from './health-check.ts'
import type { HeaderMap } from '../header-map.ts'
import type { LogEntry } from '../log.ts'
import type { FailurePolicy } from '../plugin.ts'
import type { PropertyTree } from '../property.ts'
import { conditionsOf, RETRY_CONDITIONS, type RetryPolicy } from './retries.ts'

/** Where to listen. */
export interface ListenAddress {
  /** An IP address of this machine; `127.0.0.1` by default. */
  readonly host?: string
  /** 0, the default, takes any free port. */
  readonly port?: number
}

/**
 * When a filter's VM has failed: answer 503 to everything, go on without the filter, or start a new VM, though none
 * within a second of the last. The request in whose callback it failed gets 503 in any case.
 */
export type { FailurePolicy }

/** One Wasm filter. */
export interface WasmFilterConfig {
  /** Unique in the chain: the property `plugin_name`, and what errors and logs call it. */
  readonly name: string
  /** The module's bytes. */
  readonly module: Uint8Array
  readonly rootId?: string
  /** What the filter gets in on_configure, text or bytes. */
  readonly configuration?: string | Uint8Array
  readonly environment?: Readonly<Record<string, string>>
  readonly failurePolicy?: FailurePolicy
  /** Filters with the same module, vmId, vmConfiguration and environment share a VM, as in Envoy from 1.39.3 on. */
  readonly vmId?: string
  readonly vmConfiguration?: string | Uint8Array
  /** What the filter may read of the proxy itself, in on_configure and in every request. */
  readonly properties?: PropertyTree
}

/** Which requests a route takes: by the start of the path, or by all of it but the query. */
export type RouteMatch = { readonly prefix: string } | { readonly path: string }

/** A route to a cluster. */
export interface RouteConfig {
  readonly name?: string
  readonly match: RouteMatch
  readonly cluster: string
  readonly hashPolicy?: readonly HashPolicy[]
  /** Absent: a request is tried once. */
  readonly retryPolicy?: RetryPolicy
  /** How much of a body is kept for retries, in bytes; a request with more is not tried again. 1 MiB by default. */
  readonly perRequestBufferLimitBytes?: number
}

/** Routes for some hosts; the first that matches is taken. */
export interface VirtualHostConfig {
  readonly name: string
  /** `shop.example.com`, `*.example.com`, `shop.*`, or `*` for all. No two virtual hosts share one. */
  readonly domains: readonly string[]
  readonly routes: readonly RouteConfig[]
  /** Whether upstreams are told the number of the attempt, from 1, as `x-envoy-attempt-count`. */
  readonly includeRequestAttemptCount?: boolean
  /** Whether clients are told how many attempts it took, in the same header. */
  readonly includeAttemptCountInResponse?: boolean
}

/** Upstream hosts and how to choose among them. */
export interface ClusterConfig {
  readonly name: string
  readonly endpoints: readonly Host[]
  /** `'roundRobin'` by default. */
  readonly loadBalancer?: LoadBalancerPolicy
  /** Percent of healthy hosts below which all are used; 50 by default, 0 in a mesh of Istio's. */
  readonly healthyPanicThreshold?: number
  /** Whether hosts accept connections is looked at over and over; absent: they are as healthy as they are said to be. */
  readonly healthCheck?: HealthCheckConfig
  /** Present: hosts speak HTTP/2 without TLS, as gRPC needs it; absent: HTTP/1.1. */
  readonly http2ProtocolOptions?: Readonly<Record<string, never>>
  readonly circuitBreakers?: {
    /** How many requests may be tried again at once; 3 by default. */
    readonly maxRetries?: number
  }
}

/** Dynamic metadata by filter name, as jwt_authn and its like would leave it. */
export type DynamicMetadata = (request: HeaderMap) => PropertyTree

/** All that a gateway is told. */
export interface GatewayConfig {
  readonly listener?: ListenAddress
  /** Serves `/stats` and `/ready`; absent: nothing is served. */
  readonly admin?: ListenAddress
  /** In the order in which requests pass them. */
  readonly filters?: readonly WasmFilterConfig[]
  readonly virtualHosts: readonly VirtualHostConfig[]
  readonly clusters: readonly ClusterConfig[]
  /** Whether `shop.example.com:8080` matches the domain `shop.example.com`. Envoy: false; Istio's gateways: true. */
  readonly ignorePortInHostMatching?: boolean
  /**
   * True: the peer is the client and is added to x-forwarded-for, as at the edge. False: the last entry of
   * x-forwarded-for is the client. Envoy: false; Istio's gateways: true.
   */
  readonly useRemoteAddress?: boolean
  /** How many proxies in front of this one are believed; 0 by default. */
  readonly xffNumTrustedHops?: number
  /**
   * What other filters would have written about a request: read by filters as
   * `metadata.filter_metadata.<filter name>`. Called once a request, before the first filter.
   */
  readonly metadata?: DynamicMetadata
  /** Draws for balancers where a request has no hash; the system's own source by default. */
  readonly random?: Random64
  /** Gets every line that a filter or the gateway logs, at `info` and above. */
  readonly log?: (entry: LogEntry) => void
  /** Milliseconds that `close` waits for requests in flight; 5,000 by default. */
  readonly drainTime?: number
}

/** Stable reasons of a {@link GatewayConfigError}; a new one may be added, none is ever renamed. */
export type GatewayConfigErrorCode =
  | 'not_yaml'
  | 'bad_field'
  | 'unreadable_module'
  | 'unknown_cluster'
  | 'duplicate_cluster'
  | 'duplicate_domain'
  | 'duplicate_filter'
  | 'bad_endpoint_address'
  | 'unknown_retry_condition'

/** The configuration contradicts itself: no gateway was started. */
export class GatewayConfigError extends Error {
  override readonly name = 'GatewayConfigError'
  readonly code: GatewayConfigErrorCode

  constructor(code: GatewayConfigErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

const ENDPOINT_ADDRESS = /^(?:[^[\]:]+|\[[0-9a-fA-F:.]+\]):\d{1,5}$/

/**
 * Checks what types cannot say.
 *
 * @throws {GatewayConfigError} for the first contradiction found
 */
export function checkConfig(config: GatewayConfig): void {
  const clusters = new Set<string>()
  for (const { name, endpoints } of config.clusters) {
    if (clusters.has(name)) {
      throw new GatewayConfigError(
        'duplicate_cluster',
        `two clusters are named ${JSON.stringify(name)}: rename one`,
      )
    }
    clusters.add(name)
    for (const { address } of endpoints) {
      if (ENDPOINT_ADDRESS.test(address)) continue
      throw new GatewayConfigError(
        'bad_endpoint_address',
        `an endpoint of cluster ${JSON.stringify(name)} is ${JSON.stringify(address)}, expected ip:port or [ipv6]:port`,
      )
    }
  }

  const domains = new Map<string, string>()
  for (const virtualHost of config.virtualHosts) {
    for (const domain of virtualHost.domains.map((name) => name.toLowerCase())) {
      const other = domains.get(domain)
      if (other !== undefined) {
        throw new GatewayConfigError(
          'duplicate_domain',
          `virtual hosts ${JSON.stringify(other)} and ${JSON.stringify(virtualHost.name)} ` +
            `both have the domain ${JSON.stringify(domain)}: only one may`,
        )
      }
      domains.set(domain, virtualHost.name)
    }
    for (const { cluster, retryPolicy } of virtualHost.routes) {
      if (retryPolicy !== undefined) checkRetryPolicy(retryPolicy, virtualHost.name)
      if (clusters.has(cluster)) continue
      throw new GatewayConfigError(
        'unknown_cluster',
        `a route of virtual host ${JSON.stringify(virtualHost.name)} goes to ${JSON.stringify(cluster)}, ` +
          `expected one of ${JSON.stringify([...clusters])}`,
      )
    }
  }

  const filters = new Set<string>()
  for (const { name } of config.filters ?? []) {
    if (filters.has(name)) {
      throw new GatewayConfigError(
        'duplicate_filter',
        `two filters are named ${JSON.stringify(name)}: rename one`,
      )
    }
    filters.add(name)
  }
}

function checkRetryPolicy(policy: RetryPolicy, virtualHost: string): void {
  const known: readonly string[] = RETRY_CONDITIONS
  const unknown = conditionsOf(policy).find((condition) => !known.includes(condition))
  if (unknown === undefined) return
  throw new GatewayConfigError(
    'unknown_retry_condition',
    `a route of virtual host ${JSON.stringify(virtualHost)} is retried on ${JSON.stringify(unknown)}, ` +
      `expected some of ${JSON.stringify(known)}`,
  )
}
