import { BUILT_FILTER } from '../../demo/built-filter.ts'
import { envoyBootstrap } from '../../demo/envoy-bootstrap.ts'
import { readMesh, withPluginConfig } from '../../demo/mesh.ts'
import { type ListenersFile, watchListeners } from '../../tools/listeners-file.ts'

export interface WatchingOptions {
  readonly binary: string
  readonly replicas: readonly number[]
  /** The first configuration. */
  readonly pluginConfig: unknown
  /** The plugin's environment variables. Default: none. */
  readonly env?: Readonly<Record<string, string>>
  /** Relative to manifests/. Default: the one that hashes Mooring's key header. */
  readonly destinationRule?: string
}

/** A gateway whose pluginConfig can be replaced while it serves. */
export async function startWatching({
  binary,
  replicas,
  pluginConfig,
  env = {},
  // Hashes the key header: a DestinationRule for a cookie of a fixed name would have Envoy mint it.
  destinationRule = 'destination-rules/http-header-name.yaml',
}: WatchingOptions): Promise<ListenersFile<unknown>> {
  const mesh = readMesh({ destinationRule })
  return await watchListeners({
    binary,
    bootstrapOf: (configuration, port) =>
      envoyBootstrap(withPluginConfig(mesh, configuration, env), { wasm: BUILT_FILTER, replicas, port }),
    first: pluginConfig,
  })
}
