/**
 * A cluster that hashes, with all that Envoy lays around ring and table: priorities, locality weights, panic, bounded
 * load and retries. Follows ThreadAwareLoadBalancerBase in thread_aware_lb_impl.cc.
 *
 *     hash --choosePriority--> priority --ring or table--> host --bounded load--> host --retry predicate--> again?
 */
import { type ActiveRequests, withinBounds } from './bounded-load.ts'
import { EnvoyModelError } from './errors.ts'
import { type Host, normalizeWeights, type WeightedHost } from './host-set.ts'
import { Maglev, type MaglevOptions } from './maglev.ts'
import { choosePriority, type PriorityLoad, priorityLoads } from './priority-load.ts'
import { RingHash, type RingHashOptions } from './ring-hash.ts'

/** Hosts that share a locality, in one priority. */
export interface LocalityWeight {
  /** As {@link Host.locality} has it. */
  readonly locality: string
  /** 0 by default. */
  readonly priority?: number
  /** A whole number; a locality with 0, or without an entry, gets nothing. */
  readonly weight: number
}

/** What Envoy's configuration of a cluster says about its balancing. */
export interface HashingClusterOptions {
  readonly policy: { readonly ringHash: RingHashOptions } | { readonly maglev: MaglevOptions }
  /** Percent of healthy hosts below which a priority uses all: 50 in Envoy; Istio sets 0. */
  readonly panicThreshold?: number
  /** Envoy's `locality_weighted_lb_config`: absent, localities do not matter. */
  readonly localityWeights?: readonly LocalityWeight[]
  /** Envoy's `hash_balance_factor` in percent, at least 100; absent or 0: no bounds. */
  readonly hashBalanceFactor?: number
}

/** What is known of one request beside its hash. */
export interface HostSelection<H extends Host> {
  /** Hosts that a retry may not take again (`retry_host_predicate`). */
  readonly rejects?: (host: H) => boolean
  /** How often another host is looked for (`host_selection_retry_max_attempts`); 1 by default. */
  readonly maxAttempts?: number
  /** Needed for bounded load; no requests anywhere by default. */
  readonly active?: ActiveRequests<H>
}

interface Priority<H extends Host> {
  readonly weighted: readonly WeightedHost<H>[]
  readonly table: RingHash<H> | Maglev<H>
}

const DEFAULT_PANIC_THRESHOLD = 50
const DEFAULT_LOCALITY = ''

/**
 * The hosts of a cluster, ready to be chosen from.
 *
 * @example
 * const cluster = new HashingCluster(hosts, { policy: { maglev: {} }, panicThreshold: 0 })
 * cluster.chooseHost(xxHash64('session-1'))?.address
 */
export class HashingCluster<H extends Host> {
  /** By priority. */
  readonly loads: readonly PriorityLoad[]
  readonly #priorities: readonly Priority<H>[]
  readonly #balanceFactor: number

  /**
   * @param hosts in the cluster's order, those of one locality together
   * @throws {EnvoyModelError} `balance_factor_too_small`, and what ring and table refuse
   */
  constructor(hosts: readonly H[], options: HashingClusterOptions) {
    const {
      policy,
      panicThreshold = DEFAULT_PANIC_THRESHOLD,
      localityWeights,
      hashBalanceFactor = 0,
    } = options
    if (hashBalanceFactor !== 0 && hashBalanceFactor < 100) {
      throw new EnvoyModelError(
        'balance_factor_too_small',
        `hashBalanceFactor is ${hashBalanceFactor}: expected at least 100 percent`,
      )
    }
    const sets = byPriority(hosts)
    this.loads = priorityLoads(sets, panicThreshold)
    this.#balanceFactor = hashBalanceFactor
    this.#priorities = sets.map((set, priority) => {
      const usable = this.loads[priority]?.panic === true ? set : set.filter(isHealthy)
      const weighted =
        localityWeights === undefined
          ? normalizeWeights(usable)
          : weightsByLocality(usable, set, priority, localityWeights)
      const chosen = weighted.map(({ host }) => host)
      const weights = weighted.map(({ weight }) => weight)
      const table =
        'maglev' in policy
          ? new Maglev(chosen, policy.maglev, weights)
          : new RingHash(chosen, policy.ringHash, weights)
      return { weighted, table }
    })
  }

  /** The host of a request; undefined when there is none. */
  chooseHost(hash: bigint, selection: HostSelection<H> = {}): H | undefined {
    const { rejects, maxAttempts = 1, active = () => 0 } = selection
    const priority = this.#priorities[choosePriority(hash, this.loads)]
    if (priority === undefined) return undefined
    let host: H | undefined
    for (let attempt = 0; attempt <= (rejects === undefined ? 0 : maxAttempts); attempt++) {
      host = priority.table.chooseHost(hash, attempt)
      if (host !== undefined && this.#balanceFactor !== 0) {
        host = withinBounds(host, hash, priority.weighted, this.#balanceFactor, active)
      }
      if (host === undefined || rejects?.(host) !== true) return host
    }
    return host
  }
}

function isHealthy(host: Host): boolean {
  return host.healthy !== false && host.degraded !== true
}

function byPriority<H extends Host>(hosts: readonly H[]): H[][] {
  const highest = hosts.reduce((most, { priority = 0 }) => Math.max(most, priority), 0)
  return Array.from({ length: highest + 1 }, (_, number) =>
    hosts.filter(({ priority = 0 }) => priority === number),
  )
}

/**
 * normalizeLocalityWeights: each locality's hosts share its part. A locality whose hosts are all out keeps its part,
 * which nobody gets.
 */
function weightsByLocality<H extends Host>(
  usable: readonly H[],
  all: readonly H[],
  priority: number,
  weights: readonly LocalityWeight[],
): WeightedHost<H>[] {
  const localities = [...new Set(all.map(({ locality = DEFAULT_LOCALITY }) => locality))]
  const weightOf = (name: string): number =>
    weights.find((each) => each.locality === name && (each.priority ?? 0) === priority)?.weight ?? 0
  const sum = localities.reduce((total, name) => total + weightOf(name), 0)
  if (sum === 0) return []
  return localities.flatMap((name) =>
    weightOf(name) === 0
      ? []
      : normalizeWeights(
          usable.filter(({ locality = DEFAULT_LOCALITY }) => locality === name),
          weightOf(name) / sum,
        ),
  )
}
