import { expect, test } from 'vitest'
import { calmest } from '../../bench/round.ts'

test('rounds count in which nothing waited long for a processor, whatever they cost', () => {
  const rounds = [
    { costs: [50, 60], waited: 40 },
    { costs: [90, 95], waited: 2 },
    { costs: [52, 61], waited: 0 },
    { costs: [10, 11], waited: 3 },
  ]
  expect(calmest(rounds, 2)).toEqual([rounds[2], rounds[1]])
  expect(calmest(rounds, 4)).toHaveLength(4)
})
