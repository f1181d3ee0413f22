import { describe, expect, test } from 'vitest'
import {
  createLoadBalancer,
  type Host,
  hostsInRotation,
  type LoadBalancerPolicy,
  Maglev,
  RingHash,
  xxHash64,
} from '../../host/envoy/index.ts'
import { localHosts, weightedHosts } from './samples.ts'

const neverRandom = () => {
  throw new Error('a request with a hash needs no random number')
}

function picks(hosts: readonly Host[], policy: LoadBalancerPolicy, count: number): string[] {
  let drawn = 0n
  const balancer = createLoadBalancer(hosts, policy, () => drawn++)
  return Array.from({ length: count }, () => balancer.chooseHost(undefined)?.address.slice(-2) ?? 'none')
}

describe('a balancer that hashes', () => {
  const hosts = localHosts(90, 91, 92, 93)

  test('chooses by the request’s hash', () => {
    const hash = xxHash64('session-1')
    const ring = createLoadBalancer(hosts, { ringHash: { minimumRingSize: 64 } }, neverRandom)
    expect(ring.chooseHost(hash)).toBe(new RingHash(hosts, { minimumRingSize: 64 }).chooseHost(hash))
    const maglev = createLoadBalancer(hosts, { maglev: { tableSize: 251 } }, neverRandom)
    expect(maglev.chooseHost(hash, 2)).toBe(new Maglev(hosts, { tableSize: 251 }).chooseHost(hash, 2))
  })

  test('draws a random number for a request without one', () => {
    const table = new Maglev(hosts, { tableSize: 7 })
    const slots = [...table.entries()].map(({ address }) => address.slice(-2))
    expect(picks(hosts, { maglev: { tableSize: 7 } }, 7)).toEqual(slots)
  })
})

describe('a balancer that does not hash', () => {
  test('chooses at random among all hosts, weights aside', () => {
    expect(picks(localHosts(90, 91, 92), 'random', 4)).toEqual(['90', '91', '92', '90'])
  })

  test('lets equal hosts take turns', () => {
    expect(picks(localHosts(90, 91, 92), 'roundRobin', 5)).toEqual(['90', '91', '92', '90', '91'])
  })

  test('gives heavier hosts more turns, spread out', () => {
    expect(picks(weightedHosts({ 90: 2, 91: 1 }), 'roundRobin', 6)).toEqual([
      '90',
      '91',
      '90',
      '90',
      '91',
      '90',
    ])
  })

  test.each<LoadBalancerPolicy>(['random', 'roundRobin'])('without hosts chooses none: %s', (policy) => {
    expect(picks([], policy, 1)).toEqual(['none'])
  })
})

describe('the hosts in rotation', () => {
  const health = (...states: boolean[]) =>
    states.map((healthy, i): Host => ({ address: `10.0.0.${i}:80`, healthy }))
  const rotation = (states: boolean[], threshold?: number) =>
    hostsInRotation(health(...states), threshold).map(({ address }) => Number(address.slice(7, 8)))

  test('are the healthy ones', () => {
    expect(rotation([true, false, true, true])).toEqual([0, 2, 3])
    expect(rotation([true, false])).toEqual([0])
  })

  test('are all once fewer than half are healthy', () => {
    expect(rotation([true, false, false])).toEqual([0, 1, 2])
    expect(rotation([false, false])).toEqual([0, 1])
  })

  test('are the healthy ones, if any, where the panic threshold is 0', () => {
    expect(rotation([true, false, false], 0)).toEqual([0])
    expect(rotation([false, false], 0)).toEqual([])
  })

  test('are none where there are none', () => {
    expect(rotation([])).toEqual([])
  })
})
