import { expect, test } from 'vitest'
import { report } from '../../bench/report.ts'

const baseline = { name: 'no filter', costs: [10, 20, 30] }
const rust = { name: 'rust', costs: [12, 22, 32] }
const chain = { name: 'the chain', costs: [13, 23, 43] }

test('beside a reference each row says how many times as much it costs', () => {
  expect(report(baseline, rust, [chain], 1)).toEqual([
    'configuration  median  middle half  minima  x Rust  95 % of draws',
    'rust              2.0   2.0 to 2.0     2.0    1.00   1.00 to 1.00',
    'the chain         3.0   3.0 to 8.0     3.0    1.50   1.50 to 6.50',
  ])
})

test('without one there are no ratios', () => {
  expect(report(baseline, undefined, [chain], 1)).toEqual([
    'configuration  median  middle half  minima',
    'the chain         3.0   3.0 to 8.0     3.0',
  ])
})

test('where the reference costs nothing that could be seen, no ratio is made up', () => {
  expect(report(baseline, baseline, [chain], 1)).toEqual([
    'configuration  median  middle half  minima  x Rust  95 % of draws',
    'no filter         0.0   0.0 to 0.0     0.0       -              -',
    'the chain         3.0   3.0 to 8.0     3.0       -              -',
  ])
})
