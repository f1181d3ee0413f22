import { type Column, table } from '../demo/report/table.ts'
import { costRatio, pairedCost } from './paired.ts'

/** A contender's blocks: microseconds of processor time for a request of each. */
export interface Measured {
  readonly name: string
  readonly costs: readonly number[]
}

const COLUMNS: readonly Column[] = [
  { heading: 'configuration' },
  { heading: 'median', align: 'right' },
  { heading: 'middle half', align: 'right' },
  { heading: 'minima', align: 'right' },
]

const RATIO_COLUMNS: readonly Column[] = [
  { heading: 'x Rust', align: 'right' },
  { heading: '95 % of draws', align: 'right' },
]

/** What each costs over the baseline, and where there is a reference, how many times as much as it. */
export function report(
  baseline: Measured,
  reference: Measured | undefined,
  others: readonly Measured[],
  starts: number,
): readonly string[] {
  const measured = reference === undefined ? others : [reference, ...others]
  const rows = measured.map(({ name, costs }) => {
    const { median, quartiles, minima } = pairedCost(costs, baseline.costs)
    const cells = [name, median.toFixed(1), range(quartiles, 1), minima.toFixed(1)]
    if (reference === undefined) return cells
    const compared = costRatio(costs, reference.costs, baseline.costs, starts)
    return [
      ...cells,
      ...(compared === undefined ? ['-', '-'] : [compared.ratio.toFixed(2), range(compared.interval, 2)]),
    ]
  })
  return table(reference === undefined ? COLUMNS : [...COLUMNS, ...RATIO_COLUMNS], rows)
}

function range([lower, upper]: readonly [number, number], digits: number): string {
  return `${lower.toFixed(digits)} to ${upper.toFixed(digits)}`
}
