import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { withPart } from '../../bench/page.ts'
import { maglev, ring, scaling, type Scaling, sessionHashes } from '../../bench/scaling/model.ts'
import { scalingLines } from '../../bench/scaling/page.ts'

const HASHES = sessionHashes(20_000)

test('sessions are told by what Envoy hashes of their keys', () => {
  // xxHash64 of the first 22 base64url characters of SHA-256 of "0", of "1".
  expect(sessionHashes(2)).toEqual([4563576620018239920n, 7181440589107173987n])
})

test('a gateway with Maglev moves hardly more sessions than it must, and agrees with every other', () => {
  const { joins, leaves, disputed, idle } = scaling(maglev(65_537), 10, HASHES)
  expect(joins).toBeGreaterThanOrEqual(0.085)
  expect(joins).toBeLessThan(0.1)
  expect(leaves).toBeGreaterThanOrEqual(0.095)
  expect(leaves).toBeLessThan(0.11)
  expect({ disputed, idle }).toEqual({ disputed: 0, idle: 0 })
})

test("on Istio's ring of 1,024 one of 1,000 pods has several times the mean while others stand idle", () => {
  expect(scaling(ring(1024), 1000, HASHES)).toEqual({
    balancer: 'ring of 1,024',
    pods: 1000,
    sessions: 20_000,
    busiest: 4.45,
    idle: 12,
    joins: 0.00125,
    leaves: 0.00045,
    disputed: 0,
  })
})

test('the numbers do not depend on the machine or the run', () => {
  expect(scaling(ring(4096), 7, HASHES)).toEqual(scaling(ring(4096), 7, sessionHashes(20_000)))
})

test('docs/performance.md shows what was computed', () => {
  const all = JSON.parse(readFileSync('bench/results/scaling.json', 'utf8')) as readonly Scaling[]
  expect(all.map(({ pods, sessions }) => [pods, sessions])).toContainEqual([1000, 1_000_000])
  const page = readFileSync('docs/performance.md', 'utf8')
  expect(withPart(page, 'scaling', scalingLines(all))).toBe(page)
})
