import { expect, test } from 'vitest'
import { pairedCost } from '../../bench/paired.ts'

test('the cost is the median of the differences, block by block, and their middle half', () => {
  // A slow moment, the fourth block, slows both and leaves the difference as it is.
  expect(pairedCost([11, 12, 13, 94, 15], [10, 10, 10, 90, 10])).toEqual({ median: 3, quartiles: [2, 4] })
})

test('between two ranks it is linear', () => {
  expect(pairedCost([1, 2], [0, 0])).toEqual({ median: 1.5, quartiles: [1.25, 1.75] })
})

test('blocks without a partner are refused', () => {
  expect(() => pairedCost([1, 2], [1])).toThrow('2 blocks beside 1: expected as many of each, and some')
  expect(() => pairedCost([], [])).toThrow('0 blocks beside 0: expected as many of each, and some')
})
