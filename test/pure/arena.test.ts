import { describe, expect, test } from 'vitest'
import { Prng, SEED, TIME_LIMIT, caseCount } from '../fuzz/prng.ts'
import { Storage } from './storage.ts'

const CAP = 1 << 20

describe('the arena', () => {
  test('gives out its cap to the byte, and then nothing until it is reset', () => {
    const { call } = new Storage()
    call.arenaReset(1024)
    expect(call.arenaAlloc(1025)).toBe(0)
    expect(call.arenaAlloc(1016)).toBeGreaterThan(0)
    expect(call.arenaAlloc(9)).toBe(0)
    expect(call.arenaAlloc(8)).toBeGreaterThan(0)
    expect(call.arenaAlloc(0)).toBe(0)
    expect(call.arenaUsed()).toBe(1024)
    call.arenaReset(1024)
    expect(call.arenaAlloc(1024)).toBeGreaterThan(0)
  })

  test.each([CAP + 1, 0x7fff_ffff, 0x8000_0000, 0xffff_fff9, 0xffff_ffff])('refuses %i bytes', (size) => {
    const { call } = new Storage()
    call.arenaReset(CAP)
    expect(call.arenaAlloc(size)).toBe(0)
    expect(call.arenaAlloc(8)).toBeGreaterThan(0)
  })

  const rounds = caseCount(500)
  test(
    `gives memory that nobody else writes to, in ${rounds} random callbacks (seed ${SEED})`,
    { timeout: TIME_LIMIT },
    () => {
      const storage = new Storage()
      const prng = new Prng(SEED)
      for (let round = 0; round < rounds; round++) {
        storage.call.arenaReset(CAP)
        const parts: { address: number; size: number; byte: number }[] = []
        for (let more = prng.below(30); more > 0; more--) {
          const size = prng.onceIn(10) ? prng.below(CAP / 4) : prng.below(500)
          const address = storage.call.arenaAlloc(size)
          if (address === 0) continue
          expect(address % 8).toBe(0)
          const byte = prng.below(256)
          storage.fill(address, size, byte)
          parts.push({ address, size, byte })
        }
        expect(parts.every(({ address, size, byte }) => storage.holds(address, size, byte))).toBe(true)
      }
      // The largest chunk stays: at most twice the cap, and what the heap lost to smaller ones before.
      expect(storage.call.heapUsed()).toBeLessThan(2 * CAP + 1024)
      expect(storage.pages * 65_536).toBeLessThan(6 * CAP)
    },
  )

  test('keeps its largest chunk over a reset, and so its addresses', () => {
    const { call } = new Storage()
    call.arenaReset(CAP)
    for (let i = 0; i < 100; i++) call.arenaAlloc(5000)
    call.arenaReset(CAP)
    const used = call.heapUsed()
    const first = call.arenaAlloc(5000)
    call.arenaReset(CAP)
    expect(call.arenaAlloc(5000)).toBe(first)
    expect(call.heapUsed()).toBe(used)
  })

  test('gives everything back when it is released', () => {
    const { call } = new Storage()
    call.arenaReset(8 << 20)
    for (let i = 0; i < 100; i++) call.arenaAlloc(50_000)
    call.arenaRelease()
    expect(call.heapUsed()).toBe(0)
    expect(call.arenaUsed()).toBe(0)
    expect(call.arenaAlloc(100)).toBeGreaterThan(0)
  })

  test('refuses where memory cannot grow, does not trap, and gives what fits', () => {
    const { pages } = new Storage()
    const { call } = new Storage(pages + 1)
    call.arenaReset(CAP)
    expect(call.arenaAlloc(200_000)).toBe(0)
    expect(call.arenaAlloc(10_000)).toBeGreaterThan(0)
    expect(call.arenaAlloc(200_000)).toBe(0)
    call.arenaReset(CAP)
    expect(call.arenaAlloc(10_000)).toBeGreaterThan(0)
  })
})
