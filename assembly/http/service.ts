import { ABSENT, Slice, between, endOf, isPresent, ptrOf } from '../bytes/slice'

// @ts-ignore: decorator
@inline
const BAR: u8 = 0x7c

/**
 * The service that a cluster's name is about: what stands after the last bar, in a name without one all of it, ABSENT
 * if that is nothing. Istio names clusters by direction, port, subset and service (`BuildSubsetKey`,
 * pilot/pkg/model/service.go).
 *
 *     outbound|8080|v1|cart.shop.svc.cluster.local -> cart.shop.svc.cluster.local       inbound|8080|| -> ABSENT
 */
export function serviceOf(cluster: Slice): Slice {
  if (!isPresent(cluster)) return cluster
  const end = endOf(cluster)
  let start = end
  while (start > ptrOf(cluster) && load<u8>(start - 1) != BAR) start--
  return start == end ? ABSENT : between(start, end)
}
