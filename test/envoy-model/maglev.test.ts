import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Host, Maglev } from '../../host/envoy/index.ts'
import { hash64, hostSets, localHosts, refusal, weightedHosts } from './samples.ts'

const ports = (table: Maglev<{ address: string }>): number[] =>
  [...table.entries()].map(({ address }) => Number(address.slice(-2)))

describe('a Maglev table', () => {
  test('of six equal hosts and seven slots is the one in Envoy’s own tests', () => {
    const table = new Maglev(localHosts(90, 91, 92, 93, 94, 95), { tableSize: 7 })
    expect(ports(table)).toEqual([92, 94, 90, 91, 95, 90, 93])
  })

  test('of weights 1 and 2 gives the second host eleven of 17 slots, as in Envoy’s own tests', () => {
    const table = new Maglev(weightedHosts({ 90: 1, 91: 2 }), { tableSize: 17 })
    expect(ports(table)).toEqual([91, 90, 90, 91, 90, 91, 91, 90, 91, 91, 91, 91, 91, 90, 91, 90, 91])
  })

  test('does not depend on the order of the hosts', () => {
    const ordered = new Maglev(localHosts(90, 91, 92, 93, 94, 95), { tableSize: 7 })
    const shuffled = new Maglev(localHosts(93, 90, 95, 92, 91, 94), { tableSize: 7 })
    expect(ports(shuffled)).toEqual(ports(ordered))
  })

  test('has 65537 slots unless told otherwise', () => {
    const table = new Maglev(localHosts(90, 91))
    expect([...table.entries()]).toHaveLength(65_537)
    expect(table.size).toBe(65_537)
  })

  test('without hosts chooses none', () => {
    expect(new Maglev<Host>([]).chooseHost(1n)).toBeUndefined()
    expect(new Maglev<Host>([]).chooseHost(1n, 1)).toBeUndefined()
    expect(new Maglev<Host>([]).slotOf(1n)).toBeUndefined()
    expect(new Maglev<Host>([]).size).toBe(0)
  })

  test.each([1, 4, 65_536, 7.5, 0, -7])('of %d slots is refused: the number must be a prime', (tableSize) => {
    expect(refusal(() => new Maglev([], { tableSize }))).toBe(
      `table_size_not_prime: tableSize is ${tableSize}, but must be a prime, as 65537 is`,
    )
  })

  test('larger than Envoy allows is refused', () => {
    expect(refusal(() => new Maglev([], { tableSize: 5_000_021 }))).toBe(
      'table_size_too_large: tableSize is 5000021, but Envoy takes at most 5000011',
    )
  })

  test('gives every host within one slot of the same number when all weigh the same', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 20 }),
        (some) => {
          const slots = [...new Maglev(localHosts(...some), { tableSize: 1021 }).entries()]
          const counts = some.map(
            (port) => slots.filter(({ address }) => address.endsWith(`:${port}`)).length,
          )
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
          expect(slots).toHaveLength(1021)
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('a hash', () => {
  test('belongs to the slot of its remainder', () => {
    fc.assert(
      fc.property(hostSets, hash64, (hosts, hash) => {
        const table = new Maglev(hosts, { tableSize: 251 })
        const slot = Number(hash % 251n)
        expect(table.chooseHost(hash)).toBe([...table.entries()][slot])
        expect(table.slotOf(hash)).toBe(hosts.length === 0 ? undefined : slot)
      }),
    )
  })

  test('is changed by an attempt into its exclusive or with 2^64 minus the attempt', () => {
    const table = new Maglev(localHosts(90, 91, 92, 93, 94, 95), { tableSize: 7 })
    const chosen = (hash: bigint, attempt: number) =>
      Number(table.chooseHost(hash, attempt)?.address.slice(-2))
    // 2^64 - 1 leaves 1 when divided by 7, 2^64 - 2 leaves 0, and so on downwards.
    expect(chosen(0n, 1)).toBe(94)
    expect(chosen(0n, 2)).toBe(92)
    expect(chosen(0n, 3)).toBe(93)
    expect(chosen(2n ** 64n - 1n, 1)).toBe(92)
  })
})
