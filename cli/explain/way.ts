import { EnvoyModelError } from '../../host/envoy/index.ts'
import { serviceName } from '../manifests/service-name.ts'
import { type Destination, destinationRuleIn, readDestination } from './destination.ts'
import type { Manifest } from './manifests.ts'
import { type Placement, placementOver } from './placement.ts'
import type { NoPods, Pods } from './pod-set.ts'
import { onlyPortOf, podsIn } from './pods.ts'

/** Where requests go, as far as the manifests and the command line say. */
export interface Way {
  readonly destination: Destination | undefined
  readonly cluster: string | undefined
  readonly placement: Placement | NoPods
  readonly notes: readonly string[]
}

const ORDER_MATTERS =
  'the order of the pods decides who has an odd entry of the ring: here it is theirs as given, and a proxy may have another'

/**
 * @param wanted `host` as a VirtualService names it, `port` the service's, `pods` in place of the manifests'
 * @throws {UsageError} where several DestinationRules fit, or none of several
 */
export function wayIn(
  manifests: readonly Manifest[],
  wanted: {
    readonly host: string | undefined
    readonly port: number | undefined
    readonly pods: Pods | undefined
  },
): Way {
  const chosen = destinationRuleIn(manifests, wanted.host)
  const host = chosen?.host ?? (wanted.host === undefined ? undefined : serviceName(wanted.host, ''))
  const port = wanted.port ?? (host === undefined ? undefined : onlyPortOf(manifests, host))
  const destination = chosen === undefined ? undefined : readDestination(chosen, port)
  const pods =
    wanted.pods ?? (host === undefined ? { missing: 'no pods: give --pods' } : podsIn(manifests, host, port))
  const placement = placementOf(destination, pods)
  const orderMatters = 'place' in placement && placement.orderMatters
  return {
    destination,
    cluster: host === undefined ? undefined : `outbound|${port ?? 80}||${host}`,
    placement,
    notes: [...(destination?.notes ?? []), ...(orderMatters ? [ORDER_MATTERS] : [])],
  }
}

function placementOf(destination: Destination | undefined, pods: Pods | NoPods): Placement | NoPods {
  if ('missing' in pods) return pods
  const hashing = destination?.hashing
  if (hashing === undefined) return { missing: 'nothing is hashed' }
  try {
    return placementOver(pods.hosts, hashing.balancer)
  } catch (error) {
    if (error instanceof EnvoyModelError) return { missing: `Envoy refuses the balancer: ${error.message}` }
    throw error
  }
}
