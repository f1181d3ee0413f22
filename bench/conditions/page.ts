/** The part of docs/performance.md that says what the conditions change. */
import { BASELINE } from '../contender.ts'
import type { Estimate } from '../result.ts'
import type { ConditionsResult, UnderLoad } from './conditions.ts'
import type { LoadSummary } from './load-log.ts'

export function conditionLines(run: ConditionsResult): readonly string[] {
  const { date, machine, envoy, starts, blocks, requests, leftOut } = run
  return [
    `${date.slice(0, 10)}, ${machine}. Envoy ${envoy}, job (a). ${starts} starts, ${blocks} blocks of ${requests} requests after`,
    `each.${leftOut.map((each) => ` Left out: ${each}.`).join('')}`,
    ...streams(run),
    ...instances(run),
    ...footprint(run),
    ...reloading(run),
    ...load(run),
  ]
}

function streams({ streams }: ConditionsResult): readonly string[] {
  const names = streams[0]?.job.contenders.map(({ name }) => name) ?? []
  return [
    '',
    '### Open streams',
    '',
    '![What a request costs beside open streams](performance/open-streams.svg)',
    '',
    'Streams of HTTP/2 that await an answer, on the Envoy that is measured. µs over an Envoy without a filter that has as many',
    'open, with 95 % of draws; memory is what the process grows by.',
    '',
    ...rows(
      [
        'open streams',
        ...names,
        'bytes for each stream without a filter',
        ...names.map((name) => `${name}, over that`),
      ],
      streams.map(({ open, job, streamBytes }) => {
        const bytes = (wanted: string) => streamBytes.find(({ name }) => name === wanted)?.bytes ?? 0
        const memory = [bytes(BASELINE), ...names.map((name) => bytes(name) - bytes(BASELINE))]
        return [
          open.toLocaleString('en-US'),
          ...job.contenders.map(({ cost }) => estimate(cost)),
          ...memory.map((each) => (open === 0 ? '' : Math.round(each).toLocaleString('en-US'))),
        ]
      }),
    ),
  ]
}

function instances({ instances: { contenders } }: ConditionsResult): readonly string[] {
  return [
    '',
    '### Several plugins in one proxy',
    '',
    'The first one does the job; the others find that it is done ([instances.md](instances.md)).',
    '',
    ...rows(
      ['plugins', 'µs over no filter'],
      contenders.map(({ name, cost }) => [name, estimate(cost)]),
    ),
  ]
}

function footprint({ footprints }: ConditionsResult): readonly string[] {
  return [
    '',
    '### Start-up and memory',
    '',
    'Over no filter: processor time until an Envoy with one worker is live, of all its threads, and memory of each worker more.',
    '',
    ...rows(
      ['contender', 'start-up, ms', 'a worker, KiB'],
      footprints.map(({ name, startUp, worker }) => [name, startUp.toFixed(0), (worker / 1024).toFixed(0)]),
    ),
  ]
}

function reloading({ reloads }: ConditionsResult): readonly string[] {
  return [
    '',
    '### Configurations replaced under load',
    '',
    'Four clients, a new connection for each request; the configuration is replaced twice a second. No request failed: one that',
    'does ends the measurement. In ms, without a change and with.',
    '',
    ...rows(
      ['contender', 'replaced', 'requests meanwhile', 'p50', 'p99', 'p99.9'],
      reloads.map(({ name, reloads, steady, reloading }) => [
        name,
        `${reloads} times`,
        reloading.requests.toLocaleString('en-US'),
        ...(['p50', 'p99', 'p999'] as const).map((key) =>
          [steady, reloading].map((summary) => (summary[key] / 1000).toFixed(2)).join(', '),
        ),
      ]),
    ),
  ]
}

function load({ loadTool = 'h2load', underLoad, rate, seconds }: ConditionsResult): readonly string[] {
  return [
    '',
    '### Latency and throughput',
    '',
    '![Latency at a fixed rate](performance/latency.svg)',
    '',
    `${loadTool} sends over 16 connections, for ${seconds} seconds each: ${rate.toLocaleString('en-US')} requests a second, then as fast as they are answered. Another`,
    'Envoy answers behind. All of it shares this machine. Medians of the rounds, in ms, and the rounds between which all are; a',
    'p99.9 is an indication.',
    '',
    ...rows(
      ['contender', 'p50', 'p99', 'p99.9', 'requests a second'],
      underLoad.map((each) =>
        [
          each.name,
          ...(['p50', 'p99', 'p999'] as const).map((key) => milliseconds(each, key)),
          range(each.saturated.map(({ rate }) => rate)).map((value) =>
            Math.round(value).toLocaleString('en-US'),
          ),
        ].map((cell) => (typeof cell === 'string' ? cell : spread(cell))),
      ),
    ),
  ]
}

function milliseconds({ atRate }: UnderLoad, key: keyof LoadSummary): readonly string[] {
  return range(atRate.map((summary) => summary[key] / 1000)).map((value) => value.toFixed(2))
}

/** The median, the least and the most. */
export function range(values: readonly number[]): readonly [median: number, least: number, most: number] {
  const sorted = [...values].sort((a, b) => a - b)
  return [sorted[sorted.length >> 1] ?? 0, sorted[0] ?? 0, sorted.at(-1) ?? 0]
}

function spread([median = '', least = '', most = '']: readonly string[]): string {
  return `${median} (${least} to ${most})`
}

function estimate({ value, interval: [lower, upper] }: Estimate): string {
  return spread([value.toFixed(1), lower.toFixed(1), upper === null ? 'any' : upper.toFixed(1)])
}

function rows(headings: readonly string[], cells: readonly (readonly string[])[]): readonly string[] {
  const [head, ...lines] = [headings, ...cells].map((row) => `| ${row.join(' | ')} |`)
  return [head ?? '', `|${'---|'.repeat(headings.length)}`, ...lines]
}
