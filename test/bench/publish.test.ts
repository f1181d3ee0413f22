import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bars } from '../../bench/bars.ts'
import type { Budget } from '../../bench/budget.ts'
import { counts, withPart } from '../../bench/page.ts'
import { publish } from '../../bench/publish.ts'
import type { ContenderResult, JobResult, RunResult } from '../../bench/result.ts'

const FLOOR: ContenderResult = {
  name: 'floor: one read, one write',
  cost: { value: 10, interval: [8, 12] },
  quartiles: [9, 11],
  minima: 9,
  overFloor: { value: 1, interval: [1, 1] },
}
const OWN: ContenderResult = {
  name: 'Mooring',
  cost: { value: 20.12345, interval: [15, null] },
  quartiles: [18, 21],
  minima: 17,
  overFloor: { value: 2.012345, interval: [1.5, null] },
}
const CALLS: ContenderResult = {
  name: "Mooring's calls alone",
  cost: { value: 14.04, interval: [13, 15] },
  quartiles: [13, 15],
  minima: 12,
  overFloor: { value: 1.404, interval: [1.3, 1.5] },
}
const JOB: JobResult = { letter: 'a', name: 'a <small> job', baseline: 60, contenders: [FLOOR, CALLS, OWN] }
const RUN: RunResult = {
  date: '2026-01-02T03:04:05.000Z',
  machine: 'A processor, 2 processors, Linux 6',
  envoy: '1.40.0',
  node: '20.0.0',
  starts: 5,
  blocks: 10,
  requests: 1000,
  leftOut: ['the Rust SDK, no compiler'],
  jobs: [JOB],
}
const PAGE = 'before\n\n<!-- figures -->\n\nold\n\n<!-- end of figures -->\n\nafter\n'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mooring-publish-'))
  mkdirSync(join(root, 'docs'))
  writeFileSync(join(root, 'docs', 'performance.md'), PAGE)
})
afterEach(() => {
  rmSync(root, { recursive: true })
})

test('a run leaves its numbers, the bars of each job, and a page that says when, where and of what', () => {
  publish(RUN, root)
  const result = JSON.parse(readFileSync(join(root, 'bench/results/envoy-1.40.0.json'), 'utf8')) as RunResult
  expect(result.jobs[0]?.contenders[2]?.cost).toEqual({ value: 20.123, interval: [15, null] })
  expect(result.machine).toBe(RUN.machine)
  expect(readdirSync(join(root, 'docs/performance'))).toEqual(['a.svg'])
  expect(readFileSync(join(root, 'docs/performance.md'), 'utf8')).toBe(
    [
      'before',
      '',
      '<!-- figures -->',
      '',
      '2026-01-02, A processor, 2 processors, Linux 6. Envoy 1.40.0, one worker; Node 20.0.0 sends. 5 starts, 10 blocks of',
      '1000 requests after each. Left out: the Rust SDK, no compiler.',
      '',
      '### (a) a <small> job',
      '',
      '![What each contender costs](performance/a.svg)',
      '',
      '| contender | µs over no filter | 95 % of draws | times the floor | times Rust |',
      '|---|---|---|---|---|',
      '| floor: one read, one write | 10.0 | 8.0 to 12.0 | 1.00 (1.00 to 1.00) |  |',
      "| Mooring's calls alone | 14.0 | 13.0 to 15.0 | 1.40 (1.30 to 1.50) |  |",
      '| Mooring | 20.1 | 15.0 to any | 2.01 (1.50 to any) |  |',
      '',
      "Without a filter a request costs 60.0 µs. Mooring's 20.1 µs are 2.0 cores at 100,000 requests a second, extrapolated; its calls alone are 14.0 of them.",
      '',
      '<!-- end of figures -->',
      '',
      'after',
      '',
    ].join('\n'),
  )
})

test('a job beside a copy of the cookie in Rust has a column of that name', () => {
  const copy = {
    ...FLOOR,
    name: 'Rust SDK, the cookie alone',
    overRust: { value: 1, interval: [1, 1] },
  } as const
  const own = { ...OWN, overRust: { value: 1.25, interval: [1.125, 1.5] } } as const
  publish({ ...RUN, jobs: [{ ...JOB, letter: 'l', contenders: [copy, own] }] }, root)
  const lines = readFileSync(join(root, 'docs/performance.md'), 'utf8').split('\n')
  expect(lines).toContain(
    "| contender | µs over no filter | 95 % of draws | times the floor | times Rust's cookie filter |",
  )
  expect(lines).toContain('| Mooring | 20.1 | 15.0 to any | 2.01 (1.50 to any) | 1.25 (1.13 to 1.50) |')
})

test('publishing again replaces what was there', () => {
  publish(RUN, root)
  const once = readFileSync(join(root, 'docs/performance.md'), 'utf8')
  publish(RUN, root)
  expect(readFileSync(join(root, 'docs/performance.md'), 'utf8')).toBe(once)
})

test('a page without a place for the figures is not written over', () => {
  expect(() => withPart('no place', 'figures', [])).toThrow(
    'docs/performance.md: expected <!-- figures --> before <!-- end of figures -->',
  )
})

test('bars are as long as the medians, lines as long as the intervals, all on one scale from zero', () => {
  const text = bars({ ...JOB, contenders: [FLOOR, { ...OWN, cost: { value: 20, interval: [15, 25] } }] })
  // 25 microseconds are 470 units from 190.
  expect(text).toContain('<rect class="other" x="190.0" y="39" width="188.0" height="16"/>')
  expect(text).toContain('<path d="M340.4 47H415.6')
  expect(text).toContain('<rect class="own" x="190.0" y="65" width="376.0" height="16"/>')
  expect(text).toContain('<path d="M472.0 73H660.0')
  expect(text).toContain(
    '(a) a &lt;small&gt; job: microseconds of processor time for a request, over no filter',
  )
})

test('a bar below zero goes to the left', () => {
  const text = bars({ ...JOB, contenders: [{ ...FLOOR, cost: { value: -1, interval: [-1, 1] } }] })
  expect(text).toContain('<rect class="other" x="190.0" y="39" width="235.0" height="16"/>')
})

test('docs/performance.md shows the budget as it is', () => {
  const budget = JSON.parse(readFileSync('bench/budget.json', 'utf8')) as Budget
  const page = readFileSync('docs/performance.md', 'utf8')
  expect(withPart(page, 'counts', counts(budget))).toBe(page)
})
