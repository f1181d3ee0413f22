import { readFileSync } from 'node:fs'
import { BUILT_FILTER } from '../../demo/built-filter.ts'
import { Replicas } from '../../demo/replica.ts'
import type { Bootstrap } from '../../tools/envoy-process.ts'
import { type EnvoyBeforeReplicas, startBefore } from '../envoy/before-replicas.ts'
import { ENVIRONMENT } from '../config/compiler.ts'

/** What stands in golden files for the path of the fetched module. */
export const MODULE_PATH = '${MOORING_WASM}'

export interface HttpFilter {
  readonly name: string
  readonly typed_config: { readonly '@type': string; readonly config?: WasmConfig }
}

export interface WasmConfig {
  readonly name: string
  readonly root_id: string
  readonly failure_policy?: string
  readonly vm_config: {
    readonly code: { readonly local: { readonly filename: string } }
    readonly environment_variables: Readonly<Record<string, unknown>>
  }
}

interface SocketAddress {
  socket_address: { address: string; port_value: number }
}

interface Route {
  readonly route?: { readonly cluster: string; readonly hash_policy?: readonly unknown[] }
}

interface ConnectionManager {
  http_filters: HttpFilter[]
  readonly route_config: { readonly virtual_hosts: readonly { readonly routes: readonly Route[] }[] }
}

export interface Listener {
  readonly name: string
  address?: SocketAddress
  readonly filter_chains: readonly {
    readonly name?: string
    readonly filters: readonly { readonly typed_config: Partial<ConnectionManager> }[]
  }[]
}

interface Cluster {
  readonly name: string
  readonly type?: string
  transport_socket?: unknown
  readonly load_assignment?: {
    readonly endpoints?: readonly {
      readonly lb_endpoints: readonly { readonly endpoint: { address: SocketAddress } }[]
    }[]
  }
}

/** The bootstrap that test/istio wrote for a set of manifests. */
export interface Golden {
  readonly static_resources: { listeners: Listener[]; clusters: Cluster[] }
}

/** The set's bootstrap as Istio generated it. */
export function readGolden(set: string): Golden {
  return JSON.parse(readFileSync(`test/istio/golden/${set}/envoy.json`, 'utf8')) as Golden
}

/** The connection manager of the only listener, or of the filter chain with this name. */
export function connectionManager(golden: Golden, chain?: string): ConnectionManager {
  const managers = golden.static_resources.listeners
    .flatMap(({ filter_chains }) => filter_chains)
    .filter(({ name }) => chain === undefined || name === chain)
    .flatMap(({ filters }) => filters.map(({ typed_config }) => typed_config))
    .filter((config): config is ConnectionManager => config.http_filters !== undefined)
  const [manager] = managers
  if (manager === undefined || managers.length > 1) throw new Error(`${managers.length} connection managers`)
  return manager
}

/** Names of the HTTP filters in order, without what Istio puts around a plugin's name. */
export function filterNames({ http_filters }: ConnectionManager): readonly string[] {
  return http_filters.map(({ name }) =>
    name.replace('extensions.istio.io/trafficextension/', '').replace('~istio-translated-wasmplugin', ''),
  )
}

export interface RunOptions {
  readonly binary: string
  readonly set: string
  /** Default: the filter that was built. */
  readonly wasm?: string
  /** What Envoy has in its environment besides. Default: the secrets of the tests. */
  readonly env?: Readonly<Record<string, string>>
  /** Changes the bootstrap before Envoy gets it. */
  readonly adjust?: (golden: Golden) => void
  readonly respond?: Parameters<typeof Replicas.start>[1]
  /** Those that run already, before another Envoy; they stop with this one. Default: its own. */
  readonly replicas?: Replicas
}

/** A real Envoy with what Istio generated. */
export interface RunningSet extends EnvoyBeforeReplicas {
  readonly port: number
}

/**
 * Starts Envoy on a set's golden file, in front of replicas of this process. Only addresses and the module's path
 * are changed. Throws `EnvoyStartError` where Envoy refuses it.
 */
export async function runSet({ set, adjust, ...options }: RunOptions): Promise<RunningSet> {
  const golden = readGolden(set)
  adjust?.(golden)
  return await runBootstrap(golden, options)
}

/** As {@link runSet}, for any bootstrap of one listener. */
export async function runBootstrap(
  golden: Golden,
  { binary, wasm, env = ENVIRONMENT, respond, replicas }: Omit<RunOptions, 'set' | 'adjust'>,
): Promise<RunningSet> {
  const [listener] = golden.static_resources.listeners
  if (listener === undefined) throw new Error('no listener')
  listener.address = loopback(0)
  const running = await startBefore(replicas ?? (await Replicas.start(undefined, respond)), ({ ports }) => {
    const endpoints = golden.static_resources.clusters
      .flatMap(({ load_assignment }) => load_assignment?.endpoints ?? [])
      .flatMap(({ lb_endpoints }) => lb_endpoints)
    // One address is one replica, in however many clusters and localities it stands.
    const addresses = [...new Set(endpoints.map(({ endpoint }) => addressOf(endpoint)))].sort()
    for (const { endpoint } of endpoints) {
      endpoint.address = loopback(ports[addresses.indexOf(addressOf(endpoint))] ?? 0)
    }
    const text = JSON.stringify({ admin: { address: loopback(0) }, ...golden })
    return {
      binary,
      bootstrap: JSON.parse(text.replaceAll(MODULE_PATH, wasm ?? BUILT_FILTER)) as Bootstrap,
      // What the files gateway-environment.yaml of options/ give the pod.
      env: { ...process.env, ...env },
    }
  })
  return { ...running, port: await running.envoy.port(listener.name) }
}

const addressOf = ({ address: { socket_address } }: { address: SocketAddress }) =>
  `${socket_address.address}:${socket_address.port_value}`

function loopback(port: number): SocketAddress {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}
