/**
 * What each job costs, counted: no clock is asked, so that the numbers are the same on every machine and a change of
 * one is a change of the filter.
 */
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { BUILT_FILTER } from '../demo/built-filter.ts'
import { ManualClock, type Plugin, type Stream, Vm } from '../host/index.ts'
import { countInstructions, countingModule } from './instructions/count.ts'
import {
  ANSWER_SETS,
  CLAIMS,
  ENVIRONMENT,
  type Job,
  jobsAt,
  type Outcome,
  POD_HEADER,
  sessionIn,
} from './jobs.ts'
import { configurationFor } from './shipped.ts'

/** What one phase of a request costs. */
export interface PhaseBudget {
  /** Hostcalls by name. */
  readonly hostcalls: Readonly<Record<string, number>>
  /** Callbacks that Envoy enters, in order. */
  readonly callbacks: readonly string[]
  /** Instructions that the module executes in them. */
  readonly instructions: number
}

export interface JobBudget {
  readonly name: string
  /** From the stream's start until its headers go on to the upstream. */
  readonly request: PhaseBudget
  /** From the answer's headers until the stream's end. */
  readonly response: PhaseBudget
}

export interface Budget {
  readonly moduleBytes: number
  /** By letter. */
  readonly jobs: Readonly<Record<string, JobBudget>>
}

/** 2026-01-01T00:00:00Z. */
const NOW = 1_767_225_600
const KEY_HEADER = 'x-mooring-key'

/** Counts what the built filter costs. @throws {Error} where a job was not done */
export function countBudget(): Budget {
  const bytes = readFileSync(BUILT_FILTER)
  const module = countingModule(bytes)
  const jobs = jobsAt(NOW).map((job): [string, JobBudget] => {
    // Its random bytes are from a seed.
    const vm = new Vm(module, {
      clock: new ManualClock(new Date(NOW * 1000)),
      environment: ENVIRONMENT,
      journal: true,
    })
    const plugin = vm.startPlugin({ configuration: JSON.stringify(configurationFor(job)) })
    // The first fills pools that later ones draw from.
    countRequest(vm, plugin, job)
    return [job.letter, countRequest(vm, plugin, job)]
  })
  return { moduleBytes: bytes.length, jobs: Object.fromEntries(jobs) }
}

function countRequest(vm: Vm, plugin: Plugin, job: Job): JobBudget {
  const passed: Stream[] = []
  const request = countPhase(vm, () => {
    const stream = plugin.stream({
      headers: requestHeaders(job),
      properties: {
        source: { address: '10.1.2.3:443' },
        xds: { cluster_name: 'outbound|8080||test2-bwce-srv.shop.svc.cluster.local' },
        metadata: { filter_metadata: { 'envoy.filters.http.jwt_authn': { payload: CLAIMS } } },
      },
    })
    stream.requestHeaders({ endOfStream: true })
    passed.push(stream)
  })
  const [stream] = passed
  if (stream === undefined) throw new Error(`(${job.letter}): the request did not reach the filter`)
  const seen = {
    key: stream.request.get(KEY_HEADER),
    session: sessionIn(stream.request.get('cookie') ?? ''),
    pod: stream.request.get(POD_HEADER),
  }
  const set: string[] = []
  const line = job.visit.headers[ANSWER_SETS]
  const response = countPhase(vm, () => {
    const answered = stream.responseHeaders({
      headers: [
        [':status', '200'],
        ['content-type', 'text/plain'],
        ['content-length', '2'],
        ...(line === undefined ? [] : [['set-cookie', line] as const]),
      ],
      details: 'via_upstream',
    })
    set.push(...answered.headers.all('set-cookie'))
    stream.end()
  })
  const outcome: Outcome = { ...seen, set: sessionIn(set[0] ?? '') }
  const expected = job.expected(outcome)
  if (!isDeepStrictEqual(outcome, expected)) {
    throw new Error(
      `(${job.letter}) was not done: ${JSON.stringify(outcome)}, expected ${JSON.stringify(expected)}`,
    )
  }
  return { name: job.name, request, response }
}

/** What Envoy hands to the filter of this visit. */
function requestHeaders({ visit: { path, headers } }: Job): readonly (readonly [string, string])[] {
  const { host = '', ...others } = headers
  return [
    [':authority', host],
    [':path', path],
    [':method', 'GET'],
    [':scheme', 'http'],
    ...Object.entries(others),
    ['x-forwarded-for', '10.1.2.3'],
    ['x-forwarded-proto', 'http'],
    ['x-request-id', '4b7f3a52-1f2d-4a6c-8f0e-6d1c2b3a4958'],
  ]
}

function countPhase(vm: Vm, run: () => void): PhaseBudget {
  vm.hostcalls.reset()
  vm.journal?.clear()
  const instructions = countInstructions(vm, run)
  const callbacks = (vm.journal?.events ?? []).flatMap((event) =>
    event.kind === 'callback' ? [event.name] : [],
  )
  return {
    hostcalls: vm.hostcalls.all(),
    callbacks: callbacks.filter((name) => name.startsWith('proxy_on_')),
    instructions,
  }
}
