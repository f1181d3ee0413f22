import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BUILT_FILTER } from '../../demo/built-filter.ts'
import { envoyBootstrap } from '../../demo/envoy-bootstrap.ts'
import { readMesh, withPluginConfig } from '../../demo/mesh.ts'
import { EnvoyProcess } from '../../tools/envoy-process.ts'
import { freePort } from './free-port.ts'

export interface WatchingGateway {
  readonly envoy: EnvoyProcess
  readonly port: number
  /** Replaces the configuration; requests in flight end under the one before. */
  readonly apply: (pluginConfig: unknown) => void
  readonly stop: () => Promise<void>
}

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

/** An Envoy that reads its listeners from a file, and takes a new one whenever the file is replaced. */
export async function startWatching({
  binary,
  replicas,
  pluginConfig: first,
  env = {},
  // Hashes the key header: a DestinationRule for a cookie of a fixed name would have Envoy mint it.
  destinationRule = 'destination-rules/http-header-name.yaml',
}: WatchingOptions): Promise<WatchingGateway> {
  const directory = mkdtempSync(join(tmpdir(), 'mooring-lds-'))
  const file = join(directory, 'lds.json')
  const port = await freePort()
  const mesh = readMesh({ destinationRule })
  const bootstrapWith = (pluginConfig: unknown) =>
    envoyBootstrap(withPluginConfig(mesh, pluginConfig, env), {
      wasm: BUILT_FILTER,
      replicas,
      port,
    }) as { readonly static_resources: { readonly listeners: readonly object[] } }

  const apply = (pluginConfig: unknown) => {
    const resources = bootstrapWith(pluginConfig).static_resources.listeners.map((listener) => ({
      '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener',
      ...listener,
    }))
    // Envoy watches for the file to be moved into place, and so never reads half of it.
    writeFileSync(`${file}.new`, JSON.stringify({ resources }))
    renameSync(`${file}.new`, file)
  }
  apply(first)

  const bootstrap = bootstrapWith(first)
  const envoy = await EnvoyProcess.start({
    binary,
    bootstrap: {
      ...bootstrap,
      static_resources: { ...bootstrap.static_resources, listeners: [] },
      dynamic_resources: { lds_config: { path_config_source: { path: file } } },
    },
  })
  return {
    envoy,
    port,
    apply,
    stop: async () => {
      await envoy.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
