import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bootstrap, EnvoyProcess } from './envoy-process.ts'
import { freePort } from './free-port.ts'

export interface ListenersFile<Configuration> {
  readonly envoy: EnvoyProcess
  readonly port: number
  /** Replaces the listeners; requests in flight end under the ones before. */
  readonly apply: (configuration: Configuration) => void
  readonly stop: () => Promise<void>
}

export interface ListenersFileOptions<Configuration> {
  readonly binary: string
  /** The bootstrap of a configuration, whose listener is to be at `port`. */
  readonly bootstrapOf: (configuration: Configuration, port: number) => Bootstrap
  readonly first: Configuration
  /** Envoy's worker threads. Default: 1. */
  readonly concurrency?: number
}

/** An Envoy that reads its listeners from a file, and takes new ones whenever the file is replaced. */
export async function watchListeners<Configuration>({
  binary,
  bootstrapOf,
  first,
  concurrency,
}: ListenersFileOptions<Configuration>): Promise<ListenersFile<Configuration>> {
  const directory = mkdtempSync(join(tmpdir(), 'mooring-lds-'))
  const file = join(directory, 'lds.json')
  const port = await freePort()
  const bootstrapWith = (configuration: Configuration) =>
    bootstrapOf(configuration, port) as {
      readonly static_resources: { readonly listeners: readonly object[] }
    }

  const apply = (configuration: Configuration) => {
    const resources = bootstrapWith(configuration).static_resources.listeners.map((listener) => ({
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
    ...(concurrency === undefined ? {} : { concurrency }),
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
