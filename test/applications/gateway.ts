import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BUILT_FILTER } from '../../demo/built-filter.ts'
import { envoyBootstrap, type HttpFilter, INGRESS_LISTENER } from '../../demo/envoy-bootstrap.ts'
import { clusterOf, type Mesh, readMesh, withHosts, withPluginConfig } from '../../demo/mesh.ts'
import type { HashAlgorithm, HashKey } from '../../demo/resources.ts'
import { type Bootstrap, EnvoyProcess } from '../../tools/envoy-process.ts'
import { until } from '../envoy/until.ts'
import { ENVIRONMENT } from '../session/keys.ts'
import type { Pod } from './pod.ts'

export interface GatewayOptions {
  readonly binary: string
  readonly pods: readonly Pod[]
  /** Undefined leaves the filter out. */
  readonly pluginConfig?: object
  /** What the DestinationRule hashes. Default: Mooring's key header. */
  readonly hash?: HashKey
  /** What becomes a pod of it. Default: Istio's, a ring of 1,024. */
  readonly algorithm?: HashAlgorithm
  /** The header by which Envoy's filter stateful_session names pods. Undefined leaves that out. */
  readonly podHeader?: string
  /** Beside test.com. */
  readonly hosts?: readonly string[]
}

/** A real Envoy with the filter before pods that come and go: it learns of them as from Istio, by EDS. */
export class Gateway implements AsyncDisposable {
  readonly port: number
  readonly envoy: EnvoyProcess
  readonly #endpoints: Endpoints

  private constructor(port: number, envoy: EnvoyProcess, endpoints: Endpoints) {
    this.port = port
    this.envoy = envoy
    this.#endpoints = endpoints
  }

  static async start({
    binary,
    pods,
    pluginConfig,
    podHeader,
    hosts = [],
    ...hashing
  }: GatewayOptions): Promise<Gateway> {
    const read = readMesh({
      destinationRule: 'destination-rules/http-header-name.yaml',
      filter: pluginConfig !== undefined,
    })
    const mesh = withHosts(
      pluginConfig === undefined ? read : withPluginConfig(read, pluginConfig, ENVIRONMENT),
      ...hosts,
    )
    const endpoints = new Endpoints(clusterOf(mesh))
    endpoints.write(pods)
    try {
      const envoy = await EnvoyProcess.start({
        binary,
        bootstrap: endpoints.discoveredIn(
          envoyBootstrap(withHash(mesh, hashing), {
            wasm: BUILT_FILTER,
            replicas: [],
            ...(podHeader === undefined ? {} : { beforeRouter: statefulSession(podHeader) }),
          }),
        ),
        concurrency: 2,
      })
      return new Gateway(await envoy.port(INGRESS_LISTENER), envoy, endpoints)
    } catch (error) {
      endpoints.remove()
      throw error
    }
  }

  /** Resolves when Envoy balances over these pods and no others. */
  async balanceOver(pods: readonly Pod[]): Promise<void> {
    const updates = async () => (await this.envoy.stats('update_success')).get(this.#endpoints.updates) ?? 0
    const before = await updates()
    this.#endpoints.write(pods)
    await until('the change of pods', async () => (await updates()) > before)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.envoy.stop()
    this.#endpoints.remove()
  }
}

/** What Istio makes of the label istio.io/persistent-session-header. */
function statefulSession(name: string): HttpFilter {
  const type = 'type.googleapis.com/envoy.extensions'
  return {
    name: 'envoy.filters.http.stateful_session',
    typed_config: {
      '@type': `${type}.filters.http.stateful_session.v3.StatefulSession`,
      session_state: {
        name: 'envoy.http.stateful_session.header',
        typed_config: { '@type': `${type}.http.stateful_session.header.v3.HeaderBasedSessionState`, name },
      },
    },
  }
}

function withHash(mesh: Mesh, { hash, algorithm }: Pick<GatewayOptions, 'hash' | 'algorithm'>): Mesh {
  const { destinationRule: rule } = mesh
  return {
    ...mesh,
    destinationRule: { ...rule, key: hash ?? rule.key, algorithm: algorithm ?? rule.algorithm },
  }
}

interface Cluster {
  readonly name: string
  readonly type: string
}

/** The file from which Envoy learns the pods of its cluster. */
class Endpoints {
  readonly updates: string
  readonly #directory = mkdtempSync(join(tmpdir(), 'mooring-pods-'))
  readonly #file = join(this.#directory, 'endpoints.json')
  readonly #cluster: string
  #version = 0

  constructor(cluster: string) {
    this.#cluster = cluster
    this.updates = `cluster.${cluster}.update_success`
  }

  write(pods: readonly Pod[]): void {
    this.#version += 1
    const assignment = {
      '@type': 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
      cluster_name: this.#cluster,
      endpoints: [
        {
          lb_endpoints: pods.map(({ port }) => ({
            endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } },
          })),
        },
      ],
    }
    // Envoy watches for a file to be moved into place, and so never reads half of one.
    writeFileSync(
      `${this.#file}.new`,
      JSON.stringify({ version_info: String(this.#version), resources: [assignment] }),
    )
    renameSync(`${this.#file}.new`, this.#file)
  }

  /** The bootstrap whose one cluster learns its pods from here. */
  discoveredIn(bootstrap: Bootstrap): Bootstrap {
    const resources = bootstrap['static_resources'] as { readonly clusters: readonly Cluster[] }
    const [cluster] = resources.clusters
    return {
      ...bootstrap,
      static_resources: {
        ...resources,
        clusters: [
          {
            ...cluster,
            type: 'EDS',
            load_assignment: undefined,
            eds_cluster_config: {
              eds_config: { path_config_source: { path: this.#file }, resource_api_version: 'V3' },
            },
            // Else workers learn of a pod up to a second after the update that named it.
            common_lb_config: { healthy_panic_threshold: {}, update_merge_window: '0s' },
          },
        ],
      },
    }
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true })
  }
}
