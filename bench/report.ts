import { type Column, table } from '../demo/report/table.ts'
import { RUST_COOKIE } from './contender.ts'
import { type Estimate, type JobResult, rustOf } from './result.ts'

const right = (heading: string): Column => ({ heading, align: 'right' })

const INTERVAL = '95 % of draws'

/** A job's contenders and what they cost over no filter; the columns of a reference are there where it is. */
export function report({ letter, name, baseline, contenders }: JobResult): readonly string[] {
  const rust = rustOf(contenders.map(({ name }) => name)) === RUST_COOKIE ? "x Rust's cookie" : 'x Rust'
  const references = [
    { heading: 'x floor', of: contenders.map(({ overFloor }) => overFloor) },
    { heading: rust, of: contenders.map(({ overRust }) => overRust) },
  ].filter(({ of }) => of.some((each) => each !== undefined))
  const columns = [
    { heading: 'contender' },
    ...['median', INTERVAL, 'middle half', 'minima'].map(right),
    ...references.flatMap(({ heading }) => [right(heading), right(INTERVAL)]),
  ]
  const rows = contenders.map(({ name, cost, quartiles, minima }, i) => [
    name,
    cost.value.toFixed(1),
    range(cost.interval, 1),
    range(quartiles, 1),
    minima.toFixed(1),
    ...references.flatMap(({ of }) => times(of[i])),
  ])
  return [`(${letter}) ${name}; without a filter ${baseline.toFixed(1)}`, '', ...table(columns, rows)]
}

function times(estimate: Estimate | undefined): readonly string[] {
  return estimate === undefined ? ['-', '-'] : [estimate.value.toFixed(2), range(estimate.interval, 2)]
}

function range([lower, upper]: Estimate['interval'], digits: number): string {
  return `${lower.toFixed(digits)} to ${upper === null ? 'any' : upper.toFixed(digits)}`
}
