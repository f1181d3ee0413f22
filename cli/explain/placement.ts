/** From what a DestinationRule hashes to the pod, with Envoy's own hash, ring and table. */
import { generateHash, type Host, Maglev, parseCookieValue, RingHash } from '../../host/envoy/index.ts'
import type { Hashing } from './destination.ts'
import type { Decision } from './filter.ts'

/** Where a hash falls. */
export type Position =
  | {
      readonly on: 'ring'
      /** The entry that gets the request, from 0, in the order of the points. */
      readonly entry: number
      readonly size: number
      /** The entry's own hash. */
      readonly point: bigint
    }
  | { readonly on: 'maglev'; readonly slot: number; readonly size: number }

export interface Placed {
  readonly pod: string
  readonly position: Position
}

/** The ring or table of a set of pods. */
export interface Placement {
  /** The pod of a hash; undefined only where there are no pods. */
  place(hash: bigint): Placed | undefined
  /** Whether the same pods in another order would share the hashes otherwise. */
  readonly orderMatters: boolean
}

/** @throws {EnvoyModelError} for sizes that Envoy refuses */
export function placementOver(hosts: readonly Host[], balancer: Hashing['balancer']): Placement {
  if ('maglev' in balancer) {
    const table = new Maglev(hosts, balancer.maglev)
    return {
      place(hash) {
        const slot = table.slotOf(hash)
        const pod = table.chooseHost(hash)?.address
        if (slot === undefined || pod === undefined) return undefined
        return { pod, position: { on: 'maglev', slot, size: table.size } }
      },
      orderMatters: false,
    }
  }
  const ring = new RingHash(hosts, balancer.ringHash)
  return {
    place(hash) {
      const found = ring.entryOf(hash)
      if (found === undefined) return undefined
      const { index: entry, point, host } = found
      return { pod: host.address, position: { on: 'ring', entry, size: ring.size, point } }
    },
    orderMatters: !isEven(hosts, ring),
  }
}

/**
 * Whether every pod has as many entries as any other. Where weights differ, and for some numbers of pods even where they do
 * not (75 on a ring of 1024), Envoy's rounding leaves an entry more or less, by the pods' order.
 */
function isEven(hosts: readonly Host[], ring: RingHash<Host>): boolean {
  if (new Set(hosts.map(({ weight = 1 }) => weight)).size > 1) return false
  const entries = new Map<Host, number>()
  for (const { host } of ring.entries()) entries.set(host, (entries.get(host) ?? 0) + 1)
  return new Set(entries.values()).size < 2
}

/** What is hashed of a request as the filter leaves it. */
export type Hashed =
  | { readonly found: 'value'; readonly hash: bigint }
  /** Not there: Envoy draws a random number, or makes the cookie up itself. */
  | { readonly found: 'nothing' }
  | { readonly found: 'made_up' }
  /** Nothing is known of it here: the client's address, where none was given. */
  | { readonly found: 'unknown' }

/** @param hashings those of all destinations that the route draws among: their policies add up to one hash */
export function hashOf(
  hashings: readonly Hashing[],
  { headers }: Decision,
  sourceAddress: string | undefined,
): Hashed {
  const policies = hashings.map(({ policy }) => policy)
  if (sourceAddress === undefined && policies.some((policy) => 'connectionProperties' in policy)) {
    return { found: 'unknown' }
  }
  const isMadeUp = hashings.some(
    ({ policy, mints }) =>
      'cookie' in policy && mints && parseCookieValue(headers, policy.cookie.name) === '',
  )
  if (isMadeUp) return { found: 'made_up' }
  const { hash } = generateHash(policies, { headers, remoteAddress: sourceAddress ?? '' })
  return hash === undefined ? { found: 'nothing' } : { found: 'value', hash }
}
