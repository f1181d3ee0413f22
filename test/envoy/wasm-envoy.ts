import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { type Bootstrap, EnvoyProcess } from '../../tools/envoy-process.ts'

const TYPE = 'type.googleapis.com/envoy.extensions'

export interface WasmEnvoyOptions {
  readonly binary: string
  readonly wasm: Uint8Array
  /** Clusters on 127.0.0.1, by name; the first gets every request. */
  readonly clusters: Readonly<Record<string, number>>
  /** Text, as Istio sends it. */
  readonly configuration?: string
  readonly name?: string
  readonly rootId?: string
  readonly concurrency?: number
  /** Further fields of Envoy's PluginConfig. */
  readonly plugin?: Readonly<Record<string, unknown>>
  /** HTTP/2 on both sides, with its METADATA. */
  readonly metadata?: true
}

/** An Envoy with any one filter, in front of servers on this machine. */
export class WasmEnvoy implements AsyncDisposable {
  readonly envoy: EnvoyProcess
  readonly port: number
  readonly #directory: string

  private constructor(envoy: EnvoyProcess, port: number, directory: string) {
    this.envoy = envoy
    this.port = port
    this.#directory = directory
  }

  static async start(options: WasmEnvoyOptions): Promise<WasmEnvoy> {
    const directory = mkdtempSync(join(tmpdir(), 'mooring-wasm-'))
    const file = join(directory, 'filter.wasm')
    writeFileSync(file, options.wasm)
    const envoy = await EnvoyProcess.start({
      binary: options.binary,
      bootstrap: bootstrap(options, file),
      concurrency: options.concurrency ?? 1,
      logLevel: 'warning',
      componentLogLevel: 'wasm:info',
    })
    return new WasmEnvoy(envoy, await envoy.port('ingress'), directory)
  }

  /** What the filter has logged, in order, without what Envoy puts in front of it. */
  get logs(): string[] {
    return this.envoy.log.split('\n').flatMap((text) => {
      const message = /wasm log[^:]*: (.*)/.exec(text)?.[1]
      return message === undefined ? [] : [message]
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.envoy.stop()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

const HTTP2 = { allow_metadata: true }
const UPSTREAM_HTTP2 = {
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
    '@type': `${TYPE}.upstreams.http.v3.HttpProtocolOptions`,
    explicit_http_config: { http2_protocol_options: HTTP2 },
  },
}

function address(port: number): unknown {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}

function bootstrap(options: WasmEnvoyOptions, file: string): Bootstrap {
  const { clusters, configuration = '', name = 'ns.filter', rootId = 'root', plugin = {}, metadata } = options
  const [first = ''] = Object.keys(clusters)
  const wasm = {
    name,
    root_id: rootId,
    vm_config: { runtime: 'envoy.wasm.runtime.v8', code: { local: { filename: file } } },
    configuration: { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: configuration },
    ...plugin,
  }
  const manager = {
    '@type': `${TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'ingress',
    ...(metadata === true ? { codec_type: 'HTTP2', http2_protocol_options: HTTP2 } : {}),
    route_config: {
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: first } }] },
      ],
    },
    http_filters: [
      { name: 'wasm', typed_config: { '@type': `${TYPE}.filters.http.wasm.v3.Wasm`, config: wasm } },
      { name: 'router', typed_config: { '@type': `${TYPE}.filters.http.router.v3.Router` } },
    ],
  }
  return {
    admin: { address: address(0) },
    static_resources: {
      listeners: [
        {
          name: 'ingress',
          address: address(0),
          filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
        },
      ],
      clusters: Object.entries(clusters).map(([cluster, port]) => ({
        name: cluster,
        type: 'STATIC',
        ...(metadata === true ? { typed_extension_protocol_options: UPSTREAM_HTTP2 } : {}),
        load_assignment: {
          cluster_name: cluster,
          endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }],
        },
      })),
    },
  }
}
