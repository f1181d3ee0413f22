import { expect, test } from 'vitest'
import { costInterval, costRatio, pairedCost } from '../../bench/paired.ts'

test('the cost is the median of the differences, block by block, and their middle half', () => {
  // A slow moment, the fourth block, slows both and leaves the difference as it is.
  expect(pairedCost([11, 12, 13, 94, 15], [10, 10, 10, 90, 10])).toEqual({
    median: 3,
    quartiles: [2, 4],
    minima: 1,
  })
})

test('between two ranks it is linear', () => {
  expect(pairedCost([1, 2], [0, 0])).toEqual({ median: 1.5, quartiles: [1.25, 1.75], minima: 1 })
})

test('the minima may stem from blocks that do not stand side by side', () => {
  expect(pairedCost([30, 14], [10, 20]).minima).toBe(4)
})

test('blocks without a partner are refused', () => {
  expect(() => pairedCost([1, 2], [1])).toThrow('2 blocks beside 1: expected as many of each, and some')
  expect(() => pairedCost([], [])).toThrow('0 blocks beside 0: expected as many of each, and some')
  expect(() => costRatio([1, 2], [1, 2], [1])).toThrow(RangeError)
  expect(() => costRatio([1, 2], [1], [1, 2])).toThrow(RangeError)
})

test('the ratio is the median cost over the median cost of the reference', () => {
  // Over the baseline: 3, 6, 9 and 2, 4, 8.
  expect(costRatio([13, 26, 39], [12, 24, 38], [10, 20, 30])?.ratio).toBe(1.5)
})

test('where every block says the same, so does the interval', () => {
  expect(costRatio([13, 23, 93, 43], [12, 22, 92, 42], [10, 20, 90, 40])).toEqual({
    ratio: 1.5,
    interval: [1.5, 1.5],
  })
})

test('a draw keeps blocks side by side: what costs twice as much in each block costs twice as much', () => {
  const baseline = [10, 20, 30, 40, 50]
  const reference = baseline.map((cost, i) => cost + 2 ** i)
  const contender = baseline.map((cost, i) => cost + 2 * 2 ** i)
  expect(costRatio(contender, reference, baseline)).toEqual({ ratio: 2, interval: [2, 2] })
})

test('the interval spans what single blocks could have said, and is the same each time', () => {
  const blocks = [
    [3, 1, 2, 5, 4],
    [1, 1, 1, 1, 1],
    [0, 0, 0, 0, 0],
  ] as const
  const [contender, reference, baseline] = blocks
  expect(costRatio(contender, reference, baseline)).toEqual({ ratio: 3, interval: [1, 5] })
})

test('there is no ratio to a reference that costs nothing', () => {
  expect(costRatio([3], [1], [1])).toBeUndefined()
  expect(costRatio([3], [1], [2])).toBeUndefined()
})

test('the interval has no upper end where the reference costs nothing in some draws', () => {
  expect(costRatio([4, 4, 4], [0, 2, 2], [0, 0, 0])).toEqual({ ratio: 2, interval: [2, Infinity] })
})

test('starts are drawn too: where they differ, many blocks of each make the interval no narrower', () => {
  const fast = Array.from({ length: 50 }, () => 2)
  const slow = Array.from({ length: 50 }, () => 4)
  const one = Array.from({ length: 100 }, () => 1)
  const none = Array.from({ length: 100 }, () => 0)
  expect(costRatio([...fast, ...slow], one, none, 2)).toEqual({ ratio: 3, interval: [2, 4] })
})

test('starts of other lengths are refused', () => {
  expect(() => costRatio([1, 2, 3], [1, 2, 3], [0, 0, 0], 2)).toThrow(
    '3 blocks of 2 starts: expected as many of each',
  )
})

test('the interval of a cost spans what single blocks could have said; where all say the same, so does it', () => {
  expect(costInterval([11, 12, 13], [10, 10, 10])).toEqual([1, 3])
  expect(costInterval([12, 22, 92], [10, 20, 90])).toEqual([2, 2])
})

test('the interval of a cost spans the starts too', () => {
  const fast = Array.from({ length: 50 }, () => 2)
  const slow = Array.from({ length: 50 }, () => 4)
  const none = Array.from({ length: 100 }, () => 0)
  expect(costInterval([...fast, ...slow], none, 2)).toEqual([2, 4])
})
