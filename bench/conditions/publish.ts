import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../tools/package-root.ts'
import { withPart } from '../page.ts'
import { rounded } from '../rounded.ts'
import type { ConditionsResult } from './conditions.ts'
import { conditionLines, range } from './page.ts'
import { plot } from './plot.ts'

/** Leaves a run where others find it: bench/results/, docs/performance.md and the pictures that it shows. */
export function publishConditions(run: ConditionsResult, root: string = packageRoot): void {
  const results = join(root, 'bench', 'results')
  const pictures = join(root, 'docs', 'performance')
  for (const directory of [results, pictures]) mkdirSync(directory, { recursive: true })
  writeFileSync(
    join(results, `conditions-envoy-${run.envoy}.json`),
    `${JSON.stringify(run, rounded(3), 2)}\n`,
  )
  writeFileSync(join(pictures, 'open-streams.svg'), streamsPicture(run))
  writeFileSync(join(pictures, 'latency.svg'), latencyPicture(run))
  const page = join(root, 'docs', 'performance.md')
  writeFileSync(page, withPart(readFileSync(page, 'utf8'), 'conditions', conditionLines(run)))
}

function streamsPicture({ streams }: ConditionsResult): string {
  const names = streams[0]?.job.contenders.map(({ name }) => name) ?? []
  return plot(
    'Microseconds of processor time for a request, over no filter, beside so many open streams',
    streams.map(({ open }) => open.toLocaleString('en-US')),
    names.map((name, i) => ({
      name,
      points: streams.map(({ job }) => {
        const { value, interval } = job.contenders[i]?.cost ?? { value: 0, interval: [0, 0] }
        return [value, interval[0], interval[1] ?? value]
      }),
    })),
  )
}

function latencyPicture({ underLoad, rate }: ConditionsResult): string {
  return plot(
    `Milliseconds until the answer, at ${rate.toLocaleString('en-US')} requests a second`,
    ['p50', 'p99', 'p99.9'],
    underLoad.map(({ name, atRate }) => ({
      name,
      points: (['p50', 'p99', 'p999'] as const).map((key) =>
        range(atRate.map((summary) => summary[key] / 1000)),
      ),
    })),
  )
}
