/** Which route of the manifests takes a request, as Istio has Envoy look for it. */
import { firstHeader, type HeaderList } from '../../host/envoy/index.ts'
import { UsageError } from '../../tools/usage-error.ts'
import { type Destination as RouteDestination, type Route, routesOf } from '../manifests/route.ts'
import { serviceName } from '../manifests/service-name.ts'
import { listAt, mappingAt, textAt, textsAt, valueAt } from '../manifests/value.ts'
import { type Manifest, nameOf } from './manifests.ts'
import { fits, httpRouteMatch, precedence, type RouteMatch, virtualServiceMatch } from './route-match.ts'

/** The route that takes a request. */
export interface TakenRoute {
  /** `http[0] of VirtualService shop/test-vs (route.yaml)` */
  readonly label: string
  /** Those that get requests, and which part of them; several are drawn among for each request anew. */
  readonly destinations: readonly { readonly destination: RouteDestination; readonly share: number }[]
  /** What it does beside, and what that means for the answer. */
  readonly notes: readonly string[]
}

/** No route takes it: why not. */
export interface NoRoute {
  readonly missing: string
}

interface Entry {
  readonly route: Route<Manifest>
  readonly match: RouteMatch
}

/** The route of a request; undefined where no object is for its host. Throws {@link UsageError} where several are. */
export function routeOf(
  manifests: readonly Manifest[],
  headers: HeaderList,
): TakenRoute | NoRoute | undefined {
  const host = (firstHeader(headers, ':authority') ?? '').toLowerCase().replace(/:\d+$/, '')
  const ranked = manifests.flatMap((manifest) => {
    const ranks = hostsOf(manifest).map((name) => rankOf(name, host))
    return ranks.some((rank) => rank > 0) ? [{ manifest, rank: Math.max(...ranks) }] : []
  })
  const most = Math.max(...ranked.map(({ rank }) => rank))
  const best = ranked.filter(({ rank }) => rank === most).map(({ manifest }) => manifest)
  const [first] = best
  if (first === undefined) return undefined
  // Those of the Gateway API are merged; of two VirtualServices, which are older is not known here.
  if (best.length > 1 && best.some(({ kind }) => kind === 'VirtualService')) {
    throw new UsageError(
      `several routes for ${host}, leave in one, or choose with --destination: ${best.map(nameOf).join(', ')}`,
    )
  }
  const entries = best.flatMap(routesOf).flatMap(entriesOf)
  const ordered =
    first.kind === 'VirtualService'
      ? entries
      : entries.toSorted((one, other) => precedence(one.match, other.match))
  const taken = ordered.find(({ match }) => fits(match, headers))
  return taken === undefined
    ? { missing: `no route of ${best.map(nameOf).join(', ')} fits: the proxy answers 404` }
    : readRoute(taken)
}

/** Whether an object is one of those in which routes are looked for. */
export function hasRoutes({ kind }: Manifest): boolean {
  return kind === 'VirtualService' || kind === 'HTTPRoute'
}

/** The names under which requests find a route. */
function hostsOf({ kind, namespace, value }: Manifest): readonly string[] {
  if (kind === 'VirtualService') {
    return textsAt(value, 'spec', 'hosts').flatMap((host) => namesOf(host, namespace))
  }
  if (kind !== 'HTTPRoute') return []
  const services = listAt(value, 'spec', 'parentRefs')
    .filter((parent) => textAt(parent, 'kind') === 'Service')
    .flatMap((parent) => namesOf(textAt(parent, 'name'), textAt(parent, 'namespace') || namespace))
  if (services.length > 0) return services
  const hosts = textsAt(value, 'spec', 'hostnames')
  return hosts.length === 0 ? ['*'] : hosts
}

/** What callers within the mesh may write for a service. */
function namesOf(host: string, namespace: string): readonly string[] {
  const full = serviceName(host, namespace)
  const [, name = '', own = ''] = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(full) ?? []
  return name === '' ? [full] : [full, `${name}.${own}.svc`, `${name}.${own}`, name]
}

/** How well a name of a route is that of a request: a longer pattern is better, the name itself best; 0 where it is none. */
function rankOf(name: string, host: string): number {
  if (name.toLowerCase() === host) return Number.POSITIVE_INFINITY
  if (name === '*') return 1
  return name.startsWith('*.') && host.endsWith(name.slice(1).toLowerCase()) ? name.length : 0
}

function entriesOf(route: Route<Manifest>): readonly Entry[] {
  const isGatewayApi = route.manifest.kind === 'HTTPRoute'
  const written = listAt(route.manifest.value, ...route.path, isGatewayApi ? 'matches' : 'match')
  const read = isGatewayApi ? httpRouteMatch : virtualServiceMatch
  return (written.length === 0 ? [{}] : written).map((match) => ({ route, match: read(match) }))
}

function readRoute({ route, match }: Entry): TakenRoute | NoRoute {
  const { manifest, path, destinations } = route
  const [, list = '', index = 0] = path
  const label = `${list}[${index}] of ${nameOf(manifest)}`
  // The Gateway API's weight is 1 where it is not said; Istio's counts only among several.
  const least = manifest.kind === 'VirtualService' && destinations.length > 1 ? 0 : 1
  const taken = destinations.filter(({ weight = least }) => weight > 0)
  const sum = taken.reduce((total, { weight = least }) => total + weight, 0)
  if (taken.length === 0)
    return { missing: `${label} leads to no service: it redirects, delegates or answers itself` }
  const changes = [path, ...taken.map((destination) => destination.path)].some((place) => {
    const filters = listAt(manifest.value, ...place, 'filters')
    return (
      Object.keys(mappingAt(manifest.value, ...place, 'headers', 'request')).length > 0 ||
      filters.some((filter) => valueAt(filter, 'requestHeaderModifier') !== undefined)
    )
  })
  return {
    label,
    destinations: taken.map((destination) => ({ destination, share: (destination.weight ?? least) / sum })),
    notes: [
      ...match.unknown.map(
        (field) => `the route asks for ${field}, which a request does not tell: it is taken to fit`,
      ),
      ...(changes
        ? ['the route changes headers of requests before they are hashed: that is not worked out']
        : []),
    ],
  }
}
