/**
 * Envoy's ring hash balancer: RingHashLoadBalancer::Ring in
 * source/extensions/load_balancing_policies/ring_hash/ring_hash_lb.cc.
 */
import { EnvoyModelError } from './errors.ts'
import { hashKeyOf, type Host, sharesOf } from './host-set.ts'
import { murmurHash2 } from './murmur.ts'
import { xxHash64 } from './xxhash.ts'

/** Envoy's upper limit of a ring's size, and its default for the configurable one. */
const LARGEST_RING = 8_388_608

/** The `ring_hash` policy's options, with Envoy's names and defaults. */
export interface RingHashOptions {
  /** Entries that the ring has at least, all hosts together; 1024 by default. */
  readonly minimumRingSize?: number
  /** Entries that it has at most; 8,388,608 by default, which is also the limit. */
  readonly maximumRingSize?: number
  readonly hashFunction?: 'xxHash' | 'murmurHash2'
}

/**
 * A built ring. Entry `i` is a point (a 64-bit hash) and the host it belongs to, sorted by point:
 *
 *     points  BigUint64Array   p0 <= p1 <= p2 ...        a request belongs to the first point that is at or
 *     owners  Uint32Array      index into the hosts      above its hash, the one past the end to p0
 *
 * Two hosts with one hash key share all points; which of them is chosen is then the first in order, where Envoy
 * leaves it to its sort.
 *
 * @example
 * const ring = new RingHash([{ address: '10.0.0.1:80' }, { address: '10.0.0.2:80' }])
 * ring.chooseHost(xxHash64('session-1'))?.address
 */
export class RingHash<H extends Host> {
  readonly #hosts: readonly H[]
  readonly #points: BigUint64Array
  readonly #owners: Uint32Array

  /**
   * @param hosts Those in rotation (see hostsInRotation), in the cluster's order: with weights that do not divide
   * evenly the order decides who gets the odd entry. None is allowed.
   * @param weights Their shares of all requests, by default as their own weights are.
   * @throws {EnvoyModelError} `ring_sizes_crossed`, `ring_size_too_large`
   */
  constructor(hosts: readonly H[], options: RingHashOptions = {}, weights = sharesOf(hosts)) {
    const { minimumRingSize = 1024, maximumRingSize = LARGEST_RING, hashFunction = 'xxHash' } = options
    checkSizes(minimumRingSize, maximumRingSize)
    const hash = hashFunction === 'xxHash' ? (key: string) => xxHash64(key) : murmurHash2

    const points: bigint[] = []
    const owners: number[] = []
    const smallest = weights.reduce((least, weight) => Math.min(least, weight), 1)
    const scale = Math.min(Math.ceil(smallest * minimumRingSize) / smallest, maximumRingSize)
    let target = 0
    hosts.forEach((host, owner) => {
      const key = hashKeyOf(host)
      target += scale * (weights[owner] ?? 0)
      for (let i = 0; points.length < target; i++) {
        points.push(hash(`${key}_${i}`))
        owners.push(owner)
      }
    })

    const order = orderOf(points)
    this.#hosts = hosts
    this.#points = BigUint64Array.from(order, (i) => points[i] ?? 0n)
    this.#owners = Uint32Array.from(order, (i) => owners[i] ?? 0)
  }

  /** Entries on the ring. */
  get size(): number {
    return this.#points.length
  }

  /** The ring's entries by rising point, for those who want to look at it. */
  *entries(): Generator<{ readonly point: bigint; readonly host: H }> {
    for (let i = 0; i < this.size; i++) {
      const host = this.#hostAt(i)
      if (host !== undefined) yield { point: this.#points[i] ?? 0n, host }
    }
  }

  /**
   * The host of a hash; undefined only on an empty ring.
   *
   * @param hash An unsigned 64-bit integer.
   * @param attempt 0 first; a retry that may not take the same host again counts up, and each count is one entry
   * further on the ring, which may well be the same host's.
   */
  chooseHost(hash: bigint, attempt = 0): H | undefined {
    return this.#hostAt((this.#firstFrom(hash) + attempt) % this.size)
  }

  /** The entry of a hash, as {@link entries} counts them; undefined only on an empty ring. */
  entryOf(hash: bigint): { readonly index: number; readonly point: bigint; readonly host: H } | undefined {
    const index = this.#firstFrom(hash) % this.size
    const host = this.#hostAt(index)
    return host === undefined ? undefined : { index, point: this.#points[index] ?? 0n, host }
  }

  /** The number of entries whose point is below the hash. */
  #firstFrom(hash: bigint): number {
    let low = 0
    let high = this.size
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#points[middle] ?? 0n) < hash) low = middle + 1
      else high = middle
    }
    return low
  }

  #hostAt(entry: number): H | undefined {
    return this.#hosts[this.#owners[entry] ?? -1]
  }
}

function checkSizes(minimum: number, maximum: number): void {
  if (minimum > maximum) {
    throw new EnvoyModelError(
      'ring_sizes_crossed',
      `minimumRingSize is ${minimum}, but must not exceed maximumRingSize, which is ${maximum}`,
    )
  }
  if (maximum > LARGEST_RING) {
    throw new EnvoyModelError(
      'ring_size_too_large',
      `maximumRingSize is ${maximum}, but Envoy takes at most ${LARGEST_RING}`,
    )
  }
}

/** Indexes in the order of rising values, equal values in their order. Halves compare faster than bigints do. */
function orderOf(values: readonly bigint[]): Uint32Array {
  const upper = Uint32Array.from(values, (value) => Number(value >> 32n))
  const lower = Uint32Array.from(values, (value) => Number(value & 0xffffffffn))
  return Uint32Array.from(values.keys()).sort(
    (a, b) => (upper[a] ?? 0) - (upper[b] ?? 0) || (lower[a] ?? 0) - (lower[b] ?? 0) || a - b,
  )
}
