import { describe, expect, test } from 'vitest'
import { Prng, SEED, TIME_LIMIT, caseCount } from '../fuzz/prng.ts'
import { Storage } from './storage.ts'

const HEADER = 16

interface Block {
  readonly address: number
  readonly size: number
  /** What it was filled with; it must still be there when it is freed. */
  readonly byte: number
}

const roundUp = (size: number): number => Math.ceil((size + HEADER) / 16) * 16

describe('the heap', () => {
  const steps = caseCount(20_000)

  test(
    `gives blocks that nobody else writes to, in ${steps} random steps (seed ${SEED})`,
    { timeout: TIME_LIMIT },
    () => {
      const storage = new Storage()
      const prng = new Prng(SEED)
      const { call } = storage
      const blocks: Block[] = []
      for (let step = 0; step < steps; step++) {
        if (blocks.length < 40 && prng.onceIn(2)) {
          const size = prng.onceIn(20) ? prng.below(200_000) : prng.below(600)
          const address = call.heapAlloc(size)
          expect(address % 16).toBe(0)
          expect(address).toBeGreaterThan(0)
          const byte = prng.below(256)
          storage.fill(address, size, byte)
          blocks.push({ address, size, byte })
        } else if (blocks.length > 0) {
          const index = prng.below(blocks.length)
          const [block] = blocks.splice(index, 1)
          if (block === undefined) continue
          const { address, size, byte } = block
          expect(storage.holds(address, size, byte)).toBe(true)
          const kept = prng.below(size + 1)
          call.heapShrink(address, kept)
          expect(storage.holds(address, kept, byte)).toBe(true)
          if (prng.onceIn(3)) blocks.push({ address, size: kept, byte })
          else call.heapFree(address)
        }
      }
      for (const { address, size, byte } of blocks) {
        expect(storage.holds(address, size, byte)).toBe(true)
        call.heapFree(address)
      }
      expect(call.heapUsed()).toBe(0)
    },
  )

  test('merges what was freed: the whole of it can be had again in one piece, without growing', () => {
    const storage = new Storage()
    const { call } = storage
    const blocks = Array.from({ length: 100 }, () => call.heapAlloc(10_000))
    const { pages } = storage
    for (const order of [0, 2, 1]) {
      blocks.forEach((address, index) => {
        if (index % 3 === order) call.heapFree(address)
      })
    }
    expect(call.heapUsed()).toBe(0)
    expect(call.heapAlloc(100 * 10_000)).toBeGreaterThan(0)
    expect(storage.pages).toBe(pages)
  })

  test('counts headers and rounding as used', () => {
    const { call } = new Storage()
    call.heapAlloc(0)
    expect(call.heapUsed()).toBe(roundUp(0))
    const address = call.heapAlloc(100)
    expect(call.heapUsed()).toBe(roundUp(0) + roundUp(100))
    call.heapFree(address)
    expect(call.heapUsed()).toBe(roundUp(0))
  })

  test('keeps a block as it is when it is shrunk to more than it has, or by next to nothing', () => {
    const { call } = new Storage()
    const address = call.heapAlloc(1000)
    const used = call.heapUsed()
    call.heapShrink(address, 5000)
    call.heapShrink(address, 990)
    expect(call.heapUsed()).toBe(used)
    call.heapShrink(address, 100)
    expect(call.heapUsed()).toBe(roundUp(100))
  })

  test('gives nothing for 0 to free', () => {
    const { call } = new Storage()
    call.heapFree(0)
    expect(call.heapUsed()).toBe(0)
  })

  test.each([(64 << 20) + 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffef, 0xffff_ffff])(
    'refuses %i bytes, more than any block may have',
    (size) => {
      const storage = new Storage()
      const { pages } = storage
      expect(storage.call.heapAlloc(size)).toBe(0)
      expect(storage.pages).toBe(pages)
    },
  )

  test('refuses where memory cannot grow, does not trap, and gives what fits', () => {
    const { pages } = new Storage()
    const storage = new Storage(pages + 2)
    const { call } = storage
    expect(call.heapAlloc(4 * 65_536)).toBe(0)
    const block = call.heapAlloc(2 * 65_536 - HEADER)
    expect(block).toBeGreaterThan(0)
    expect(storage.pages).toBe(pages + 2)
    expect(call.heapAlloc(2 * 65_536)).toBe(0)
    call.heapFree(block)
    expect(call.heapAlloc(2 * 65_536 - HEADER)).toBe(block)
  })
})
