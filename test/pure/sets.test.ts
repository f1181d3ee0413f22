import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cases, guarded, pure } from './module.ts'

const WORDS = 16
const numbers = fc.uniqueArray(fc.nat(64 * WORDS - 1), { maxLength: 40 })

describe('a set of small numbers', () => {
  test('has what was put in, smallest first', () => {
    fc.assert(
      fc.property(numbers, numbers, (some, more) => {
        const found = guarded((room) => {
          const [set, other] = [room.output(8 * WORDS, new Uint8Array(8 * WORDS)), room.output(8 * WORDS)]
          new Uint8Array(pure.memory.buffer, other, 8 * WORDS).fill(0)
          for (const number of some) pure.setBit(set, number)
          for (const number of more) pure.setBit(other, number)
          pure.addAll(set, other, WORDS)
          const list: number[] = []
          for (let at = pure.nextOf(set, 0, WORDS); at >= 0; at = pure.nextOf(set, at + 1, WORDS))
            list.push(at)
          return list
        })
        expect(found).toEqual([...new Set([...some, ...more])].sort((a, b) => a - b))
      }),
      cases(200, 100_000),
    )
  })

  test('has nothing beyond its last word', () => {
    const next = (least: number, words: number): number =>
      guarded((room) => {
        const set = room.output(8 * words, new Uint8Array(8 * words))
        pure.setBit(set, 64 * words - 1)
        return pure.nextOf(set, least, words)
      })
    expect(next(0, 1)).toBe(63)
    expect(next(63, 1)).toBe(63)
    expect(next(64, 1)).toBe(-1)
    expect(next(1024, 16)).toBe(-1)
  })
})

/** What `addName` answers for each of some names, in a set of its own, and how many there are then. */
function addAll(names: readonly string[]): { added: number[]; count: number; found: number[] } {
  return guarded((room) => {
    const start = BigInt.asUintN(32, room.input(names.join('')))
    let at = start
    const slices = names.map((name) => {
      const slice = (BigInt(name.length) << 32n) | at
      at += BigInt(name.length)
      return slice
    })
    pure.clearNames()
    const added = slices.map((slice) => pure.addName(slice))
    return { added, count: pure.nameCount(), found: slices.map((slice) => pure.hasName(slice)) }
  })
}

describe('a set of names', () => {
  test('has each once, whatever its case', () => {
    expect(addAll(['x-a', 'X-A', 'x-b', 'x-aa', 'x-B', '@', '`'])).toEqual({
      added: [1, 0, 1, 1, 0, 1, 1],
      count: 5,
      found: [1, 1, 1, 1, 1, 1, 1],
    })
  })

  test('leaves out more names than it has room for', () => {
    const names = Array.from({ length: 1100 }, (_, i) => `n${i}`)
    const { added, count, found } = addAll(names)
    expect(added).toEqual(names.map(() => 1))
    expect(count).toBe(1027)
    expect(found).toEqual(names.map((_, i) => (i < 1027 ? 1 : 0)))
  })
})
