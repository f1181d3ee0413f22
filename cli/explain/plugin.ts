import { readFileSync } from 'node:fs'
import { UsageError } from '../../tools/usage-error.ts'
import { secretsIn } from '../manifests/secrets.ts'
import { valueAt, isMapping, listAt, type Mapping, mappingAt, textAt } from '../manifests/value.ts'
import { type Manifest, nameOf } from './manifests.ts'

/** The plugin whose filter decides. */
export interface PluginManifest {
  /** `WasmPlugin istio-system/mooring (wasm-plugin.yaml)` */
  readonly label: string
  /** Empty for a bare pluginConfig. */
  readonly namespace: string
  /** Absent where Istio hands over nothing: no pluginConfig, or `{}`. */
  readonly configuration: Mapping | undefined
  /** It runs in phase AUTHN, in front of the filter that verifies tokens. */
  readonly isBeforeClaims: boolean
  /** What the filter sees of its environment. */
  readonly environment: Readonly<Record<string, string>>
}

/** Where the values of environment variables come from. */
export interface VariableSources {
  /** Files by the name of the variable. */
  readonly files: ReadonlyMap<string, string>
  /** The environment of this process, for what is not in a file. */
  readonly own: Readonly<Record<string, string | undefined>>
}

/**
 * The one plugin, or the one that `wanted` names.
 *
 * @param wanted `namespace/name`, or the name alone
 * @throws {UsageError} where none fits, or several
 */
export function pluginIn(
  manifests: readonly Manifest[],
  wanted: string | undefined,
  variables: VariableSources,
): PluginManifest {
  const plugins = manifests.filter(isPlugin)
  const fitting = plugins.filter(
    ({ name, namespace }) => wanted === undefined || wanted === name || wanted === `${namespace}/${name}`,
  )
  const [plugin, another] = fitting
  if (plugin === undefined) {
    const there = plugins.length === 0 ? 'none' : plugins.map(nameOf).join(', ')
    throw new UsageError(
      wanted === undefined
        ? 'no WasmPlugin, no TrafficExtension and no pluginConfig in the manifests'
        : `--plugin ${wanted}: no such plugin in the manifests; there is: ${there}`,
    )
  }
  if (another !== undefined) {
    throw new UsageError(
      `several plugins, choose with --plugin NAMESPACE/NAME: ${fitting.map(nameOf).join(', ')}`,
    )
  }
  return readPlugin(plugin, variables)
}

function isPlugin({ kind, value }: Manifest): boolean {
  if (kind === 'WasmPlugin') return true
  return kind === 'TrafficExtension' ? isMapping(valueAt(value, 'spec', 'wasm')) : kind === ''
}

function readPlugin(manifest: Manifest, variables: VariableSources): PluginManifest {
  const { kind, namespace, value } = manifest
  const label = nameOf(manifest)
  if (kind === '') {
    const names = secretsIn(value)
    return {
      label,
      namespace,
      configuration: value,
      isBeforeClaims: false,
      environment: environmentOf(names, variables),
    }
  }
  const spec = kind === 'TrafficExtension' ? mappingAt(value, 'spec', 'wasm') : mappingAt(value, 'spec')
  const configuration = mappingAt(spec, 'pluginConfig')
  const declared = listAt(spec, 'vmConfig', 'env').filter(isMapping)
  const inline = declared.filter((variable) => textAt(variable, 'valueFrom') !== 'HOST')
  const fromHost = declared.filter((variable) => textAt(variable, 'valueFrom') === 'HOST')
  const named = (list: readonly Mapping[]): string[] => list.map((variable) => textAt(variable, 'name'))
  return {
    label,
    namespace,
    isBeforeClaims: textAt(value, 'spec', 'phase') === 'AUTHN',
    configuration: Object.keys(configuration).length === 0 ? undefined : configuration,
    environment: {
      ...environmentOf(named(fromHost), variables),
      ...Object.fromEntries(inline.map((variable) => [textAt(variable, 'name'), textAt(variable, 'value')])),
      // What is given by name is meant, whatever the manifest has in its place.
      ...environmentOf([...variables.files.keys()], { ...variables, own: {} }),
    },
  }
}

function environmentOf(names: readonly string[], { files, own }: VariableSources): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const name of names) {
    const file = files.get(name)
    const value = file === undefined ? own[name] : readFileSync(file, 'utf8')
    if (value !== undefined) environment[name] = value
  }
  return environment
}
