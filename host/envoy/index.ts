/**
 * Envoy around the filter: which host a request reaches, computed exactly as Envoy computes it.
 *
 *     headers, addresses --generateHash--> 64-bit hash --RingHash | Maglev--> host
 *                                    \--> Set-Cookie texts of generated cookies
 */
export { addressText, ipOf } from './address.ts'
export { byteStringOf, bytesOf } from './byte-string.ts'
export { type ActiveRequests, withinBounds } from './bounded-load.ts'
export {
  type CookieAttribute,
  makeSetCookieValue,
  parseCookieValue,
  type SetCookieOptions,
} from './cookie.ts'
export { EnvoyModelError, type EnvoyModelErrorCode } from './errors.ts'
export {
  type CookieHashPolicy,
  type FilterStateHashPolicy,
  type GeneratedHash,
  generateCookieValue,
  generateHash,
  type HashableRequest,
  type HashPolicy,
  type HeaderHashPolicy,
  type QueryParameterHashPolicy,
  type SourceIpHashPolicy,
} from './hash-policy.ts'
export {
  HashingCluster,
  type HashingClusterOptions,
  type HostSelection,
  type LocalityWeight,
} from './hashing-cluster.ts'
export { firstHeader, type HeaderEntry, type HeaderList, headerValues } from './header-list.ts'
export { hashKeyOf, type Host, hostsInRotation, normalizeWeights, type WeightedHost } from './host-set.ts'
export {
  createLoadBalancer,
  type LoadBalancer,
  type LoadBalancerPolicy,
  type Random64,
} from './load-balancer.ts'
export { Maglev, type MaglevOptions } from './maglev.ts'
export { murmurHash2 } from './murmur.ts'
export { mersenneTwister } from './mersenne-twister.ts'
export { type PriorityLoad, priorityLoads } from './priority-load.ts'
export { type RegexRewrite, replaceAll } from './regex-rewrite.ts'
export { RingHash, type RingHashOptions } from './ring-hash.ts'
export { xxHash64, xxHash64Chained } from './xxhash.ts'
