import type { GatewayConfig, RetryPolicy, RouteConfig } from '../../host/gateway/index.ts'
import type { Bootstrap } from '../../tools/envoy-process.ts'

const TYPE = 'type.googleapis.com/envoy.extensions'

/** A configuration of the embedded gateway as a bootstrap of Envoy, whose listener is `ingress`: what its tests use of it. */
export function inEnvoysWords(
  { virtualHosts, clusters }: GatewayConfig,
  httpFilters: unknown[] = [],
): Bootstrap {
  const manager = {
    '@type': `${TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'ingress',
    route_config: {
      virtual_hosts: virtualHosts.map((virtualHost) => ({
        name: virtualHost.name,
        domains: virtualHost.domains,
        include_request_attempt_count: virtualHost.includeRequestAttemptCount ?? false,
        include_attempt_count_in_response: virtualHost.includeAttemptCountInResponse ?? false,
        routes: virtualHost.routes.map(routeOf),
      })),
    },
    http_filters: [
      ...httpFilters,
      { name: 'router', typed_config: { '@type': `${TYPE}.filters.http.router.v3.Router` } },
    ],
  }
  return {
    admin: { address: socketAddress('127.0.0.1:0') },
    static_resources: {
      listeners: [
        {
          name: 'ingress',
          address: socketAddress('127.0.0.1:0'),
          filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
        },
      ],
      clusters: clusters.map(({ name, endpoints, circuitBreakers, http2ProtocolOptions }) => ({
        name,
        type: 'STATIC',
        lb_policy: 'RING_HASH',
        ...(circuitBreakers?.maxRetries === undefined
          ? {}
          : { circuit_breakers: { thresholds: [{ max_retries: circuitBreakers.maxRetries }] } }),
        ...(http2ProtocolOptions === undefined
          ? {}
          : {
              typed_extension_protocol_options: {
                'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
                  '@type': `${TYPE}.upstreams.http.v3.HttpProtocolOptions`,
                  explicit_http_config: { http2_protocol_options: {} },
                },
              },
            }),
        load_assignment: {
          cluster_name: name,
          endpoints: [
            {
              lb_endpoints: endpoints.map(({ address }) => ({
                endpoint: { address: socketAddress(address) },
              })),
            },
          ],
        },
      })),
    },
  }
}

function routeOf({
  match,
  cluster,
  hashPolicy = [],
  retryPolicy,
  perRequestBufferLimitBytes,
}: RouteConfig): unknown {
  return {
    match,
    ...(perRequestBufferLimitBytes === undefined
      ? {}
      : { per_request_buffer_limit_bytes: perRequestBufferLimitBytes }),
    route: {
      cluster,
      hash_policy: hashPolicy.map((policy) => {
        if ('header' in policy) return { header: { header_name: policy.header.headerName } }
        if ('cookie' in policy)
          return { cookie: { name: policy.cookie.name, ttl: seconds(policy.cookie.ttl ?? 0, 1) } }
        throw new Error('only headers and cookies are hashed in these tests')
      }),
      ...(retryPolicy === undefined ? {} : { retry_policy: retriesOf(retryPolicy) }),
    },
  }
}

function retriesOf(policy: RetryPolicy): unknown {
  const { retryOn, numRetries, perTryTimeout, retriableStatusCodes = [], retryHostPredicate = [] } = policy
  const { hostSelectionRetryMaxAttempts, retryBackOff } = policy
  const predicate = {
    name: 'previous',
    typed_config: { '@type': `${TYPE}.retry.host.previous_hosts.v3.PreviousHostsPredicate` },
  }
  return {
    retry_on: retryOn,
    ...(numRetries === undefined ? {} : { num_retries: numRetries }),
    ...(perTryTimeout === undefined ? {} : { per_try_timeout: seconds(perTryTimeout, 1_000) }),
    retriable_status_codes: retriableStatusCodes,
    retry_host_predicate: retryHostPredicate.map(() => predicate),
    ...(hostSelectionRetryMaxAttempts === undefined
      ? {}
      : { host_selection_retry_max_attempts: hostSelectionRetryMaxAttempts }),
    ...(retryBackOff === undefined
      ? {}
      : { retry_back_off: { base_interval: seconds(retryBackOff.baseInterval, 1_000) } }),
  }
}

function seconds(value: number, unit: number): string {
  return `${value / unit}s`
}

function socketAddress(address: string): unknown {
  const at = address.lastIndexOf(':')
  return { socket_address: { address: address.slice(0, at), port_value: Number(address.slice(at + 1)) } }
}
