/**
 * One face for the balancers: a host for a request, with a hash or without.
 */
import { Maglev, type MaglevOptions } from './maglev.ts'
import { RingHash, type RingHashOptions } from './ring-hash.ts'
import type { Host } from './host-set.ts'

/** A cluster's `lb_policy` with its options. */
export type LoadBalancerPolicy =
  { readonly ringHash: RingHashOptions } | { readonly maglev: MaglevOptions } | 'random' | 'roundRobin'

/** Chooses hosts for the requests of one cluster. */
export interface LoadBalancer<H extends Host> {
  /**
   * A host, or undefined when there is none. Balancers that hash draw a random number where a request has no
   * hash; the others never look at it.
   */
  chooseHost(hash: bigint | undefined, attempt?: number): H | undefined
}

/** A source of unsigned 64-bit random integers. */
export type Random64 = () => bigint

/**
 * Builds the balancer of a policy over the hosts in rotation.
 *
 * @example
 * createLoadBalancer(hosts, { maglev: { tableSize: 65_537 } }, random).chooseHost(hash)
 */
export function createLoadBalancer<H extends Host>(
  hosts: readonly H[],
  policy: LoadBalancerPolicy,
  random: Random64,
): LoadBalancer<H> {
  if (policy === 'roundRobin') return roundRobin(hosts)
  if (policy === 'random') return { chooseHost: () => hosts[Number(random() % BigInt(hosts.length || 1))] }
  if ('maglev' in policy) return randomWithoutHash(new Maglev(hosts, policy.maglev), random)
  return randomWithoutHash(new RingHash(hosts, policy.ringHash), random)
}

function randomWithoutHash<H extends Host>(
  table: RingHash<H> | Maglev<H>,
  random: Random64,
): LoadBalancer<H> {
  return { chooseHost: (hash, attempt) => table.chooseHost(hash ?? random(), attempt) }
}

/**
 * Earliest deadline first, as Envoy's weighted round robin (edf_scheduler.h): each turn moves a host's deadline on
 * by the inverse of its weight, and of equal deadlines the one that was set first wins. Equal weights so take turns
 * in the hosts' order.
 */
function roundRobin<H extends Host>(hosts: readonly H[]): LoadBalancer<H> {
  const queue = hosts.map((host) => ({ host, deadline: 1 / (host.weight ?? 1) }))
  return {
    chooseHost: () => {
      const earliest = Math.min(...queue.map(({ deadline }) => deadline))
      const [next] = queue.splice(
        queue.findIndex(({ deadline }) => deadline === earliest),
        1,
      )
      if (next === undefined) return undefined
      queue.push({ host: next.host, deadline: next.deadline + 1 / (next.host.weight ?? 1) })
      return next.host
    },
  }
}
