import type { ProxyWasmModule } from '../../host/index.ts'
import { type Manifest, manifestsOf } from '../manifests/manifest.ts'
import { isMapping, type Mapping, mappingAt, type Path, pathOf } from '../manifests/value.ts'
import type { YamlDocument, YamlFile } from '../manifests/yaml-file.ts'
import type { Finding, Sighting } from './finding.ts'
import type { IstioVersion } from './istio-version.ts'
import type { Plugin } from './plugin.ts'
import { remarksOn, standInFor } from './plugin-config.ts'
import { secretsIn } from '../manifests/secrets.ts'
import { RULES } from './rules/index.ts'
import { schemaSightings } from './rules/schema.ts'
import { yamlFindings } from './rules/yaml.ts'
import { World } from './world.ts'

export interface CheckOptions {
  /** build/mooring.wasm */
  readonly module: ProxyWasmModule
  readonly istio?: IstioVersion | undefined
  /** What the cluster has now. */
  readonly deployed?: readonly YamlFile[]
  /** Codes of what nobody wants to hear of. */
  readonly ignore?: ReadonlySet<string>
}

export interface CheckResult {
  /** In the order of files, lines and columns. */
  readonly findings: readonly Finding[]
  readonly objects: number
  /** Of Mooring. */
  readonly configurations: number
}

/** A finding, and the object whose annotations may say that it is meant so. */
interface Sourced {
  readonly finding: Finding
  readonly subject?: Manifest
}

/** The annotation by which an object says why something is as it is: `ignore.mooring-check/CODE: reason`. */
const IGNORE = 'ignore.mooring-check/'

/**
 * Everything that can be said of these files together. An object without `kind` is a `pluginConfig` by itself, if its
 * file is among `bare`, or else no business of ours.
 */
export function check(
  files: readonly YamlFile[],
  bare: ReadonlySet<YamlFile>,
  options: CheckOptions,
): CheckResult {
  const documents = files.flatMap((file) => file.documents)
  const manifests = documents.flatMap(manifestsOf)
  const deployed = (options.deployed ?? []).flatMap((file) => file.documents.flatMap(manifestsOf))
  const world = new World(manifests, { istio: options.istio, deployed })
  const configurations = documents.filter(
    ({ file, value }) => bare.has(file) && isMapping(value) && value['kind'] === undefined,
  )
  const findings: readonly Sourced[] = [
    ...files.flatMap(yamlFindings).map((finding) => ({ finding })),
    ...configurations
      .flatMap((document) => bareFindings(options.module, document))
      .map((finding) => ({ finding })),
    ...world.plugins.flatMap((plugin) => pluginFindings(options.module, plugin)),
    ...manifests.flatMap((manifest) =>
      [...schemaSightings(manifest)].map((sighting) => findingOf('not_by_schema', 'error', sighting)),
    ),
    ...RULES.flatMap((rule) =>
      [...rule.see(world)].map((sighting) => findingOf(rule.code, rule.severity, sighting)),
    ),
  ]
  const order = new Map(files.map(({ name }, index) => [name, index]))
  const rank = ({ place: { file } }: Finding) => order.get(file) ?? 0
  return {
    findings: findings
      .filter(({ finding, subject }) => subject === undefined || !meansIt(subject, finding.code))
      .map(({ finding }) => finding)
      .filter(({ code }) => options.ignore?.has(code) !== true)
      .toSorted(
        (one, other) =>
          rank(one) - rank(other) ||
          one.place.line - other.place.line ||
          one.place.column - other.place.column,
      ),
    objects: manifests.length,
    configurations: configurations.length + world.plugins.length,
  }
}

/** Whether an object's annotations say that something is meant so. */
function meansIt({ value }: Manifest, code: string): boolean {
  return IGNORE + code in mappingAt(value, 'metadata', 'annotations')
}

function findingOf(code: string, severity: Finding['severity'], sighting: Sighting): Sourced {
  const { manifest, path, message, instead, fix } = sighting
  const place = manifest.placeOf(path)
  return {
    subject: manifest,
    finding: { severity, code, place, object: manifest.title, message, instead, ...(fix && { fix }) },
  }
}

function bareFindings(module: ProxyWasmModule, document: YamlDocument): readonly Finding[] {
  const config = mappingAt(document.value)
  const environment = Object.fromEntries(secretsIn(config).map((name) => [name, standInFor(name)]))
  return filterFindings(module, document, [], 'pluginConfig', config, environment)
}

function pluginFindings(module: ProxyWasmModule, plugin: Plugin): readonly Sourced[] {
  const environment = Object.fromEntries(
    plugin.environment.map(({ name, value, fromPod }) => [name, fromPod ? standInFor(name) : value]),
  )
  const { manifest, configPath, config } = plugin
  return filterFindings(module, manifest, configPath, manifest.title, config, environment).map((finding) => ({
    finding,
    subject: manifest,
  }))
}

/** What the filter itself says, at the places of the file that it speaks of. */
function filterFindings(
  module: ProxyWasmModule,
  source: Manifest | YamlDocument,
  root: Path,
  object: string,
  config: Mapping,
  environment: Readonly<Record<string, string>>,
): readonly Finding[] {
  return remarksOn(module, config, environment).map(({ severity, code, pointer, message }) => {
    const path = [...root, ...pathOf(pointer)]
    const written = code === 'quoted_string_expected' ? source.sourceOf(path) : undefined
    const fix = written === undefined ? undefined : source.replace(path, JSON.stringify(written))
    return { severity, code, place: source.placeOf(path), object, pointer, message, ...(fix && { fix }) }
  })
}
