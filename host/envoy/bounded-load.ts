/**
 * `hash_balance_factor`: no host gets more than so many percent of the average number of requests. Follows
 * BoundedLoadHashingLoadBalancer in thread_aware_lb_impl.cc, after arXiv:1608.01350 and arXiv:1908.08762.
 */
import type { Host, WeightedHost } from './host-set.ts'
import { mersenneTwister } from './mersenne-twister.ts'

/** Requests that are on their way now, by host: Envoy's `rq_active`. */
export type ActiveRequests<H extends Host> = (host: H) => number

const TWO_TO_32 = 2 ** 32

/**
 * The host that the table chose, unless it is full; then the first that is not, in an order that the hash shuffles; where
 * all are full, the least full.
 *
 * @param balanceFactor percent, at least 100
 */
export function withinBounds<H extends Host>(
  chosen: H,
  hash: bigint,
  hosts: readonly WeightedHost<H>[],
  balanceFactor: number,
  active: ActiveRequests<H>,
): H {
  const overall = hosts.reduce((total, { host }) => total + active(host), 0)
  const slots = Math.floor(((overall + 1) * balanceFactor + 99) / 100)
  const overload = ({ host, weight }: WeightedHost<H>): number =>
    active(host) / Math.max(Math.ceil(slots * weight), 1)

  const own = hosts.find(({ host }) => host === chosen)
  let least = own === undefined ? 0 : overload(own)
  if (least <= 1) return chosen

  let leastOverloaded = chosen
  const draw = mersenneTwister(Number(BigInt.asUintN(32, hash)))
  const order = [...hosts]
  for (let i = 0; i < order.length; i++) {
    const j = i + uniform(draw, order.length - i)
    const other = order[j]
    const here = order[i]
    if (other === undefined || here === undefined) break
    order[i] = other
    order[j] = here
    if (other.host === chosen) continue
    const factor = overload(other)
    if (factor <= 1) return other.host
    if (factor < least) {
      least = factor
      leastOverloaded = other.host
    }
  }
  return leastOverloaded
}

/** A number below `count`, every one equally likely: what falls outside the whole multiples is drawn again. */
function uniform(draw: () => number, count: number): number {
  const step = Math.floor(TWO_TO_32 / count)
  for (;;) {
    const drawn = Math.floor(draw() / step)
    if (drawn < count) return drawn
  }
}
