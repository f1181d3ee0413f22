/** What is balanced, in the model's words and in Envoy's. */
import type { HashingClusterOptions, HashPolicy, Host } from '../../host/envoy/index.ts'
import type { Bootstrap } from '../../tools/envoy-process.ts'

const TYPE = 'type.googleapis.com/envoy'

/** Header by which a request gives its object in the filter state. */
export const STATE_HEADER = 'x-state'
const STATE_KEY = 'envoy.hashable_string'
export const HOSTS = 5
/** How often a request is sent anew, and how often a host for it is looked for. */
export const RETRIES = 3
export const SELECTION_ATTEMPTS = 2

/** A route's policies. */
export const POLICIES: Readonly<Record<string, readonly HashPolicy[]>> = {
  header: [{ header: { headerName: 'x-user' } }],
  cookie: [{ cookie: { name: 'sid' } }],
  minted: [
    { cookie: { name: 'sid', ttl: 60, path: '/shop', attributes: [{ name: 'SameSite', value: 'Lax' }] } },
  ],
  session: [{ cookie: { name: 'sid', ttl: 0 } }],
  query: [{ queryParameter: { name: 'user' } }],
  source: [{ connectionProperties: { sourceIp: true } }],
  rewritten: [
    {
      header: {
        headerName: 'x-place',
        regexRewrite: { pattern: '^/([a-z]*)(/.*)?$', substitution: '<\\1>' },
      },
    },
  ],
  emptied: [{ header: { headerName: 'x-place', regexRewrite: { pattern: '[a-m]*', substitution: '-\\0' } } }],
  state: [{ filterState: { key: STATE_KEY } }],
  combined: [
    { header: { headerName: 'x-user' } },
    { cookie: { name: 'sid' } },
    { queryParameter: { name: 'user' } },
    { filterState: { key: STATE_KEY } },
  ],
  terminal: [
    { cookie: { name: 'sid' }, terminal: true },
    { header: { headerName: 'x-user' } },
    { queryParameter: { name: 'user' }, terminal: true },
    { connectionProperties: { sourceIp: true } },
  ],
}

/** A cluster: its hosts beyond their addresses, and its balancer. */
export interface Balanced {
  readonly options: HashingClusterOptions
  readonly config: Readonly<Record<string, unknown>> & { readonly common_lb_config?: object }
  /** By host, in order; all 1 when absent. */
  readonly weights?: readonly number[]
  readonly hashKeys?: readonly string[]
  readonly priorities?: readonly number[]
  readonly localities?: readonly string[]
  /** `h`ealthy, `d`egraded or `u`nhealthy. */
  readonly health?: string
}

const WEIGHTS = [1, 5, 2, 1, 3]
const RING = { lb_policy: 'RING_HASH' }
const MAGLEV = { lb_policy: 'MAGLEV' }
const MAGLEV_SMALL = { ...MAGLEV, maglev_lb_config: { table_size: 251 } }

export const BALANCERS: Readonly<Record<string, Balanced>> = {
  ring: { options: { policy: { ringHash: {} } }, config: RING },
  'small-ring': {
    options: { policy: { ringHash: { minimumRingSize: 7, maximumRingSize: 23 } } },
    config: { ...RING, ring_hash_lb_config: { minimum_ring_size: 7, maximum_ring_size: 23 } },
    weights: WEIGHTS,
  },
  'weighted-ring': {
    options: { policy: { ringHash: { minimumRingSize: 100 } } },
    config: { ...RING, ring_hash_lb_config: { minimum_ring_size: 100 } },
    weights: WEIGHTS,
  },
  'murmur-ring': {
    options: { policy: { ringHash: { hashFunction: 'murmurHash2' } } },
    config: { ...RING, ring_hash_lb_config: { hash_function: 'MURMUR_HASH_2' } },
  },
  maglev: { options: { policy: { maglev: {} } }, config: MAGLEV },
  'weighted-maglev': {
    options: { policy: { maglev: { tableSize: 251 } } },
    config: MAGLEV_SMALL,
    weights: WEIGHTS,
    hashKeys: ['pod-e', 'pod-b', 'pod-d', 'pod-a', 'pod-c'],
  },
  unhealthy: { options: { policy: { ringHash: {} } }, config: RING, health: 'huhhh' },
  panic: { options: { policy: { maglev: {} } }, config: MAGLEV, health: 'uhuuu' },
  'no-panic': {
    options: { policy: { ringHash: {} }, panicThreshold: 0 },
    config: { ...RING, common_lb_config: { healthy_panic_threshold: { value: 0 } } },
    health: 'uhuuu',
  },
  priorities: {
    options: { policy: { ringHash: {} } },
    config: RING,
    priorities: [0, 0, 0, 1, 1],
    health: 'uhuhh',
  },
  'priorities-in-panic': {
    options: { policy: { maglev: { tableSize: 251 } } },
    config: MAGLEV_SMALL,
    priorities: [0, 0, 0, 1, 1],
    weights: WEIGHTS,
    health: 'uhuuu',
  },
  'three-priorities': {
    options: { policy: { ringHash: {} }, panicThreshold: 30 },
    config: { ...RING, common_lb_config: { healthy_panic_threshold: { value: 30 } } },
    priorities: [0, 0, 1, 1, 2],
    health: 'huduh',
  },
  localities: {
    options: {
      policy: { ringHash: { minimumRingSize: 100 } },
      localityWeights: [
        { locality: 'a', weight: 7 },
        { locality: 'b', weight: 2 },
        { locality: 'c', weight: 0 },
      ],
    },
    config: {
      ...RING,
      ring_hash_lb_config: { minimum_ring_size: 100 },
      common_lb_config: { locality_weighted_lb_config: {} },
    },
    weights: WEIGHTS,
    localities: ['a', 'a', 'b', 'b', 'c'],
    health: 'hhuhh',
  },
  'localities-by-priority': {
    options: {
      policy: { maglev: { tableSize: 251 } },
      localityWeights: [
        { locality: 'a', weight: 1 },
        { locality: 'b', weight: 3 },
        { locality: 'c', priority: 1, weight: 2 },
      ],
    },
    config: { ...MAGLEV_SMALL, common_lb_config: { locality_weighted_lb_config: {} } },
    localities: ['a', 'a', 'b', 'b', 'c'],
    priorities: [0, 0, 0, 0, 1],
    health: 'huhuh',
  },
}

/** Older Envoys have nothing in a request's filter state that can be hashed: a policy on it finds nothing there. */
export function hasHashableState(envoy: string): boolean {
  return envoy !== '1.36.4'
}

export function hostsOf(addresses: readonly string[], balanced: Balanced): Host[] {
  const { weights, hashKeys, priorities, localities, health } = balanced
  return addresses.map((address, i) => ({
    address,
    weight: weights?.[i] ?? 1,
    hashKey: hashKeys?.[i] ?? '',
    priority: priorities?.[i] ?? 0,
    locality: localities?.[i] ?? '',
    healthy: health?.charAt(i) !== 'u',
    degraded: health?.charAt(i) === 'd',
  }))
}

/** What discovery says about the hosts of a cluster, their health among it: an answer of EDS. */
export function discovered(
  name: string,
  addresses: readonly string[],
  balanced: Balanced,
  version: number,
): unknown {
  const type = `${TYPE}.config.endpoint.v3.ClusterLoadAssignment`
  const resources = [{ '@type': type, ...assignment(name, addresses, balanced) }]
  return { version_info: String(version), resources }
}

/** @param directory that has what is {@link discovered}, a file for each cluster */
export function bootstrap(directory: string, envoy: string): Bootstrap {
  const retry = {
    retry_on: 'reset',
    num_retries: RETRIES,
    retry_back_off: { base_interval: '0.001s' },
    retry_host_predicate: [
      {
        name: 'previous',
        typed_config: { '@type': `${TYPE}.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate` },
      },
    ],
    host_selection_retry_max_attempts: SELECTION_ATTEMPTS,
  }
  const routes = Object.entries(POLICIES).flatMap(([policy, hashPolicies]) =>
    Object.keys(BALANCERS).map((balancer) => ({
      match: { prefix: `/${policy}/${balancer}/` },
      route: { cluster: balancer, hash_policy: hashPolicies.map(inEnvoysWords), retry_policy: retry },
    })),
  )
  const split = {
    match: { prefix: '/split/' },
    route: {
      weighted_clusters: {
        clusters: [
          { name: 'ring', weight: SPLIT },
          { name: 'bounded', weight: 100 - SPLIT },
        ],
      },
    },
  }
  const bounded = {
    match: { prefix: '/bounded/' },
    route: { cluster: 'bounded', hash_policy: [{ header: { header_name: 'x-user' } }] },
  }
  const manager = {
    '@type': `${TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'ingress',
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [...routes, split, bounded] }] },
    http_filters: [
      ...(hasHashableState(envoy) ? [stateFilter()] : []),
      { name: 'router', typed_config: { '@type': `${TYPE}.extensions.filters.http.router.v3.Router` } },
    ],
  }
  return {
    node: { id: 'balancing', cluster: 'balancing' },
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
    static_resources: {
      listeners: [
        {
          name: 'ingress',
          address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
          filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
        },
      ],
      clusters: [
        ...Object.entries(BALANCERS).map(([name, balanced]) => cluster(name, balanced, directory)),
        cluster('bounded', BOUNDED, directory),
      ],
    },
  }
}

/** Percent of the requests to `/split/` that go to the cluster `ring`. */
export const SPLIT = 30

/** The cluster whose load is bounded. */
export const BOUNDED: Balanced = {
  options: { policy: { ringHash: {} }, hashBalanceFactor: 120 },
  config: { ...RING, common_lb_config: { consistent_hashing_lb_config: { hash_balance_factor: 120 } } },
  weights: WEIGHTS,
}

function stateFilter(): unknown {
  return {
    name: 'state',
    typed_config: {
      '@type': `${TYPE}.extensions.filters.http.set_filter_state.v3.Config`,
      on_request_headers: [
        {
          object_key: STATE_KEY,
          format_string: {
            text_format_source: { inline_string: `%REQ(${STATE_HEADER})%` },
            omit_empty_values: true,
          },
          skip_if_empty: true,
        },
      ],
    },
  }
}

function cluster(name: string, { config }: Balanced, directory: string): unknown {
  return {
    name,
    type: 'EDS',
    eds_cluster_config: {
      eds_config: { path_config_source: { path: `${directory}/${name}.json` }, resource_api_version: 'V3' },
    },
    ...config,
    // Else workers learn of a change of health up to a second after the update of the one before.
    common_lb_config: { ...config.common_lb_config, update_merge_window: '0s' },
  }
}

function assignment(name: string, addresses: readonly string[], balanced: Balanced): object {
  const groups = new Map<string, Host[]>()
  for (const host of hostsOf(addresses, balanced)) {
    const key = JSON.stringify([host.locality, host.priority])
    groups.set(key, [...(groups.get(key) ?? []), host])
  }
  return {
    cluster_name: name,
    endpoints: [...groups.values()].map((group) => {
      const { locality = '', priority = 0 } = group[0] ?? {}
      const weight = balanced.options.localityWeights?.find(
        (each) => each.locality === locality && (each.priority ?? 0) === priority,
      )?.weight
      return {
        priority,
        locality: { zone: locality },
        // Envoy takes no 0 here: a locality without a weight has none.
        ...(weight === undefined || weight === 0 ? {} : { load_balancing_weight: weight }),
        lb_endpoints: group.map(endpoint),
      }
    }),
  }
}

function endpoint({ address, weight, hashKey, healthy, degraded }: Host): Record<string, unknown> {
  const [ip, port] = address.split(':')
  return {
    endpoint: { address: { socket_address: { address: ip, port_value: Number(port) } } },
    load_balancing_weight: weight,
    health_status: degraded === true ? 'DEGRADED' : healthy === false ? 'UNHEALTHY' : 'HEALTHY',
    ...(hashKey === '' ? {} : { metadata: { filter_metadata: { 'envoy.lb': { hash_key: hashKey } } } }),
  }
}

function inEnvoysWords(policy: HashPolicy): Record<string, unknown> {
  const terminal = policy.terminal ?? false
  if ('header' in policy) {
    const { headerName, regexRewrite } = policy.header
    const rewrite =
      regexRewrite === undefined
        ? {}
        : {
            regex_rewrite: {
              pattern: { regex: regexRewrite.pattern },
              substitution: regexRewrite.substitution,
            },
          }
    return { terminal, header: { header_name: headerName, ...rewrite } }
  }
  if ('queryParameter' in policy) return { terminal, query_parameter: policy.queryParameter }
  if ('filterState' in policy) return { terminal, filter_state: policy.filterState }
  if ('connectionProperties' in policy) return { terminal, connection_properties: { source_ip: true } }
  const { ttl, ...cookie } = policy.cookie
  return { terminal, cookie: { ...cookie, ...(ttl === undefined ? {} : { ttl: `${ttl}s` }) } }
}
