import { expect, test } from 'vitest'
import { calmest, drawnOrder } from '../../bench/round.ts'

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

test('the order of a round is drawn, and each order as likely as any other', () => {
  // Three places and two are left to draw from: six pairs of draws, and six orders of three.
  const drawn = [0.1, 0.4, 0.9].flatMap((first) =>
    [0.2, 0.7].map((second) => {
      const draws = [second, first]
      return drawnOrder(3, () => draws.pop() ?? 0).join('')
    }),
  )
  expect(drawn.sort()).toEqual(['012', '021', '102', '120', '201', '210'])
  expect([...drawnOrder(20)].sort((a, b) => a - b)).toEqual([...Array(20).keys()])
  expect(drawnOrder(1)).toEqual([0])
})
