import type { Manifest } from '../manifests/manifest.ts'
import { isMapping, listAt, type Mapping, mappingAt, type Path, textAt } from '../manifests/value.ts'
import { cookieOf, headerOf, type Policy, policiesOf } from './policy.ts'

/** Where a plugin runs, as far as its manifest tells: `mesh` is anywhere, sidecars and gateways alike. */
export type Placement = 'gateway' | 'sidecar' | 'waypoint' | 'mesh'

export interface EnvironmentVariable {
  readonly name: string
  readonly value: string
  readonly fromPod: boolean
  readonly path: Path
}

/** What tells, beside its manifest, where a plugin runs. */
interface Around {
  /** Gateways that are waypoints, `namespace/name`. */
  readonly waypoints: ReadonlySet<string>
  /** The namespace whose plugins are for the whole mesh. */
  readonly root: string
}

/** A WasmPlugin or TrafficExtension that runs Mooring. */
export class Plugin {
  readonly manifest: Manifest
  /** Where `url`, `pluginConfig` and the like are: they stand one level deeper in a TrafficExtension. */
  readonly wasm: Path
  readonly config: Mapping
  readonly policies: readonly Policy[]
  readonly placement: Placement
  /** Whether it is for every namespace: root namespace, no target. */
  readonly isForMesh: boolean

  constructor(manifest: Manifest, around: Around) {
    this.manifest = manifest
    this.wasm = manifest.kind === 'TrafficExtension' ? ['spec', 'wasm'] : ['spec']
    this.config = mappingAt(manifest.value, ...this.configPath)
    this.policies = policiesOf(this.config)
    this.placement = placementOf(manifest, around)
    this.isForMesh = manifest.namespace === around.root && this.placement === 'mesh'
  }

  get configPath(): Path {
    return [...this.wasm, 'pluginConfig']
  }

  get url(): string {
    return textAt(this.manifest.value, ...this.wasm, 'url')
  }

  get phase(): string {
    return textAt(this.manifest.value, 'spec', 'phase')
  }

  get environment(): readonly EnvironmentVariable[] {
    const path = [...this.wasm, 'vmConfig', 'env']
    return listAt(this.manifest.value, ...path)
      .map((variable, index) => ({
        name: textAt(variable, 'name'),
        value: textAt(variable, 'value'),
        fromPod: textAt(variable, 'valueFrom') === 'HOST',
        path: [...path, index],
      }))
      .filter(({ name }) => name !== '')
  }

  get cookies(): ReadonlySet<string> {
    return new Set(this.policies.flatMap(({ session }) => (session ? [cookieOf(session)] : [])))
  }

  /** The header of `session.persistence`, in lower case; empty if there is none. */
  get podHeader(): string {
    return textAt(this.config, 'session', 'persistence', 'header').toLowerCase()
  }

  get headers(): ReadonlySet<string> {
    return new Set(this.policies.flatMap(({ key }) => (key ? [headerOf(key)] : [])))
  }
}

/**
 * Whether a plugin is Mooring: its image, its name or what it is told names the filter, or its configuration has what only
 * Mooring's has. Other people's plugins are none of our business.
 */
export function isMooring(manifest: Manifest): boolean {
  if (manifest.kind !== 'WasmPlugin' && manifest.kind !== 'TrafficExtension') return false
  const spec = mappingAt(manifest.value, 'spec')
  const wasm = manifest.kind === 'TrafficExtension' ? mappingAt(spec, 'wasm') : spec
  const named = [textAt(wasm, 'url'), textAt(wasm, 'pluginName'), manifest.name]
  const config = mappingAt(wasm, 'pluginConfig')
  return (
    named.some((text) => text.includes('mooring')) || isMapping(config['session']) || isMapping(config['key'])
  )
}

function placementOf(manifest: Manifest, { waypoints, root }: Around): Placement {
  const { value, namespace } = manifest
  const targets = [...listAt(value, 'spec', 'targetRefs'), mappingAt(value, 'spec', 'targetRef')]
  for (const target of targets) {
    const kind = textAt(target, 'kind')
    if (kind === 'Service' || kind === 'ServiceEntry' || kind === 'GatewayClass') return 'waypoint'
    if (kind === 'Gateway') {
      return waypoints.has(`${namespace}/${textAt(target, 'name')}`) ? 'waypoint' : 'gateway'
    }
  }
  const labels = mappingAt(value, 'spec', 'selector', 'matchLabels')
  const words = Object.entries(labels).flat()
  // The labels that installations of Istio give to gateways: `istio: ingressgateway`, `app: istio-gateway`.
  if (words.some((word) => typeof word === 'string' && word.includes('gateway'))) return 'gateway'
  if (namespace !== root || words.length > 0) return 'sidecar'
  return 'mesh'
}
