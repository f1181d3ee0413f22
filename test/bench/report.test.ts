import { expect, test } from 'vitest'
import { report } from '../../bench/report.ts'
import { jobResult } from '../../bench/result.ts'

const NAMES = ['no filter', 'floor: one read, one write', 'Mooring']
const JOB = { letter: 'a', name: 'a job' }
const rounds = (...costs: readonly (readonly number[])[]) => costs.map((each) => ({ costs: each, waited: 0 }))

test('beside a reference each row says how many times as much it costs', () => {
  const result = jobResult(JOB, NAMES, rounds([10, 12, 13], [20, 22, 23], [30, 32, 43]), 1)
  expect(report(result)).toEqual([
    '(a) a job; without a filter 20.0',
    '',
    'contender                   median  95 % of draws  middle half  minima  x floor  95 % of draws',
    'floor: one read, one write     2.0     2.0 to 2.0   2.0 to 2.0     2.0     1.00   1.00 to 1.00',
    'Mooring                        3.0    3.0 to 13.0   3.0 to 8.0     3.0     1.50   1.50 to 6.50',
  ])
})

test('each reference has columns of its own, and those that are not there have none', () => {
  const columns = (...names: readonly string[]) =>
    report(
      jobResult(
        JOB,
        ['no filter', ...names],
        rounds([10, ...names.map(() => 12)], [20, ...names.map(() => 22)]),
        1,
      ),
    )[2]?.split(/ {2,}/)
  const own = ['contender', 'median', '95 % of draws', 'middle half', 'minima']
  expect(columns('Mooring')).toEqual(own)
  expect(columns('Rust SDK', 'Mooring')).toEqual([...own, 'x Rust', '95 % of draws'])
  expect(columns('floor: one read, one write', 'Rust SDK', 'Mooring')).toEqual([
    ...own,
    'x floor',
    '95 % of draws',
    'x Rust',
    '95 % of draws',
  ])
})

test('what is compared with less work in Rust, a copy of the cookie, says so', () => {
  const names = ['no filter', 'Rust SDK, the cookie alone', 'Mooring']
  const result = jobResult({ letter: 'l', name: 'a job' }, names, rounds([10, 12, 13], [20, 22, 23]), 1)
  expect(result.contenders.map(({ overRust }) => overRust?.value)).toEqual([1, 1.5])
  expect(report(result)[2]).toMatch(/ {2}x Rust's cookie {2}95 % of draws$/)
})

test('where the reference costs nothing that could be seen, no ratio is made up', () => {
  const { contenders } = jobResult(JOB, NAMES, rounds([10, 10, 13], [20, 20, 23]), 1)
  expect(contenders.map(({ overFloor, overRust }) => [overFloor, overRust])).toEqual([
    [undefined, undefined],
    [undefined, undefined],
  ])
})

test('a ratio without an upper bound says so, and survives JSON', () => {
  const result = jobResult(JOB, NAMES, rounds([0, 0, 4], [0, 2, 4], [0, 2, 4]), 1)
  expect(JSON.parse(JSON.stringify(result.contenders[1]?.overFloor))).toEqual({
    value: 2,
    interval: [2, null],
  })
  expect(report(result).at(-1)).toMatch(/2\.00 to any$/)
})
