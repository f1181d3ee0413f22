import { EnvoyModelError } from '../../host/envoy/index.ts'
import { isFor, serviceName } from '../manifests/service-name.ts'
import { textAt } from '../manifests/value.ts'
import { type Destination, destinationRuleIn, readDestination } from './destination.ts'
import type { Manifest } from './manifests.ts'
import { type Placement, placementOver } from './placement.ts'
import { type NoPods, type Pods, podsOfSubset } from './pod-set.ts'
import { onlyPortOf, podsIn } from './pods.ts'

/** One destination of requests, as far as the manifests and the command line say. */
export interface Way {
  readonly destination: Destination | undefined
  readonly cluster: string | undefined
  readonly placement: Placement | NoPods
  readonly notes: readonly string[]
}

/** Which destination is meant. */
export interface Wanted {
  /** As a VirtualService names it; absent: that of the only DestinationRule. */
  readonly host: string | undefined
  /** The service's. */
  readonly port: number | undefined
  readonly subset?: string | undefined
  /** In place of the manifests'. */
  readonly pods: Pods | undefined
}

const ORDER_MATTERS =
  'the order of the pods decides who has an odd entry of the ring: here it is theirs as given, and a proxy may have another'

/** @throws {UsageError} where several DestinationRules fit, or none of several */
export function wayIn(manifests: readonly Manifest[], wanted: Wanted): Way {
  const chosen = destinationRuleIn(manifests, wanted.host)
  const host = chosen?.host ?? (wanted.host === undefined ? undefined : serviceName(wanted.host, ''))
  const port = wanted.port ?? (host === undefined ? undefined : onlyPortOf(manifests, host))
  const destination = chosen === undefined ? undefined : readDestination(chosen, port, wanted.subset)
  const pods =
    wanted.pods ?? (host === undefined ? { missing: 'no pods: give --pods' } : podsIn(manifests, host, port))
  const placement = placementOf(destination, pods)
  const orderMatters = 'place' in placement && placement.orderMatters
  return {
    destination,
    cluster: host === undefined ? undefined : `outbound|${port ?? 80}|${wanted.subset ?? ''}|${host}`,
    placement,
    notes: [...(destination?.notes ?? []), ...(orderMatters ? [ORDER_MATTERS] : [])],
  }
}

/** As {@link wayIn}, for a destination that a route names: no DestinationRule has to be for it. */
export function wayOfRoute(manifests: readonly Manifest[], wanted: Wanted & { readonly host: string }): Way {
  const hasRule = manifests.some(
    ({ kind, namespace, value }) =>
      kind === 'DestinationRule' && isFor(serviceName(textAt(value, 'spec', 'host'), namespace), wanted.host),
  )
  if (hasRule) return wayIn(manifests, wanted)
  const { host, port, subset } = wanted
  return {
    destination: { rule: undefined, host, subset: undefined, hashing: undefined, notes: [] },
    cluster: `outbound|${port ?? 80}|${subset ?? ''}|${host}`,
    placement: { missing: 'nothing is hashed' },
    notes: [],
  }
}

function placementOf(destination: Destination | undefined, pods: Pods | NoPods): Placement | NoPods {
  if (destination === undefined) return 'missing' in pods ? pods : { missing: 'nothing is hashed' }
  const { hashing, subset, host } = destination
  if (subset !== undefined && subset.labels === undefined) {
    return { missing: `${destination.rule ?? host} has no subset ${subset.name}: the proxy answers 503` }
  }
  const own =
    'missing' in pods || subset?.labels === undefined ? pods : podsOfSubset(pods, subset.name, subset.labels)
  if ('missing' in own) return own
  if (hashing === undefined) return { missing: 'nothing is hashed' }
  try {
    return placementOver(own.hosts, hashing.balancer)
  } catch (error) {
    if (error instanceof EnvoyModelError) return { missing: `Envoy refuses the balancer: ${error.message}` }
    throw error
  }
}
