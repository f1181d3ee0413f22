import { describe, expect, test } from 'vitest'

import {
  EnvoyModelError,
  HashingCluster,
  type HashingClusterOptions,
  type Host,
  mersenneTwister,
  type PriorityLoad,
  priorityLoads,
  RingHash,
  xxHash64,
} from '../../host/envoy/index.ts'

/** Hosts of one priority each time: how many there are, healthy and degraded ones first. */
function hosts(total: number, healthy: number, degraded = 0, priority = 0): Host[] {
  return Array.from({ length: total }, (_, i) => ({
    address: `10.0.${priority}.${i}:80`,
    priority,
    healthy: i < healthy + degraded,
    degraded: i >= healthy && i < healthy + degraded,
  }))
}

const summary = (loads: readonly PriorityLoad[]): string =>
  loads.map(({ healthy, degraded, panic }) => `${healthy}+${degraded}${panic ? '!' : ''}`).join(' ')

describe('the load of priorities', () => {
  // The tables of Envoy's documentation, intro/arch_overview/upstream/load_balancing: priority and panic_threshold.
  test.each([
    ['all of the first', [hosts(100, 100), hosts(100, 100)], '100+0 0+0'],
    ['72 % healthy are enough', [hosts(100, 72), hosts(100, 72)], '100+0 0+0'],
    ['71 %', [hosts(100, 71), hosts(100, 71)], '99+0 1+0'],
    ['50 %', [hosts(100, 50), hosts(100, 50)], '70+0 30+0'],
    ['25 % of one', [hosts(100, 25), hosts(100, 100)], '35+0 65+0'],
    ['none of the first', [hosts(100, 0), hosts(100, 100)], '0+0 100+0'],
    [
      'too few in both: they share by what is there, in panic',
      [hosts(100, 25), hosts(100, 25)],
      '50+0! 50+0!',
    ],
    ['one of three is left', [hosts(100, 5), hosts(100, 0), hosts(100, 20)], '34+0! 33+0! 33+0!'],
    ['degraded hosts take what the healthy ones leave', [hosts(100, 25, 75)], '35+65'],
    ['without hosts', [[]], '100+0!'],
  ])('%s', (_what, priorities, expected) => {
    expect(summary(priorityLoads(priorities, 50))).toBe(expected)
  })

  test('without a panic threshold nothing is in panic', () => {
    expect(summary(priorityLoads([hosts(4, 1), hosts(4, 0)], 0))).toBe('100+0 0+0')
    expect(summary(priorityLoads([hosts(4, 0), hosts(4, 0)], 0))).toBe('100+0 0+0')
  })
})

describe('a cluster', () => {
  const ring = { policy: { ringHash: {} } } as const
  const hash = xxHash64('session')

  test('of one priority chooses as its ring does', () => {
    const all = hosts(7, 7)
    const cluster = new HashingCluster(all, ring)
    expect(cluster.chooseHost(hash)).toBe(new RingHash(all).chooseHost(hash))
  })

  test('chooses the priority by the hash, and among its healthy hosts', () => {
    const all = [...hosts(4, 2), ...hosts(4, 4, 0, 1)]
    const cluster = new HashingCluster(all, ring)
    expect(summary(cluster.loads)).toBe('70+0 30+0')
    const second = new RingHash(all.slice(4))
    expect(cluster.chooseHost(69n)?.priority).toBe(0)
    expect(cluster.chooseHost(70n)).toBe(second.chooseHost(70n))
    expect(cluster.chooseHost(100n)?.priority).toBe(0)
  })

  test('gives nothing to a locality without a weight', () => {
    const all = ['a', 'a', 'b'].map((locality, i): Host => ({ address: `10.0.0.${i}:80`, locality }))
    const weighted = (weights: HashingClusterOptions['localityWeights']) =>
      new HashingCluster(all, { ...ring, ...(weights === undefined ? {} : { localityWeights: weights }) })
    expect(new RingHash([all[2] ?? { address: '' }]).size).toBe(1024)
    expect(weighted([{ locality: 'b', weight: 3 }]).chooseHost(hash)).toBe(all[2])
    expect(weighted([]).chooseHost(hash)).toBeUndefined()
  })

  test('leaves a host that a retry rejects, as often as it may look', () => {
    const all = hosts(3, 3)
    const cluster = new HashingCluster(all, { policy: { maglev: { tableSize: 7 } } })
    const first = cluster.chooseHost(hash)
    const other = cluster.chooseHost(hash, { rejects: (host) => host === first, maxAttempts: 10 })
    expect(other).not.toBe(first)
    expect(cluster.chooseHost(hash, { rejects: () => true, maxAttempts: 0 })).toBe(first)
  })

  test('passes on what is over its bounds, the same way each time', () => {
    const all = hosts(4, 4)
    const cluster = new HashingCluster(all, { ...ring, hashBalanceFactor: 100 })
    const first = cluster.chooseHost(hash)
    const busy = { active: (host: Host) => (host === first ? 2 : 0) }
    const other = cluster.chooseHost(hash, busy)
    expect(other).not.toBe(first)
    expect(cluster.chooseHost(hash, busy)).toBe(other)
    expect(cluster.chooseHost(hash, { active: () => 5 })).toBe(first)
  })

  test('refuses a bound below the average', () => {
    expect(() => new HashingCluster(hosts(1, 1), { ...ring, hashBalanceFactor: 99 })).toThrow(EnvoyModelError)
  })
})

test('the Mersenne Twister is the one of the C++ standard', () => {
  // [rand.predef]: the 10,000th number of a default-constructed mt19937.
  const draw = mersenneTwister(5489)
  for (let i = 1; i < 10_000; i++) draw()
  expect(draw()).toBe(4_123_659_995)
})

test('a ring of 1,000 hosts is built in under 50 ms of processor time', () => {
  const many = Array.from({ length: 1_000 }, (_, i): Host => ({ address: `10.1.${i >> 8}.${i & 255}:8080` }))
  // The best of several: what other processes of the machine and the compiler do is not the ring's.
  const milliseconds = Array.from({ length: 15 }, () => {
    const before = process.cpuUsage()
    new RingHash(many)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000
  })
  expect(new RingHash(many).size).toBe(2_000)
  expect(Math.min(...milliseconds)).toBeLessThan(50)
})
