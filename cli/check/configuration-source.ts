import { parseAllDocuments } from 'yaml'
import { UnreadableFileError } from '../unreadable-file-error.ts'

/** One configuration to be checked, and where it stands. */
export interface ConfigurationSource {
  readonly file: string
  /** `WasmPlugin istio-system/mooring`, or `pluginConfig` for a file that is nothing but one. */
  readonly object: string
  /** What the filter would be given, as JSON; empty where there is none. */
  readonly configuration: string
  /** The environment that the filter would see. */
  readonly environment: Readonly<Record<string, string>>
}

/**
 * A value that passes for any secret: where the real one is not in the manifest, everything but its value can
 * still be checked.
 */
const STAND_IN = Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64')

type Mapping = Readonly<Record<string, unknown>>

/**
 * Every configuration in a file: those of WasmPlugins, or the file itself where it is no Kubernetes object. Objects of
 * other kinds are passed over.
 *
 * Environment: a WasmPlugin's INLINE variables as they stand; those that come from the pod (`valueFrom: HOST`), and
 * all that a bare configuration names, are taken to be there.
 *
 * @param text YAML 1.1, which is what Kubernetes reads, or JSON
 * @throws {UnreadableFileError}
 */
export function configurationsIn(file: string, text: string): readonly ConfigurationSource[] {
  const found: ConfigurationSource[] = []
  for (const document of parseAllDocuments(text, { version: '1.1' })) {
    const [error] = document.errors
    if (error !== undefined) throw new UnreadableFileError('not_yaml', file, error.message)
    const value: unknown = document.toJS()
    if (value === null || value === undefined) continue
    if (!isMapping(value)) {
      throw new UnreadableFileError(
        'nothing_to_check',
        file,
        'expected a mapping: a WasmPlugin or its pluginConfig',
      )
    }
    if (typeof value['kind'] !== 'string') found.push(bareConfiguration(file, value))
    else found.push(...objectsIn(value).map((manifest) => wasmPlugin(file, manifest)))
  }
  return found
}

/** The WasmPlugins of a Kubernetes object: itself, or those of a List, as kubectl prints several. */
function objectsIn(object: Mapping): readonly Mapping[] {
  const { kind, items } = object
  if (kind === 'List' && Array.isArray(items)) return items.filter(isMapping).flatMap(objectsIn)
  return kind === 'WasmPlugin' ? [object] : []
}

function bareConfiguration(file: string, value: Mapping): ConfigurationSource {
  const names = namedVariables(value)
  return {
    file,
    object: 'pluginConfig',
    configuration: JSON.stringify(value),
    environment: Object.fromEntries(names.map((name) => [name, STAND_IN])),
  }
}

function wasmPlugin(file: string, manifest: Mapping): ConfigurationSource {
  const metadata = mappingAt(manifest, 'metadata')
  const spec = mappingAt(manifest, 'spec')
  const configuration = spec['pluginConfig']
  const variables = mappingAt(spec, 'vmConfig')['env']
  const name = textAt(metadata, 'name')
  const namespace = textAt(metadata, 'namespace')
  return {
    file,
    object: `WasmPlugin ${namespace === '' ? '' : `${namespace}/`}${name}`,
    // As Istio: nothing and {} arrive as no bytes at all.
    configuration: configuration === undefined || isEmpty(configuration) ? '' : JSON.stringify(configuration),
    environment: Object.fromEntries(
      (Array.isArray(variables) ? variables : [])
        .filter(isMapping)
        .map((variable) => [
          textAt(variable, 'name'),
          variable['valueFrom'] === 'HOST' ? STAND_IN : textAt(variable, 'value'),
        ]),
    ),
  }
}

/** Every NAME of an `{env: NAME}`, at any depth. */
function namedVariables(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(namedVariables)
  if (!isMapping(value)) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'env' && typeof inner === 'string' ? [inner] : namedVariables(inner),
  )
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEmpty(value: unknown): boolean {
  return isMapping(value) && Object.keys(value).length === 0
}

function mappingAt(value: Mapping, key: string): Mapping {
  const inner = value[key]
  return isMapping(inner) ? inner : {}
}

/** The text under `key`; empty where there is none, as Kubernetes reads an absent string. */
function textAt(value: Mapping, key: string): string {
  const inner = value[key]
  return typeof inner === 'string' ? inner : ''
}
