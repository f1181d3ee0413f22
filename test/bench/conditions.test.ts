import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ConditionsResult } from '../../bench/conditions/conditions.ts'
import { footprintsOf } from '../../bench/conditions/footprint.ts'
import { type LoadSummary, summaryOf } from '../../bench/conditions/load-log.ts'
import { range } from '../../bench/conditions/page.ts'
import { plot } from '../../bench/conditions/plot.ts'
import { publishConditions } from '../../bench/conditions/publish.ts'
import { residentBytes } from '../../bench/conditions/resident.ts'
import { bytesForEach } from '../../bench/conditions/streams.ts'
import type { ContenderResult, JobResult } from '../../bench/result.ts'

test("h2load's log becomes a rate and percentiles by nearest rank", () => {
  // 1,000 requests, one each millisecond; request i takes i microseconds.
  const log = Array.from({ length: 1000 }, (_, i) => `${5_000_000 + i * 1000}\t200\t${i + 1}\n`).join('')
  expect(summaryOf(log)).toEqual({ requests: 1000, rate: 1e9 / 1_000_000, p50: 500, p99: 990, p999: 999 })
  expect(summaryOf('10\t200\t7\n')).toMatchObject({ requests: 1, p50: 7, p99: 7, p999: 7 })
})

test('a load that was not answered is no measurement', () => {
  expect(() => summaryOf('1\t200\t5\n2\t503\t5\n')).toThrow('h2load: "2\t503\t5": expected status 200')
  expect(() => summaryOf('1\t-1\t0\n')).toThrow('expected status 200')
  expect(() => summaryOf('')).toThrow('h2load: no request was answered')
})

test('a footprint is the median of the starts, over that of no filter; a worker is a quarter of four more', () => {
  const started = (...pairs: readonly (readonly [number, number])[]) =>
    pairs.map(([ran, resident]) => ({ ran, resident }))
  expect(
    footprintsOf([
      { name: 'no filter', one: started([10, 1000], [90, 1000], [20, 1000]), many: started([0, 1400]) },
      { name: 'Mooring', one: started([50, 2000], [70, 2000]), many: started([0, 6400]) },
    ]),
  ).toEqual([{ name: 'Mooring', startUp: 40, worker: 1000 }])
})

test('memory of a stream is what its start grew by, over the streams', () => {
  expect(bytesForEach(100, [6000, 9000, 4000], [1000, 1000, 1000])).toBe(50)
  expect(bytesForEach(0, [5], [5])).toBe(0)
})

test('memory is read in bytes', () => {
  const bytes = residentBytes(process.pid)
  expect(bytes % 1024).toBe(0)
  expect(bytes).toBeGreaterThan(10 << 20)
  expect(bytes).toBeLessThan(64 * 2 ** 30)
})

test('of several rounds the median is shown, between the least and the most', () => {
  expect(range([3, 1, 2])).toEqual([2, 1, 3])
})

test('a plot has each series in one scale from zero', () => {
  const text = plot('a < b', ['0', '10'], [{ name: 'own', points: [[5, 4, 6], [10, 8, 12]] }]) // prettier-ignore
  // 12 is 236 units high.
  expect(text).toContain('<path d="M60.0 181.7L520.0 83.3" stroke="#2b6cb0" stroke-width="2"/>')
  expect(text).toContain('<path d="M60.0 201.3V162.0M520.0 122.7V44.0" stroke="#2b6cb0"/>')
  expect(text).toContain('<title>a &lt; b</title>')
})

const cost = (name: string, value: number): ContenderResult => ({
  name,
  cost: { value, interval: [value - 1, value + 1] },
  quartiles: [value, value],
  minima: value,
})
const job = (...contenders: readonly ContenderResult[]): JobResult => ({
  letter: 'a',
  name: 'a job',
  baseline: 60,
  contenders,
})
const load = (milliseconds: number, rate: number): LoadSummary => ({
  requests: 100,
  rate,
  p50: milliseconds * 1000,
  p99: milliseconds * 2000,
  p999: milliseconds * 3000,
})
const RUN: ConditionsResult = {
  ...{ starts: 1, blocks: 10, requests: 1000, open: 100, rate: 2000, seconds: 10 },
  ...{ date: '2026-01-02T03:04:05.000Z', machine: 'A machine', envoy: '1.40.0', leftOut: [] },
  streams: [
    { open: 0, job: job(cost('Mooring', 10)), streamBytes: [{ name: 'no filter', bytes: 0 }, { name: 'Mooring', bytes: 0 }] }, // prettier-ignore
    { open: 100, job: job(cost('Mooring', 11)), streamBytes: [{ name: 'no filter', bytes: 9000 }, { name: 'Mooring', bytes: 10_500.4 }] }, // prettier-ignore
  ],
  instances: job(cost('Mooring, 1 of them', 12), cost('Mooring, 2 of them', 20)),
  footprints: [{ name: 'Mooring', startUp: 200.4, worker: 700 * 1024 }],
  reloads: [{ name: 'Mooring', reloads: 4, steady: load(1, 900), reloading: load(2, 800) }],
  loadTool: 'h2load nghttp2/1.52.0',
  underLoad: [{ name: 'Mooring', atRate: [load(1, 2000), load(3, 2000), load(2, 2000)], saturated: [load(1, 15_000)] }], // prettier-ignore
}

test('a run leaves its numbers, two pictures, and a part of the page', () => {
  const root = mkdtempSync(join(tmpdir(), 'mooring-conditions-'))
  try {
    mkdirSync(join(root, 'docs'))
    const page = join(root, 'docs', 'performance.md')
    writeFileSync(page, 'before\n<!-- conditions -->\nold\n<!-- end of conditions -->\nafter\n')
    publishConditions(RUN, root)
    const result = readFileSync(join(root, 'bench/results/conditions-envoy-1.40.0.json'), 'utf8')
    expect(JSON.parse(result)).toEqual(RUN)
    expect(readdirSync(join(root, 'docs/performance'))).toEqual(['latency.svg', 'open-streams.svg'])
    expect(
      readFileSync(page, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('| ')),
    ).toEqual([
      '| open streams | Mooring | bytes for each stream without a filter | Mooring, over that |',
      '| 0 | 10.0 (9.0 to 11.0) |  |  |',
      '| 100 | 11.0 (10.0 to 12.0) | 9,000 | 1,500 |',
      '| plugins | µs over no filter |',
      '| Mooring, 1 of them | 12.0 (11.0 to 13.0) |',
      '| Mooring, 2 of them | 20.0 (19.0 to 21.0) |',
      '| contender | start-up, ms | a worker, KiB |',
      '| Mooring | 200 | 700 |',
      '| contender | replaced | requests meanwhile | p50 | p99 | p99.9 |',
      '| Mooring | 4 times | 100 | 1.00, 2.00 | 2.00, 4.00 | 3.00, 6.00 |',
      '| contender | p50 | p99 | p99.9 | requests a second |',
      '| Mooring | 2.00 (1.00 to 3.00) | 4.00 (2.00 to 6.00) | 6.00 (3.00 to 9.00) | 15,000 (15,000 to 15,000) |',
    ])
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('the page names what sent the load, and what was left out', () => {
  const root = mkdtempSync(join(tmpdir(), 'mooring-conditions-'))
  try {
    mkdirSync(join(root, 'docs'))
    const page = join(root, 'docs', 'performance.md')
    writeFileSync(page, '<!-- conditions -->\n<!-- end of conditions -->\n')
    publishConditions({ ...RUN, loadTool: 'undici 7.0.0', leftOut: ['the Rust SDK, not found'] }, root)
    expect(readFileSync(page, 'utf8')).toContain('Left out: the Rust SDK, not found.')
    expect(readFileSync(page, 'utf8')).toContain('\nundici 7.0.0 sends over 16 connections, ')
  } finally {
    rmSync(root, { recursive: true })
  }
})
