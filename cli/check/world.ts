import type { Manifest } from '../manifests/manifest.ts'
import { type Mapping, textAt } from '../manifests/value.ts'
import { type ConsistentHash, consistentHashesOf } from './consistent-hash.ts'
import type { IstioVersion } from './istio-version.ts'
import { meshConfigIn } from './mesh-config.ts'
import { isMooring, Plugin } from './plugin.ts'
import { type Route, routesOf } from '../manifests/route.ts'
import { isFor } from '../manifests/service-name.ts'

/** All that is checked together. */
export class World {
  readonly manifests: readonly Manifest[]
  readonly istio: IstioVersion | undefined
  /** Istio's MeshConfig; empty where the manifests do not tell it. */
  readonly mesh: Mapping
  /** Every Gateway that is one. */
  readonly waypoints: readonly Manifest[]
  readonly plugins: readonly Plugin[]
  /** Those of the plugins that the cluster has now. */
  readonly deployed: readonly Plugin[]
  readonly hashes: readonly ConsistentHash[]
  readonly routes: readonly Route<Manifest>[]
  readonly #byKind: ReadonlyMap<string, readonly Manifest[]>

  /**
   * @param istio where it is not known, nothing is said of what only some versions do
   * @param deployed what the cluster has now, as far as that is known
   */
  constructor(
    manifests: readonly Manifest[],
    {
      istio,
      deployed = [],
    }: { readonly istio?: IstioVersion | undefined; readonly deployed?: readonly Manifest[] } = {},
  ) {
    this.manifests = manifests
    this.istio = istio
    this.#byKind = byKind(manifests)
    this.waypoints = this.of('Gateway').filter(({ value }) =>
      textAt(value, 'spec', 'gatewayClassName').endsWith('waypoint'),
    )
    const waypoints = new Set(this.waypoints.map(({ namespace, name }) => `${namespace}/${name}`))
    this.mesh = meshConfigIn(manifests)
    const around = { waypoints, root: textAt(this.mesh, 'rootNamespace') || 'istio-system' }
    this.plugins = manifests.filter(isMooring).map((manifest) => new Plugin(manifest, around))
    this.deployed = deployed.filter(isMooring).map((manifest) => new Plugin(manifest, around))
    this.hashes = this.of('DestinationRule').flatMap(consistentHashesOf)
    this.routes = manifests.flatMap(routesOf)
  }

  of(kind: string): readonly Manifest[] {
    return this.#byKind.get(kind) ?? []
  }

  /** Whether a route leads to what a DestinationRule is for. */
  isRouted({ host }: ConsistentHash): boolean {
    return this.routes.some(({ destinations }) =>
      destinations.some((destination) => isFor(host, destination.host)),
    )
  }

  /** The hashes that hold for a service, by its full name. */
  hashesFor(service: string): readonly ConsistentHash[] {
    return this.hashes.filter(({ host }) => isFor(host, service))
  }
}

function byKind(manifests: readonly Manifest[]): ReadonlyMap<string, readonly Manifest[]> {
  const kinds = new Map<string, Manifest[]>()
  for (const manifest of manifests) {
    const known = kinds.get(manifest.kind)
    if (known === undefined) kinds.set(manifest.kind, [manifest])
    else known.push(manifest)
  }
  return kinds
}
