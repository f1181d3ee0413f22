import { BUILT_FILTER } from '../../demo/built-filter.ts'
import { envoyBootstrap, INGRESS_LISTENER, type BootstrapOptions } from '../../demo/envoy-bootstrap.ts'
import { readMesh, withPluginConfig } from '../../demo/mesh.ts'
import { POD_NAMES, Replicas, type Responder } from '../../demo/replica.ts'
import { type EnvoyBeforeReplicas, startBefore } from './before-replicas.ts'

export interface GatewayOptions extends Pick<
  BootstrapOptions,
  'jwtAuthn' | 'morePlugins' | 'transportSocket' | 'connectionManager'
> {
  readonly binary: string
  /** `false` leaves the filter out. Default: true. */
  readonly filter?: boolean
  /** What replicas answer. Default: the echo. */
  readonly respond?: Responder
  /** Envoy's worker threads. Default: 1. */
  readonly concurrency?: number
  /** Default: that of manifests/ingress-gateway/wasm-plugin.yaml. */
  readonly pluginConfig?: unknown
  /** The plugin's environment variables. Default: none, so that a bad configuration is refused. */
  readonly env?: Readonly<Record<string, string>>
  /** Relative to manifests/. Default: the one that hashes Mooring's key header. */
  readonly destinationRule?: string
  /** `stats_config.stats_tags` of the bootstrap. Default: Envoy's own tags only. */
  readonly statsTags?: readonly { readonly tag_name: string; readonly regex: string }[]
  /** Envoy's runtime features and values. Default: its own. */
  readonly runtime?: Readonly<Record<string, unknown>>
}

/** A real Envoy with the filter, in front of three replicas that echo what reaches them. */
export interface TestGateway extends EnvoyBeforeReplicas {
  readonly port: number
}

/** Starts a gateway; throws `EnvoyStartError` where Envoy refuses the configuration. */
export async function startGateway(options: GatewayOptions): Promise<TestGateway> {
  const mesh = readMesh({
    destinationRule: options.destinationRule ?? 'destination-rules/http-header-name.yaml',
    filter: options.filter ?? true,
  })
  const { configuration = '' } = mesh.wasmPlugin ?? {}
  const configured =
    mesh.wasmPlugin === undefined
      ? mesh
      : withPluginConfig(mesh, options.pluginConfig ?? JSON.parse(configuration), options.env ?? {})
  const running = await startBefore(await Replicas.start(POD_NAMES, options.respond), ({ ports }) => ({
    binary: options.binary,
    bootstrap: {
      ...envoyBootstrap(configured, { ...options, wasm: BUILT_FILTER, replicas: ports }),
      ...(options.statsTags === undefined ? {} : { stats_config: { stats_tags: options.statsTags } }),
      ...(options.runtime === undefined
        ? {}
        : { layered_runtime: { layers: [{ name: 'static', static_layer: options.runtime }] } }),
    },
    logLevel: 'info',
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
  }))
  return { ...running, port: await running.envoy.port(INGRESS_LISTENER) }
}
