/**
 * The hosts that a balancer may choose, and their shares. Follows thread_aware_lb_impl.cc (normalizeHostWeights,
 * hashKey) and load_balancer_base.cc (panic). hashing-cluster.ts adds priorities and localities.
 */

/** An upstream host. */
export interface Host {
  /** `10.0.0.1:8080` or `[::1]:8080`: what is hashed, and where requests go. */
  readonly address: string
  /** Hashed in place of the address: endpoint metadata `envoy.lb.hash_key`. Empty counts as absent. */
  readonly hashKey?: string
  /** Relative share, a positive whole number; 1 by default. */
  readonly weight?: number
  /** Health as discovery says it; true by default. */
  readonly healthy?: boolean
  /** Healthy, but to be spared: false by default. Only a {@link HashingCluster} looks at this and what follows. */
  readonly degraded?: boolean
  /** From 0, the highest and the default. */
  readonly priority?: number
  /** Any name; empty by default. */
  readonly locality?: string
}

/** A host and its share of all requests; the shares of a set sum to 1. */
export interface WeightedHost<H extends Host> {
  readonly host: H
  readonly weight: number
}

/** The text that places a host on a ring or in a table. */
export function hashKeyOf(host: Host): string {
  return host.hashKey === undefined || host.hashKey === '' ? host.address : host.hashKey
}

/**
 * Shares as IEEE doubles, in the order of the hosts. The order and the way of rounding matter: a ring's last
 * entries depend on them.
 *
 * @param part what the hosts share: 1 for all requests
 */
export function normalizeWeights<H extends Host>(hosts: readonly H[], part = 1): WeightedHost<H>[] {
  const sum = hosts.reduce((total, host) => total + (host.weight ?? 1), 0)
  return hosts.map((host) => ({ host, weight: ((host.weight ?? 1) * part) / sum }))
}

/** The shares alone, see {@link normalizeWeights}. */
export function sharesOf(hosts: readonly Host[]): readonly number[] {
  return normalizeWeights(hosts).map(({ weight }) => weight)
}

/**
 * The hosts in rotation: the healthy ones, or all of them in panic, when so few are healthy that health itself is
 * in doubt.
 *
 * @param panicThreshold Percent of healthy hosts below which the set panics: 50 in Envoy; Istio sets 0.
 */
export function hostsInRotation<H extends Host>(hosts: readonly H[], panicThreshold = 50): H[] {
  const healthy = hosts.filter((host) => host.healthy !== false)
  // Envoy asks for panic only once its overprovisioning factor of 1.4 leaves less than full availability.
  const availability = Math.floor((140 * healthy.length) / hosts.length)
  const inPanic = availability < 100 && (100 * healthy.length) / hosts.length < panicThreshold
  return inPanic ? [...hosts] : healthy
}
