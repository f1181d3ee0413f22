import type { Bootstrap } from '../tools/envoy-process.ts'
import type { IngressOptions } from './ingress.ts'
import { clusterOf, type Mesh } from './mesh.ts'
import type { HashAlgorithm, HashKey, WasmPlugin } from './resources.ts'

/** An HTTP filter as it stands in a connection manager's list. */
export type HttpFilter = Readonly<Record<string, unknown>>

export interface BootstrapOptions extends IngressOptions {
  /** What a RequestAuthentication becomes; runs where Istio has it, after AUTHN and before AUTHZ. */
  readonly jwtAuthn?: HttpFilter
  /** More WasmPlugins of the same module, after the mesh's own. */
  readonly morePlugins?: readonly WasmPlugin[]
  /** Stands right before the router. */
  readonly beforeRouter?: HttpFilter
  /** What the listener speaks below HTTP. Default: nothing, plain TCP. */
  readonly transportSocket?: Readonly<Record<string, unknown>>
  /** More fields of the connection manager. */
  readonly connectionManager?: Readonly<Record<string, unknown>>
}

/** The name of the one listener. */
export const INGRESS_LISTENER = 'ingress'

const HTTP_FILTERS = 'type.googleapis.com/envoy.extensions.filters.http'
const HTTP_CONNECTION_MANAGER =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'

/**
 * Translates a mesh into what Istio would send to its gateway, as far as it decides who gets a request: a route
 * with the hash policy of `ConsistentHashToHashPolicy` (pilot/pkg/networking/core/route/route.go), a cluster with
 * the balancer of `ApplyRingHashLoadBalancer` (cluster_traffic_policy.go), and the filter where `phase` puts it.
 * Everything listens on 127.0.0.1; admin is on a free port.
 */
export function envoyBootstrap(mesh: Mesh, options: BootstrapOptions): Bootstrap {
  const { virtualService, destinationRule, wasmPlugin } = mesh
  const cluster = clusterOf(mesh)
  return {
    node: {
      id: 'router~127.0.0.1~gateway.istio-system~istio-system.svc.cluster.local',
      cluster: 'gateway',
      metadata: { NAMESPACE: mesh.gateway.namespace },
    },
    admin: { address: local(0) },
    static_resources: {
      listeners: [
        {
          name: INGRESS_LISTENER,
          address: local(options.port ?? 0),
          filter_chains: [
            {
              ...(options.transportSocket === undefined ? {} : { transport_socket: options.transportSocket }),
              filters: [
                {
                  name: 'envoy.filters.network.http_connection_manager',
                  typed_config: {
                    '@type': HTTP_CONNECTION_MANAGER,
                    stat_prefix: 'ingress',
                    // As Istio's gateways: the peer is the client, unless trusted proxies are configured.
                    use_remote_address: true,
                    route_config: {
                      name: `http.${mesh.gateway.port}`,
                      ignore_port_in_host_matching: true,
                      virtual_hosts: [
                        {
                          name: `${virtualService.hosts[0] ?? ''}:${mesh.gateway.port}`,
                          domains: virtualService.hosts,
                          routes: [
                            {
                              match: { prefix: virtualService.prefix },
                              route: {
                                cluster,
                                timeout: '0s',
                                hash_policy: [hashPolicy(destinationRule.key)],
                              },
                            },
                          ],
                        },
                      ],
                    },
                    http_filters: httpFilters(wasmPlugin, options),
                    ...options.connectionManager,
                  },
                },
              ],
            },
          ],
        },
      ],
      clusters: [
        {
          name: cluster,
          type: 'STATIC',
          // Istio turns panic off: however few pods are healthy, the others get nothing.
          common_lb_config: { healthy_panic_threshold: {} },
          ...loadBalancer(destinationRule.algorithm),
          load_assignment: {
            cluster_name: cluster,
            endpoints: [
              {
                lb_endpoints: options.replicas.map((replica) => ({ endpoint: { address: local(replica) } })),
              },
            ],
          },
        },
      ],
    },
  }
}

function local(port: number): Record<string, unknown> {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}

function hashPolicy(key: HashKey): Record<string, unknown> {
  switch (key.kind) {
    case 'httpHeaderName':
      return { header: { header_name: key.name } }
    case 'httpCookie':
      return {
        cookie: {
          name: key.name,
          ...(key.ttlSeconds === undefined ? {} : { ttl: `${key.ttlSeconds}s` }),
          ...(key.path === undefined ? {} : { path: key.path }),
        },
      }
    case 'httpQueryParameterName':
      return { query_parameter: { name: key.name } }
    case 'useSourceIp':
      return { connection_properties: { source_ip: true } }
  }
}

function loadBalancer(algorithm: HashAlgorithm): Record<string, unknown> {
  switch (algorithm.kind) {
    case 'ringHash':
      return {
        lb_policy: 'RING_HASH',
        ring_hash_lb_config: { minimum_ring_size: algorithm.minimumRingSize },
      }
    case 'maglev':
      return { lb_policy: 'MAGLEV', maglev_lb_config: { table_size: algorithm.tableSize } }
  }
}

function httpFilters(plugin: WasmPlugin | undefined, options: BootstrapOptions): readonly HttpFilter[] {
  const plugins = [...(plugin === undefined ? [] : [plugin]), ...(options.morePlugins ?? [])]
  const inPhase = (authn: boolean) =>
    plugins.filter(({ phase }) => (phase === 'AUTHN') === authn).map((each) => wasmFilter(each, options.wasm))
  return [
    ...inPhase(true),
    ...(options.jwtAuthn === undefined ? [] : [options.jwtAuthn]),
    ...inPhase(false),
    ...(options.beforeRouter === undefined ? [] : [options.beforeRouter]),
    {
      name: 'envoy.filters.http.router',
      typed_config: { '@type': `${HTTP_FILTERS}.router.v3.Router` },
    },
  ]
}

const FAILURE_POLICY = {
  FAIL_CLOSE: 'FAIL_CLOSED',
  FAIL_OPEN: 'FAIL_OPEN',
  FAIL_RELOAD: 'FAIL_RELOAD',
} as const

function wasmFilter(plugin: WasmPlugin, wasm: string): HttpFilter {
  const name = `${plugin.namespace}.${plugin.name}`
  return {
    name: `extensions.istio.io/wasmplugin/${name}`,
    typed_config: {
      '@type': `${HTTP_FILTERS}.wasm.v3.Wasm`,
      config: {
        name,
        root_id: plugin.pluginName,
        failure_policy: FAILURE_POLICY[plugin.failStrategy],
        vm_config: {
          runtime: 'envoy.wasm.runtime.v8',
          code: { local: { filename: wasm } },
          environment_variables: { key_values: plugin.env },
        },
        ...(plugin.configuration === undefined
          ? {}
          : {
              configuration: {
                '@type': 'type.googleapis.com/google.protobuf.StringValue',
                value: plugin.configuration,
              },
            }),
      },
    },
  }
}
